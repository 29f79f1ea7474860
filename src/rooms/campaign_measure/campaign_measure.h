#pragma once

#include "contract/room.h"

namespace danggol::rooms {

// What did each offer cause? README.md says more.
Room campaign_measure();

}  // namespace danggol::rooms
