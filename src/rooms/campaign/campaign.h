#pragma once

#include "contract/room.h"

namespace danggol::rooms {

// Whom to contact, with what, and whom to leave alone on purpose, so that it can be said later what the
// campaign caused. README.md says more.
std::vector<Room> campaign();  // the list, and its back-test

}  // namespace danggol::rooms
