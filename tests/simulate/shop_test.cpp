// The simulated shop: what nobody asks for changes nothing, each option does what it says, and the truth is
// what the simulated customers do. Bounds are four standard errors.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "base/digest.h"
#include "base/units.h"
#include "danggol/engine.h"
#include "must.h"
#include "temp_folder.h"

namespace danggol {
namespace {

constexpr std::array<double, 12> season = {0.8, 0.7, 1, 1.1, 1, 0.9, 0.5, 0.6, 1, 1.2, 1.6, 2.5};
constexpr double growth = 2, rate_drift = 0.8, hazard_drift = 1.5;
const ParamTexts everything = {{"customers", "6000"},
                               {"months", "30"},
                               {"seed", "3"},
                               {"growth", fmt::format("{}", growth)},
                               {"cohort-month", "2023-09"},
                               {"cohort-share", "0.2"},
                               {"cohort-hazard-factor", "3"},
                               {"one-time-share", "0.25"},
                               {"season", fmt::format("{}", fmt::join(season, ","))},
                               {"rate-drift", fmt::format("{}", rate_drift)},
                               {"hazard-drift", fmt::format("{}", hazard_drift)},
                               {"closed", "2024-02,2024-08"}};

// Days and months are counted from the first one of the shop.
Date first_day() { return to_date(Civil{2023, 1, 1}); }
int32_t month_begins(int32_t month) { return add_months(first_day(), month).days - first_day().days; }
int32_t day_of(const std::string& text) { return parse_date(text.substr(0, 10))->days - first_day().days; }
int32_t month_of(int32_t day) { return months_between(first_day(), Date{first_day().days + day}); }

// What everybody's rate and hazard are multiplied by in a shop with everything, said a second time.
double purchase_factor(int32_t month) {
  bool is_closed = month == 13 || month == 19;
  return is_closed ? 0 : season[static_cast<size_t>(month % 12)] * std::pow(rate_drift, month / 12.0);
}
double hazard_factor(int32_t month) { return std::pow(hazard_drift, month / 12.0); }

struct Customer {
  int32_t joined, left;  // days; far beyond the last where the customer has not left
  double rate, hazard;
};
struct Truth {
  std::string customer;
  int32_t cutoff, horizon_months;
  double p_leave;
};

class Shop {
 public:
  explicit Shop(const ParamTexts& options) {
    must(Engine::simulate("shop", options, folder_.path("shop"),
                          [](double, std::string_view) { return Status(); }));
    for (const auto& row : rows("truth/customer.csv"))
      customers[row[0]] = {day_of(row[1]), row[4].empty() ? 1'000'000 : day_of(row[4]), std::stod(row[2]),
                           std::stod(row[3])};
    for (const auto& row : rows("truth/leave.csv"))
      truths.push_back({row[0], day_of(row[1]), std::stoi(row[2]), std::stod(row[3])});
    std::set<std::string> receipts;
    for (const auto& row : rows("events.csv")) {
      event_days.insert(day_of(row[1]));
      if (row[2] == "purchase" && receipts.insert(row[8]).second) purchases[row[0]].push_back(day_of(row[1]));
    }
  }

  bool has(const std::string& file) const { return std::filesystem::exists(folder_.path("shop/" + file)); }
  std::string text(const std::string& file) const { return folder_.read("shop/" + file); }
  std::vector<std::vector<std::string>> rows(const std::string& file) const {
    std::vector<std::vector<std::string>> rows;
    std::istringstream lines(text(file));
    std::string line, cell;
    for (std::getline(lines, line); std::getline(lines, line);) {
      std::istringstream cells(line);
      for (rows.emplace_back(); std::getline(cells, cell, ',');) rows.back().push_back(cell);
    }
    return rows;
  }

  std::map<std::string, Customer> customers;
  std::map<std::string, std::vector<int32_t>> purchases;  // the days of each one's receipts, ascending
  std::set<int32_t> event_days;
  std::vector<Truth> truths;

