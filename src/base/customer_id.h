// How a customer's id is kept, wherever it comes from: a table that is imported, or a list of ids.
#pragma once

#include <cstddef>
#include <string_view>

namespace danggol {

inline constexpr size_t most_id_bytes = 256;  // a longer one is nobody's

inline std::string_view trimmed(std::string_view text) {
  auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Without blanks around it, and without the ".0" of a whole number that went through a spreadsheet.
inline std::string_view customer_id(std::string_view text) {
  std::string_view id = trimmed(text);
  if (id.size() > 2 && id.ends_with(".0")) {
    std::string_view whole = id.substr(0, id.size() - 2);
    if (whole.find_first_not_of("0123456789") == whole.npos) return whole;
  }
  return id;
}

}  // namespace danggol
