// Gradient boosted trees for classes, by LightGBM (Ke et al., 2017). The only file that knows LightGBM.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/matrix.h"
#include "danggol/result.h"

namespace danggol::learn {

struct GbdtParams {
  int64_t rounds = 160;
  int64_t leaves = 8;
  int64_t least_rows_in_leaf = 30;
  double learning_rate = 0.05;
  double column_share = 0.5;  // of the columns, drawn for every tree
  double row_share = 0.8;     // of the rows, drawn for every round
  double l1 = 0.0;
  double l2 = 5.0;
  int64_t bins = 63;
};

class Gbdt {
 public:
  // labels: 0..classes-1, one a row of `features`. Runs in the calling thread; several may run side by side.
  static Result<Gbdt> train(const Matrix& features, const std::vector<int32_t>& labels, int32_t classes,
                            const GbdtParams& params, uint64_t seed);
  // rows * classes probabilities, row after row; columns as in training.
  Result<std::vector<double>> predict(const Matrix& features) const;
  Result<std::vector<double>> gain() const;          // of every column, summed over its splits
  const std::string& text() const { return text_; }  // LightGBM's own model text
  static Gbdt from_text(std::string text, int32_t classes) { return {std::move(text), classes}; }

 private:
  Gbdt(std::string text, int32_t classes) : text_(std::move(text)), classes_(classes) {}
  std::string text_;
  int32_t classes_;
};

}  // namespace danggol::learn
