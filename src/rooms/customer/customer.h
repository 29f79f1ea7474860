#pragma once

#include "contract/room.h"

namespace danggol::rooms {

// Everything known of one customer, answered at once. README.md says more.
Room customer();

}  // namespace danggol::rooms
