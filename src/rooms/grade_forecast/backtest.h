// What a back-test found: computed, as rows, and in words.
#pragma once

#include <optional>
#include <vector>

#include "contract/room.h"
#include "rooms/grade_forecast/measures.h"
#include "rooms/grade_forecast/predictors.h"

namespace danggol::rooms {

// A second test at a later origin, where the year before is known: with and without the season's shift.
struct SeasonCheck {
  Backtest with, without;
};

// Writes every back-test table and says how the model did against its two baselines. Only the metrics speak
// of the season check too.
Result<Summary> write_backtest(Context& context, const Backtest& test,
                               const std::optional<SeasonCheck>& season);

// The same figures where training and test customers are of one period, beside those across time.
Result<Summary> write_random_split(Context& context, const Backtest& test);

}  // namespace danggol::rooms
