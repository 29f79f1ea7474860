// tests/unit/oracle/lifetimes_oracle.py made the tables: integrals over every customer's own rates, from the
// definition of the process.
#include "learn/lifetimes.h"

#include <gtest/gtest.h>

#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <fstream>
#include <map>
#include <numeric>
#include <sstream>

#include "base/random.h"
#include "base/units.h"
#include "learn/gamma_gamma.h"

namespace danggol::learn {
namespace {

using Row = std::map<std::string, std::string>;

std::vector<Row> rows_of(const std::string& name) {
  std::ifstream file(std::string(UNIT_ORACLE) + "/" + name);
  auto cells = [](const std::string& line) {
    std::vector<std::string> out;
    std::stringstream text(line);
    for (std::string cell; std::getline(text, cell, ',');) out.push_back(cell);
    return out;
  };
  std::string line;
  std::getline(file, line);
  std::vector<std::string> names = cells(line);
  std::vector<Row> out;
  while (std::getline(file, line)) {
    std::vector<std::string> values = cells(line);
    Row row;
    for (size_t i = 0; i < values.size(); ++i) row[names[i]] = values[i];
    out.push_back(row);
  }
  return out;
}

LifetimeFamily family_of(const std::string& name, int32_t k) {
  if (name == "pareto_nbd") return {LifetimeFamily::Leaving::at_any_time, 1};
  return {name[0] == 'b' ? LifetimeFamily::Leaving::after_repeat : LifetimeFamily::Leaving::after_any, k};
}

TEST(Lifetimes, AreWhatTheProcessSays) {
  std::vector<Row> rows = rows_of("lifetimes.csv");
  ASSERT_EQ(rows.size(), 225u);
  for (const Row& row : rows) {
    auto at = [&](const char* name) { return std::stod(row.at(name)); };
    LifetimeModel model(family_of(row.at("model"), std::stoi(row.at("k"))),
                        {at("r"), at("alpha"), at("p3"), at("p4")});
    Lifetime of{at("x"), at("t_x"), at("T")};
    SCOPED_TRACE(row.at("model") + " r=" + row.at("r") + " alpha=" + row.at("alpha") + " x=" + row.at("x") +
                 " t_x=" + row.at("t_x") + " t=" + row.at("t"));
    EXPECT_NEAR(model.log_likelihood(of), at("ll"), 1e-9 * std::max(1.0, std::abs(at("ll"))));
    EXPECT_NEAR(model.p_alive(of), at("p_alive"), 1e-9);
    EXPECT_NEAR(model.p_none(of, at("t")), at("p_none"), 1e-9);
    EXPECT_NEAR(model.expected(of, at("t")), at("expected"), 1e-8 * std::max(1.0, at("expected")));
    std::vector<double> p;
    model.more_than(of, at("t"), p);
    p.resize(std::max<size_t>(p.size(), 3));
    EXPECT_NEAR(1 - p[0], at("p_none"), 1e-8);
    EXPECT_NEAR(p[1] - p[2], at("p_full_2"), 1e-8);
    EXPECT_NEAR(std::accumulate(p.begin(), p.end(), 0.0), at("expected"),
                1e-6 * std::max(1.0, at("expected")));
  }
}

TEST(GammaGamma, IsWhatTheProcessSays) {
  std::vector<Row> rows = rows_of("gamma_gamma.csv");
  ASSERT_EQ(rows.size(), 12u);
  for (const Row& row : rows) {
    auto at = [&](const char* name) { return std::stod(row.at(name)); };
    GammaGammaModel model{at("p"), at("q"), at("gamma")};
    EXPECT_NEAR(model.log_likelihood({at("x"), at("m")}), at("ll"), 1e-9);
    EXPECT_NEAR(model.expected_mean({at("x"), at("m")}), at("expected"), 1e-9 * at("expected"));
  }
}

// The distribution is exactly an incomplete beta function.
TEST(GammaGamma, ChancesOfAmountsAreThoseOfARatioOfGammas) {
  for (double p : {0.8, 2.0, 6.25, 30.0})
    for (double q : {1.2, 3.74, 20.0})
      for (Spend spent : {Spend{1, 20}, Spend{8, 35}, Spend{60, 12}})
        for (double purchases : {1.0, 3.0, 25.0}) {
          GammaGammaModel model{p, q, 15.44};
          for (double share : {0.01, 0.1, 0.5, 0.9, 0.975, 0.995}) {
            double y = boost::math::ibeta_inv(p * purchases, p * spent.purchases + q, share);
            double amount = (model.gamma + spent.purchases * spent.mean) * y / (1 - y);
            EXPECT_NEAR(model.p_at_most(spent, purchases, amount), share, p < 1 ? 0.02 : 0.005)
                << p << " " << q << " " << purchases << " " << spent.purchases;
          }
        }
}

// Of 2,357 customers of CDNOW, weeks from their first purchase to 1997-09-30 and what came then.
struct Cdnow {
  std::vector<Lifetime> customers;
  std::vector<double> later;  // repeat purchases of the 39 weeks after
  std::vector<Spend> spend;
};

std::optional<Cdnow> cdnow() {
  std::ifstream file(std::string(UNIT_DATA) + "/cdnow/CDNOW_sample.txt");
  if (!file) return {};
  std::map<int, std::map<int32_t, double>> spent;
  int master, customer, day, cds;
  double dollars;
  while (file >> master >> customer >> day >> cds >> dollars) {
    Date date =
        parse_date(std::to_string(day / 10000) + "-" + std::to_string(day / 100 % 100 + 100).substr(1) + "-" +
                   std::to_string(day % 100 + 100).substr(1))
            .value();
    spent[customer][date.days] += dollars;
  }
  int32_t end = parse_date("1997-09-30").value().days;
  Cdnow out;
  for (const auto& [id, days] : spent) {
    int32_t first = days.begin()->first, last = first;
    double x = 0, later = 0, sum = 0;
    for (const auto& [at, amount] : days) {
      if (at > end) ++later;
      else if (at > first) ++x, last = at, sum += amount;
    }
    out.customers.push_back({x, (last - first) / 7.0, (end - first) / 7.0});
    out.later.push_back(later);
    if (x > 0 && sum > 0) out.spend.push_back({x, sum / x});
  }
  return out;
}

void expect_parameters(const LifetimeFit& fit, std::array<double, 4> published, double log_likelihood) {
  EXPECT_TRUE(fit.converged);
  for (size_t i = 0; i < 4; ++i)
    EXPECT_NEAR(fit.model.parameters()[i], published[i], 0.0005 + 1e-4 * published[i]);
  EXPECT_NEAR(fit.log_likelihood, log_likelihood, 0.005);
}

TEST(Lifetimes, OfCdnowAreThosePublished) {
  auto data = cdnow();
  if (!data) GTEST_SKIP() << "no data";
  ASSERT_EQ(data->customers.size(), 2357u);
  Lifetimes merged(data->customers);
  EXPECT_LT(merged.rows().size(), 2000u);
  LifetimeFit bg = fit_lifetimes({LifetimeFamily::Leaving::after_repeat}, merged);
  expect_parameters(bg, {0.243, 4.414, 0.793, 2.426}, -9582.429);
  EXPECT_NEAR(bg.model.expected({2, 30.43, 38.86}, 39), 1.226, 0.0005);
  expect_parameters(fit_lifetimes({LifetimeFamily::Leaving::after_any}, merged), {0.525, 6.183, 0.891, 1.614},
                    -9582.136);
  expect_parameters(fit_lifetimes({LifetimeFamily::Leaving::at_any_time}, merged),
                    {0.553, 10.578, 0.606, 11.669}, -9594.976);
  double squares = 0, expected = 0, came = 0;
  for (size_t i = 0; i < data->customers.size(); ++i) {
    double forecast = bg.model.expected(data->customers[i], 39);
    squares += std::pow(forecast - data->later[i], 2), expected += forecast, came += data->later[i];
  }
  EXPECT_EQ(came, 1882);
  EXPECT_NEAR(expected, 1653, 1);
  EXPECT_LT(std::sqrt(squares / 2357), 1.6085);

  ASSERT_EQ(data->spend.size(), 946u);
  GammaGammaFit spend = fit_gamma_gamma(data->spend);
  EXPECT_NEAR(spend.model.p, 6.25, 0.01);
  EXPECT_NEAR(spend.model.q, 3.74, 0.01);
  EXPECT_NEAR(spend.model.gamma, 15.44, 0.05);
}

// The gradient against differences of the value, through the whole of what is maximised: where it is wrong
// the fit stops elsewhere. Here: a fit is no worse than what lies around it.
TEST(Lifetimes, AFitIsTheLikeliest) {
  Random random(7, 1);
  for (auto leaving : {LifetimeFamily::Leaving::after_repeat, LifetimeFamily::Leaving::after_any,
                       LifetimeFamily::Leaving::at_any_time})
    for (int32_t k : {1, 3}) {
      if (k > 1 && leaving == LifetimeFamily::Leaving::at_any_time) continue;
      std::vector<Lifetime> customers;
      for (int i = 0; i < 800; ++i) {
        double T = static_cast<double>(50 + random.below(300)), last = 0, x = 0,
               pace = 5 + static_cast<double>(random.below(60));
        for (double at = 0; random.below(8) > 0;) {
          at += 1 + std::floor(pace * (0.5 + static_cast<double>(random.below(1000)) / 1000));
          if (at > T) break;
          last = at, ++x;
        }
        customers.push_back({x, last, T});
      }
      Lifetimes merged(customers);
      LifetimeFit fit = fit_lifetimes({leaving, k}, merged);
      SCOPED_TRACE(fit.model.family().name());
      auto value = [&](const LifetimeModel& model) {
        double sum = 0;
        for (const Lifetime& of : customers) sum += model.log_likelihood(of);
        return sum;
      };
      double best = value(fit.model);
      EXPECT_NEAR(best, fit.log_likelihood, 1e-6 * std::abs(best));
      for (size_t d = 0; d < 4; ++d)
        for (double by : {0.97, 1.03}) {
          auto parameters = fit.model.parameters();
          parameters[d] *= by;
          EXPECT_LE(value(LifetimeModel(fit.model.family(), parameters)), best + 1e-7) << d << " " << by;
        }
    }
}

TEST(Lifetimes, NothingIsTooLittleOrTooMuch) {
  std::vector<std::vector<Lifetime>> shops = {{{0, 0, 0}},
                                              {{0, 0, 100}},
                                              {{5, 90, 100}},
                                              std::vector<Lifetime>(500, {0, 0, 300}),
                                              {{4000, 9990, 10000}, {3, 20, 12000}, {0, 0, 12000}},
                                              std::vector<Lifetime>(100, {7, 70, 70})};
  for (const auto& customers : shops)
    for (LifetimeFamily family : {LifetimeFamily{LifetimeFamily::Leaving::after_repeat, 1},
                                  LifetimeFamily{LifetimeFamily::Leaving::after_repeat, 4},
                                  LifetimeFamily{LifetimeFamily::Leaving::after_any, 1},
                                  LifetimeFamily{LifetimeFamily::Leaving::at_any_time, 1}}) {
      LifetimeFit fit = fit_lifetimes(family, Lifetimes(customers));
      SCOPED_TRACE(family.name());
      std::vector<LifetimeModel> models = fit.likely_models();
      models.push_back(fit.model);
      for (const LifetimeModel& model : models)
        for (const Lifetime& of : customers) {
          double alive = model.p_alive(of), silent = model.p_none(of, 3650),
                 expected = model.expected(of, 3650);
          EXPECT_TRUE(alive >= 0 && alive <= 1) << alive;
          EXPECT_TRUE(silent >= 0 && silent <= 1) << silent;
          EXPECT_TRUE(expected >= 0 && std::isfinite(expected)) << expected;
        }
    }
}

// The mean and spread of likely models' parameters are the fit's.
TEST(Lifetimes, LikelyModelsSpreadAsTheFitDoes) {
  LifetimeFit fit{LifetimeModel({}, {0.5, 8, 0.7, 2}),
                  0,
                  {4, 4, {0.04, 0.02, 0, 0, 0.02, 0.05, 0.01, 0, 0, 0.01, 0.09, 0.03, 0, 0, 0.03, 0.16}}};
  for (size_t i = 0; i < 4; ++i)
    for (size_t j = 0; j < 4; ++j) {
      double mean = 0, product = 0;
      for (const LifetimeModel& model : fit.likely_models()) {
        auto off = [&](size_t d) { return std::log(model.parameters()[d] / fit.model.parameters()[d]); };
        mean += off(i) / 8, product += off(i) * off(j) / 8;
      }
      EXPECT_NEAR(mean, 0, 1e-12);
      EXPECT_NEAR(product, fit.covariance.values[i * 4 + j], 1e-12);
    }
}

// Of many rows a sample stands for all; its likelihood is that of its customers.
TEST(Lifetimes, ASampleIsOfEverything) {
  Random random(3, 9);
  std::vector<Lifetime> customers;
  for (int i = 0; i < 60'000; ++i) {
    double T = static_cast<double>(100 + random.below(900)), x = static_cast<double>(random.below(5));
    customers.push_back(
        {x, x > 0 ? 1 + std::floor(T * static_cast<double>(random.below(1000)) / 1000) : 0, T});
  }
  Lifetimes merged(customers);
  LifetimeFit all = fit_lifetimes({}, merged), some = fit_lifetimes({}, merged, 10'000);
  EXPECT_EQ(all.customers, 60'000);
  EXPECT_EQ(some.customers, 10'000);
  for (size_t d = 0; d < 4; ++d) {
    double error = std::sqrt(some.covariance.values[d * 5]);
    EXPECT_NEAR(std::log(some.model.parameters()[d] / all.model.parameters()[d]), 0, 3 * error);
    EXPECT_GT(error, 2 * std::sqrt(all.covariance.values[d * 5]));
  }
}

}  // namespace
}  // namespace danggol::learn
