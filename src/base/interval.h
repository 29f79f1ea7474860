// A figure and what it may be.
#pragma once

#include <cmath>

namespace danggol {

struct Interval {  // 95 % unless the method says otherwise
  double lo, hi;
};

struct Estimate {
  double value, lo, hi;
  Interval interval() const { return {lo, hi}; }
  Estimate rounded() const { return {std::round(value), std::round(lo), std::round(hi)}; }
};

}  // namespace danggol
