// Reading single values of a row. nullopt means the text is not one; nothing here guesses.
#pragma once

#include <optional>
#include <string_view>

#include "base/units.h"
#include "ingest/mapping.h"

namespace danggol::ingest {

// 2010-12-01[ T]08:26[:00[.123]][Z], 2010-12-01, 2010/12/01, 2010.12.01, 20101201, 12/1/2010 8:26 (by
// format), Unix seconds. A date whose day and month cannot be told apart is nullopt with `ambiguous` set.
std::optional<Timestamp> parse_time(std::string_view text, TimeFormat format, bool& ambiguous);

std::optional<int32_t> parse_hour(std::string_view text);  // 0..23, one or two digits

std::optional<double> parse_propensity(std::string_view text);  // the chance of what was drawn: in (0, 1]

// 1234.5, -1,234.50; rounded half away from zero to four decimals; no exponent, NaN or currency sign.
std::optional<Money> parse_money(std::string_view text);

Money multiply(Money price, Money quantity, bool& overflow);  // rounded half away from zero

// The event's action for the words shops use ("buy", "pv", "fav" ...); nothing if it is none we know.
std::optional<Action> parse_action(std::string_view text);

}  // namespace danggol::ingest
