#include "ingest/values.h"

#include <charconv>
#include <limits>

#include "ingest/numbers.h"
#include "ingest/times.h"

namespace danggol::ingest {
std::optional<double> parse_propensity(std::string_view text) {
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !(value > 0 && value <= 1))
    return std::nullopt;
  return value;
}

__extension__ typedef __int128 int128;

Money multiply(Money price, Money quantity, bool& overflow) {
  int64_t small = 0;  // nearly always so, and 128 bits divide slowly
  constexpr int64_t half_unit = Money::scale / 2, room = std::numeric_limits<int64_t>::max() / 100;
  if (!__builtin_mul_overflow(price.ten_thousandths, quantity.ten_thousandths, &small) && small < room &&
      small > -room) {
    overflow = false;
    return {(small + (small < 0 ? -half_unit : half_unit)) / Money::scale};
  }
  int128 product = static_cast<int128>(price.ten_thousandths) * quantity.ten_thousandths;
  int128 half = product < 0 ? -Money::scale / 2 : Money::scale / 2;
  int128 rounded = (product + half) / Money::scale;
  constexpr int128 most = std::numeric_limits<int64_t>::max() / 100;
  overflow = rounded > most || rounded < -most;
  return {overflow ? 0 : static_cast<int64_t>(rounded)};
}

bool is_number(std::string_view text) {
  NumberEvidence seen;
  return parse_number(text, Decimal::open, seen).has_value();
}

bool is_time(std::string_view text) {
  TimeEvidence seen;
  return parse_time(text, {}, seen).has_value() || seen.open > 0;
}

}  // namespace danggol::ingest
