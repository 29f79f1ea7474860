#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "known_shop.h"

namespace danggol::test {
namespace {

int64_t count(const std::string& store, const std::string& what, const char* table = "campaign") {
  return query(store,
               fmt::format("SELECT count(DISTINCT customer_id) AS n FROM result.{} WHERE {}", table, what))
      .integers("n")[0];
}

TEST(Campaign, HoldsOutAtRandomAtTheLoggedPropensity) {
  const std::string& store = known_shop().store;
  auto held = static_cast<double>(count(store, "propensity = 0.1", "campaign_holdout")),
       treated = static_cast<double>(count(store, "propensity = 0.9"));
  ASSERT_GT(held + treated, 200);
  EXPECT_NEAR(held / (held + treated), 0.1, 4 * std::sqrt(0.09 / (held + treated)));
  EXPECT_EQ(count(store, "propensity <> 0.1", "campaign_holdout") + count(store, "propensity <> 0.9"), 0);
  EXPECT_EQ(count(store, "customer_id IN (SELECT customer_id FROM result.campaign_holdout)"), 0);
}

TEST(Campaign, TheArmKnowsNothingOfTheCustomer) {
  // mean p_leave of the two arms differs by no more than chance allows
  Table rows = query(known_shop().store, R"(
      WITH treated AS (SELECT DISTINCT customer_id, p_leave FROM result.campaign WHERE reason = 'leaving'),
      held AS (SELECT customer_id, p_leave FROM result.campaign_holdout WHERE reason = 'leaving')
      SELECT (SELECT avg(p_leave) FROM held) - (SELECT avg(p_leave) FROM treated) AS gap,
             (SELECT stddev_samp(p_leave) FROM treated) AS sd, (SELECT count(*) FROM held) AS n)");
  EXPECT_LT(std::abs(rows.reals("gap")[0]),
            4 * rows.reals("sd")[0] / std::sqrt(static_cast<double>(rows.integers("n")[0])));
}

TEST(Campaign, ACustomersArmStaysWhenTheListChanges) {
  std::string store = copy_of_store();
  run(store, "campaign", {{"least-p-leave", "0.3"}});
  EXPECT_GT(count(store, "true"), 0);
  EXPECT_EQ(count(store, "customer_id IN (SELECT customer_id FROM history.campaign_holdout)"), 0);
  EXPECT_EQ(count(store, "customer_id IN (SELECT customer_id FROM history.campaign)", "campaign_holdout"), 0);
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
  EXPECT_EQ(count(store, "true"), 7);
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
