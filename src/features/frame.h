// From raw events to what a model learns from: one cutoff, features strictly before it, labels strictly
// after. Rooms cannot reach past a cutoff because only this code joins the two sides.
#pragma once

#include <optional>

#include "contract/frame.h"
#include "contract/grading.h"
#include "store/database.h"

namespace danggol::features {

// What raw.event holds from load `first_load` on, by receipt, into feature.receipt. Called by every import.
Status add_receipts(store::Connection& connection, int64_t first_load);
// After rows were taken out: the receipts of the temporary table `receipt_key` (customer_no, action, day,
// receipt) as raw.event has them now. What was known at cutoffs goes.
Status renew_receipts(store::Connection& connection);

// Features of the buyers of [cutoff - window_months, cutoff); labels from [cutoff, label_until) if that is
// given. Keeps the features as feature.customer of that cutoff. `as_of` is the day that the views show: a
// device on which somebody logs in between the cutoff and then is a customer of its own before the cutoff,
// and what became of them is what that customer did.
Result<Frame> build(store::Connection& connection, Date as_of, Date cutoff, int32_t window_months,
                    std::optional<Date> label_until, const Grading& grading);

}  // namespace danggol::features
