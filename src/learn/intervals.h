// Estimates with their 95 % intervals.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <vector>

#include "base/interval.h"

namespace danggol::learn {

inline constexpr double z95 = 1.959963984540054;  // 95 % of a normal distribution lie within

// So many standard errors is an effect that a two-sided test at 5 % finds four times in five: 1.96 + 0.84
// (Bloom, 1995).
inline constexpr double detectable_errors = 2.8;

// Of a share (Wilson, 1927); [0, 1] without trials.
Interval wilson(double successes, double trials);

// successes of trials, with Wilson's interval; NaN without trials.
Estimate share_of(double successes, double trials);
template <class Successes, class Trials>
Estimate share(Successes successes, Trials trials) {
  return share_of(static_cast<double>(successes), static_cast<double>(trials));
}

// Of at least one value, linear between order statistics (Hyndman and Fan, 1996, type 7).
double quantile(const std::vector<double>& sorted, double q);

// 95 % of Student's t with these degrees of freedom, at least 1, lie within.
double t95(double degrees);

// The mean of n independent values from their sum and the sum of their squares, by Student's t; NaN without a
// value, and so are the bounds with less than two.
Estimate mean(double sum, double squares, int64_t n);

// Sums over independent units, each with a y and an x: [i][j] is that of y^i x^j.
using PowerSums = std::array<std::array<double, 5>, 5>;

// The ratio of the sum of y to that of x over n units, linearised (Cochran, 1977), 95 %. Amounts are skewed
// and have heavy tails, and without a correction of either such an interval lies too low and is too narrow:
// Hall's (1992) of the skewness, and Student's t with the degrees of freedom that the variance is worth
// (Satterthwaite, 1946). `exact` has the powers to 2; `shape` those to 4, perhaps of y in another unit. NaN
// where the sum of x is 0; the bounds, too, of fewer than `fewest_units`, for which it does not hold.
inline constexpr int64_t fewest_units = 30;
Estimate ratio(const PowerSums& exact, const PowerSums& shape, int64_t n);
Estimate ratio(const std::vector<double>& y, const std::vector<double>& x);

}  // namespace danggol::learn
