#include "base/units.h"

#include <fmt/core.h>

#include <charconv>
#include <chrono>

namespace danggol {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

bool read_digits(std::string_view text, int32_t& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && text[0] != '-';
}

}  // namespace

std::optional<Date> checked_date(int32_t year, int32_t month, int32_t day) {
  if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) return std::nullopt;
  year_month_day ymd{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                     std::chrono::day{static_cast<unsigned>(day)}};
  if (!ymd.ok()) return std::nullopt;
  return Date{static_cast<int32_t>(sys_days{ymd}.time_since_epoch().count())};
}

Date to_date(Civil civil) { return *checked_date(civil.year, civil.month, civil.day); }

Civil to_civil(Date date) {
  year_month_day ymd{sys_days{days{date.days}}};
  return {static_cast<int>(ymd.year()), static_cast<int32_t>(static_cast<unsigned>(ymd.month())),
          static_cast<int32_t>(static_cast<unsigned>(ymd.day()))};
}

Date to_date(Timestamp ts) {
  int64_t day = ts.micros / micros_per_day;
  if (ts.micros % micros_per_day < 0) --day;
  return {static_cast<int32_t>(day)};
}

Date add_months(Date date, int32_t months) {
  Civil civil = to_civil(date);
  int32_t index = civil.year * 12 + civil.month - 1 + months;
  int32_t year = index / 12, month = index % 12 + 1;
  for (int32_t day = civil.day;; --day) {
    if (auto capped = checked_date(year, month, day)) return *capped;
    if (day <= 28) return date;  // outside the calendar
  }
}

Date month_start(Date date) { return {date.days - to_civil(date).day + 1}; }

int32_t months_between(Date from, Date until) {
  Civil a = to_civil(from), b = to_civil(until);
  int32_t months = (b.year - a.year) * 12 + b.month - a.month;
  return add_months(from, months) > until ? months - 1 : months;
}

std::string to_text(Date date) {
  Civil civil = to_civil(date);
  return fmt::format("{:04}-{:02}-{:02}", civil.year, civil.month, civil.day);
}

std::string to_text(Timestamp ts) {
  Date date = to_date(ts);
  int64_t second = (ts.micros - to_timestamp(date).micros) / micros_per_second;
  return fmt::format("{} {:02}:{:02}:{:02}", to_text(date), second / 3600, second / 60 % 60, second % 60);
}

std::string grouped(int64_t count) {
  std::string digits = fmt::format("{}", count < 0 ? -count : count);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return count < 0 ? "-" + digits : digits;
}

std::optional<Date> parse_date(std::string_view text) {
  int32_t year = 0, month = 0, day = 0;
  if (text.size() == 10 && text[4] == '-' && text[7] == '-') {
    if (read_digits(text.substr(0, 4), year) && read_digits(text.substr(5, 2), month) &&
        read_digits(text.substr(8, 2), day))
      return checked_date(year, month, day);
  } else if (text.size() == 8) {
    if (read_digits(text.substr(0, 4), year) && read_digits(text.substr(4, 2), month) &&
        read_digits(text.substr(6, 2), day))
      return checked_date(year, month, day);
  }
  return std::nullopt;
}

}  // namespace danggol
