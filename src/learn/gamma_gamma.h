// What a customer spends on a purchase: every purchase is gamma distributed with shape p about the customer's
// own mean, whose inverse is gamma distributed too (q, gamma), apart from how often they buy (Fader, Hardie
// and Lee, 2005; Fader and Hardie, 2013).
#pragma once

#include <cstdint>
#include <vector>

#include "learn/optimise.h"

namespace danggol::learn {

struct Spend {
  double purchases, mean;  // both above 0; mean amount of a purchase
};

struct GammaGammaModel {
  double p, q, gamma;  // all above 0, q above 1: else nobody's mean could be expected

  double log_likelihood(const Spend& of) const;  // of the mean
  // What the customer's own mean is expected to be; of {0, 0}, who is not known, everybody's. Infinite where
  // q is not above 1.
  double expected_mean(const Spend& of) const;
  // The chance that `purchases` to come bring no more than `amount`, to within 0.005, and 0.02 where p is
  // below 1 (Paulson, 1942).
  double p_at_most(const Spend& of, double purchases, double amount) const;
};

struct GammaGammaFit {
  GammaGammaModel model;
  double log_likelihood = 0;
  Dense<double> covariance;  // of the logarithms of p, q - 1 and gamma
  bool converged = false;
  std::vector<NamedEstimate> estimates() const;
};

// Maximum likelihood over at least one customer; q is held above about 1.5, for below it a single customer
// would make everybody's mean.
GammaGammaFit fit_gamma_gamma(const std::vector<Spend>& customers);

}  // namespace danggol::learn
