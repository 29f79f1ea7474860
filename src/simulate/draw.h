// Single draws from a customer's stream. The distributions are Boost.Random's.
#pragma once

#include <boost/random/exponential_distribution.hpp>
#include <boost/random/gamma_distribution.hpp>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/poisson_distribution.hpp>
#include <cmath>
#include <cstddef>

#include "base/random.h"

namespace danggol::draw {

inline double normal(Random& random, double mean, double sd) {
  return boost::random::normal_distribution<double>(mean, sd)(random);
}

inline double log_normal(Random& random, double median, double log_sd) {
  return median * std::exp(normal(random, 0, log_sd));
}

inline double gamma(Random& random, double shape, double mean) {
  return boost::random::gamma_distribution<double>(shape, mean / shape)(random);
}

inline double beta(Random& random, double a, double b) {
  double x = gamma(random, a, a), y = gamma(random, b, b);
  return x + y > 0 ? x / (x + y) : a / (a + b);
}

// Time to the next event of a Poisson process; never, if the rate is 0.
inline double waiting(Random& random, double rate) {
  return rate > 0 ? boost::random::exponential_distribution<double>(rate)(random) : HUGE_VAL;
}

inline int poisson(Random& random, double mean) {
  return mean > 0 ? boost::random::poisson_distribution<int, double>(mean)(random) : 0;
}

inline bool chance(Random& random, double p) { return random.uniform() < p; }

// An index drawn in proportion to its weight; at least one weight must be positive.
template <class Weights>
size_t index(Random& random, const Weights& weights) {
  double sum = 0;
  size_t last_possible = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    sum += weights[i];
    if (weights[i] > 0) last_possible = i;
  }
  double left = random.uniform() * sum;
  for (size_t i = 0; i < last_possible; ++i)
    if ((left -= weights[i]) < 0) return i;
  return last_possible;
}

}  // namespace danggol::draw
