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
  std::vector<Text> out;
  for (const CalendarDays& of : calendar) {
    if (!of.is_weighty() || common_days(of.days, period) == 0) continue;
    bool is_in_other = std::any_of(calendar.begin(), calendar.end(), [&](const CalendarDays& same) {
      return is_same(of, same) && common_days(same.days, other) > 0;
    });
    if (!is_in_other) out.push_back(of.name);
  }
  return out;
}

YearBefore year_before(const std::vector<CalendarDays>& calendar, const Period& month) {
  constexpr int32_t shortest = 320, longest = 410, stays_within = 4;  // days between two years' same holidays
  Date from = add_months(month.from, -12);
  YearBefore out{{from, add_months(from, 1)}, {}};
  int32_t most = 0, usual = month.from.days - from.days;
  for (const CalendarDays& now : calendar)
    for (const CalendarDays& then : calendar) {
      int32_t between = now.days.from.days - then.days.from.days;
      if (!now.is_weighty() || !is_same(now, then) || between < shortest || between > longest ||
          std::abs(between - usual) < stays_within)
        continue;
      int32_t days = common_days(felt(now), month) + common_days(felt(then), {from, add_months(from, 1)});
      if (days <= most) continue;
      most = days;
      out = {moved(month, between), now.name};
    }
  return out;
}

}  // namespace danggol
