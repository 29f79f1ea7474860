// Intervals of whatever can be computed of rows, by drawing the rows again (Efron, 1979).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/interval.h"
#include "learn/metrics.h"

namespace danggol::learn {

// `figures` of the n rows (with empty weights), and of `resamples` resamples of them: percentile intervals,
// 95 %. Each resample is drawn once for all figures, so that differences of them are paired; it is called
// from any thread. Figures of a resample that are NaN are left out.
std::vector<Estimate> bootstrap(size_t n, int32_t resamples, uint64_t seed,
                                const std::function<std::vector<double>(const Weights&)>& figures);

}  // namespace danggol::learn
