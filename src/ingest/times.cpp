#include "ingest/times.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/clock.h"

namespace danggol::ingest {
namespace {

constexpr size_t most_bytes = 80;  // a longer text is no time
constexpr int64_t micros_per_hour = 3'600 * micros_per_second, micros_per_minute = 60 * micros_per_second;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// ---- taking a text apart from the front

bool take(std::string_view& text, std::string_view what) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(what.size());
  return true;
}

void take_blanks(std::string_view& text) {
  while (take(text, " ") || take(text, "\u00a0") || take(text, "\u202f")) {
  }
}

// A run of 1..most digits, and how many.
size_t take_number(std::string_view& text, size_t most, int32_t& value) {
  size_t digits = 0;
  value = 0;
  while (digits < text.size() && digits < most && is_digit(text[digits]))
    value = value * 10 + (text[digits++] - '0');
  text.remove_prefix(digits);
  return digits;
}

// A run of letters, small; "" where there is none. Not taken.
std::string word_at(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (!is_letter(c)) break;
    out += static_cast<char>(c | 0x20);
  }
  return out;
}

// January is 1. Three letters or more of a name.
int32_t month_named(std::string_view word) {
  constexpr std::string_view months[] = {"january",   "february", "march",    "april",
                                         "may",       "june",     "july",     "august",
                                         "september", "october",  "november", "december"};
  if (word == "sept") return 9;
  for (int32_t m = 0; m < 12; ++m)
    if (word.size() >= 3 && months[m].starts_with(word)) return m + 1;
  return 0;
}

void take_weekday(std::string_view& text) {
  for (std::string_view day : {"(월)", "(화)", "(수)", "(목)", "(금)", "(토)", "(일)", "월요일", "화요일",
                               "수요일", "목요일", "금요일", "토요일", "일요일"})
    if (take(text, day)) return take_blanks(text);
  constexpr std::string_view days[] = {"monday", "tuesday",  "wednesday", "thursday",
                                       "friday", "saturday", "sunday"};
  std::string word = word_at(text);
  bool is_day = std::any_of(std::begin(days), std::end(days),
                            [&](auto day) { return word.size() >= 3 && day.starts_with(word); });
  if (!is_day) return;
  text.remove_prefix(word.size());
  take(text, ",");
  take_blanks(text);
}

// ---- dates

// A year of two digits is one of the last forty, or the next: no shop's rows are older.
std::optional<Date> day_of(int32_t year, size_t digits, int32_t month, int32_t day) {
  if (digits == 3) return std::nullopt;
  if (digits <= 2) {
    static const int32_t this_year = to_civil(to_date(now_utc())).year;
    year += this_year / 100 * 100;
    if (year > this_year + 1) year -= 100;
    if (year < this_year - 40) return std::nullopt;
  }
  return checked_date(year, month, day);
}

// Three numbers with a mark between them. A year of four digits at the front says the order; else the style.
std::optional<Date> in_order(const std::array<int32_t, 3>& n, const std::array<size_t, 3>& digits,
                             DateOrder order, TimeEvidence& seen) {
  if (digits[0] >= 3) return day_of(n[0], digits[0], n[1], n[2]);
  if (digits[0] == 0 || digits[2] == 3) return std::nullopt;
  std::array<std::optional<Date>, date_order_count> by_order = {
      day_of(n[2], digits[2], n[1], n[0]), day_of(n[2], digits[2], n[0], n[1]),
      digits[2] <= 2 ? day_of(n[0], digits[0], n[1], n[2]) : std::nullopt};
  ++seen.ordered;
  std::optional<Date> only;
  bool is_open = false;
  for (size_t o = 0; o < date_order_count; ++o) {
    if (!by_order[o]) ++seen.impossible[o];
    else if (only && *only != *by_order[o]) is_open = true;
    else only = by_order[o];
  }
  seen.open += is_open;
  if (order != DateOrder::open) return by_order[static_cast<size_t>(order) - 1];
  return is_open ? std::nullopt : only;
}

