// A store moves with its key, without which its models are not its own.
#pragma once

#include <filesystem>
#include <string>

namespace danggol {

inline void copy_store(const std::string& from, const std::string& to) {
  std::filesystem::copy_file(from, to);
  if (std::filesystem::exists(from + ".key")) std::filesystem::copy_file(from + ".key", to + ".key");
}

}  // namespace danggol
