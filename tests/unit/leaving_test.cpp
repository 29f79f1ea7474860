// The parts of who leaves: what is fitted, how it is weighed, how far it may be off.
#include "rooms/grade_forecast/leaving.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "learn/correlation.h"
#include "learn/logistic.h"
#include "learn/model_text.h"
#include "learn/optimise.h"
#include "learn/origin_errors.h"
#include "must.h"

namespace danggol {
namespace {

const Date start = parse_date("2021-01-01").value(), cutoff = parse_date("2024-01-01").value();

double chance(double z) { return 1 / (1 + std::exp(-z)); }

TEST(Optimise, FindsTheBottomOfABentValley) {  // Rosenbrock (1960)
  learn::Smooth valley = [](std::span<const double> x, std::span<double> gradient) {
    double a = 1 - x[0], b = x[1] - x[0] * x[0];
    gradient[0] = -2 * a - 400 * x[0] * b, gradient[1] = 200 * b;
    return a * a + 100 * b * b;
  };
  learn::Minimum found = learn::minimise(valley, {-1.2, 1});
  EXPECT_TRUE(found.converged);
  EXPECT_NEAR(found.at[0], 1, 1e-6);
  EXPECT_NEAR(found.at[1], 1, 1e-6);
  auto second = learn::second_derivatives(valley, {1, 1});
  EXPECT_NEAR(second.values[0], 802, 0.01);
  EXPECT_NEAR(second.values[1], -400, 0.01);
  EXPECT_NEAR(second.values[3], 200, 0.01);
}

TEST(Optimise, ACovarianceIsTheInverseOfWhatIsKnown) {
  auto bowl = [](double a, double b) -> learn::Smooth {  // half of a x^2 + b y^2
    return [a, b](std::span<const double> x, std::span<double> gradient) {
      gradient[0] = a * x[0], gradient[1] = b * x[1];
      return (a * x[0] * x[0] + b * x[1] * x[1]) / 2;
    };
  };
  constexpr double prior = 1 / 2.25;
  auto both = learn::covariance(bowl(3, 0), {0, 0}, 10);  // of the second nothing but the prior
  EXPECT_NEAR(both.values[0], 1 / (30 + prior), 1e-9);
  EXPECT_NEAR(both.values[3], 1 / prior, 1e-9);
  auto saddle = learn::covariance(bowl(-100, 1), {0, 0}, 1);
  EXPECT_TRUE(saddle.values[0] > 0 && saddle.values[3] > 0);
}

TEST(Optimise, WhatIsHeldPaysTheSquareOfHowFarItIsOutside) {
  for (auto [at, cost, slope] :
       {std::array{-3.0, 1.0, -2.0}, std::array{0.0, 0.0, 0.0}, std::array{7.0, 9.0, 6.0}}) {
    double value = 10, derivative = 20;
    learn::hold_within(at, -2, 4, value, derivative);
    EXPECT_EQ(value, 10 + cost);
    EXPECT_EQ(derivative, 20 + slope);
  }
}

TEST(Correlation, OfRanks) {
  EXPECT_NEAR(learn::rank_correlation({1, 2, 3, 4}, {10, 20, 25, 900}), 1, 1e-12);
  EXPECT_NEAR(learn::rank_correlation({1, 2, 3, 4}, {4, 3, 2, 1}), -1, 1e-12);
  // ranks 1.5 1.5 3 4 and 2 1 3.5 3.5: centred -1 -1 .5 1.5 and -.5 -1.5 1 1
  EXPECT_NEAR(learn::rank_correlation({5, 5, 7, 9}, {2, 1, 8, 8}), 4 / std::sqrt(4.5 * 4.5), 1e-12);
  EXPECT_TRUE(std::isnan(learn::rank_correlation({1, 1, 1}, {1, 2, 3})));
}

struct Told {
  Matrix features{{"a", "b"}, {}};
  std::vector<double> offset, weights;
  std::vector<int32_t> outcome;
};

// Log odds are the offset and what `bend` says of a.
Told told(size_t rows, double bend, double constant, uint64_t seed) {
  Told out;
  Random random(seed);
  for (size_t i = 0; i < rows; ++i) {
    double a = 4 * random.uniform() - 2;
    out.offset.push_back(2 * random.uniform() - 1);
    out.features.values.insert(out.features.values.end(), {a, i % 5 == 0 ? NAN : random.uniform()});
    out.outcome.push_back(random.uniform() < chance(out.offset[i] + constant + bend * a));
    out.weights.push_back(1);
  }
  return out;
}

TEST(Logistic, LearnsWhatTheOffsetLacks) {
  Told known = told(40'000, 0.7, -0.4, 1);
  auto fit = learn::Logistic::fit(known.features, known.offset, known.outcome, known.weights, 1e-6);
  EXPECT_NEAR(fit.coefficients()[0], -0.4, 0.05);
  EXPECT_NEAR(fit.coefficients()[1], 0.7 * 4 / std::sqrt(12.0), 0.05);  // by standard deviations
  EXPECT_NEAR(fit.coefficients()[2], 0, 0.05);
  // a row of unknowns is moved by the constant alone; what is far out by no more than four deviations
  auto of = fit.predict({{"a", "b"}, {NAN, NAN, 1e9, NAN}});
  EXPECT_NEAR(of[0], fit.coefficients()[0], 1e-12);
  EXPECT_NEAR(of[1], fit.coefficients()[0] + 4 * fit.coefficients()[1], 1e-12);
}

TEST(Logistic, TheSlopeOfTheLossIsNoneAtTheFit) {
  Told known = told(300, 0.5, 0.2, 2);
  for (size_t i = 0; i < known.weights.size(); ++i) known.weights[i] = 0.5 + static_cast<double>(i % 3);
  constexpr double ridge = 7;
  auto fit = learn::Logistic::fit(known.features, known.offset, known.outcome, known.weights, ridge);
  std::vector<double> moved = fit.predict(known.features);
  double slope = ridge * fit.coefficients()[0];
  for (size_t i = 0; i < moved.size(); ++i)
    slope += known.weights[i] * (chance(known.offset[i] + moved[i]) - known.outcome[i]);
  EXPECT_NEAR(slope, 0, 1e-6);
}

TEST(Logistic, StaysWithTheOffsetWhereThereIsLittleToLearnFrom) {
  Told known = told(20, 0.7, -0.4, 3);
  auto fit = learn::Logistic::fit(known.features, known.offset, known.outcome, known.weights, 1e6);
  for (double of : fit.coefficients()) EXPECT_NEAR(of, 0, 1e-3);
  // one outcome alone is no reason to be certain
  std::vector<int32_t> all(20, 1);
  for (double of :
       learn::Logistic::fit(known.features, known.offset, all, known.weights, 1).predict(known.features))
    EXPECT_LT(of, 5);
}

TEST(Logistic, IsMadeAgainFromItsText) {
  Told known = told(300, 0.5, 0.2, 4);
  auto fit = learn::Logistic::fit(known.features, known.offset, known.outcome, known.weights, 1);
  std::string written = fit.text();
  learn::ModelText text(written);
  auto again = must(learn::Logistic::read(text, 2));
  EXPECT_EQ(again.predict(known.features), fit.predict(known.features));
  for (const char* bad : {"mean=0\n", "mean=0 0\nspread=1 -1\ncoefficients=0 0 0\n", "mean=0 nan\n"}) {
    learn::ModelText damaged(bad);
    EXPECT_FALSE(learn::Logistic::read(damaged, 2));
  }
}

TEST(OriginErrors, ArePooledWithUsualOnes) {
  EXPECT_NEAR(learn::next_error({}, 1).spread, 0.15, 1e-12);
  auto of = learn::next_error({0.5, -0.5, 0.5, -0.5}, 1);
  EXPECT_NEAR(of.spread, std::sqrt((4 * 0.0225 + 4 * 0.25) / 8), 1e-12);
  EXPECT_EQ(of.degrees, 8);
  // of four that overlap by two thirds not much more than one is new
  EXPECT_NEAR(learn::next_error({0.5, -0.5, 0.5, -0.5}, 1.0 / 3).degrees, 4 + 4.0 / 3, 1e-12);
  EXPECT_GT(of.half(0.1), of.half());
}

rooms::Snapshot moved_by(double shift) {
  rooms::Snapshot out;
  out.shift = shift;
  return out;
}

std::vector<const rooms::Snapshot*> each(const std::vector<rooms::Snapshot>& all) {
  std::vector<const rooms::Snapshot*> out;
  for (const auto& of : all) out.push_back(&of);
  return out;
}

TEST(Level, IsBelievedAsFarAsItIsSteady) {
  std::vector<rooms::Snapshot> steady(12, moved_by(0.3)), none(1, moved_by(0.3)), uneven;
  for (int i = 0; i < 12; ++i) uneven.push_back(moved_by(i % 2 ? 1.1 : -0.5));
  EXPECT_GT(rooms::level_of(each(steady), 1, nullptr).now, 0.27);
  EXPECT_LT(rooms::level_of(each(none), 1, nullptr).now, 0.1);
  EXPECT_LT(rooms::level_of(each(uneven), 1, nullptr).now, 0.15);
  EXPECT_GT(rooms::level_of(each(uneven), 1, nullptr).next.spread,
            2 * rooms::level_of(each(steady), 1, nullptr).next.spread);
}

TEST(Level, ASeasonCountsWhereItWouldHaveHelped) {
  using Season = rooms::Level::Season;
  auto level = [](int years_alike, size_t months) {
    std::vector<rooms::Snapshot> all;
    for (size_t i = 0; i < months; ++i) {
      double side = i / 3 % 2 ? 1 : -1;
      all.push_back(moved_by(i < 12 ? side : years_alike * side));
      all.back().at = add_months(cutoff, -1 - static_cast<int32_t>(i));
    }
    return rooms::level_of(each(all), 1, &all[11]);
  };
  rooms::Level helps = level(1, 24), harms = level(-1, 24), unclear = level(1, 13);
  EXPECT_EQ(helps.season_is, Season::helps);
  EXPECT_NEAR(helps.season, 0.5 * (1 - (helps.now - helps.season)), 1e-12);
  EXPECT_EQ(harms.season_is, Season::harms);
  EXPECT_EQ(harms.season, 0);
  EXPECT_EQ(unclear.season_is, Season::unclear);
  std::vector<rooms::Snapshot> all(24, moved_by(0));
  EXPECT_EQ(rooms::level_of(each(all), 1, nullptr).season_is, Season::none);
}

TEST(Level, AShiftMakesAsManyLeaveAsDid) {
  std::vector<double> z;
  std::vector<int32_t> left;
  for (int i = 0; i < 4000; ++i) z.push_back(-2 + 4 * i / 4000.0), left.push_back(i % 4 == 0);
  double shift = rooms::level_shift(z, left), sum = 0;
  for (double of : z) sum += chance(of + shift);
  EXPECT_NEAR(sum + 4 * shift, 1000, 1e-6);
  EXPECT_TRUE(std::abs(rooms::level_shift({0.1, 0.2}, {1, 1})) < 0.5) << "of two customers little is known";
}

TEST(Leavers, AreTheSumOfTheirChances) {
  std::vector<double> z(1000, 0);
  rooms::Level level;
  level.next = {0.2, 1e6};
  Estimate of = rooms::leavers_of(z, level);
  EXPECT_NEAR(of.value, 500, 1e-9);
  double half = 1.95996 * std::sqrt(0.04 + 1 / 250.0);
  EXPECT_NEAR(of.hi, 1000 * chance(half), 0.01);
  EXPECT_NEAR(of.lo, 1000 * chance(-half), 0.01);
}

// Customers of a shop of three years: each buys at a pace of their own, half of them on even days only, until
// they are gone; whoever spends little leaves sooner, which no lifetime model sees.
PurchaseDays shop(size_t customers, uint64_t seed) {
  PurchaseDays out;
  out.start.push_back(0);
  const int32_t first = parse_date("2021-01-01").value().days, end = parse_date("2024-01-01").value().days;
  for (size_t i = 0; i < customers; ++i) {
    Random random(seed, i);
    bool is_poor = i % 2;
    double pace = 10 + 40 * random.uniform(), at = first + 800 * random.uniform();
    for (bool stays = true; stays && at<end; stays = random.uniform()>(is_poor ? 0.3 : 0.05)) {
      if (auto day = static_cast<int32_t>(at); out.days.size() == out.start.back() || out.days.back() < day) {
        out.days.push_back(day);
        out.spent.push_back({(is_poor ? 10 : 100) * Money::scale});
      }
      at += -pace * std::log(random.uniform() + 1e-12) + 1;
    }
    out.customer_id.push_back(std::to_string(1'000'000 + i));
    out.start.push_back(out.days.size());
  }
  return out;
}

TEST(Snapshot, SeesNothingFromItsDateOn) {
  PurchaseDays all = shop(400, 1), known = shop(400, 1);
  Date at = parse_date("2023-05-01").value();
  PurchaseDays cut;
  cut.start.push_back(0);
  for (size_t i = 0; i < known.size(); ++i) {
    auto before = known.before(i, at);
    if (before.empty()) continue;  // nobody knows them yet
    cut.days.insert(cut.days.end(), before.begin(), before.end());
    cut.spent.insert(cut.spent.end(), known.spent_of(i).begin(),
                     known.spent_of(i).begin() + static_cast<int64_t>(before.size()));
    cut.customer_id.push_back(known.customer_id[i]);
    cut.start.push_back(cut.days.size());
  }
  auto of_all = rooms::snapshot_at(all, at, 3, cutoff, true),
       of_cut = rooms::snapshot_at(cut, at, 3, at, true);
  ASSERT_GT(of_all.customers.size(), 100u);
  ASSERT_EQ(of_all.features.values.size(), of_cut.features.values.size());
  EXPECT_EQ(of_all.features.names, of_cut.features.names);
  for (size_t i = 0; i < of_all.features.values.size(); ++i) {
    double a = of_all.features.values[i], b = of_cut.features.values[i];
    ASSERT_TRUE(a == b || (std::isnan(a) && std::isnan(b)))
        << of_all.features.names[i % of_all.features.columns()];
  }
  EXPECT_EQ(of_all.lifetime, of_cut.lifetime);
  EXPECT_TRUE(of_cut.left.empty()) << "nobody knows yet";
  // who left: by looking at every day
  Date until = add_months(at, 3);
  for (size_t i = 0; i < of_all.left.size(); ++i) {
    auto days = all.of(of_all.customers[i]);
    bool came = std::any_of(days.begin(), days.end(),
                            [&](int32_t day) { return day >= at.days && day < until.days; });
    ASSERT_EQ(of_all.left[i], !came);
  }
}

TEST(Snapshot, FeaturesOfOneCustomer) {
  int32_t at = parse_date("2023-05-01").value().days;
  PurchaseDays one;  // 30 and 10 days apart, the last 20 days before; the horizon of a month has 31
  one.customer_id = {"a"}, one.start = {0, 3}, one.days = {at - 60, at - 30, at - 20};
  one.spent = {{0}, {3 * Money::scale}, {7 * Money::scale}};
  auto of = rooms::snapshot_at(one, Date{at}, 1, Date{at}, true);
  ASSERT_EQ(of.customers.size(), 1u);
  auto value = [&](std::string_view name) {
    for (size_t c = 0; c < of.features.columns(); ++c)
      if (of.features.names[c] == name) return of.features.values[c];
    return std::nan("");
  };
  EXPECT_NEAR(value("silence"), 20.0 / 31, 1e-12);
  EXPECT_NEAR(value("repeats"), std::log(3.0), 1e-12);
  EXPECT_NEAR(value("tenure"), 59.0 / 31, 1e-12);
  EXPECT_NEAR(value("pause"), std::log(20.0 / 31), 1e-12);
  EXPECT_NEAR(value("silence_by_pause"), 0, 1e-12);
  EXPECT_NEAR(value("silence_by_longest"), std::log(21.0 / 31), 1e-12);
  EXPECT_NEAR(value("irregularity"), 0.5, 1e-12);
  EXPECT_NEAR(value("last_pause"), std::log(0.5), 1e-12);
  EXPECT_EQ(value("days_1") + value("days_2"), 0);
  EXPECT_EQ(value("days_3"), 1);  // up to 20.67 days ago
  EXPECT_EQ(value("days_4"), 1);
  EXPECT_EQ(value("days_before"), 1);
  double usual = (std::log(4.0) + std::log(8.0)) / 2;
  EXPECT_NEAR(value("spend_day"), (std::log(4.0) + std::log(8.0)) / 3 - usual, 1e-12);
  EXPECT_NEAR(value("spend_last"), std::log(8.0) - (std::log(4.0) + std::log(8.0)) / 3, 1e-12);
  EXPECT_NEAR(value("spend_window"), std::log(11.0) - usual, 1e-12);
}

TEST(Snapshot, UsualPausesCountEachCustomerOnce) {
  PurchaseDays
      history;  // a hundred pauses of a day of one customer, and 19 customers with one of 30 to 48 days
  history.start = {0};
  for (int32_t customer = 0; customer < 20; ++customer) {
    for (int32_t i = 0; i < (customer == 0 ? 101 : 2); ++i)
      history.days.push_back(i * (customer == 0 ? 1 : 29 + customer));
    history.customer_id.push_back(std::to_string(customer));
    history.start.push_back(history.days.size());
  }
  EXPECT_EQ(rooms::usual_pause_days(history), 47);  // 1 + 18 of 20
  history.days.resize(1), history.start = {0, 1}, history.customer_id.resize(1);
  EXPECT_TRUE(std::isnan(rooms::usual_pause_days(history)));
}

TEST(Leaving, IsLearnedBeyondTheLifetimeModelAndTestedAtPastOrigins) {
  PurchaseDays history = shop(3'000, 2);
  auto learned = must(rooms::learn_leaving(history, start, cutoff, 3, 4, 1));
  ASSERT_EQ(learned.past.tests.size(), 4u);
  EXPECT_EQ(learned.past.used, rooms::blend_name);
  for (size_t i = 0; i < 4; ++i) {
    const auto& test = learned.past.tests[i];
    EXPECT_EQ(test.at->at, add_months(cutoff, -3 - 3 * static_cast<int32_t>(i)));
    ASSERT_EQ(test.judged.size(), rooms::tellers + 1);
    EXPECT_LT(test.judged[rooms::tellers].log_loss, test.judged[0].log_loss - 0.01)
        << "BG/NBD does not see who is poor";
    double sum = 0;
    for (size_t c = 0; c < test.at->left.size(); ++c)
      sum -= std::log(test.at->left[c] ? chance(test.told[0][c]) : 1 - chance(test.told[0][c]));
    EXPECT_NEAR(test.judged[0].log_loss, sum / static_cast<double>(test.at->left.size()), 1e-9);
  }
  // the model is the same after its text; what is damaged is refused
  rooms::Snapshot now = rooms::snapshot_at(history, cutoff, 3, cutoff, true);
  std::string text = learned.model.text();
  EXPECT_EQ(must(rooms::LeavingModel::read(text)).log_odds(now), learned.model.log_odds(now));
  for (size_t length = 0; length < text.size(); length += 1 + length / 20)
    EXPECT_FALSE(rooms::LeavingModel::read(text.substr(0, length))) << length;
  for (auto [from, to] : {std::pair("weights=", "weights=nan "), std::pair("season=", "season=9"),
                          std::pair("level=", "level=1e300 ")}) {
    std::string damaged = text;
    damaged.replace(damaged.find(from), std::string(from).size(), to);
    EXPECT_FALSE(rooms::LeavingModel::read(damaged)) << to;
  }
}

TEST(Leaving, TooShortAHistoryIsSaidToBe) {
  PurchaseDays history = shop(50, 3);
  auto none = rooms::learn_leaving(history, parse_date("2023-11-01").value(), cutoff, 3, 4, 1);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::no_data);
}

}  // namespace
}  // namespace danggol
