#include "contract/calendar.h"

#include <algorithm>

namespace danggol {
namespace {

int32_t common_days(const Period& a, const Period& b) {
  return std::max(0, std::min(a.until.days, b.until.days) - std::max(a.from.days, b.from.days));
}

Period moved(const Period& period, int32_t days) {
  return {Date{period.from.days - days}, Date{period.until.days - days}};
}

// The days on which it shows in the sales.
Period felt(const CalendarDays& of) {
  constexpr int32_t shopped_days = 14;
  return {Date{of.days.from.days - (of.is_sale ? 0 : shopped_days)}, of.days.until};
}

bool is_same(const CalendarDays& a, const CalendarDays& b) {
  return a.is_sale == b.is_sale && a.name.in(Language::en) == b.name.in(Language::en);
}

}  // namespace

Result<std::vector<CalendarDays>> read_calendar(Context& context) {
  Table rows =
      TRY(context.query("SELECT first_day, last_day, kind = 'sale' AS is_sale, name, name_ko FROM calendar "
                        "WHERE kind <> 'note' "
                        "ORDER BY ALL"));
  std::vector<CalendarDays> out;
  for (size_t i = 0; i < rows.rows(); ++i) {
    auto day = [&](const char* column) { return Date{static_cast<int32_t>(rows.integers(column)[i])}; };
    out.push_back({{day("first_day"), Date{day("last_day").days + 1}},
                   rows.integers("is_sale")[i] != 0,
                   Text({rows.texts("name")[i], rows.texts("name_ko")[i]})});
  }
  return out;
}

int64_t days_in(const std::vector<CalendarDays>& calendar, bool of_sales, const Period& period) {
  std::vector<bool> is_one(static_cast<size_t>(std::max(0, period.until.days - period.from.days)));
  for (const CalendarDays& of : calendar)
    for (Date day = std::max(of.days.from, period.from); day < std::min(of.days.until, period.until);
         ++day.days)
      if (of.is_sale == of_sales) is_one[static_cast<size_t>(day.days - period.from.days)] = true;
  return std::count(is_one.begin(), is_one.end(), true);
}

std::vector<Text> only_in(const std::vector<CalendarDays>& calendar, const Period& period,
                          const Period& other) {
  constexpr size_t most = 3;
  std::vector<CalendarDays> told;
  for (const CalendarDays& of : calendar) {
    auto is_of = [&](const CalendarDays& same) { return is_same(of, same); };
    auto is_of_other = [&](const CalendarDays& same) {
      return is_same(of, same) && common_days(same.days, other) > 0;
    };
    if (told.size() < most && of.is_weighty() && common_days(of.days, period) > 0 &&
        std::none_of(calendar.begin(), calendar.end(), is_of_other) &&
        std::none_of(told.begin(), told.end(), is_of))
      told.push_back(of);
  }
  std::vector<Text> out;
  for (const CalendarDays& of : told) out.push_back(of.name);
  return out;
}

YearBefore year_before(const std::vector<CalendarDays>& calendar, const Period& month) {
  constexpr int32_t shortest = 320, longest = 410, stays_within = 4;  // days between two years' same holidays
  Date from = add_months(month.from, -12);
  Period month_then{from, add_months(from, 1)};
  YearBefore out{month_then, {}};
  int32_t most = 0, usual = month.from.days - from.days;
  auto off = [&](const CalendarDays& now, const CalendarDays& then) {
    return std::abs(now.days.from.days - then.days.from.days - usual);
  };
  for (const CalendarDays& now : calendar) {
    if (!now.is_weighty()) continue;
    // the one of a year before that it stands for: each is the other's nearest
    const CalendarDays* then = nullptr;
    for (const CalendarDays& of : calendar)
      if (is_same(now, of) && (!then || off(now, of) < off(now, *then))) then = &of;
    if (!then || std::any_of(calendar.begin(), calendar.end(), [&](const CalendarDays& of) {
          return is_same(now, of) && off(of, *then) < off(now, *then);
        }))
      continue;
    int32_t between = now.days.from.days - then->days.from.days,
            days = common_days(felt(now), month) + common_days(felt(*then), month_then);
    if (between < shortest || between > longest || std::abs(between - usual) < stays_within || days <= most)
      continue;
    most = days;
    out = {moved(month, between), now.name};
  }
  return out;
}

}  // namespace danggol
