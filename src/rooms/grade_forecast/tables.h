// The tables the forecast writes.
#pragma once

#include "contract/declare.h"

namespace danggol::rooms {

Columns importance_columns();
Columns test_columns();
Columns forecast_columns();
Columns metric_columns();
Columns class_columns();
Columns pair_columns(std::string_view table);
Columns confusion_columns();
Columns calibration_columns();
Columns lift_columns();
Columns backtest_columns();
Columns random_split_columns();

}  // namespace danggol::rooms
