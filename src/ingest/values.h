// Reading single values of a row. nullopt means the text is not one; nothing here guesses.
#pragma once

#include <optional>
#include <string_view>

#include "base/units.h"
#include "ingest/mapping.h"

namespace danggol::ingest {

std::optional<double> parse_propensity(std::string_view text);  // the chance of what was drawn: in (0, 1]

Money multiply(Money price, Money quantity, bool& overflow);  // rounded half away from zero

// Whether a text alone is a number, or a time, by whatever notation.
bool is_number(std::string_view text);
bool is_time(std::string_view text);

}  // namespace danggol::ingest
