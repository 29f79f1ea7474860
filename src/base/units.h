// Days, instants and money as plain integers with names. All times are local shop time without a zone;
// an instant is microseconds since 1970-01-01 00:00:00, a day is days since 1970-01-01.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace danggol {

struct Date {
  int32_t days = 0;
  auto operator<=>(const Date&) const = default;
};

struct Period {  // [from, until)
  Date from, until;
};

struct Timestamp {
  int64_t micros = 0;
  auto operator<=>(const Timestamp&) const = default;
};

// Money as DECIMAL(18, 4) keeps it: ten-thousandths of the currency's unit.
struct Money {
  static constexpr int64_t scale = 10'000;
  int64_t ten_thousandths = 0;
  auto operator<=>(const Money&) const = default;
};

struct Civil {
  int32_t year;
  int32_t month;  // 1..12
  int32_t day;    // 1..31
};

inline constexpr int64_t micros_per_second = 1'000'000;
inline constexpr int64_t micros_per_day = 86'400 * micros_per_second;
inline constexpr Date earliest_date{-25'567};  // 1900-01-01: nothing sold before this is a date we believe

Date to_date(Civil civil);  // proleptic Gregorian; the civil day must exist
Civil to_civil(Date date);
std::optional<Date> checked_date(int32_t year, int32_t month, int32_t day);  // nullopt: no such day
inline Timestamp to_timestamp(Date date) { return {static_cast<int64_t>(date.days) * micros_per_day}; }
Date to_date(Timestamp ts);                  // rounds towards the past
Date add_months(Date date, int32_t months);  // the day of month is capped: Jan 31 + 1 = Feb 28
Date month_start(Date date);
int32_t months_between(Date from, Date until);  // whole months, until >= from

std::string to_text(Date date);                         // 2011-12-09
std::string to_text(Timestamp ts);                      // 2011-12-09 12:50:00
std::string grouped(int64_t count);                     // 1,067,370
std::optional<Date> parse_date(std::string_view text);  // yyyy-mm-dd or yyyymmdd

}  // namespace danggol
