#include "rooms/lifetime_value/predictive.h"

#include <algorithm>
#include <cmath>

namespace danggol::rooms {
namespace {

constexpr double tail = 0.025;

// The least number that is not exceeded with a chance of 1 - beyond.
double quantile(const std::vector<double>& more_than, double beyond) {
  auto at = std::find_if(more_than.begin(), more_than.end(), [&](double chance) { return chance <= beyond; });
  return static_cast<double>(at - more_than.begin());
}

}  // namespace

Interval count_bounds(const std::vector<double>& more_than) {
  return {quantile(more_than, 1 - tail), quantile(more_than, tail)};
}

Interval value_bounds(const std::vector<double>& more_than, const learn::GammaGammaModel& spending,
                      const learn::Spend& spent) {
  double none = more_than.empty() ? 1 : 1 - more_than[0],
         scale = spending.gamma + spent.purchases * spent.mean;
  // amounts are scale * y / (1 - y)
  auto amount = [&](double y) { return scale * y / (1 - y); };
  auto reached = [&](double y) {
    constexpr double least = 1e-7;
    double sum = none;
    for (size_t n = 1; n <= more_than.size(); ++n) {
      double exactly = more_than[n - 1] - (n < more_than.size() ? more_than[n] : 0);
      if (exactly > least) sum += exactly * spending.p_at_most(spent, static_cast<double>(n), amount(y));
    }
    return sum;
  };
  auto quantile = [&](double share) {
    if (none >= share) return 0.0;
    double lo = 0, hi = 1;
    for (int step = 0; step < 24; ++step) {
      double middle = (lo + hi) / 2;
      (reached(middle) < share ? lo : hi) = middle;
    }
    return amount(hi);
  };
  return {quantile(tail), quantile(1 - tail)};
}

}  // namespace danggol::rooms
