// What is known of customers, products and stores: of everything that loads say of them (raw.property) what
// the newest table says, else what most rows say, the smaller one where two are level. raw.customer and the
// others show it.
#pragma once

#include <cstdint>

#include "ingest/mapping.h"
#include "store/database.h"

namespace danggol::ingest {

// After the loads from `first_load` on have said what they say: adds the ids of the temporary table `fresh`
// (number, id) to the dimension, and corrects those that were there. Whether anything was told of such.
Result<bool> tell(store::Connection& connection, const DimensionShape& shape, int64_t first_load);

// Shows anew what is known of the ids in the temporary table `touched` (number); whether that is different.
Result<bool> tell_anew(store::Connection& connection, const DimensionShape& shape);

}  // namespace danggol::ingest
