#include <gtest/gtest.h>

#include <cmath>

#include "known_shop.h"

namespace danggol::test {
namespace {

int64_t count(const std::string& store, const std::string& what) {
  return query(store, "SELECT count(DISTINCT customer_id) AS n FROM result.campaign WHERE " + what)
      .integers("n")[0];
}

TEST(Campaign, HoldsOutAtRandomAtTheLoggedPropensity) {
  const std::string& store = known_shop().store;
  double held = static_cast<double>(count(store, "arm = 'holdout'")),
         all = static_cast<double>(count(store, "true"));
  ASSERT_GT(all, 200);
  EXPECT_NEAR(held / all, 0.1, 4 * std::sqrt(0.09 / all));
  Table wrong = query(store,
                      "SELECT count(*) AS n FROM result.campaign WHERE propensity <> CASE arm WHEN 'holdout' "
                      "THEN 0.1 ELSE 0.9 END");
  EXPECT_EQ(wrong.integers("n")[0], 0);
}

TEST(Campaign, TheArmKnowsNothingOfTheCustomer) {
  // mean p_leave of the two arms differs by no more than chance allows
  Table rows =
      query(known_shop().store,
            "SELECT avg(p_leave) FILTER (arm = 'holdout') - avg(p_leave) FILTER (arm = 'treated') AS gap, "
            "stddev_samp(p_leave) AS sd, count(*) FILTER (arm = 'holdout') AS n FROM result.campaign WHERE "
            "reason = 'leaving'");
  EXPECT_LT(std::abs(rows.reals("gap")[0]),
            4 * rows.reals("sd")[0] / std::sqrt(static_cast<double>(rows.integers("n")[0]) / 3));
}

TEST(Campaign, ACustomersArmStaysWhenTheListChanges) {
  std::string store = copy_of_store();
  run(store, "campaign", {{"least-p-leave", "0.3"}});
  Table moved = query(store,
                      "SELECT count(*) AS n FROM result.campaign a JOIN history.campaign b USING "
                      "(customer_id) WHERE a.arm <> b.arm");
  EXPECT_EQ(moved.integers("n")[0], 0);
}

TEST(Campaign, BuyingNeverOutgrowsComingBack) {
  Table rows = query(known_shop().store,
                     "SELECT count(*) AS wrong FROM result.campaign WHERE p_buy > 1 - p_leave OR p_buy_lo > "
                     "p_buy OR p_buy_hi < p_buy");
  EXPECT_EQ(rows.integers("wrong")[0], 0);
}

TEST(Campaign, BudgetCapAndSuppressionHold) {
  std::string store = copy_of_store();
  std::string nobody = query(store, "SELECT min(customer_id) AS id FROM result.campaign").texts("id")[0];
  run(store, "campaign",
      {{"budget", "2.5"}, {"cost-sms", "0.05"}, {"contact-cap", "2"}, {"suppress", nobody}});
  EXPECT_EQ(count(store, "customer_id = '" + nobody + "'"), 0);
  Table most = query(
      store, "SELECT max(n) AS n FROM (SELECT count(*) AS n FROM result.campaign GROUP BY customer_id)");
  EXPECT_LE(most.integers("n")[0], 2);
  EXPECT_LE(query(store, "SELECT sum(cost) AS cost FROM result.campaign_summary").reals("cost")[0], 2.5);
  run(store, "campaign", {{"most-customers", "7"}});
  EXPECT_EQ(count(store, "arm = 'treated'"), 7);
}

TEST(Campaign, RefusesAForecastOfAnotherDay) {
  auto outcome = try_run(copy_of_store(), "campaign", {{"as-of", "2024-12-01"}});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::conflict);
}

TEST(CampaignBacktest, FindsMoreThanChance) {
  Table rows = query(known_shop().store,
                     "SELECT top_share, recall_lo, leavers_caught, leavers FROM result.campaign_backtest "
                     "ORDER BY top_share");
  ASSERT_GT(rows.rows(), 0u);
  for (size_t i = 0; i < rows.rows(); ++i) EXPECT_GT(rows.reals("recall_lo")[i], rows.reals("top_share")[i]);
}

}  // namespace
}  // namespace danggol::test
