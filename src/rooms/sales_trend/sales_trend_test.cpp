#include <gtest/gtest.h>

#include <cmath>

#include "contract/largest_values.h"
#include "known_shop.h"
#include "learn/intervals.h"
#include "rooms/sales_trend/month_sums.h"

namespace danggol::test {
namespace {

// Of 1,500 sellers the 999 that sold most are told one by one: seller 502 to 1,500. The others are one slice,
// and with it all of the month's sales are there.
TEST(SalesTrend, ALongDimensionIsCutToTheLargestAndLosesNothing) {
  std::string store = marketplace();
  RunSummary done = run(store, "sales_trend", {{"months", "24"}, {"as-of", "2025-01-01"}});
  Table slices = query(store,
                       "SELECT slice, sum(sales)::DOUBLE AS sales, sum(receipts)::BIGINT AS receipts FROM "
                       "result.sales_trend WHERE dimension = 'partner' GROUP BY slice ORDER BY slice");
  ASSERT_EQ(slices.rows(), most_values);
  EXPECT_EQ(slices.texts("slice")[0], other_values);
  EXPECT_EQ(slices.integers("receipts")[0], 501 * 502 / 2);
  EXPECT_EQ(slices.reals("sales")[0], 10.0 * 501 * 502 / 2);
  EXPECT_EQ(slices.texts("slice")[1], "s0502");
  EXPECT_EQ(slices.integers("receipts")[1], 502);
  Table months = query(store,
                       "SELECT sum(share_of_sales) AS shares FROM result.sales_trend WHERE dimension = "
                       "'partner' GROUP BY month");
  ASSERT_EQ(months.rows(), 24u);
  for (double shares : months.reals("shares")) EXPECT_NEAR(shares, 1, 1e-9);
  ASSERT_EQ(done.warnings.size(), 1u);
  EXPECT_EQ(done.warnings[0].in(Language::en),
            "By partner: the 999 of 1,500 values that sold most in January 2023 to December 2024 are told "
            "one by one, the "
            "rest as “others together”.");
}

// Money in ten-thousandths; whole units are enough for the shape, and the exact sums for the rest.
TEST(SalesTrend, MomentsAreSumsOfPowers) {
  const std::pair<int64_t, int64_t> customers[] = {
      {12'3400, 1}, {-5'0000, 2}, {70'9999, 3}, {2'000'000'000'0000, 7}, {0, 20'000}};
  rooms::Moments moments, in_two;
  learn::PowerSums exact{}, coarse{};
  for (auto [y, x] : customers) {
    moments.add(y, x, 10'000);
    rooms::Moments one;
    one.add(y, x, 10'000);
    in_two += one;
    double money = static_cast<double>(y) / 10'000,
           whole = std::min<double>(static_cast<double>(y / 10'000), 1e8),
           times = std::min<double>(static_cast<double>(x), 1e4);
    for (size_t i = 0; i < 5; ++i)
      for (size_t j = 0; i + j < 5; ++j) {
        auto power = [](double of, size_t n) { return std::pow(of, static_cast<double>(n)); };
        coarse[i][j] += power(whole, i) * power(times, j);
        if (i + j < 3) exact[i][j] += power(money, i) * power(static_cast<double>(x), j);
      }
  }
  for (const rooms::Moments* sums : {&moments, &in_two}) {
    for (size_t i = 0; i < 5; ++i)
      for (size_t j = 0; i + j < 5; ++j)
        EXPECT_NEAR(static_cast<double>(sums->coarse[i][j]) / coarse[i][j], 1, 1e-12) << i << " " << j;
    Estimate told = sums->ratio(10'000, 40), expected = learn::ratio(exact, coarse, 40);
    EXPECT_NEAR(told.value, expected.value, 1e-6);
    EXPECT_NEAR(told.lo, expected.lo, 1e-6 * std::abs(expected.lo));
    EXPECT_NEAR(told.hi, expected.hi, 1e-6 * std::abs(expected.hi));
  }
}

}  // namespace
}  // namespace danggol::test
