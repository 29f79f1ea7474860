// Rows that several loads have: two exports that overlap by a week. They are known by multiplicity: of events
// that are equal in customer, time, action, product, receipt, amount and quantity, a load counts as many as
// it has more than those before it. The others stand aside (raw.repeated) until the loads they repeat are
// gone.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "store/database.h"

namespace danggol::ingest {

enum class OnOverlap { refuse, skip, keep };
inline constexpr std::array on_overlap_names = {"refuse", "skip", "keep"};  // as OnOverlap numbers them

// Of the rows of loads from `first_load` on, all within the transaction: whether any stand in earlier loads,
// or in one another. For `refuse` that is an error (conflict) with their number, their days and the choices.
// For `skip` they stand aside: how many, by load.
Result<std::vector<std::pair<int64_t, int64_t>>> settle_overlap(store::Connection& connection,
                                                                int64_t first_load, OnOverlap choice);

// After rows were taken out: what repeated them counts now. Their receipts are added to the temporary table
// `receipt_key` (customer_no, action, day, receipt).
Status settle_repeated(store::Connection& connection);

}  // namespace danggol::ingest
