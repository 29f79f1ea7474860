// Which code a room's results come from: a hash, made by the build, of the room's own files, of those of
// learn and contract that they include, and of what makes every room's features.
#pragma once

#include <string>
#include <string_view>

namespace danggol::engine {

// Of an analysis by its name; of one that is not of this house, a hash of all of them.
std::string_view room_version(const std::string& name);

}  // namespace danggol::engine
