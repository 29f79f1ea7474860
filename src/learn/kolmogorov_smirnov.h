// How far apart two samples' distributions are: the largest distance D between their cumulative shares
// (Kolmogorov, 1933; Smirnov, 1939), the second sample standardised to the first stratum by stratum. The
// p-value calls as many values of each stratum the first sample at random (Pitman, 1937), which holds for
// tied values, too, where the asymptotic one is too large.
#pragma once

#include <cstdint>
#include <vector>

namespace danggol::learn {

struct KolmogorovSmirnov {
  double distance = 0, p_value = 1;
};

// Of one stratum, a[k] and b[k] say how often the k-th smallest value is in either sample.
struct TwoSamples {
  std::vector<int64_t> a, b;
};

// Strata that lack either sample are left out; there must be one that has both. All have as many values.
KolmogorovSmirnov kolmogorov_smirnov(const std::vector<TwoSamples>& strata, int32_t resamples, uint64_t seed);

}  // namespace danggol::learn
