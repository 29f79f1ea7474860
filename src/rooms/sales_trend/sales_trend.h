#pragma once

#include "contract/room.h"

namespace danggol::rooms {

// How do buyers, sales and what a purchase or a buyer brings move from month to month? README.md says more.
Room sales_trend();

}  // namespace danggol::rooms
