// XXH3-128 in hex: to know content again, not to resist an attacker.
#pragma once

#include <string>
#include <string_view>

#include "danggol/result.h"

namespace danggol {

std::string digest(std::string_view bytes);
Result<std::string> file_digest(const std::string& path);

}  // namespace danggol
