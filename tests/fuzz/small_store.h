// A store with a simulated shop in it and every job run, made anew by each process, beside a file that
// nothing in it may show.
#pragma once

#include <string>

#include "danggol/engine.h"

namespace danggol {

// Stands in a file beside the store, and in rows that were deleted from it.
inline constexpr const char* elsewhere = "ELSEWHERE-7261";

struct SmallStore {
  std::string folder, path, secret_file;
};
const SmallStore& small_store();

// The names of the folder's files, with inode, size and last change of each.
std::string traces();

std::string bytes_of(const std::string& path);

}  // namespace danggol
