#pragma once

#include "contract/room.h"

namespace danggol::rooms {

// Which products will each customer buy next, and how likely? README.md says more.
Room recommend();

}  // namespace danggol::rooms
