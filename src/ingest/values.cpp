#include "ingest/values.h"

#include <array>
#include <charconv>
#include <limits>

namespace danggol::ingest {
namespace {

// A run of 1..most digits at the front of `text`, taken off it.
bool take_number(std::string_view& text, size_t most, int32_t& value) {
  size_t digits = 0;
  value = 0;
  while (digits < text.size() && digits < most && text[digits] >= '0' && text[digits] <= '9')
    value = value * 10 + (text[digits++] - '0');
  text.remove_prefix(digits);
  return digits > 0;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

// [ T]hh:mm[:ss[.fraction]][Z] as microseconds of the day.
bool take_clock(std::string_view& text, int64_t& micros) {
  micros = 0;
  if (text.empty()) return true;
  if (!take(text, ' ') && !take(text, 'T')) return false;
  int32_t hour = 0, minute = 0, second = 0;
  if (!take_number(text, 2, hour) || !take(text, ':') || !take_number(text, 2, minute)) return false;
  if (take(text, ':')) {
    if (!take_number(text, 2, second)) return false;
    if (take(text, '.')) {
      int64_t unit = micros_per_second / 10;
      if (text.empty() || text[0] < '0' || text[0] > '9') return false;
      while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
        micros += (text[0] - '0') * unit;
        unit /= 10;
        text.remove_prefix(1);
      }
    }
  }
  take(text, 'Z');
  if (hour > 23 || minute > 59 || second > 59) return false;
  micros += ((hour * 60 + minute) * int64_t{60} + second) * micros_per_second;
  return text.empty();
}

}  // namespace

std::optional<Timestamp> parse_time(std::string_view text, TimeFormat format, bool& ambiguous) {
  ambiguous = false;
  if (format == TimeFormat::unix_seconds) {
    int64_t seconds = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    constexpr int64_t most = 253'402'300'799;  // the end of the year 9999
    if (error != std::errc{} || end != text.data() + text.size() || seconds < 0 || seconds > most)
      return std::nullopt;
    return Timestamp{seconds * micros_per_second};
  }
  std::string_view rest = text;
  int32_t a = 0, b = 0, c = 0;
  std::optional<Date> date;
  if (text.size() == 8 && text.find_first_not_of("0123456789") == text.npos) {
    date = parse_date(text);
    rest = {};
  } else {
    if (!take_number(rest, 4, a) || rest.empty()) return std::nullopt;
    size_t first_digits = text.size() - rest.size();
    char mark = rest[0];
    if (mark != '-' && mark != '/' && mark != '.') return std::nullopt;
    rest.remove_prefix(1);
    if (!take_number(rest, 2, b) || !take(rest, mark) || !take_number(rest, 4, c)) return std::nullopt;
    if (first_digits == 4) {
      date = checked_date(a, b, c);
    } else if (format == TimeFormat::month_first || (format == TimeFormat::automatic && b > 12 && a <= 12)) {
      date = checked_date(c, a, b);
    } else if (format == TimeFormat::day_first || (a > 12 && b <= 12)) {
      date = checked_date(c, b, a);
    } else if (a == b) {
      date = checked_date(c, a, b);
    } else {
      ambiguous = a <= 12 && b <= 12;
      return std::nullopt;
    }
  }
  int64_t clock = 0;
  if (!date || !take_clock(rest, clock)) return std::nullopt;
  return Timestamp{to_timestamp(*date).micros + clock};
}

std::optional<int32_t> parse_hour(std::string_view text) {
  int32_t hour = 0;
  if (!take_number(text, 2, hour) || !text.empty() || hour > 23) return std::nullopt;
  return hour;
}

std::optional<double> parse_propensity(std::string_view text) {
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !(value > 0 && value <= 1))
    return std::nullopt;
  return value;
}

std::optional<Money> parse_money(std::string_view text) {
  bool negative = take(text, '-');
  if (!negative) take(text, '+');
  if (text.empty()) return std::nullopt;
  constexpr int64_t most = std::numeric_limits<int64_t>::max() / Money::scale / 100;
  int64_t whole = 0, fraction = 0;
  size_t digits = 0, group = 0;
  bool grouped = false;
  while (!text.empty() && text[0] != '.') {
    char c = text[0];
    text.remove_prefix(1);
    if (c == ',') {
      if (digits == 0 || (grouped ? group != 3 : group > 3)) return std::nullopt;
      grouped = true;
      group = 0;
      continue;
    }
    if (c < '0' || c > '9' || whole > most) return std::nullopt;
    whole = whole * 10 + (c - '0');
    ++digits, ++group;
  }
  if (grouped && group != 3) return std::nullopt;
  if (take(text, '.')) {
    int64_t unit = Money::scale / 10;
    bool past = false;
    for (char c : text) {
      if (c < '0' || c > '9') return std::nullopt;
      if (unit > 0) fraction += (c - '0') * unit;
      else if (!past && c >= '5') ++fraction, past = true;
      else past = true;
      unit /= 10;
      ++digits;
    }
  }
  if (digits == 0) return std::nullopt;
  int64_t value = whole * Money::scale + fraction;
  return Money{negative ? -value : value};
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

std::optional<Action> parse_action(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, Action>, 30> words = {{
      {"purchase", Action::purchase},
      {"buy", Action::purchase},
      {"order", Action::purchase},
      {"구매", Action::purchase},
      {"주문", Action::purchase},
      {"cancel", Action::cancel},
      {"refund", Action::cancel},
      {"return", Action::cancel},
      {"취소", Action::cancel},
      {"환불", Action::cancel},
      {"partner_use", Action::partner_use},
      {"pay", Action::pay},
      {"view", Action::view},
      {"pv", Action::view},
      {"조회", Action::view},
      {"click", Action::click},
      {"클릭", Action::click},
      {"wishlist", Action::wishlist},
      {"fav", Action::wishlist},
      {"favorite", Action::wishlist},
      {"찜", Action::wishlist},
      {"cart", Action::cart},
      {"add_to_cart", Action::cart},
      {"addtocart", Action::cart},
      {"장바구니", Action::cart},
      {"exposure", Action::exposure},
      {"impression", Action::exposure},
      {"노출", Action::exposure},
      {"search", Action::search},
      {"review", Action::review},
  }};
  for (const auto& [word, action] : words)
    if (word == text) return action;
  return {};
}

}  // namespace danggol::ingest
