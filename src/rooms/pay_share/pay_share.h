#pragma once

#include "contract/room.h"

namespace danggol::rooms {

// How much of what they buy do customers pay with our own payment service? README.md says more.
Room pay_share();

}  // namespace danggol::rooms