 private:
  TempFolder folder_;
};

const Shop& shop_with_everything() {
  static const Shop shop(everything);
  return shop;
}

void expect_near(double found, double expected, double variance, const std::string& what) {
  EXPECT_LE(std::abs(found - expected), 4 * std::sqrt(variance))
      << what << ": " << found << ", not " << expected;
}

// How much of the month the customer was one; joining and leaving are at an unknown hour.
double days_in(const Customer& customer, int32_t month) {
  double from = std::max<double>(customer.joined + 0.5, month_begins(month));
  double until = std::min<double>(customer.left + 0.5, month_begins(month + 1));
  return std::max(0.0, until - from);
}

// --- what nobody asks for

TEST(SimulatedShop, WithoutOptionsIsWhatItAlwaysWas) {
  for (const ParamTexts& neutral : {ParamTexts{}, ParamTexts{{"growth", "0"},
                                                             {"cohort-share", "0"},
                                                             {"cohort-hazard-factor", "1"},
                                                             {"one-time-share", "0"},
                                                             {"rate-drift", "1"},
                                                             {"hazard-drift", "1"}}}) {
    ParamTexts options = neutral;
    options.insert({{"customers", "500"}, {"months", "31"}, {"seed", "3"}});
    Shop shop(options);
    EXPECT_EQ(digest(shop.text("events.csv")), "00db5d76e4239bbb53b7137b7cb1ce88");
    EXPECT_EQ(digest(shop.text("truth/customer.csv")), "0e6497a7442a445708ba2a5e7c8a07a6");
    EXPECT_EQ(digest(shop.text("truth/leave.csv")), "96cc0656e8d95e9d7106c20e6cc82cbe");
    EXPECT_FALSE(shop.has("truth/shop.csv"));
  }
}

TEST(SimulatedShop, OneTimeBuyersChangeNobodyElse) {
  ParamTexts options = {{"customers", "500"}};
  Shop plain(options);
  options["one-time-share"] = "0.3";
  Shop mixed(options);
  int32_t same = 0;
  for (const auto& [id, customer] : mixed.customers) {
    if (customer.rate == 0) continue;
    EXPECT_EQ(mixed.purchases.at(id), plain.purchases.at(id));
    ++same;
  }
  EXPECT_GT(same, 300);
}

TEST(SimulatedShop, IsTheSameWhateverTheNumberOfThreads) {
  const Shop& together = shop_with_everything();
  tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  Shop alone(everything);
  for (const char* file : {"events.csv", "truth/customer.csv", "truth/leave.csv", "truth/shop.csv"})
    EXPECT_EQ(digest(alone.text(file)), digest(together.text(file))) << file;
}

// --- each option

TEST(SimulatedShop, CustomersJoinAtAGrowingRateUpToTheLastMonth) {
  Shop shop(ParamTexts{{"customers", "20000"}, {"growth", "3"}});
  std::array<double, 24> weight{}, joined{};
  double sum = 0;
  for (int32_t month = 0; month < 24; ++month)
    sum += weight[static_cast<size_t>(month)] =
        (month_begins(month + 1) - month_begins(month)) * std::pow(3, month / 12.0);
  for (const auto& [id, customer] : shop.customers) ++joined[static_cast<size_t>(month_of(customer.joined))];
  auto months = shop.rows("truth/shop.csv");
  for (size_t month = 0; month < 24; ++month) {
    double share = weight[month] / sum;
    expect_near(joined[month], 20'000 * share, 20'000 * share * (1 - share), months[month][0]);
    EXPECT_NEAR(std::stod(months[month][1]), share, 1e-8);
  }
}

TEST(SimulatedShop, ACohortJoinsWithinItsMonthAndLeavesSooner) {
  ParamTexts options = {{"customers", "8000"},
                        {"cohort-month", "2024-04"},
                        {"cohort-share", "0.3"},
                        {"cohort-hazard-factor", "4"}};
  Shop shop(options);  // April of the second year is later than who else joins
  double members = 0, hazards = 0;
  for (const auto& [id, customer] : shop.customers) {
    if (month_of(customer.joined) != 15) continue;
    ++members;
    hazards += customer.hazard;
  }
  expect_near(members, 2'400, 8'000 * 0.3 * 0.7, "members");
  double mean = 4.0 / 300;  // the standard deviation, too, of an exponential
  expect_near(hazards / members, mean, mean * mean / members, "hazard");
}

TEST(SimulatedShop, AShareOfTheCustomersBuysOnceAndNeverAgain) {
  Shop shop(ParamTexts{{"customers", "8000"}, {"one-time-share", "0.35"}});
  std::set<std::string> once;
  for (const auto& [id, customer] : shop.customers) {
    if (customer.rate > 0) continue;
    once.insert(id);
    EXPECT_EQ(shop.purchases.at(id), std::vector<int32_t>{customer.joined});
    EXPECT_EQ(customer.left, customer.joined);
  }
  expect_near(static_cast<double>(once.size()), 2'800, 8'000 * 0.35 * 0.65, "buy once");
  for (const Truth& truth : shop.truths) EXPECT_TRUE(truth.p_leave == 1 || !once.contains(truth.customer));
}

// Of a Poisson process and of a hazard, what comes less the integral of the intensity so far is a martingale,
// and the integral its variance.
TEST(SimulatedShop, PurchasesAndLeavingFollowTheFactorsOfTheMonth) {
  const Shop& shop = shop_with_everything();
  std::array<double, 30> bought{}, left{};
  for (const auto& [id, days] : shop.purchases)
    for (size_t i = 1; i < days.size(); ++i) ++bought[static_cast<size_t>(month_of(days[i]))];
  for (const auto& [id, customer] : shop.customers)
    if (customer.left < month_begins(30) && customer.rate > 0)
      ++left[static_cast<size_t>(month_of(customer.left))];
  auto months = shop.rows("truth/shop.csv");
  ASSERT_EQ(months.size(), 36);
  for (int32_t month = 0; month < 36; ++month) {
    const auto& told = months[static_cast<size_t>(month)];
    EXPECT_NEAR(std::stod(told[2]), purchase_factor(month), 1e-8) << told[0];
    EXPECT_NEAR(std::stod(told[3]), hazard_factor(month), 1e-8) << told[0];
    if (month >= 30) continue;
    double purchases = 0, leavers = 0;
    for (const auto& [id, customer] : shop.customers) {
      double days = days_in(customer, month);
      purchases += days * customer.rate * purchase_factor(month);
      if (customer.rate > 0) leavers += days * customer.hazard * hazard_factor(month);
    }
    expect_near(bought[static_cast<size_t>(month)], purchases, purchases, told[0] + " purchases");
    expect_near(left[static_cast<size_t>(month)], leavers, leavers, told[0] + " leavers");
  }
}

TEST(SimulatedShop, NothingHappensInClosedMonths) {
  std::set<int32_t> months;
  for (int32_t day : shop_with_everything().event_days) months.insert(month_of(day));
  EXPECT_EQ(months.size(), 28);
  EXPECT_FALSE(months.contains(13) || months.contains(19));
}

// --- the truth

TEST(SimulatedShop, WhatCustomersDoIsWhatTheTruthSays) {
  const Shop& shop = shop_with_everything();
  struct Sum {
    double p = 0, variance = 0, none = 0;
  };
  std::map<std::pair<int32_t, int32_t>, Sum> sums;
  for (const Truth& truth : shop.truths) {
    int32_t until = month_begins(month_of(truth.cutoff) + truth.horizon_months);
    if (until > month_begins(30)) continue;
    Sum& sum = sums[{truth.cutoff, truth.horizon_months}];
    const auto& days = shop.purchases.at(truth.customer);
    sum.p += truth.p_leave;
    sum.variance += truth.p_leave * (1 - truth.p_leave);
    sum.none += std::ranges::none_of(days, [&](int32_t day) { return day >= truth.cutoff && day < until; });
  }
  EXPECT_EQ(sums.size(), 8 + 7);  // from 6 months on to 27 of three, to 24 of six
  for (const auto& [question, sum] : sums)
    expect_near(sum.none, sum.p, sum.variance,
                fmt::format("day {}, {} months", question.first, question.second));
}

// The equations of the model in small steps, with each one's own rate and hazard.
void expect_integrals(const Shop& shop, double (*purchase_factor)(int32_t),
                      double (*hazard_factor)(int32_t)) {
  constexpr double step_days = 0.02;
  int32_t customers = 0;
  for (size_t i = 0; i < shop.truths.size(); i += 97) {
    const Truth& truth = shop.truths[i];
    const Customer& customer = shop.customers.at(truth.customer);
    int32_t from = month_of(truth.cutoff);
    double waits = customer.left >= truth.cutoff, left = 1 - waits;
    for (int32_t month = from; month < from + truth.horizon_months; ++month)
      for (double day = month_begins(month); day < month_begins(month + 1) - step_days / 2;
           day += step_days) {
        double leaves = waits * customer.hazard * hazard_factor(month) * step_days;
        waits -= leaves + waits * customer.rate * purchase_factor(month) * step_days;
        left += leaves;
      }
    EXPECT_NEAR(truth.p_leave, waits + left, 1e-3) << truth.customer << " " << truth.cutoff;
    customers += truth.p_leave < 1;
  }
  EXPECT_GT(customers, 100);
}

TEST(SimulatedShop, TheTruthIntegratesRateAndHazardAsTheyChange) {
  expect_integrals(shop_with_everything(), purchase_factor, hazard_factor);
  // Months in which the hazard alone changes.
  Shop drifting(ParamTexts{{"customers", "4000"}, {"hazard-drift", "2"}});
  expect_integrals(
      drifting, [](int32_t) { return 1.0; }, [](int32_t month) { return std::pow(2, month / 12.0); });
}

}  // namespace
}  // namespace danggol
