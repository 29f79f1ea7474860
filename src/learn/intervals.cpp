#include "learn/intervals.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

namespace danggol::learn {

Interval wilson(double successes, double trials) {
  if (trials <= 0) return {0, 1};
  double p = successes / trials, z2 = z95 * z95;
  double centre = (p + z2 / (2 * trials)) / (1 + z2 / trials);
  double half = z95 * std::sqrt(p * (1 - p) / trials + z2 / (4 * trials * trials)) / (1 + z2 / trials);
  // exactly 0 and 1 at the ends, where rounding would leave a trace
  return {successes == 0 ? 0 : std::max(0.0, centre - half),
          successes == trials ? 1 : std::min(1.0, centre + half)};
}

Estimate share_of(double successes, double trials) {
  Interval interval = wilson(successes, trials);
  return {trials > 0 ? successes / trials : NAN, interval.lo, interval.hi};
}

double quantile(const std::vector<double>& sorted, double q) {
  double at = q * static_cast<double>(sorted.size() - 1);
  auto below = static_cast<size_t>(at), above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

Estimate mean(double sum, double squares, int64_t count) {
  double n = static_cast<double>(count);
  if (count < 1) return {NAN, NAN, NAN};
  double value = sum / n;
  if (count < 2) return {value, NAN, NAN};
  double half = t95(n - 1) * std::sqrt(std::max(0.0, squares - sum * sum / n) / (n - 1) / n);
  return {value, value - half, value + half};
}

double t95(double degrees) { return boost::math::quantile(boost::math::students_t(degrees), 0.975); }

namespace {

// The sum of (y - v x)^power.
double residual_power(const PowerSums& of, double v, size_t power) {
  static constexpr double binomial[5][5] = {{1}, {1, 1}, {1, 2, 1}, {1, 3, 3, 1}, {1, 4, 6, 4, 1}};
  double sum = 0, factor = 1;
  for (size_t j = 0; j <= power; ++j, factor *= -v) sum += binomial[power][j] * factor * of[power - j][j];
  return sum;
}

}  // namespace

Estimate ratio(const PowerSums& exact, const PowerSums& shape, int64_t count) {
  double n = static_cast<double>(count), x = exact[0][1], v = exact[1][0] / x;
  if (count < 1 || x == 0) return {NAN, NAN, NAN};
  if (count < fewest_units) return {v, NAN, NAN};
  double squares = std::max(0.0, residual_power(exact, v, 2));
  if (squares == 0) return {v, v, v};
  double unit = std::sqrt(squares / (n - 1) / n) * n / std::abs(x);
  double of_shape = shape[1][0] / shape[0][1], variance = residual_power(shape, of_shape, 2) / n;
  double skewness = 0, kurtosis = 3;
  if (variance > 0) {
    skewness = residual_power(shape, of_shape, 3) / n / std::pow(variance, 1.5);
    kurtosis = residual_power(shape, of_shape, 4) / n / (variance * variance);
  }
  double t = t95(std::clamp(2 * n / std::max(kurtosis - 1, 1e-9), 1.0, n - 1));
  auto corrected = [&](double by) {
    double a = skewness / std::sqrt(n);
    return std::abs(a) < 1e-7 ? by : 3 / a * (std::cbrt(1 + a * (by - a / 6)) - 1);
  };
  return {v, v - unit * corrected(t), v - unit * corrected(-t)};
}

Estimate ratio(const std::vector<double>& y, const std::vector<double>& x) {
  PowerSums sums{};
  for (size_t u = 0; u < y.size(); ++u) {
    double of_y = 1;
    for (size_t i = 0; i < 5; ++i, of_y *= y[u]) {
      double of_both = of_y;
      for (size_t j = 0; i + j < 5; ++j, of_both *= x[u]) sums[i][j] += of_both;
    }
  }
  return ratio(sums, sums, static_cast<int64_t>(y.size()));
}

}  // namespace danggol::learn
