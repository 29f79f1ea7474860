// The average effect of an offer against a hold-out, where chance drew each row's arm with a known
// probability of its own. Means are weighted by the inverse of that probability, over the sum of the weights
// (Hajek, 1971), so that both arms stand for the same rows; the chance of the arm that was drawn is all that
// need be known. CUPED (Deng, Xu, Kohavi and Walker, 2013) takes off what the same difference of outcomes
// from before the draw explains: its expectation is 0. Customers drawn more than once are one unit: standard
// errors sum over customers (Liang and Zeger, 1986).
#pragma once

#include <cstdint>
#include <vector>

namespace danggol::learn {

// Rows of the two arms alone.
struct Trial {
  std::vector<int32_t> customer;  // ascending
  std::vector<bool> treated;
  std::vector<double> propensity;  // the chance of the arm drawn, in (0, 1]
  std::vector<double> outcome;
  std::vector<std::vector<double>> covariates;  // a column each; known before the draw
};

struct EffectEstimate {
  double effect = 0, lo = 0, hi = 0;          // 95 %, normal
  double lift = 0, lift_lo = 0, lift_hi = 0;  // effect / baseline; Fieller (1954); NaN where
                                              // the baseline may be 0
  double standard_error = 0, p_value = 1;     // two-sided
};

struct TrialEstimate {
  double baseline = 0;  // mean of the hold-out
  EffectEstimate difference, cuped;
};

// Each arm needs a row, and the two together two customers. CUPED's coefficients are least squares on the
// same rows, not cross-fitted: that biases by the order of one over the number of customers. A covariate that
// says nothing new, or leaves nothing to judge the error by, is passed over.
TrialEstimate ab_test(const Trial& trial);

}  // namespace danggol::learn
