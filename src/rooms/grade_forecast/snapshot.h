// What was known of customers' rhythms at a date, and who then left.
#pragma once

#include <optional>
#include <vector>

#include "base/matrix.h"
#include "contract/purchase_days.h"

namespace danggol::rooms {

// The buyers of a horizon before a date. Every feature means the same at every date, however long the history
// before it: counts are of pieces of the horizon, times are in horizons or in a customer's own pauses.
struct Snapshot {
  Date at;
  std::vector<size_t> customers;  // of PurchaseDays, ascending
  Matrix features;                // NaN is "not known"
  std::vector<double> lifetime;   // log odds of leaving by BG/NBD, fitted to all that was known at the date
  std::vector<int32_t> left;      // 1: no purchase within the horizon after the date; empty before it is over
  // How far all log odds would have to move for as many to leave by `lifetime` as did.
  double shift = 0;
};

// `known_until`: from when on nothing is known; labels are there where the horizon is over by then. The
// columns of money are there where `with_amounts`.
Snapshot snapshot_at(const PurchaseDays& history, Date at, int32_t horizon_months, Date known_until,
                     bool with_amounts);

// How far these log odds must move for their chances to add up to as many as came, a little less where it
// rests on few (a normal prior of the move, sd 0.5).
double level_shift(const std::vector<double>& log_odds, const std::vector<int32_t>& came);

// So long were 95 % of the pauses between days of purchases that had ended, each customer counting once; NaN
// where nobody came back.
double usual_pause_days(const PurchaseDays& history);

}  // namespace danggol::rooms
