// A figure and what it may be.
#pragma once

namespace danggol {

struct Interval {  // 95 % unless the method says otherwise
  double lo, hi;
};

struct Estimate {
  double value, lo, hi;
  Interval interval() const { return {lo, hi}; }
};

}  // namespace danggol
