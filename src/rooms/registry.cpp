#include "rooms/registry.h"

#include "rooms/every_room.h"

namespace danggol::rooms {
namespace {

void add(Room room, std::vector<Room>& all) { all.push_back(std::move(room)); }
void add(std::vector<Room> rooms, std::vector<Room>& all) {
  for (Room& room : rooms) all.push_back(std::move(room));
}

}  // namespace

const std::vector<Room>& all() {
  static const auto rooms = [] {
    std::vector<Room> all;
    each_room([&](auto room) { add(std::move(room), all); });
    return all;
  }();
  return rooms;
}

}  // namespace danggol::rooms
