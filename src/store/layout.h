// The tables every store has.
#pragma once

#include "store/database.h"

namespace danggol::store {

Status create_layout(Connection& connection);  // does nothing where it stands already

}  // namespace danggol::store
