#include "rooms/registry.h"

#include "rooms/grade_change/grade_change.h"
#include "rooms/rfm/rfm.h"

namespace danggol::rooms {

const std::vector<Room>& all() {
  static const std::vector<Room> rooms = {rfm(), grade_change()};
  return rooms;
}

}  // namespace danggol::rooms
