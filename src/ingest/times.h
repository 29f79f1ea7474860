// Dates and times as people and programs write them. Which number of 1/2/2024 is the month is a matter of the
// whole column: a single text may leave it open, and then it is not guessed here.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/units.h"
#include "ingest/zone.h"

namespace danggol::ingest {

// The order of three numbers of which no one is a year by its four digits at the front.
enum class DateOrder : uint8_t { open, day_first, month_first, year_first };
inline constexpr size_t date_order_count = 3;  // without open

// How many texts of a column leave the order to the column, and how many of them each order makes no day of.
struct TimeEvidence {
  int64_t ordered = 0;
  std::array<int64_t, date_order_count> impossible{};  // by DateOrder, from day_first
  int64_t open = 0;                                    // of which at least two orders make different days
  int64_t instants = 0;    // texts with a zone of their own, or seconds since 1970
  int64_t sheet_days = 0;  // day numbers of spreadsheets

  void add(const TimeEvidence& more);
  // The one order by which all texts are days, but for slips; open where several are such, or none.
  DateOrder shown() const;
};

// How a column of times is read.
struct TimeStyle {
  DateOrder order = DateOrder::open;
  bool unix_only = false;      // nothing but seconds, or parts of them, since 1970
  const Zone* zone = nullptr;  // of the shop: instants are told by its clocks; else in UTC
};

// 2024-01-05[ T]10:00[:00[.123]][Z|+09:00|Asia/Seoul], 20240105[100000], 2024. 1. 5. 오후 3:30, 2024년 1월
// 5일, 1/5/2024, 5.1.24, 5 Jan 2024, January 5, 2024 3:30 PM, Fri, 05 Jan 2024 10:00:00 GMT; 1704412800
// (seconds since 1970, or with 13 and 16 digits parts of them); 45296.5 (days of a spreadsheet). nullopt: it
// is none, or not one by this order. What it shows of the order is counted in `seen`, whatever the style is.
std::optional<Timestamp> parse_time(std::string_view text, const TimeStyle& style, TimeEvidence& seen);

// A time of day alone, since midnight in microseconds: 15, 15:30, 15:30:00, 3:30 PM, 오후 3:30.
std::optional<int64_t> parse_clock(std::string_view text);

}  // namespace danggol::ingest
