// The least of a smooth function of a few variables.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/interval.h"
#include "learn/linear_algebra.h"

namespace danggol::learn {

// The value at x; its derivatives go into `gradient`, as many as x has.
using Smooth = std::function<double(std::span<const double> x, std::span<double> gradient)>;

struct Minimum {
  std::vector<double> at;
  double value = 0;
  bool converged = false;  // else the steps ran out, or no step down was left that numbers can tell
};

// By quasi-Newton steps (Broyden, Fletcher, Goldfarb and Shanno, 1970), each halved until it goes down enough
// (Armijo, 1966); converged where no derivative is above `tolerance`.
Minimum minimise(const Smooth& function, std::vector<double> start, double tolerance = 1e-8,
                 int32_t most_steps = 500);

// Second derivatives there, by central differences of the gradient.
Dense<double> second_derivatives(const Smooth& function, const std::vector<double>& at);

// Adds to the value and derivative of a function what keeps a variable from running on where more of it
// changes nothing: the square of how far it is outside.
void hold_within(double at, double lo, double hi, double& value, double& derivative);

// Of variables fitted by the least mean loss of so many units: the inverse of what these tell, to which a
// normal prior of each variable, with standard deviation 1.5, is added: what no data tell, if it is a
// logarithm, stays as wide as a factor of twenty. At a saddle more is added, until there is an inverse.
Dense<double> covariance(const Smooth& mean_loss, const std::vector<double>& at, double units);

// A parameter above 0 of a model, and its 95 % interval.
struct NamedEstimate {
  const char* name;
  Estimate estimate;
};
// With this variance of its logarithm.
NamedEstimate log_normal(const char* name, double value, double variance);

}  // namespace danggol::learn
