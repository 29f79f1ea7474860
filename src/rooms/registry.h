// Every room there is, in the order of the pipeline: that of the lines room(NAME) in src/CMakeLists.txt, of
// which the build makes rooms/every_room.h.
#pragma once

#include <vector>

#include "contract/room.h"

namespace danggol::rooms {

const std::vector<Room>& all();

}  // namespace danggol::rooms
