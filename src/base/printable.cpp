#include "danggol/printable.h"

#include <fmt/format.h>

#include <cstdint>

#include "base/utf8.h"

namespace danggol {
namespace {

// Of a well-formed character.
uint32_t code_of(std::string_view character) {
  auto lead = static_cast<unsigned char>(character[0]);
  uint32_t code = character.size() == 1 ? lead : lead & (0x7fu >> character.size());
  for (char next : character.substr(1)) code = code << 6 | (static_cast<unsigned char>(next) & 0x3fu);
  return code;
}

bool steers(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c || code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

std::string escaped(std::string_view text, bool keeps_lines) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    int bytes = character_bytes(text);
    if (bytes <= 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    auto length = static_cast<size_t>(bytes);
    uint32_t code = code_of(text.substr(0, length));
    if (!steers(code) || (keeps_lines && code == '\n')) out += text.substr(0, length);
    else out += code < 0x100 ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{{{:x}}}", code);
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) { return escaped(text, false); }
std::string printable_lines(std::string_view text) { return escaped(text, true); }

}  // namespace danggol
