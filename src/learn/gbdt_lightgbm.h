// Trains gradient boosted trees by LightGBM (Ke et al., 2017). Its .cpp is the only file that knows LightGBM.
#pragma once

#include <cstdint>
#include <vector>

#include "base/matrix.h"
#include "danggol/result.h"
#include "learn/gbdt.h"

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

// labels: 0..classes-1, one a row of `features`. Where they are not empty, `weights` has one a row, and
// `start` the scores that the trees add to, class after class, each with one a row: predictions are of the
// trees alone. Runs in the calling thread; several may run side by side.
Result<Gbdt> train_lightgbm(const Matrix& features, const std::vector<int32_t>& labels, int32_t classes,
                            const GbdtParams& params, uint64_t seed, const std::vector<float>& weights = {},
                            const std::vector<double>& start = {});

}  // namespace danggol::learn
