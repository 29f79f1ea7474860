#include "base/utf8.h"

#include <utf8proc.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace danggol {

int character_bytes(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char lead = byte(0);
  if (lead < 0x80) return lead == 0 ? 0 : 1;
  int length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  for (int i = 1; i < length; ++i) {
    if (static_cast<size_t>(i) >= text.size()) return -1;
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (lead == 0xe0 && byte(1) < 0xa0) return 0;  // overlong
  if (lead == 0xed && byte(1) > 0x9f) return 0;  // surrogates
  if (lead == 0xf0 && byte(1) < 0x90) return 0;  // overlong
  if (lead == 0xf4 && byte(1) > 0x8f) return 0;  // beyond U+10FFFF
  return length;
}

bool is_utf8(std::string_view text) {
  // Eight ASCII bytes at a time; zero bytes and bytes with the top bit take the slow way.
  while (text.size() >= 8) {
    uint64_t word;
    std::memcpy(&word, text.data(), 8);
    bool plain =
        !(word & 0x8080808080808080ULL) && !((word - 0x0101010101010101ULL) & ~word & 0x8080808080808080ULL);
    if (!plain) break;
    text.remove_prefix(8);
  }
  while (!text.empty()) {
    int length = character_bytes(text);
    if (length <= 0) return false;
    text.remove_prefix(static_cast<size_t>(length));
  }
  return true;
}

std::string_view beginning(std::string_view text, size_t most_bytes) {
  if (text.size() <= most_bytes) return text;
  while (most_bytes > 0 && (text[most_bytes] & 0xc0) == 0x80) --most_bytes;
  return text.substr(0, most_bytes);
}

std::string normalised(std::string_view text, Form form) {
  int options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
  if (form != Form::composed) options |= UTF8PROC_COMPAT;
  if (form == Form::folded) options |= UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
  utf8proc_uint8_t* mapped = nullptr;
  auto bytes = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                            static_cast<utf8proc_ssize_t>(text.size()), &mapped,
                            static_cast<utf8proc_option_t>(options));
  std::string out = bytes < 0
                        ? std::string(text)
                        : std::string(reinterpret_cast<const char*>(mapped), static_cast<size_t>(bytes));
  std::free(mapped);
  return out;
}

}  // namespace danggol
