// Estimates with their 95 % intervals.
#pragma once

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
double t95(int64_t degrees);

// The mean of n independent values from their sum and the sum of their squares, by Student's t; NaN without a
// value, and so are the bounds with less than two.
Estimate mean(double sum, double squares, int64_t n);

// The ratio of two sums over n independent units, each with a y and an x, linearised (Cochran, 1977), by
// Student's t with Hall's correction (1992) of how skewed the units are: amounts are, and without it such an
// interval lies too low. NaN where the sum of x is 0; the bounds, too, of fewer than `fewest_units`, for
// which it does not hold.
inline constexpr int64_t fewest_units = 30;
struct RatioSums {  // of what the letters multiply to
  double y = 0, x = 0, yy = 0, yx = 0, xx = 0, yyy = 0, yyx = 0, yxx = 0, xxx = 0;
};
Estimate ratio(const RatioSums& sums, int64_t n);

}  // namespace danggol::learn
