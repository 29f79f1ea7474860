#pragma once

#include "contract/room.h"

namespace danggol::rooms {

// Which products and categories make the sales, and how much of them is bought below list price? README.md
// says more.
Room abc();

}  // namespace danggol::rooms
