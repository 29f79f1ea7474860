// The tables every store has.
#pragma once

#include "store/database.h"

namespace danggol::store {

// Does nothing where it stands already; refuses (conflict) a store of another layout. `path` is for the
// message.
Status create_layout(Connection& connection, const std::string& path);

}  // namespace danggol::store
