#include "base/digest.h"

#include <fmt/core.h>
#include <xxhash.h>

#include <fstream>
#include <memory>
#include <vector>

namespace danggol {
namespace {

std::string hex(XXH128_hash_t hash) { return fmt::format("{:016x}{:016x}", hash.high64, hash.low64); }

}  // namespace

std::string digest(std::string_view bytes) { return hex(XXH3_128bits(bytes.data(), bytes.size())); }

Result<std::string> file_digest(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{Code::not_found, fmt::format("{}: cannot be opened", path)};
  std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), XXH3_freeState);
  XXH3_128bits_reset(state.get());
  std::vector<char> buffer(1 << 20);
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), file.gcount() > 0)
    XXH3_128bits_update(state.get(), buffer.data(), static_cast<size_t>(file.gcount()));
  if (file.bad()) return Error{Code::io, fmt::format("{}: cannot be read", path)};
  return hex(XXH3_128bits_digest(state.get()));
}

}  // namespace danggol
