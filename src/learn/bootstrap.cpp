#include "learn/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.h"
#include "base/random.h"
#include "learn/intervals.h"

namespace danggol::learn {
namespace {

Interval percentile_interval(std::vector<double> figures) {
  std::erase_if(figures, [](double figure) { return std::isnan(figure); });
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (figures.empty()) return {nan, nan};
  std::sort(figures.begin(), figures.end());
  return {quantile(figures, 0.025), quantile(figures, 0.975)};
}

}  // namespace

std::vector<Estimate> bootstrap(size_t n, int32_t resamples, uint64_t seed,
                                const std::function<std::vector<double>(const Weights&)>& figures) {
  std::vector<std::vector<double>> of(static_cast<size_t>(resamples));
  parallel_for(of.size(), [&](size_t b) {
    Random random(seed, b);
    Weights weights(n, 0);
    for (size_t i = 0; i < n; ++i) ++weights[random.below(n)];
    of[b] = figures(weights);
  });
  std::vector<Estimate> out;
  for (double value : figures({})) {
    std::vector<double> drawn;
    for (const auto& resample : of) drawn.push_back(resample[out.size()]);
    Interval interval = percentile_interval(std::move(drawn));
    out.push_back({value, interval.lo, interval.hi});
  }
  return out;
}

}  // namespace danggol::learn
