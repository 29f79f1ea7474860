// The tables the forecast writes, and the figures of its back-test.
#pragma once

#include <optional>
#include <vector>

#include "contract/room.h"
#include "learn/probability_model.h"

namespace danggol::rooms {

TableInfo importance_table();
TableInfo forecast_table();
TableInfo metric_table();
TableInfo class_table();
TableInfo pair_table();
TableInfo confusion_table();
TableInfo calibration_table();
TableInfo lift_table();
TableInfo backtest_table();
TableInfo random_split_table();
TableInfo random_split_pair_table();
std::vector<std::pair<std::string, Text>> metric_labels();

struct Backtest {
  const Frame& known;  // the training origin, for the baselines
  const Frame& later;  // the testing origin
  const learn::ClassProbabilities& probabilities;
  std::vector<int32_t> decided;
  uint64_t seed;
};

// A second test at a later origin, where the year before is known: with and without the season's shift.
struct SeasonCheck {
  Backtest with, without;
};

// Writes every back-test table and says in words how the model did against its two baselines. Only the
// metrics speak of the season check too.
Result<Summary> write_backtest(Context& context, const Backtest& test,
                               const std::optional<SeasonCheck>& season);

// The same figures where training and test customers are of one period, beside those across time.
Result<Summary> write_random_split(Context& context, const Backtest& test);

}  // namespace danggol::rooms
