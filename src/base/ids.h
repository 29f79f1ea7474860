// Ids and other texts as they are kept, wherever they come from (a table that is imported, a list of ids, a
// question about one), and which ids are nobody's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/units.h"

namespace danggol {

inline constexpr size_t most_id_bytes = 256;  // a longer one is nobody's

inline std::string_view trimmed(std::string_view text) {
  auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// ="00123" is how a text keeps its zeros in a spreadsheet: 00123.
inline std::string_view unprotected(std::string_view text) {
  bool is_protected = text.size() >= 3 && text[0] == '=' && text[1] == '"' && text.back() == '"';
  return is_protected ? text.substr(2, text.size() - 3) : text;
}

// Without blanks around it, and without the ".0" of a whole number that went through a spreadsheet.
inline std::string_view customer_id(std::string_view text) {
  std::string_view id = trimmed(text);
  if (id.size() > 1 && id[0] == '\'' && id[1] >= '0' && id[1] <= '9') id.remove_prefix(1);  // as ="..."
  if (id.size() > 2 && id.ends_with(".0")) {
    std::string_view whole = id.substr(0, id.size() - 2);
    if (whole.find_first_not_of("0123456789") == whole.npos) return whole;
  }
  return id;
}

// Whether cleaned() would leave a text of UTF-8 as it is, for all that a look at its bytes shows; the second
// is for long texts, and sees less.
bool is_clean(std::string_view text);
bool is_all_clean(std::string_view text);
// Composed (NFC), without what cannot be seen: blanks of whatever kind around it, marks of direction,
// joiners.
std::string cleaned(std::string_view text);

// The customer that a device or browser stands for until somebody logs in on it.
std::string customer_of_device(std::string_view device);

// Why a customer's id is nobody's, a reason of reject_reasons(): it is empty, it stands for none (NULL,
// guest, 비회원), or a spreadsheet has cut it (8.80E+11). "" for somebody's.
std::string_view why_nobody(std::string_view id);

// Days that programs write where they know none: 1900-01-01, 1970-01-01, 9999-12-31.
bool stands_for_none(Date day);

}  // namespace danggol
