#include <gtest/gtest.h>

#include "known_shop.h"

namespace danggol::test {
namespace {

TEST(Recommend, PersonalListsBeatTheBestSellersWhereTastesDiffer) {
  RunSummary summary = run(copy_of_store(), "recommend");
  double lo = 0, popular_hi = 1;
  for (const auto& fact : summary.facts) {
    if (fact.name == "hit_rate_5") lo = *fact.lo;
    if (fact.name == "hit_rate_5_popular") popular_hi = *fact.hi;
  }
  EXPECT_GT(lo, popular_hi);
}

TEST(Recommend, HeldOutProbabilitiesAreCalibrated) {
  Table bins = query(known_shop().store,
                     "SELECT predicted, observed_lo, observed_hi FROM result.recommendation_calibration");
  ASSERT_EQ(bins.rows(), 10u);
  int inside = 0;
  for (size_t i = 0; i < bins.rows(); ++i)
    inside += bins.reals("observed_lo")[i] - 0.01 <= bins.reals("predicted")[i] &&
              bins.reals("predicted")[i] <= bins.reals("observed_hi")[i] + 0.01;
  EXPECT_GE(inside, 8);
}

TEST(Recommend, NamesAnotherProductThatSpeaksForIt) {
  Table rows = query(known_shop().store,
                     "SELECT count(*) FILTER (product_id = because_product_id AND place = 1) AS self, "
                     "count(*) AS n FROM result.recommendation");
  EXPECT_GT(rows.integers("n")[0], 0);
  EXPECT_LT(rows.integers("self")[0] * 20, rows.integers("n")[0]);  // only who bought one product alone
}

TEST(Recommend, PlacesAreByProbability) {
  Table rows = query(known_shop().store,
                     "SELECT count(*) AS wrong FROM (SELECT p_buy_if_back, lag(p_buy_if_back) OVER "
                     "(PARTITION BY customer_id ORDER BY place) "
                     "AS before FROM result.recommendation) WHERE before < p_buy_if_back");
  EXPECT_EQ(rows.integers("wrong")[0], 0);
}

}  // namespace
}  // namespace danggol::test