std::optional<Date> take_numeric_date(std::string_view& text, DateOrder order, TimeEvidence& seen) {
  std::array<int32_t, 3> n{};
  std::array<size_t, 3> digits{};
  digits[0] = take_number(text, 4, n[0]);
  take_blanks(text);
  bool is_korean = take(text, "년");
  char mark = is_korean || text.empty() ? 0 : text[0];
  if (!is_korean && mark != '-' && mark != '/' && mark != '.') return std::nullopt;
  if (!is_korean) text.remove_prefix(1);
  take_blanks(text);
  digits[1] = take_number(text, 2, n[1]);
  take_blanks(text);
  if (digits[1] == 0 || !(is_korean ? take(text, "월") : take(text, std::string_view(&mark, 1))))
    return std::nullopt;
  take_blanks(text);
  digits[2] = take_number(text, 4, n[2]);
  if (digits[2] == 0) return std::nullopt;
  if (is_korean) {
    take_blanks(text);
    if (!take(text, "일")) return std::nullopt;
    return day_of(n[0], digits[0], n[1], n[2]);
  }
  if (mark == '.') take(text, ".");
  return in_order(n, digits, order, seen);
}

// 5 Jan 2024, 05-Jan-24, January 5, 2024
std::optional<Date> take_named_date(std::string_view& text) {
  auto part = [&] {
    take_blanks(text);
    while (take(text, "-") || take(text, ",") || take(text, "/") || take(text, ".")) take_blanks(text);
  };
  int32_t day = 0, year = 0;
  std::string word = word_at(text);
  if (!word.empty()) text.remove_prefix(word.size());
  part();
  if (take_number(text, 2, day) == 0) return std::nullopt;
  for (auto ending : {"st", "nd", "rd", "th"})
    if (take(text, ending)) break;
  part();
  if (word.empty()) {
    word = word_at(text);
    text.remove_prefix(word.size());
    part();
  }
  size_t digits = take_number(text, 4, year);
  int32_t month = month_named(word);
  if (month == 0 || (digits != 2 && digits != 4)) return std::nullopt;
  return day_of(year, digits, month, day);
}

// ---- clocks

bool take_half(std::string_view& text, int32_t& half) {  // half: 0 in the morning, 1 after noon
  struct Half {
    std::string_view text;
    int32_t half;
  };
  constexpr Half halves[] = {{"오전", 0}, {"오후", 1}, {"a.m.", 0}, {"p.m.", 1}, {"A.M.", 0},
                             {"P.M.", 1}, {"am", 0},   {"pm", 1},   {"AM", 0},   {"PM", 1}};
  for (const Half& known : halves)
    if (take(text, known.text)) return half = known.half, true;
  return false;
}

// hh:mm[:ss[.fraction]], with its half of the day before or after it; nullopt where it is none.
std::optional<int64_t> take_clock(std::string_view& text, bool may_be_hour) {
  int32_t half = -1, hour = 0, minute = 0, second = 0;
  if (take_half(text, half)) take_blanks(text);
  size_t hour_digits = take_number(text, 2, hour);
  if (hour_digits == 0) return std::nullopt;
  int64_t micros = 0;
  if (take(text, "시")) {
    take_blanks(text);
    if (take_number(text, 2, minute) > 0 && !take(text, "분")) return std::nullopt;
    take_blanks(text);
    if (take_number(text, 2, second) > 0 && !take(text, "초")) return std::nullopt;
  } else if (take(text, ":")) {
    size_t digits = take_number(text, 2, minute);
    if (digits == 0 || (digits == 1 && may_be_hour)) return std::nullopt;
    if (take(text, ":")) {
      if (take_number(text, 2, second) == 0) return std::nullopt;
      if (take(text, ".") || take(text, ",")) {
        int64_t unit = micros_per_second / 10;
        if (text.empty() || !is_digit(text[0])) return std::nullopt;
        for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1), unit /= 10)
          micros += (text[0] - '0') * unit;
      }
    }
  } else if (!may_be_hour && half < 0 && (hour_digits != 2 || !text.empty())) {
    return std::nullopt;
  }
  std::string_view rest = text;
  take_blanks(rest);
  if (half < 0 && take_half(rest, half)) text = rest;
  if (half >= 0) {
    if (hour > 12 && half == 0) return std::nullopt;
    if (hour <= 12) hour = hour % 12 + 12 * half;  // "오후 15:30" is said, too
  }
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return micros + hour * micros_per_hour + minute * micros_per_minute + second * micros_per_second;
}

// ---- zones

struct Place {
  int64_t offset = 0;                // from UTC
  std::shared_ptr<const Zone> zone;  // in its place
  Timestamp utc(Timestamp local) const { return zone ? zone->utc(local) : Timestamp{local.micros - offset}; }
};

