// What lifetimes.h sums over customers: the likelihood of one, its derivatives, and what it says of the
// future.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "learn/lifetimes.h"

namespace danggol::learn {

inline constexpr int32_t most_regularity = 12;

struct LifetimeLikelihood {
  double value;  // logarithm
  double p_alive;
  std::array<double, 4> gradient;  // of the value, by the parameters
};

// Of customers one by one. What depends on x alone, or on a time alone, is made once for each of their
// values.
class LifetimeTerms {
 public:
  explicit LifetimeTerms(const LifetimeModel& model);

  struct ByCount {
    double x, shape;        // of the pace's gamma distribution, once the purchases are known
    double gamma, gamma_r;  // log(gamma(shape) / gamma(r)), and its derivative
    // Where they leave after a purchase: log of the mean chance to have left at t_x and not before, and to
    // have left never; and derivatives.
    double left, left_a, left_b, stayed, stayed_a, stayed_b;
  };
  struct ByAge {
    double age, log_rate, inverse_rate;           // of alpha + age
    double log_leaving = 0, inverse_leaving = 0;  // of beta + age, where they leave at any time
  };
  ByCount by_count(double x) const;
  ByAge by_age(double age) const;

  LifetimeLikelihood likelihood(const ByCount& count, const ByAge& last, const ByAge& now) const;
  LifetimeLikelihood likelihood(const Lifetime& of) const {
    return likelihood(by_count(of.x), by_age(of.t_x), by_age(of.T));
  }
  double expected(const Lifetime& of, double t) const;
  void more_than(const Lifetime& of, double t, std::vector<double>& p) const;

 private:
  // The logarithms of having left, and of being there with j events of the pace since t_x.
  struct Branches {
    double left;
    std::array<double, most_regularity> stayed;
  };
  Branches branches(const ByCount& count, const ByAge& last, const ByAge& now) const;
  LifetimeLikelihood after_purchase(const ByCount& count, const ByAge& last, const ByAge& now) const;
  LifetimeLikelihood at_any_time(const ByCount& count, const ByAge& last, const ByAge& now) const;

  LifetimeFamily family_;
  double r_, alpha_, p3_, p4_;  // a and b, or s and beta
  double log_start_;            // what every customer's has: r log(alpha), and s log(beta)
};

}  // namespace danggol::learn
