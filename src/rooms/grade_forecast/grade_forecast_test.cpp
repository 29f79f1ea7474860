// The forecast against the truth: the simulator knows every customer's probability of leaving.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <numeric>

#include "known_shop.h"

namespace danggol::test {
namespace {

// Forecast and true probability of leaving, for the customers forecast at the shop's end. Whether a customer
// has already gone is hidden even from a perfect forecaster, so what can be compared is groups.
Table forecast_and_truth() {
  const KnownShop& shop = known_shop();
  std::map<std::string, double> truth;
  std::ifstream file(shop.folder + "/truth/leave.csv");
  for (std::string line; std::getline(file, line);) {  // customer_id,cutoff,horizon_months,p_leave
    std::string_view row = line;
    if (size_t at = row.find(",2025-01-01,"); at != row.npos)
      truth[line.substr(0, at)] = std::stod(line.substr(row.rfind(',') + 1));
  }
  Table rows =
      query(shop.store,
            "SELECT customer_id, p_leave, p_leave_lo, p_leave_hi, p_top + p_good + p_regular + p_other + "
            "p_leave AS total FROM result.grade_forecast ORDER BY p_leave, customer_id");
  ColumnData known{"truth", Type::real};
  for (const auto& id : rows.texts("customer_id")) known.push(truth.at(id));
  rows.columns.push_back(std::move(known));
  return rows;
}

TEST(GradeForecast, ProbabilitiesOfACustomerAddUpToOneAndLieInTheirBounds) {
  Table rows = forecast_and_truth();
  ASSERT_GT(rows.rows(), 1'000u);
  for (size_t i = 0; i < rows.rows(); ++i) {
    EXPECT_NEAR(rows.reals("total")[i], 1, 1e-12);
    EXPECT_LE(rows.reals("p_leave_lo")[i], rows.reals("p_leave")[i]);
    EXPECT_GE(rows.reals("p_leave_hi")[i], rows.reals("p_leave")[i]);
  }
}

TEST(GradeForecast, TenthsOfCustomersLeaveAsOftenAsForecast) {
  Table rows = forecast_and_truth();
  const auto &p = rows.reals("p_leave"), &lo = rows.reals("p_leave_lo"), &hi = rows.reals("p_leave_hi"),
             &truth = rows.reals("truth");
  int covered = 0;
  double error = 0;
  for (size_t tenth = 0; tenth < 10; ++tenth) {
    size_t from = rows.rows() * tenth / 10, until = rows.rows() * (tenth + 1) / 10;
    double n = static_cast<double>(until - from);
    auto mean = [&](const std::vector<double>& v) {
      return std::accumulate(v.begin() + static_cast<int64_t>(from), v.begin() + static_cast<int64_t>(until),
                             0.0) /
             n;
    };
    error += std::abs(mean(p) - mean(truth)) / 10;
    // the truth itself is a mean of n customers, some gone and some not: two standard errors of that
    double noise = 2 * std::sqrt(mean(truth) * (1 - mean(truth)) / n);
    covered += mean(lo) - noise <= mean(truth) && mean(truth) <= mean(hi) + noise;
  }
  EXPECT_LT(error, 0.05);
  EXPECT_GE(covered, 8);
}

TEST(GradeForecast, RanksNearlyAsWellAsWhoKnowsTheCustomersRates) {
  Table rows = forecast_and_truth();
  const auto &p = rows.reals("p_leave"), &truth = rows.reals("truth");
  std::vector<size_t> by_truth(p.size());
  std::iota(by_truth.begin(), by_truth.end(), size_t{0});
  std::sort(by_truth.begin(), by_truth.end(), [&](size_t a, size_t b) { return truth[a] < truth[b]; });
  // mean truth of the fifth we call likeliest, between the mean of all (chance) and of the truly likeliest
  // fifth
  size_t fifth = p.size() / 5;
  double ours = 0, best = 0, all = 0;
  for (size_t k = 0; k < fifth; ++k) {
    ours += truth[p.size() - 1 - k];
    best += truth[by_truth[p.size() - 1 - k]];
  }
  for (double t : truth) all += t;
  ours /= static_cast<double>(fifth), best /= static_cast<double>(fifth),
      all /= static_cast<double>(p.size());
  EXPECT_GT(ours, all + 0.4 * (best - all));
}

TEST(GradeForecast, BeatsBothBaselinesWhereThereIsSomethingToLearn) {
  Table rows =
      query(known_shop().store,
            "SELECT value_lo FROM result.forecast_metric WHERE metric = 'log_loss_saved' AND predictor IN "
            "('model over grade stays', 'model over class frequencies')");
  ASSERT_EQ(rows.rows(), 2u);
  for (double lo : rows.reals("value_lo")) EXPECT_GT(lo, 0);
}

TEST(GradeForecast, PredictingWithoutAModelSaysWhatToRun) {
  std::string store = copy_of_store();
  // as of a day before the model's labels were known, that model does not exist
  auto outcome = try_run(store, "grade_forecast.predict", {{"as-of", "2024-06-01"}});
  ASSERT_FALSE(outcome);
  EXPECT_NE(outcome.error().message.find("run grade_forecast.train "), std::string::npos)
      << outcome.error().message;
}

TEST(GradeForecast, AModelOfOtherGradesIsRefused) {
  std::string store = copy_of_store();
  auto outcome = try_run(store, "grade_forecast.predict", {{"bands", "90,60,40"}});
  ASSERT_FALSE(outcome);
  EXPECT_NE(outcome.error().message.find("other features"), std::string::npos) << outcome.error().message;
}

TEST(GradeForecast, TooShortAHistoryIsRefusedNotGuessed) {
  auto outcome = try_run(copy_of_store(), "grade_forecast.train", {{"as-of", "2023-01-20"}});
  ASSERT_FALSE(outcome);
  EXPECT_NE(outcome.error().message.find("too short"), std::string::npos) << outcome.error().message;
}

}  // namespace
}  // namespace danggol::test
