#include "learn/ab_test.h"

#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>

#include "base/assert.h"
#include "learn/intervals.h"

namespace danggol::learn {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// A figure and what each customer adds to it; the squares of those add up to its variance.
struct Figure {
  double value = 0;
  std::vector<double> parts;

  void subtract(double factor, const Figure& other) {
    value -= factor * other.value;
    for (size_t c = 0; c < parts.size(); ++c) parts[c] -= factor * other.parts[c];
  }
};

double dot(const Figure& a, const Figure& b) {
  return std::inner_product(a.parts.begin(), a.parts.end(), b.parts.begin(), 0.0);
}

struct Arms {
  Figure difference, holdout;
};

Arms compare(const Trial& trial, const std::vector<double>& outcome, const std::vector<size_t>& customer,
             size_t customers) {
  double weight[2] = {}, mean[2] = {};
  for (size_t i = 0; i < outcome.size(); ++i) {
    weight[trial.treated[i]] += 1 / trial.propensity[i];
    mean[trial.treated[i]] += outcome[i] / trial.propensity[i];
  }
  for (int arm : {0, 1}) mean[arm] /= weight[arm];
  Arms out{{mean[1] - mean[0], std::vector<double>(customers)}, {mean[0], std::vector<double>(customers)}};
  for (size_t i = 0; i < outcome.size(); ++i) {
    bool treated = trial.treated[i];
    double part = (outcome[i] - mean[treated]) / trial.propensity[i] / weight[treated];
    out.difference.parts[customer[i]] += treated ? part : -part;
    if (!treated) out.holdout.parts[customer[i]] += part;
  }
  return out;
}

EffectEstimate estimate(const Figure& effect, const Figure& holdout, size_t fitted) {
  double n = static_cast<double>(effect.parts.size());
  auto error = [&](const Figure& figure) {
    return std::sqrt(dot(figure, figure) * n / (n - 1 - static_cast<double>(fitted)));
  };
  EffectEstimate out;
  out.effect = effect.value;
  out.standard_error = error(effect);
  out.lo = out.effect - z95 * out.standard_error, out.hi = out.effect + z95 * out.standard_error;
  if (out.standard_error > 0)
    out.p_value = std::erfc(std::abs(out.effect) / out.standard_error / std::sqrt(2));
  if (holdout.value == 0) {
    out.lift = out.lift_lo = out.lift_hi = nan;
    return out;
  }
  out.lift = effect.value / holdout.value;
  // Fieller (1954): the ratios of which the data do not say that effect - ratio * holdout differs from 0
  double z2 = z95 * z95 * n / (n - 1 - static_cast<double>(fitted)), b = holdout.value,
         of_b = b * b - z2 * dot(holdout, holdout), of_both = out.effect * b - z2 * dot(effect, holdout),
         of_effect = out.effect * out.effect - z2 * dot(effect, effect);
  double root = of_both * of_both - of_b * of_effect;
  bool is_bounded = of_b > 0 && root >= 0;
  out.lift_lo = is_bounded ? (of_both - std::sqrt(root)) / of_b : nan;
  out.lift_hi = is_bounded ? (of_both + std::sqrt(root)) / of_b : nan;
  return out;
}

}  // namespace

TrialEstimate ab_test(const Trial& trial) {
  std::vector<size_t> customer(trial.customer.size());
  for (size_t i = 1; i < customer.size(); ++i)
    customer[i] = customer[i - 1] + (trial.customer[i] != trial.customer[i - 1]);
  size_t customers = customer.empty() ? 0 : customer.back() + 1;
  DANGGOL_ASSERT(customers > 1);
  Arms seen = compare(trial, trial.outcome, customer, customers);
  TrialEstimate out;
  out.baseline = seen.holdout.value;
  out.difference = estimate(seen.difference, seen.holdout, 0);

  // least squares of the difference on those of the covariates, each made orthogonal to the ones before
  Figure adjusted = seen.difference;
  std::vector<Figure> basis;
  for (const auto& covariate : trial.covariates) {
    if (basis.size() + 2 >= customers) break;
    Figure before = compare(trial, covariate, customer, customers).difference;
    double all = dot(before, before);
    for (const Figure& known : basis) before.subtract(dot(before, known) / dot(known, known), known);
    if (dot(before, before) <= 1e-9 * all) continue;
    adjusted.subtract(dot(adjusted, before) / dot(before, before), before);
    basis.push_back(std::move(before));
  }
  out.cuped = estimate(adjusted, seen.holdout, basis.size());
  return out;
}

}  // namespace danggol::learn
