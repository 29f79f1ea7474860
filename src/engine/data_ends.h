// Whether the data end where a run takes them to end: who bought in a file that ends early seems to have
// left.
#pragma once

#include <vector>

#include "contract/frame.h"
#include "contract/words.h"
#include "store/database.h"

namespace danggol::engine {

// What is to be said of that before anything else, for a connection that shows what is before time.as_of.
// The calendar that the shop has settled cannot be read, for this reason.
Sentence calendar_not_read(const std::string& why, Date as_of);

Result<std::vector<Sentence>> early_ends(store::Connection& connection, const TimeFrame& time);

}  // namespace danggol::engine
