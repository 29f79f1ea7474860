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
  double half = t95(count - 1) * std::sqrt(std::max(0.0, squares - sum * sum / n) / (n - 1) / n);
  return {value, value - half, value + half};
}

double t95(int64_t degrees) {
  return boost::math::quantile(boost::math::students_t(static_cast<double>(degrees)), 0.975);
}

Estimate ratio(const RatioSums& of, int64_t count) {
  double n = static_cast<double>(count), v = of.y / of.x;
  if (count < 1 || of.x == 0) return {NAN, NAN, NAN};
  if (count < fewest_units) return {v, NAN, NAN};
  // u = y - v x, whose sum is 0
  double squares = std::max(0.0, of.yy - 2 * v * of.yx + v * v * of.xx),
         cubes = of.yyy - 3 * v * of.yyx + 3 * v * v * of.yxx - v * v * v * of.xxx;
  if (squares == 0) return {v, v, v};
  double skewness = cubes / n / std::pow(squares / n, 1.5), error = std::sqrt(squares / (n - 1) / n);
  auto corrected = [&](double t) {
    if (std::abs(skewness) < 1e-6) return t;
    double a = skewness / std::sqrt(n);
    return 3 / a * (std::cbrt(1 + a * (t - a / 6)) - 1);
  };
  double t = t95(count - 1), unit = error * n / std::abs(of.x);
  return {v, v - unit * corrected(t), v - unit * corrected(-t)};
}

}  // namespace danggol::learn
