// A text as JSON: {"en": ..., "ko": ...}, every language by its code.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "danggol/text.h"

namespace danggol::report {

inline nlohmann::ordered_json text_json(const Text& text) {
  auto json = nlohmann::ordered_json::object();
  for (size_t i = 0; i < languages().size(); ++i)
    json[std::string(languages()[i].code)] = text.in(static_cast<Language>(i));
  return json;
}

}  // namespace danggol::report
