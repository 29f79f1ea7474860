#include "learn/gamma_gamma.h"

#include <array>
#include <cmath>

#include "base/assert.h"
#include "base/parallel.h"
#include "learn/gamma_function.h"
#include "learn/optimise.h"

namespace danggol::learn {

double GammaGammaModel::log_likelihood(const Spend& of) const {
  double px = p * of.purchases, sum = of.purchases * of.mean;
  return log_gamma(px + q) - log_gamma(px) - log_gamma(q) + q * std::log(gamma) + px * std::log(sum) -
         std::log(of.mean) - (px + q) * std::log(gamma + sum);
}

double GammaGammaModel::expected_mean(const Spend& of) const {
  return p * (gamma + of.purchases * of.mean) / (p * of.purchases + q - 1);
}

// What is spent is a ratio of two gamma variables; cube roots of these are nearly normal.
double GammaGammaModel::p_at_most(const Spend& of, double purchases, double amount) const {
  double above = p * purchases, below = p * of.purchases + q, scale = gamma + of.purchases * of.mean;
  double root = std::cbrt(amount / scale * below / above), from_above = 1 / (9 * above),
         from_below = 1 / (9 * below);
  double z = (root * (1 - from_below) - (1 - from_above)) / std::sqrt(root * root * from_below + from_above);
  return std::erfc(-z / std::sqrt(2.0)) / 2;
}

std::vector<NamedEstimate> GammaGammaFit::estimates() const {
  NamedEstimate above_1 = log_normal("q", model.q - 1, covariance.values[4]);
  for (double* of : {&above_1.estimate.value, &above_1.estimate.lo, &above_1.estimate.hi}) ++*of;
  return {log_normal("p", model.p, covariance.values[0]), above_1,
          log_normal("gamma", model.gamma, covariance.values[8])};
}

GammaGammaFit fit_gamma_gamma(const std::vector<Spend>& customers) {
  DANGGOL_ASSERT(!customers.empty());
  double n = static_cast<double>(customers.size()), unit = 0;
  for (const Spend& of : customers) unit += of.mean / n;
  // minus the mean log-likelihood, by the logarithms of p, q - 1 and gamma, with everybody's mean as the unit
  constexpr double farthest = 8, least_above_1 = -0.7;  // logarithms; of q - 1 the latter, 0.5
  auto loss = [&](std::span<const double> at, std::span<double> gradient) {
    GammaGammaModel model{std::exp(at[0]), 1 + std::exp(at[1]), std::exp(at[2])};
    auto sum =
        parallel_sum(customers.size(), std::array<double, 4>{}, [&](std::array<double, 4>& sums, size_t i) {
          Spend of{customers[i].purchases, customers[i].mean / unit};
          double px = model.p * of.purchases, spent = of.purchases * of.mean, all = model.gamma + spent,
                 by_all = digamma(px + model.q) - std::log(all);
          sums[3] += model.log_likelihood(of);
          sums[0] += of.purchases * (by_all - digamma(px) + std::log(spent));
          sums[1] += by_all - digamma(model.q) + std::log(model.gamma);
          sums[2] += model.q / model.gamma - (px + model.q) / all;
        });
    double value = -sum[3] / n;
    for (size_t d = 0; d < 3; ++d) {
      gradient[d] = -sum[d] * std::exp(at[d]) / n;
      hold_within(at[d], d == 1 ? least_above_1 : -farthest, farthest, value, gradient[d]);
    }
    return value;
  };
  Minimum best = minimise(loss, {1, 1, 1});
  return {{std::exp(best.at[0]), 1 + std::exp(best.at[1]), std::exp(best.at[2]) * unit},
          -best.value * n - n * std::log(unit),
          covariance(loss, best.at, n),
          best.converged};
}

}  // namespace danggol::learn
