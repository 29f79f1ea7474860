// What a back-test found: computed, as rows, and in words.
#pragma once

#include <vector>

#include "contract/room.h"
#include "rooms/grade_forecast/measures.h"
#include "rooms/grade_forecast/predictors.h"

namespace danggol::rooms {

// Writes every back-test table and says how the model did against its two baselines.
Result<Summary> write_backtest(Context& context, const Backtest& test);

// The same figures where training and test customers are of one period, beside those across time.
Result<Summary> write_random_split(Context& context, const Backtest& test);

}  // namespace danggol::rooms
