// A zstd frame, without a checksum, holding `text`.
#pragma once

#include <zstd.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace danggol {

inline std::string zstd_of(std::string_view text) {
  constexpr int level = 3;
  std::string out(ZSTD_compressBound(text.size()), '\0');
  size_t size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), level);
  if (ZSTD_isError(size)) throw std::runtime_error("zstd: the buffer is too small");
  out.resize(size);
  return out;
}

}  // namespace danggol
