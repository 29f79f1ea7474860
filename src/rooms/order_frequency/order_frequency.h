#pragma once

#include "contract/room.h"

namespace danggol::rooms {

// How often do customers buy, how long between, and whose silence is unusual? README.md says more.
Room order_frequency();

}  // namespace danggol::rooms
