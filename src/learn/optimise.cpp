#include "learn/optimise.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/assert.h"
#include "learn/intervals.h"

namespace danggol::learn {
namespace {

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// What stands for the inverse of the second derivatives: a unit matrix until steps have told more.
class Curvature {
 public:
  explicit Curvature(size_t n) : n_(n), inverse_(n * n) { reset(); }

  void reset() {
    std::fill(inverse_.begin(), inverse_.end(), 0);
    for (size_t i = 0; i < n_; ++i) inverse_[i * n_ + i] = 1;
  }
  std::vector<double> times(std::span<const double> of) const {
    std::vector<double> out(n_);
    for (size_t i = 0; i < n_; ++i) out[i] = dot({inverse_.data() + i * n_, n_}, of);
    return out;
  }
  // After a step changed the gradient so.
  void learn(std::span<const double> step, std::span<const double> change) {
    double curved = dot(step, change);
    if (!(curved > 1e-14 * std::sqrt(dot(step, step) * dot(change, change)))) return;
    std::vector<double> moved = times(change);
    double scale = (1 + dot(change, moved) / curved) / curved;
    for (size_t i = 0; i < n_; ++i)
      for (size_t j = 0; j < n_; ++j)
        inverse_[i * n_ + j] +=
            scale * step[i] * step[j] - (moved[i] * step[j] + step[i] * moved[j]) / curved;
  }

 private:
  size_t n_;
  std::vector<double> inverse_;
};

bool is_flat(std::span<const double> gradient, double tolerance) {
  return std::all_of(gradient.begin(), gradient.end(), [&](double d) { return std::abs(d) <= tolerance; });
}

}  // namespace

Minimum minimise(const Smooth& function, std::vector<double> start, double tolerance, int32_t most_steps) {
  constexpr double longest = 2;  // of a first try, in any variable: models are in logarithms
  constexpr double enough = 1e-4;
  size_t n = start.size();
  Minimum out{std::move(start)};
  std::vector<double> gradient(n), next(n), next_gradient(n), step(n), change(n);
  out.value = function(out.at, gradient);
  DANGGOL_ASSERT(std::isfinite(out.value));
  Curvature curvature(n);
  bool is_fresh = true;
  for (int32_t taken = 0; taken < most_steps; ++taken) {
    if (out.converged = is_flat(gradient, tolerance); out.converged) break;
    std::vector<double> downhill = curvature.times(gradient);
    double slope = -dot(downhill, gradient), widest = 0;
    for (double by : downhill) widest = std::max(widest, std::abs(by));
    double value = 0, length = widest > longest ? longest / widest : 1;
    for (;; length /= 2) {
      for (size_t i = 0; i < n; ++i) next[i] = out.at[i] - length * downhill[i];
      value = function(next, next_gradient);
      if (value <= out.value + enough * length * slope || length * widest < 1e-12) break;
    }
    if (!(value < out.value)) {
      if (is_fresh) break;
      curvature.reset(), is_fresh = true;
      continue;
    }
    for (size_t i = 0; i < n; ++i) step[i] = next[i] - out.at[i], change[i] = next_gradient[i] - gradient[i];
    curvature.learn(step, change), is_fresh = false;
    out.at = next, out.value = value, gradient = next_gradient;
  }
  return out;
}

Dense<double> second_derivatives(const Smooth& function, const std::vector<double>& at) {
  constexpr double width = 1e-4;
  size_t n = at.size();
  Dense<double> out{n, n, std::vector<double>(n * n)};
  std::vector<double> x = at, above(n), below(n);
  for (size_t i = 0; i < n; ++i) {
    x[i] = at[i] + width, function(x, above);
    x[i] = at[i] - width, function(x, below);
    x[i] = at[i];
    for (size_t j = 0; j < n; ++j) {
      double second = (above[j] - below[j]) / (2 * width) / 2;
      out.values[i * n + j] += second, out.values[j * n + i] += second;
    }
  }
  return out;
}

void hold_within(double at, double lo, double hi, double& value, double& derivative) {
  double beyond = at < lo ? at - lo : at > hi ? at - hi : 0;
  value += beyond * beyond, derivative += 2 * beyond;
}

Dense<double> covariance(const Smooth& mean_loss, const std::vector<double>& at, double units) {
  constexpr double prior_spread = 1.5;
  size_t n = at.size();
  Dense<double> told = second_derivatives(mean_loss, at), unity{n, n, std::vector<double>(n * n)};
  for (double& value : told.values) value *= units;
  for (size_t i = 0; i < n; ++i) unity.values[i * n + i] = 1;
  for (double more = 1 / (prior_spread * prior_spread);; more *= 10) {
    for (size_t i = 0; i < n; ++i) told.values[i * n + i] += more;
    if (auto inverse = solve(told, unity)) return *std::move(inverse);
  }
}

NamedEstimate log_normal(const char* name, double value, double variance) {
  double factor = std::exp(z95 * std::sqrt(variance));
  return {name, {value, value / factor, value * factor}};
}

}  // namespace danggol::learn
