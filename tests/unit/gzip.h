// One gzip member holding `text`. At level 3 it is as small as a gzip can be.
#pragma once

#include <isa-l/igzip_lib.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace danggol {

inline std::string gzip(std::string_view text, uint32_t level = 0) {
  std::string out(text.size() + text.size() / 4 + 1'024, '\0');
  isal_zstream stream;
  isal_deflate_init(&stream);
  std::vector<uint8_t> work(level > 0 ? ISAL_DEF_LVL3_DEFAULT : 0);
  stream.level = level;
  stream.level_buf = work.data();
  stream.level_buf_size = static_cast<uint32_t>(work.size());
  stream.gzip_flag = IGZIP_GZIP;
  stream.end_of_stream = 1;
  stream.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uint32_t>(text.size());
  stream.next_out = reinterpret_cast<uint8_t*>(out.data());
  stream.avail_out = static_cast<uint32_t>(out.size());
  if (isal_deflate(&stream) != COMP_OK || stream.internal_state.state != ZSTATE_END)
    throw std::runtime_error("gzip: the buffer is too small");
  out.resize(stream.total_out);
  return out;
}

}  // namespace danggol
