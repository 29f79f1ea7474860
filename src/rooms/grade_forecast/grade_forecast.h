#pragma once

#include "contract/room.h"

namespace danggol::rooms {

// Which grade will each customer have, and who will leave? Four entries of one room: learn from the last
// known half, test honestly at an earlier origin and by the customary random split, predict the future from
// as_of. README.md says more.
Room grade_forecast_train();
Room grade_forecast_backtest();
Room grade_forecast_random_split();
Room grade_forecast_predict();

}  // namespace danggol::rooms
