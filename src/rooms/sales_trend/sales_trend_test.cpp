#include <gtest/gtest.h>

#include <cmath>

#include "contract/largest_values.h"
#include "known_shop.h"

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

}  // namespace
}  // namespace danggol::test
