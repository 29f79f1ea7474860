// What a forecast's errors at past origins say of the next one.
#pragma once

#include <vector>

namespace danggol::learn {

struct NextError {
  double spread = 0;   // of the next error, about 0
  double degrees = 0;  // of Student's t
  // Of 95 %, where chance among customers adds this variance.
  double half(double variance = 0) const;
};

// Errors on a scale without bounds (logarithms or log odds), each of a horizon of which a share of `apart` is
// not the one's before: so much counts each as a new one. Where there are few or none, what four shops'
// origins would have, whose errors spread by 0.15, a middling one on real shops (bench/truth.md).
NextError next_error(const std::vector<double>& errors, double apart);

}  // namespace danggol::learn
