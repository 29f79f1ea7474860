// How two numbers of the same things go together.
#pragma once

#include <vector>

namespace danggol::learn {

// Of ranks, equal values sharing their mean rank (Spearman, 1904); NaN where one of them does not vary.
double rank_correlation(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace danggol::learn
