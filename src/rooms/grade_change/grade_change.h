#pragma once

#include "contract/room.h"

namespace danggol::rooms {

// From which grade to which did customers move between the two periods? README.md says more.
Room grade_change();

}  // namespace danggol::rooms
