#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <vector>

#include "base/parallel.h"
#include "known_shop.h"
#include "learn/ab_test.h"
#include "simulate/lpoint_model.h"
#include "simulate/lpoint_offers.h"
#include "simulate/lpoint_shape.h"

namespace danggol::test {
namespace {

using namespace lpoint;

constexpr size_t seeds = 200, customers = 1500, half_year_days = 182;

// Receipts and spend of [from, until).
std::array<double, 2> bought(const History& history, size_t from, size_t until) {
  std::array<double, 2> out{};
  for (const Receipt& receipt : history.receipts)
    if (receipt.day >= from && receipt.day < until)
      ++out[0], out[1] += static_cast<double>(receipt.amount_krw);
  return out;
}

// One offer against none in one programme: the estimates, and what the offer adds on average over all
// exposures.
struct Answer {
  learn::TrialEstimate estimate[2];  // of receipts, of spend
  double truth[2];
};
using Answers = std::array<Answer, offer_count - 1>;

Answers measure(const Model& model, uint64_t seed) {
  learn::Trial trials[offer_count - 1][2];
  double truth[offer_count][2] = {}, exposures = 0;
  for (size_t number = 0; number < customers; ++number) {
    History history = model.history(seed, number);
    auto offered = expose(model, seed, number, history);
    for (const Exposure& exposure : offered) {
      ++exposures;
      auto after = bought(history, exposure.day, exposure.day + offer_window_days),
           before = bought(history, exposure.day - offer_window_days, exposure.day),
           long_before = bought(history, exposure.day - std::min(exposure.day, half_year_days), exposure.day);
      for (size_t offer = 1; offer < offer_count; ++offer) {
        truth[offer][0] += exposure.effect_receipts[offer], truth[offer][1] += exposure.effect_krw[offer];
        if (exposure.offer != 0 && exposure.offer != offer) continue;
        for (size_t outcome : {0, 1}) {
          learn::Trial& trial = trials[offer - 1][outcome];
          trial.customer.push_back(static_cast<int32_t>(number));
          trial.treated.push_back(exposure.offer == offer);
          trial.propensity.push_back(exposure.propensity);
          trial.outcome.push_back(after[outcome]);
          trial.covariates.resize(2);
          trial.covariates[0].push_back(before[outcome]);
          trial.covariates[1].push_back(long_before[outcome]);
        }
      }
    }
  }
  Answers out;
  for (size_t offer = 1; offer < offer_count; ++offer)
    for (size_t outcome : {0, 1}) {
      out[offer - 1].estimate[outcome] = learn::ab_test(trials[offer - 1][outcome]);
      out[offer - 1].truth[outcome] = truth[offer][outcome] / exposures;
    }
  return out;
}

bool covers(const learn::EffectEstimate& estimate, double truth) {
  return estimate.lo <= truth && truth <= estimate.hi;
}

// Of 200 intervals of 95 % that hold with chance 0.95, fewer than 180 hold once in 400 times, more than 197
// once in 100.
TEST(CampaignMeasure, IntervalsHoldTheSimulatorsTruthAsOftenAsTheySay) {
  Model model(fitted_shape);
  std::vector<Answers> answers(seeds);
  parallel_for(seeds, [&](size_t seed) { answers[seed] = measure(model, seed + 1); });
  for (size_t offer = 1; offer < offer_count; ++offer)
    for (size_t outcome : {0, 1}) {
      SCOPED_TRACE(fmt::format("{}, {}", offer_names[offer], outcome == 0 ? "receipts" : "spend"));
      size_t plain = 0, cuped = 0;
      double plain_width = 0, cuped_width = 0;
      for (const Answers& answer : answers) {
        const auto& estimate = answer[offer - 1].estimate[outcome];
        double truth = answer[offer - 1].truth[outcome];
        plain += covers(estimate.difference, truth), cuped += covers(estimate.cuped, truth);
        plain_width += estimate.difference.hi - estimate.difference.lo;
        cuped_width += estimate.cuped.hi - estimate.cuped.lo;
      }
      std::string what = fmt::format("{}_{}", offer_names[offer], outcome == 0 ? "receipts" : "spend");
      RecordProperty(what, fmt::format("difference holds {}, cuped {} of {}; width {:.3f}", plain, cuped,
                                       seeds, cuped_width / plain_width));
      for (size_t held : {plain, cuped}) {
        EXPECT_GE(held, 180u);
        EXPECT_LE(held, 197u);
      }
      EXPECT_LT(cuped_width, 0.9 * plain_width);
    }
}

// A coupon that makes every second customer buy once more for 1,000, and goes to them more often; a letter
// that does nothing. What is drawn too late for its window to end counts for nothing.
const std::string& store_with_exposures() {
  static const std::string store = [] {
    std::string copy = copy_of_store();
    execute(copy, R"(
      INSERT INTO raw.exposure
      SELECT customer_no, day, CASE WHEN lot < nothing THEN 'none' WHEN lot < nothing + coupon THEN 'coupon' ELSE
             'letter' END, CASE WHEN lot < nothing THEN nothing WHEN lot < nothing + coupon THEN coupon ELSE
             10 - nothing - coupon END / 10, 1
      FROM (SELECT customer_no, day, hash(customer_no, day) % 10 AS lot,
                   CASE customer_no % 2 WHEN 0 THEN 2 ELSE 5 END AS nothing,
                   CASE customer_no % 2 WHEN 0 THEN 6 ELSE 2 END AS coupon
            FROM raw.customer, (VALUES (TIMESTAMP '2024-03-01 09:00:00'), (TIMESTAMP '2024-06-10 09:00:00'),
                                       (TIMESTAMP '2024-12-20 09:00:00')) AS drawn(day));
      INSERT INTO feature.receipt BY NAME
      SELECT customer_no, 'purchase' AS action, ts::DATE + 5 AS day, text_hash('caused') AS receipt,
             ts + INTERVAL 5 DAY AS last_ts, 1000 AS amount, 1 AS lines
      FROM raw.exposure WHERE offer = 'coupon' AND customer_no % 2 = 0;
      INSERT INTO raw.event BY NAME
      SELECT 1000000000 + row_number() OVER () AS event_id, customer_no, last_ts AS ts, action, amount,
             'caused' AS receipt_id, 0 AS outlet_no, 0 AS source
      FROM feature.receipt WHERE receipt = text_hash('caused'))");
    run(copy, "campaign.measure");
    return copy;
  }();
  return store;
}

TEST(CampaignMeasure, FindsTheOfferThatWorksAndHowMuchItAdds) {
  Table rows = query(store_with_exposures(),
                     "SELECT *, CASE outcome WHEN 'receipts' THEN 0.5 ELSE 500 END AS truth FROM "
                     "result.campaign_effect WHERE offer = 'coupon' AND grade = 'all'");
  ASSERT_EQ(rows.rows(), 4u);
  for (size_t i = 0; i < rows.rows(); ++i) {
    EXPECT_LE(rows.reals("effect_lo")[i], rows.reals("truth")[i]);
    EXPECT_GE(rows.reals("effect_hi")[i], rows.reals("truth")[i]);
    if (rows.texts("outcome")[i] == "receipts") {
      EXPECT_LT(rows.reals("q_value")[i], 0.01);
    }
  }
}

TEST(CampaignMeasure, FindsNothingInALetterThatDoesNothing) {
  Table rows = query(store_with_exposures(),
                     "SELECT count(*) AS rows, count(*) FILTER (q_value < 0.05) AS found FROM "
                     "result.campaign_effect WHERE offer = 'letter'");
  EXPECT_GT(rows.integers("rows")[0], 4);  // in grades, too
  EXPECT_EQ(rows.integers("found")[0], 0);
}

TEST(CampaignMeasure, CountsOnlyWhatHasEnded) {
  Table rows =
      query(store_with_exposures(),
            "SELECT sum(exposed) AS exposed, min(holdout) AS holdout, (SELECT count(*) FROM raw.exposure "
            "WHERE ts < '2024-12-01') AS ended FROM result.campaign_effect WHERE grade = 'all' AND method "
            "= 'cuped' AND outcome = 'receipts'");
  EXPECT_EQ(rows.integers("exposed")[0] + rows.integers("holdout")[0], rows.integers("ended")[0]);
}

TEST(CampaignMeasure, WarnsOfChancesThatAreNotThoseOfTheDraw) {
  std::string store = store_with_exposures() + ".wrong";
  std::filesystem::copy_file(store_with_exposures(), store);
  EXPECT_TRUE(run(store, "campaign.measure").warnings.empty());
  execute(store, "UPDATE raw.exposure SET propensity = 0.3 WHERE offer = 'coupon'");
  auto warnings = run(store, "campaign.measure").warnings;
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].in(Language::en).find("coupon"), std::string::npos);
}

}  // namespace
}  // namespace danggol::test
