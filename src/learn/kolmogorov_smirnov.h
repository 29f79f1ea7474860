// How far apart two samples' distributions are: the largest distance D between their cumulative shares
// (Kolmogorov, 1933; Smirnov, 1939). The p-value calls the same number of values the first sample at random
// (Pitman, 1937), which holds for tied values, too, where the asymptotic one is too large.
#pragma once

#include <cstdint>
#include <vector>

namespace danggol::learn {

struct KolmogorovSmirnov {
  double distance = 0, p_value = 1;
};

// a[k], b[k]: how often the k-th smallest value is in either sample; neither is empty. Distances are compared
// as integers, so ties are ties.
KolmogorovSmirnov kolmogorov_smirnov(const std::vector<int64_t>& a, const std::vector<int64_t>& b,
                                     int32_t resamples, uint64_t seed);

}  // namespace danggol::learn
