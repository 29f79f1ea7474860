// Chances, and their log odds.
#pragma once

#include <algorithm>
#include <cmath>

namespace danggol::learn {

inline double chance(double log_odds) { return 1 / (1 + std::exp(-log_odds)); }

// Finite: a chance is taken to be at least `least` and at most 1 - least.
inline double log_odds(double chance, double least) {
  double p = std::clamp(chance, least, 1 - least);
  return std::log(p / (1 - p));
}

}  // namespace danggol::learn
