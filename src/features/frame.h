// From raw events to what a model learns from: one cutoff, features strictly before it, labels strictly
// after. Rooms cannot reach past a cutoff because only this code joins the two sides.
#pragma once

#include "contract/room.h"
#include "store/database.h"

namespace danggol::features {

// Adds to feature.receipt what was loaded since it was made. Every run begins so.
Status add_receipts(store::Connection& connection);

// Features of the buyers of [cutoff - window_months, cutoff); labels from [cutoff, label_until) if that is
// given. Keeps the features as feature.customer and feature.customer_mix of that cutoff.
Result<Frame> build(store::Connection& connection, Date cutoff, int32_t window_months,
                    std::optional<Date> label_until, const Grading& grading);

}  // namespace danggol::features
