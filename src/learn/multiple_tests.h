// P-values that stay honest when many are looked at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace danggol::learn {

// Of a test by resamples of the null, of which so many come as far as what was seen (Davison and Hinkley,
// 1997).
double permutation_p_value(int64_t as_far, size_t resamples);

// Of all that are called found, at most the level are expected to be wrong (Benjamini and Hochberg, 1995).
std::vector<double> benjamini_hochberg(const std::vector<double>& p_values);

// The chance that any at all is wrongly called found is at most the level (Holm, 1979).
std::vector<double> holm(const std::vector<double>& p_values);

}  // namespace danggol::learn
