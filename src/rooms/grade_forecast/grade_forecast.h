#pragma once

#include "contract/room.h"

namespace danggol::rooms {

// Which grade will each customer have, and who will leave? Four entries of one room: learn from the last
// known half, test honestly at an earlier origin and by the customary random split, predict the future from
// as_of. README.md says more.
std::vector<Room> grade_forecast();

}  // namespace danggol::rooms
