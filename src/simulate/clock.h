// A factor that is constant over stretches of days, as a clock that goes at that speed. In the clock's time a
// Poisson process whose rate follows the factor has an even rate, and a lifetime whose hazard does is
// exponential, so both are drawn exactly, at the price of an even one (time change; Cinlar, "Introduction to
// Stochastic Processes", 1975, chapter 4).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace danggol {

class Clock {
 public:
  // The speed from this day on, 0 or more; the first day is 0, then they ascend. Stretches of one speed are
  // one, so a clock that never changes tells days to the last bit.
  void set(double from_day, double speed) {
    if (stretches_.empty()) stretches_.push_back({from_day, 0, speed});
    else if (stretches_.back().speed != speed) stretches_.push_back({from_day, time(from_day), speed});
  }

  double speed(double day) const { return stretches_[last(&Stretch::from_day, day)].speed; }
  // When the speed next changes.
  double steady_until(double day) const { return end_of(last(&Stretch::from_day, day)); }

  double time(double day) const {
    const Stretch& in = stretches_[last(&Stretch::from_day, day)];
    return in.from_time + (day - in.from_day) * in.speed;
  }
  // The inverse, never on a day on which the clock stands; a time that is never reached is not to be asked.
  double day(double time) const {
    size_t i = last(&Stretch::from_time, time);
    double day = stretches_[i].from_day + (time - stretches_[i].from_time) / stretches_[i].speed;
    return std::min(day, std::nextafter(end_of(i), 0));  // rounding must not carry it into the next stretch
  }

 private:
  struct Stretch {
    double from_day, from_time, speed;
  };

  // The last stretch that begins by then.
  size_t last(double Stretch::*from, double then) const {
    size_t i = stretches_.size() - 1;
    while (i > 0 && stretches_[i].*from > then) --i;
    return i;
  }
  double end_of(size_t i) const { return i + 1 < stretches_.size() ? stretches_[i + 1].from_day : HUGE_VAL; }

  std::vector<Stretch> stretches_;
};

}  // namespace danggol
