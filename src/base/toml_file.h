// TOML (toml.io) of sections whose values are plain: what people write beside a store. By toml++.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "danggol/result.h"

namespace danggol {

struct TomlSection {
  std::string name;
  std::vector<std::pair<std::string, std::string>> values;  // by key, as texts: 3, 0.5, true, 2024-01-31
};

// The sections by name. Code::bad_input with the line where it is no TOML, and where something stands outside
// of a section or is no plain value; `name` is for the message.
Result<std::vector<TomlSection>> parse_toml(std::string_view text, std::string_view name);

// The text with that value in the section: in place of the one there, else at the section's end. "" takes the
// line away. All other lines stay as they are.
std::string with_toml_value(std::string_view text, const std::string& section, const std::string& key,
                            const std::string& value);

}  // namespace danggol
