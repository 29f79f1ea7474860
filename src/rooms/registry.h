// Every room there is. The only place that names them all.
#pragma once

#include <vector>

#include "contract/room.h"

namespace danggol::rooms {

const std::vector<Room>& all();

}  // namespace danggol::rooms
