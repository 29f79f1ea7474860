#include "contract/calendar.h"

#include <gtest/gtest.h>

namespace danggol {
namespace {

Date date(const char* text) { return parse_date(text).value(); }
Period days(const char* first, const char* last) { return {date(first), Date{date(last).days + 1}}; }

CalendarDays holiday(const char* name, const char* first, const char* last) {
  return {days(first, last), false, Text({name, name})};
}
CalendarDays sale(const char* name, const char* first, const char* last) {
  return {days(first, last), true, Text({name, name})};
}

std::vector<std::string> names(const std::vector<Text>& texts) {
  std::vector<std::string> out;
  for (const Text& text : texts) out.push_back(text.in(Language::en));
  return out;
}

const Period may = days("2025-05-01", "2025-05-31"), june = days("2025-06-01", "2025-06-30");

TEST(Calendar, ADayOfTwoSalesIsCountedOnce) {
  std::vector<CalendarDays> calendar = {sale("A", "2025-04-29", "2025-05-02"),
                                        sale("B", "2025-05-02", "2025-05-04"),
                                        holiday("H", "2025-05-04", "2025-05-06")};
  EXPECT_EQ(days_in(calendar, true, may), 4);
  EXPECT_EQ(days_in(calendar, false, may), 3);
  EXPECT_EQ(days_in(calendar, true, june), 0);
}

TEST(Calendar, TellsThreeNamesOfOnePeriodAlone) {
  std::vector<CalendarDays> calendar = {
      holiday("One day", "2025-05-01", "2025-05-01"),  // is not shopped for
      sale("Season", "2025-05-01", "2025-06-01"),      // 32 days
      sale("A", "2025-05-02", "2025-05-02"),          sale("A", "2025-05-09", "2025-05-09"),
      sale("In both", "2025-05-03", "2025-05-03"),    sale("In both", "2025-06-03", "2025-06-03"),
      holiday("B", "2025-05-04", "2025-05-06"),       sale("C", "2025-05-01", "2025-05-31"),
      sale("D", "2025-05-08", "2025-05-08")};
  EXPECT_EQ(names(only_in(calendar, may, june)), (std::vector<std::string>{"A", "B", "C"}));
  EXPECT_EQ(names(only_in(calendar, june, may)), (std::vector<std::string>{}));
}

// A holiday of 2 to 4 June is shopped for from 19 May on; a sale shows on its days alone.
TEST(Calendar, AHolidayMovesTheMonthBeforeItToo) {
  std::vector<CalendarDays> calendar = {holiday("H", "2024-06-20", "2024-06-22"),
                                        holiday("H", "2025-06-02", "2025-06-04")};
  YearBefore of_may = year_before(calendar, may);
  EXPECT_EQ(of_may.about.in(Language::en), "H");
  EXPECT_EQ(of_may.period.from, date("2024-05-19"));  // 347 days before
  EXPECT_EQ(of_may.period.until, date("2024-06-19"));

  for (CalendarDays& of : calendar) of.is_sale = true;
  EXPECT_TRUE(year_before(calendar, may).about.empty());
  EXPECT_EQ(year_before(calendar, june).about.in(Language::en), "H");
}

TEST(Calendar, AHolidayThatHardlyMovesMovesNothing) {
  std::vector<CalendarDays> calendar = {holiday("H", "2024-06-10", "2024-06-12"),
                                        holiday("H", "2025-06-13", "2025-06-15")};
  EXPECT_TRUE(year_before(calendar, june).about.empty());  // by 3 days
  calendar[1] = holiday("H", "2025-06-14", "2025-06-16");
  EXPECT_EQ(year_before(calendar, june).period.from, date("2024-05-28"));
  EXPECT_EQ(year_before(calendar, june).about.in(Language::en), "H");
}

// What comes twice a year, or once in two, stands for nothing of a year before.
TEST(Calendar, AHolidayStandsForItsNearestAYearBefore) {
  std::vector<CalendarDays> calendar = {sale("S", "2023-10-20", "2023-10-20"),
                                        sale("S", "2025-06-14", "2025-06-14")};
  EXPECT_TRUE(year_before(calendar, june).about.empty());
  calendar = {sale("S", "2024-06-10", "2024-06-10"), sale("S", "2025-06-03", "2025-06-03"),
              sale("S", "2025-06-20", "2025-06-20")};
  YearBefore before = year_before(calendar, june);  // the 3rd, which is 7 days off; the 20th is 10
  EXPECT_EQ(before.period.from, date("2024-06-08"));
}

}  // namespace
}  // namespace danggol
