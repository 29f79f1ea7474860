#include "engine/room_version.h"

#include <algorithm>
#include <utility>

#include "engine/room_versions.h"

namespace danggol::engine {

std::string_view room_version(const std::string& name) {
  auto at = std::find_if(std::begin(room_versions), std::end(room_versions),
                         [&](const auto& version) { return version.first == name; });
  return at == std::end(room_versions) ? all_rooms_version : at->second;
}

}  // namespace danggol::engine
