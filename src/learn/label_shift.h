// Class frequencies move between the period learned from and the period predicted (a shop's seasons). Where
// frequencies of a period like the predicted one are known, probabilities are moved to them by Bayes' rule
// (Saerens, Latinne and Decaestecker, 2002): p(c) * f_like(c | group) / f_learned(c | group), renormalised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "learn/probability_model.h"

namespace danggol::learn {

class LabelShift {
 public:
  // Groups 0..groups-1 and labels 0..classes-1 of the rows learned from and of a like period. Each cell of
  // either side gets one more imagined row, spread by the two sides' pooled frequencies.
  LabelShift(const std::vector<int32_t>& learned_group, const std::vector<int32_t>& learned_label,
             const std::vector<int32_t>& like_group, const std::vector<int32_t>& like_label, int32_t groups,
             int32_t classes);

  // `special` is the class whose interval is moved too; it widens by the sampling error of the shift (95 %).
  void apply(const std::vector<int32_t>& group, int32_t special, ClassProbabilities& probabilities) const;

  // Standard error of the shift of a class's log odds in a group.
  double log_odds_error(int32_t group, int32_t label) const {
    return log_odds_error_[static_cast<size_t>(group * classes_ + label)];
  }

 private:
  int32_t classes_;
  std::vector<double> ratio_;  // [group * classes + class]
  std::vector<double>
      log_odds_error_;  // [group * classes + class], standard error of the class's shift in log odds
};

}  // namespace danggol::learn
