#pragma once

#include "contract/room.h"

namespace danggol::rooms {

// Where does a group buy that others do not? README.md says more.
Room channel_divergence();

}  // namespace danggol::rooms
