#pragma once

#include "contract/histories.h"
#include "store/database.h"

namespace danggol::features {

// All that the connection's view `event` shows of actions with a receipt: 32 bytes a row. The same whatever
// the order of the rows and the number of threads. Code::memory where they need more than `most_bytes`.
Result<Histories> load_histories(store::Connection& connection, int64_t most_bytes);

}  // namespace danggol::features