std::optional<int64_t> take_offset(std::string_view& text) {
  bool is_west = text.starts_with('-');
  if (!is_west && !text.starts_with('+')) return std::nullopt;
  text.remove_prefix(1);
  int32_t hours = 0, minutes = 0;
  if (take_number(text, 2, hours) == 0) return std::nullopt;
  take(text, ":");
  size_t digits = take_number(text, 2, minutes);
  if (digits == 1 || hours > 14 || minutes > 59) return std::nullopt;
  int64_t offset = hours * micros_per_hour + minutes * micros_per_minute;
  return is_west ? -offset : offset;
}

// All that is left of a text: Z, +09:00, -0500, UTC, GMT+0900 (KST), KST, Asia/Seoul.
std::optional<Place> read_zone(std::string_view text) {
  if (auto offset = take_offset(text)) {
    take_blanks(text);
    bool is_told_twice = text.starts_with('(') || text.starts_with('[');
    return text.empty() || is_told_twice ? std::optional(Place{*offset}) : std::nullopt;
  }
  if (text == "Z" || text == "z") return Place{};
  if (text == "KST" || text == "JST") return Place{9 * micros_per_hour};
  if (take(text, "UTC") || take(text, "GMT")) {
    if (text.empty()) return Place{};
    auto offset = take_offset(text);
    take_blanks(text);
    return offset && (text.empty() || text.starts_with('(')) ? std::optional(Place{*offset}) : std::nullopt;
  }
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  bool is_name = text.find('/') != text.npos && std::all_of(text.begin(), text.end(), [](char c) {
                   return is_letter(c) || is_digit(c) || c == '/' || c == '_' || c == '-' || c == '+';
                 });
  if (!is_name) return std::nullopt;
  auto zone = Zone::named(std::string(text));
  return zone ? std::optional(Place{0, *zone}) : std::nullopt;
}

Timestamp told(Timestamp utc, const TimeStyle& style, TimeEvidence& seen) {
  ++seen.instants;
  return style.zone ? style.zone->local(utc) : utc;
}

// ---- digits alone

bool are_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

int64_t number(std::string_view digits) {
  int64_t value = 0;
  for (char c : digits) value = value * 10 + (c - '0');
  return value;
}

