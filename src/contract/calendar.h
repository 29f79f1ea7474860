// Holidays and the shop's own sale days, by which months differ; a room that asks must name raw.calendar
// among what it reads.
#pragma once

#include <vector>

#include "contract/room.h"

namespace danggol {

struct CalendarDays {
  Period days;
  bool is_sale = false;
  Text name;
  // Whether sales of a month hang on it: a sale, or a holiday of three days and more, which is shopped for;
  // but not what lasts a month itself.
  bool is_weighty() const {
    int32_t length = days.until.days - days.from.days;
    return length <= 31 && (is_sale || length >= 3);
  }
};

// By their first days.
Result<std::vector<CalendarDays>> read_calendar(Context& context);

// How many days of a period are a sale's, or a holiday's.
int64_t days_in(const std::vector<CalendarDays>& calendar, bool of_sales, const Period& period);

// Weighty days that the one period touches and the other, by their names, does not: the first three names.
std::vector<Text> only_in(const std::vector<CalendarDays>& calendar, const Period& period,
                          const Period& other);

// What lies a year before a month as the month itself does: the same month, or, where a weighty holiday or
// sale moves into the month or out of it, as many days that lie about it alike. A holiday counts from two
// weeks before it, when it is shopped for.
struct YearBefore {
  Period period;
  Text about;  // what moved; empty for the same month
};
YearBefore year_before(const std::vector<CalendarDays>& calendar, const Period& month);

}  // namespace danggol
