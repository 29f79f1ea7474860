#include "engine/time_frame.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "must.h"

namespace danggol::engine {
namespace {

Date date(const char* text) { return parse_date(text).value(); }

TimeFrame frame_of(const char* first, const char* last, RunParams params = {}) {
  return must(settle(params, date(first), date(last)));
}

TEST(TimeFrame, OfTwoYears) {  // Online Retail II's first and last day
  TimeFrame time = frame_of("2009-12-01", "2011-12-09");
  EXPECT_EQ(to_text(time.as_of), "2011-12-10");
  EXPECT_EQ(to_text(time.until), "2011-12-01");
  EXPECT_EQ(to_text(time.split), "2011-06-01");
  EXPECT_EQ(to_text(time.from), "2010-12-01");
  EXPECT_EQ(time.horizon_months, 6);
  EXPECT_EQ(to_text(time.backtest_test), "2010-12-01");
  EXPECT_EQ(to_text(time.backtest_train), "2010-06-01");
  EXPECT_EQ(time.backtest_horizon_months, 6);
}

TEST(TimeFrame, OfOneYear) {
  TimeFrame time = frame_of("2021-01-01", "2021-12-31");
  EXPECT_EQ(to_text(time.as_of), "2022-01-01");
  EXPECT_EQ(to_text(time.until), "2022-01-01");
  EXPECT_EQ(to_text(time.split), "2021-07-01");
  EXPECT_EQ(to_text(time.from), "2021-01-01");
  EXPECT_EQ(time.horizon_months, 6);
  // Twice six months of labels do not fit behind six months of features: three times four do.
  EXPECT_EQ(time.backtest_horizon_months, 4);
  EXPECT_EQ(to_text(time.backtest_test), "2021-09-01");
  EXPECT_EQ(to_text(time.backtest_train), "2021-05-01");
}

TEST(TimeFrame, OfTwoMonths) {
  TimeFrame time = frame_of("2021-01-01", "2021-02-28");
  EXPECT_EQ(to_text(time.as_of), "2021-03-01");
  EXPECT_EQ(to_text(time.until), "2021-03-01");
  EXPECT_EQ(to_text(time.split), "2021-02-01");
  EXPECT_EQ(to_text(time.from), "2021-01-01");
  EXPECT_EQ(time.horizon_months, 1);
  EXPECT_EQ(time.backtest_horizon_months, 0);  // too short to learn from and to test on
}

TEST(TimeFrame, OfAMonthAndLessIsHalved) {
  TimeFrame time = frame_of("2021-03-04", "2021-03-23");
  EXPECT_EQ(to_text(time.as_of), "2021-03-24");
  EXPECT_EQ(to_text(time.from), "2021-03-04");
  EXPECT_EQ(to_text(time.split), "2021-03-14");
  EXPECT_EQ(to_text(time.until), "2021-03-24");
  EXPECT_EQ(time.horizon_months, 0);
  EXPECT_EQ(time.backtest_horizon_months, 0);
}

TEST(TimeFrame, OfTwoDaysIsADayEach) {
  TimeFrame time = frame_of("2021-05-05", "2021-05-06");
  EXPECT_EQ(to_text(time.from), "2021-05-05");
  EXPECT_EQ(to_text(time.split), "2021-05-06");
  EXPECT_EQ(to_text(time.until), "2021-05-07");
  EXPECT_EQ(time.horizon_months, 0);
}

TEST(TimeFrame, OfThreeDaysHasTwoEqualHalvesToo) {
  TimeFrame time = frame_of("2021-05-05", "2021-05-07");
  EXPECT_EQ(to_text(time.from), "2021-05-06");
  EXPECT_EQ(to_text(time.split), "2021-05-07");
  EXPECT_EQ(to_text(time.until), "2021-05-08");
}

TEST(TimeFrame, OfOneDayIsRefused) {
  auto settled = settle({}, date("2021-05-05"), date("2021-05-05"));
  EXPECT_EQ(code(settled), Code::no_data);
  EXPECT_NE(message(settled).find("2021-05-05"), std::string::npos);
}

TEST(TimeFrame, AnAsOfLongAfterTheDataIsRefused) {
  RunParams params;
  params.as_of = date("2012-01-09");
  EXPECT_EQ(to_text(frame_of("2009-12-01", "2011-12-09", params).as_of), "2012-01-09");
  params.as_of =
      date("2012-01-10");  // the 32nd day without data: the end of the data would look like leaving
  EXPECT_EQ(code(settle(params, date("2009-12-01"), date("2011-12-09"))), Code::bad_input);
}

TEST(TimeFrame, WithoutParamsIsInOrderAndOfTwoEqualPeriods) {
  Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    Date first{static_cast<int32_t>(10'000 + random.below(10'000))};
    Date last{first.days + 1 + static_cast<int32_t>(random.below(random.below(2) ? 60 : 1'500))};
    auto settled = settle({}, first, last);
    std::string what = to_text(first) + " to " + to_text(last) + ": " + message(settled);
    ASSERT_TRUE(settled) << what;
    const TimeFrame& t = *settled;
    ASSERT_TRUE(t.from < t.split && t.split < t.until && t.until <= t.as_of) << what;
    ASSERT_EQ(t.as_of.days, last.days + 1);
    if (t.horizon_months > 0) {
      ASSERT_LE(t.horizon_months, 6);
      ASSERT_EQ(add_months(t.from, t.horizon_months), t.split) << what;
      ASSERT_EQ(add_months(t.split, t.horizon_months), t.until) << what;
    } else {
      ASSERT_EQ(t.split.days - t.from.days, t.until.days - t.split.days) << what;
    }
    ASSERT_LT(first, t.until) << what;  // the second period is not before there was a shop
  }
}

// What is learned at one origin must not have seen a label of the other.
TEST(TimeFrame, TheBackTestsOriginsDoNotOverlap) {
  Random random(2);
  int with_backtest = 0;
  for (int i = 0; i < 20'000; ++i) {
    Date first{static_cast<int32_t>(10'000 + random.below(10'000))};
    Date last{first.days + 1 + static_cast<int32_t>(random.below(1'500))};
    TimeFrame t = must(settle({}, first, last));
    int32_t months = t.backtest_horizon_months;
    if (months == 0) continue;
    ++with_backtest;
    ASSERT_LE(add_months(t.backtest_train, months), t.backtest_test);
    ASSERT_LE(add_months(t.backtest_test, months), t.until);
    ASSERT_GE(add_months(t.backtest_train, -months).days + 7, first.days);  // features of a full window
  }
  EXPECT_GT(with_backtest, 10'000);
}

TEST(TimeFrame, TakesWhatIsGiven) {
  RunParams params;
  params.from = date("2010-12-01"), params.split = date("2011-06-01"), params.until = date("2011-12-01");
  params.as_of = date("2012-01-05");
  TimeFrame time = frame_of("2009-12-01", "2011-12-09", params);
  EXPECT_EQ(to_text(time.from), "2010-12-01");
  EXPECT_EQ(to_text(time.split), "2011-06-01");
  EXPECT_EQ(to_text(time.until), "2011-12-01");
  EXPECT_EQ(to_text(time.as_of), "2012-01-05");

  RunParams only_split;
  only_split.split = date("2011-09-01");
  time = frame_of("2009-12-01", "2011-12-09", only_split);
  EXPECT_EQ(to_text(time.from), "2011-06-01");
  EXPECT_EQ(to_text(time.until), "2011-12-01");
  EXPECT_EQ(time.horizon_months, 3);

  RunParams by_days;  // no whole months: the first period is as many days long as the second
  by_days.split = date("2011-11-11"), by_days.until = date("2011-11-21");
  time = frame_of("2009-12-01", "2011-12-09", by_days);
  EXPECT_EQ(to_text(time.from), "2011-11-01");
}

TEST(TimeFrame, RefusesDatesOutOfOrder) {
  auto refused = [](const char* from, const char* split, const char* until, const char* as_of) {
    RunParams params;
    params.from = parse_date(from), params.split = parse_date(split), params.until = parse_date(until);
    params.as_of = parse_date(as_of);
    auto settled = settle(params, date("2009-12-01"), date("2011-12-09"));
    return code(settled) == Code::bad_input && message(settled).find('\n') == std::string::npos;
  };
  EXPECT_TRUE(refused("2011-06-01", "2011-06-01", "2011-12-01", ""));
  EXPECT_TRUE(refused("", "2011-12-01", "2011-12-01", ""));
  EXPECT_TRUE(refused("", "2011-12-02", "2011-12-01", ""));
  EXPECT_TRUE(refused("", "", "2011-12-11", ""));  // beyond the default as-of
  EXPECT_TRUE(refused("", "", "2011-12-01", "2011-11-01"));
  EXPECT_FALSE(refused("", "", "2011-12-10", ""));
}

}  // namespace
}  // namespace danggol::engine