std::optional<Timestamp> read_digits(std::string_view text, const TimeStyle& style, TimeEvidence& seen) {
  constexpr int64_t last_second = 253'402'300'799;  // of the year 9999
  size_t point = text.find('.');
  std::string_view whole = text.substr(0, point), fraction = point == text.npos ? "" : text.substr(point + 1);
  if (whole.size() > 18 || !are_digits(whole) || (point != text.npos && !are_digits(fraction)))
    return std::nullopt;
  int64_t value = number(whole);
  bool is_nine = whole.size() == 9 && value >= 800'000'000;  // from 1995 on; others are slips
  if (style.unix_only ||
      ((is_nine || whole.size() == 10 || whole.size() == 13 || whole.size() == 16) && fraction.size() < 10)) {
    int64_t unit = whole.size() >= 16 ? 1 : whole.size() >= 13 ? 1'000 : micros_per_second;
    if (value / (micros_per_second / unit) > last_second) return std::nullopt;
    return told({value * unit}, style, seen);
  }
  if (whole.size() == 5) {  // days since 1899-12-30; with the time of day behind the point
    constexpr int32_t day_zero = -25'569;
    ++seen.sheet_days;
    double part = fraction.empty()
                      ? 0
                      : static_cast<double>(number(fraction.substr(0, 15))) /
                            std::pow(10.0, static_cast<double>(std::min<size_t>(fraction.size(), 15)));
    auto seconds = static_cast<int64_t>(std::llround(part * 86'400));
    return Timestamp{to_timestamp(Date{static_cast<int32_t>(value) + day_zero}).micros +
                     seconds * micros_per_second};
  }
  bool is_whole = fraction.find_first_not_of('0') == fraction.npos;  // as programs write a number that it was
  if (!is_whole || (whole.size() != 8 && whole.size() != 12 && whole.size() != 14)) return std::nullopt;
  auto date = parse_date(whole.substr(0, 8));
  std::string_view clock = whole.substr(8);
  auto two = [&](size_t at) { return at < clock.size() ? number(clock.substr(at, 2)) : 0; };
  if (!date || two(0) > 23 || two(2) > 59 || two(4) > 59) return std::nullopt;
  return Timestamp{to_timestamp(*date).micros + two(0) * micros_per_hour + two(2) * micros_per_minute +
                   two(4) * micros_per_second};
}

// ---- what nearly all times are: 2024-01-05 and 2024-01-05 10:00:00

std::optional<Timestamp> read_plain(std::string_view text) {
  if ((text.size() != 10 && text.size() != 19) || text[4] != '-' || text[7] != '-') return std::nullopt;
  bool all = true;
  auto two = [&](size_t at) {
    all = all && is_digit(text[at]) && is_digit(text[at + 1]);
    return (text[at] - '0') * 10 + (text[at + 1] - '0');
  };
  auto date = checked_date(two(0) * 100 + two(2), two(5), two(8));
  int64_t clock = 0;
  if (text.size() == 19) {
    if ((text[10] != ' ' && text[10] != 'T') || text[13] != ':' || text[16] != ':') return std::nullopt;
    int32_t hour = two(11), minute = two(14), second = two(17);
    if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
    clock = hour * micros_per_hour + minute * micros_per_minute + second * micros_per_second;
  }
  if (!all || !date) return std::nullopt;
  return Timestamp{to_timestamp(*date).micros + clock};
}

}  // namespace

void TimeEvidence::add(const TimeEvidence& more) {
  ordered += more.ordered, open += more.open, instants += more.instants, sheet_days += more.sheet_days;
  for (size_t o = 0; o < impossible.size(); ++o) impossible[o] += more.impossible[o];
}

DateOrder TimeEvidence::shown() const {
  constexpr int64_t slips = 1'000;  // one text in so many may be a slip
  for (int64_t most : {int64_t{0}, ordered / slips}) {
    int64_t fitting = 0;
    auto order = DateOrder::open;
    for (size_t o = 0; o < date_order_count; ++o)
      if (impossible[o] <= most) ++fitting, order = static_cast<DateOrder>(o + 1);
    if (ordered == 0 || fitting > 1) return DateOrder::open;
    if (fitting == 1) return order;
  }
  return DateOrder::open;
}

std::optional<Timestamp> parse_time(std::string_view text, const TimeStyle& style, TimeEvidence& seen) {
  if (!style.unix_only)
    if (auto plain = read_plain(text)) return plain;
  if (text.empty() || text.size() > most_bytes) return std::nullopt;
  if (style.unix_only || text.find_first_not_of("0123456789.") == text.npos)
    if (auto read = read_digits(text, style, seen); read || style.unix_only) return read;
  std::string_view rest = text;
  take_weekday(rest);
  TimeEvidence shown;
  std::string_view before = rest;
  auto date = take_numeric_date(rest, style.order, shown);
  if (!date && shown.ordered == 0) rest = before, date = take_named_date(rest);
  if (!date) {
    seen.add(shown);
    return std::nullopt;
  }
  Timestamp ts = to_timestamp(*date);
  std::optional<Place> place;
  bool has_weekday = rest.starts_with('(');
  if (has_weekday) take_weekday(rest);
  if (!rest.empty()) {
    bool is_parted = has_weekday || take(rest, "T") || take(rest, ",") || rest.starts_with(' ') ||
                     rest.starts_with("\u00a0");
    take_blanks(rest);
    take_weekday(rest);
    auto clock = take_clock(rest, false);
    if (!is_parted || !clock) return std::nullopt;
    ts.micros += *clock;
    take_blanks(rest);
    if (!rest.empty()) {
      place = read_zone(rest);
      if (!place) return std::nullopt;
    }
  }
  seen.add(shown);
  return place ? told(place->utc(ts), style, seen) : ts;
}

std::optional<int64_t> parse_clock(std::string_view text) {
  bool is_run = text.size() == 4 || text.size() == 6 || (text.size() == 3 && text[0] != '0');
  if (is_run && are_digits(text)) {  // 930, 0930, 093000
    int64_t digits = number(text), second = text.size() == 6 ? digits % 100 : 0;
    if (text.size() == 6) digits /= 100;
    if (digits / 100 > 23 || digits % 100 > 59 || second > 59) return std::nullopt;
    return digits / 100 * micros_per_hour + digits % 100 * micros_per_minute + second * micros_per_second;
  }
  auto clock = take_clock(text, true);
  return text.empty() ? clock : std::nullopt;
}

}  // namespace danggol::ingest
