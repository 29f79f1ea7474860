#pragma once

#include "contract/room.h"

namespace danggol::rooms {

// Who is still a customer, how often will each buy in the coming months, and what is that worth? README.md
// says more.
Room lifetime_value();

}  // namespace danggol::rooms
