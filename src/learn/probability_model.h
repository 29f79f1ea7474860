// Calibrated class probabilities from boosted trees, with an interval for one class of special interest:
//   folds    every customer is scored by trees that have not seen him (cross-fitting)
//   classes  temperature scaling of those scores (Guo et al., 2017): one number, fitted by log loss
//   special  cross Venn-Abers (Vovk, Petej and Fedorova, 2015) gives p and [lo, hi]; the other classes keep
//            their proportions and share 1 - p, so that the probabilities of a row add up to 1
// A new customer's scores are the mean of the folds'.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/matrix.h"
#include "danggol/result.h"
#include "learn/gbdt_lightgbm.h"
#include "learn/venn_abers.h"

namespace danggol::learn {

struct ClassProbabilities {
  std::vector<double> p;       // rows * classes, row after row, each row adds up to 1
  std::vector<double> lo, hi;  // of the special class: the Venn-Abers pair
};

class ProbabilityModel {
 public:
  // Fails (no_data) if there are too few rows (20 a fold) or only one class. `classes` >= 2.
  static Result<ProbabilityModel> train(const Matrix& features, const std::vector<int32_t>& labels,
                                        int32_t classes, int32_t special, const GbdtParams& params,
                                        uint64_t seed);

  // Of the rows trained with, by folds that have not seen them; not kept by to_bytes().
  const std::vector<double>& crossed() const { return crossed_; }
  // Decision weights for other probabilities of rows whose labels are known.
  void choose_decisions(const std::vector<double>& p, const std::vector<int32_t>& labels);

  // Columns are matched by name: a column the model does not know is left out, one that the data lacks is 0.
  ClassProbabilities predict(const Matrix& features) const;
  std::vector<double> gain() const;  // mean over the folds, of columns()
  const std::vector<std::string>& columns() const { return columns_; }
  // Class weights that make arg max(weight * p) good at macro F1, chosen on the cross-fitted rows.
  const std::vector<double>& decision_weights() const { return decision_weights_; }
  std::vector<int32_t> decide(const std::vector<double>& p) const;

  std::string to_bytes() const;
  // Corrupt if they are in any way not what to_bytes() makes.
  static Result<ProbabilityModel> from_bytes(std::string_view bytes);

 private:
  int32_t classes_ = 0, special_ = 0;
  double temperature_ = 1;
  std::vector<std::string> columns_;
  std::vector<double> decision_weights_, crossed_;
  std::vector<Gbdt> folds_;
  std::vector<VennAbers> calibrators_;
};

}  // namespace danggol::learn
