#include "rooms/lifetime_value/lifetime_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "base/parallel.h"
#include "contract/declare.h"
#include "learn/correlation.h"
#include "learn/gamma_gamma.h"
#include "learn/intervals.h"
#include "learn/log_odds.h"
#include "learn/origin_errors.h"
#include "rooms/lifetime_value/holdout.h"
#include "rooms/lifetime_value/predictive.h"
#include "rooms/lifetime_value/words.h"

namespace danggol::rooms {
namespace {

namespace words = lifetime_value_words;

using learn::LifetimeFamily;
using learn::LifetimeFit;
using Leaving = LifetimeFamily::Leaving;

struct Params {
  int64_t months = 12;
  std::string model = "auto";
};
Status validate(const Params&) { return {}; }

// ---- compute

// What is expected of a customer.
struct Outlook {
  Estimate alive, purchases, value;
  double spend = NAN;
  double spread = 0;  // variance of the number of purchases
};

// What customers spend on a day of purchases, where amounts are known and somebody's is above 0.
struct Spending {
  std::vector<learn::Spend> customers;  // as they are known
  std::optional<learn::GammaGammaFit> fit;
  double correlation = NAN;  // of how often they buy and what they spend, between customers (Spearman)
};

std::optional<LifetimeFamily> asked_for(const Params& params, const Known& known) {
  if (params.model == "bg_nbd") return LifetimeFamily{Leaving::after_repeat};
  if (params.model == "mbg_nbd") return LifetimeFamily{Leaving::after_any};
  if (params.model == "pareto_nbd") return LifetimeFamily{Leaving::at_any_time};
  if (params.model == "mbg_cnbd") return LifetimeFamily{Leaving::after_any, likeliest_regularity(known)};
  return {};
}

Spending spending_of(const PurchaseDays& history, const Known& known) {
  Spending out;
  std::vector<learn::Spend> paying;
  for (size_t customer : known.customers) {
    double spent = 0;
    for (Money of_day : history.spent_of(customer))
      spent += static_cast<double>(of_day.ten_thousandths) / Money::scale;
    double n = static_cast<double>(history.of(customer).size());
    out.customers.push_back({n, std::max(0.0, spent / n)});
    if (spent > 0) paying.push_back(out.customers.back());
  }
  if (paying.empty()) return out;
  out.fit = fit_gamma_gamma(paying);
  std::vector<double> often, much;
  for (const learn::Spend& of : paying) often.push_back(of.purchases), much.push_back(of.mean);
  out.correlation = learn::rank_correlation(often, much);
  return out;
}

Estimate alive_of(const LifetimeFit& fit, const std::vector<learn::LifetimeModel>& likely,
                  const learn::Lifetime& known) {
  double p = fit.model.p_alive(known), n = static_cast<double>(likely.size()), mean = 0, squares = 0;
  if (p >= 1) return {1, 1, 1};
  auto log_odds = [](double of) { return std::clamp(std::log(of / (1 - of)), -30.0, 30.0); };
  for (const learn::LifetimeModel& model : likely) {
    double z = log_odds(model.p_alive(known));
    mean += z / n, squares += z * z / n;
  }
  double half = learn::z95 * std::sqrt(std::max(0.0, squares - mean * mean));
  return {p, std::min(p, learn::chance(log_odds(p) - half)), std::max(p, learn::chance(log_odds(p) + half))};
}

Outlook outlook_of(const LifetimeFit& fit, const std::vector<learn::LifetimeModel>& likely,
                   const learn::Lifetime& known, double days, const Spending& spending, size_t customer) {
  Outlook out;
  out.alive = alive_of(fit, likely, known);
  // the chances of the likely models together
  std::vector<double> together, own;
  for (const learn::LifetimeModel& model : likely) {
    model.more_than(known, days, own);
    together.resize(std::max(together.size(), own.size()));
    for (size_t i = 0; i < own.size(); ++i) together[i] += own[i] / static_cast<double>(likely.size());
  }
  double expected = fit.model.expected(known, days), squares = 0;
  for (size_t i = 0; i < together.size(); ++i) squares += (2 * static_cast<double>(i) + 1) * together[i];
  Interval bounds = count_bounds(together);
  out.purchases = {expected, bounds.lo, bounds.hi};
  out.spread = std::max(0.0, squares - expected * expected);
  out.value = {NAN, NAN, NAN};
  if (!spending.fit) return out;
  const learn::Spend& spent = spending.customers[customer];
  out.spend = spending.fit->model.expected_mean(spent);
  Interval worth = value_bounds(together, spending.fit->model, spent);
  out.value = {expected * out.spend, worth.lo, worth.hi};
  return out;
}

// Of all of them together: chance, which evens out, and what origins were off by, which does not, and which
// is taken to grow with the months foretold. Without a test there are no bounds.
struct Totals {
  double alive = 0;
  Estimate purchases = {}, value = {};
};

Totals totals_of(const std::vector<Outlook>& outlooks, const HoldOut& test, const Period& coming,
                 int32_t months) {
  constexpr double half_a_day = 0.5;  // so that nothing expected and nothing come is no error
  Totals out;
  double variance = 0, most = static_cast<double>(outlooks.size()) * (coming.until.days - coming.from.days);
  for (const Outlook& of : outlooks) {
    out.alive += of.alive.value, out.purchases.value += of.purchases.value, variance += of.spread;
    out.value.value += of.value.value;
  }
  out.purchases.lo = out.purchases.hi = out.value.lo = out.value.hi = NAN;
  if (test.months == 0) return out;
  std::vector<double> errors;
  double farther = std::max(1.0, static_cast<double>(months) / test.months),
         all = out.purchases.value + half_a_day;
  for (const Tested* of : test.of(test.chosen.name()))
    errors.push_back(farther * std::log((of->came + half_a_day) / (of->expected + half_a_day)));
  double half = learn::next_error(errors, test.apart).half(variance / all / all);
  out.purchases.lo = std::max(0.0, all * std::exp(-half) - half_a_day);
  out.purchases.hi = std::min(most, all * std::exp(half) - half_a_day);
  double least_factor = std::exp(-half),
         most_factor = std::min(std::exp(half), most / std::max(1.0, out.purchases.value));
  out.value.lo = out.value.value * least_factor, out.value.hi = out.value.value * std::max(1.0, most_factor);
  return out;
}

// ---- rows

Columns customer_columns() {
  return Columns("lifetime_value")
      .customer_key()
      .count("purchase_days", "days")
      .date("last_day")
      .share("p_alive")
      .bounds("parameters")
      .real("purchases", "days")
      .bounds("predictive")
      .amount("spend_per_day")
      .amount("value")
      .bounds("predictive");
}
Columns parameter_columns() {
  return Columns("lifetime_model").key("model").key("parameter").real("value").bounds("likelihood");
}
Columns test_columns() {
  return Columns("lifetime_test")
      .key("origin", Type::date)
      .key("model")
      .count("customers")
      .real("expected", "days")
      .count("came", "days")
      .real("log_score")
      .real("rmse", "days")
      .share("held")
      .flag("used");
}
Columns group_columns() {
  return Columns("lifetime_calibration")
      .key("repeats", Type::integer, "days")
      .count("customers")
      .real("expected", "days")
      .real("came", "days")
      .bounds("mean");
}

Table customer_rows(const PurchaseDays& history, const Known& known, const std::vector<Outlook>& outlooks) {
  Table rows = Table::of(customer_columns());
  for (size_t i = 0; i < outlooks.size(); ++i) {
    const Outlook& of = outlooks[i];
    auto days = history.of(known.customers[i]);
    rows.append(history.customer_id[known.customers[i]], days.size(), Date{days.back()}, of.alive,
                of.purchases, of.spend, of.value);
  }
  return rows;
}

Table parameter_rows(const LifetimeFit& fit, const Spending& spending) {
  Table rows = Table::of(parameter_columns());
  for (const auto& [name, estimate] : fit.estimates()) rows.append(fit.model.family().name(), name, estimate);
  if (spending.fit)
    for (const auto& [name, estimate] : spending.fit->estimates()) rows.append("Gamma-Gamma", name, estimate);
  return rows;
}

Table test_rows(const HoldOut& test, const LifetimeFamily& used) {
  Table rows = Table::of(test_columns());
  for (const Tested& of : test.tests)
    rows.append(of.origin, of.model, of.customers, of.expected, static_cast<int64_t>(of.came), of.log_score,
                of.rmse, of.held, of.model == used.name());
  return rows;
}

Table group_rows(const HoldOut& test) {
  Table rows = Table::of(group_columns());
  for (const Group& of : test.groups)
    rows.append(of.purchases, of.customers, of.expected / static_cast<double>(of.customers),
                learn::mean(of.came, of.came_squares, of.customers));
  return rows;
}

// ---- words

void say_tested(const HoldOut& test, int32_t months, Summary& summary) {
  auto tests = test.of(test.chosen.name()), before = test.of(as_before);
  if (tests.empty()) return;
  const Tested& newest = *tests[0];
  auto said = words::tested({.customers = newest.customers,
                             .origin = newest.origin,
                             .period = {newest.origin, newest.until},
                             .expected = Count(std::llround(newest.expected)),
                             .came = static_cast<int64_t>(newest.came),
                             .held = Share(newest.held)});
  constexpr double far_off = 0.25, least_held = 0.9;
  bool is_good =
      std::abs(newest.came - newest.expected) <= far_off * newest.expected + 1 && newest.held >= least_held;
  is_good ? summary.say(std::move(said)) : summary.warn(std::move(said));
  size_t wins = 0;
  for (size_t i = 0; i < tests.size(); ++i) wins += tests[i]->rmse < before[i]->rmse;
  if (2 * wins <= tests.size())
    summary.warn(words::not_better(
        {.wins = wins, .origins = tests.size(), .first = tests.back()->origin, .last = newest.origin}));
  if (months > test.months)
    summary.warn(
        words::farther_than_tested({.origin = newest.origin, .tested = test.months, .months = months}));
}

Summary say(const Totals& totals, const HoldOut& test, const Spending& spending, size_t customers,
            const Period& coming, int32_t months) {
  Date as_of = coming.from;
  Summary summary;
  summary.fact("customers", customers, "customers");
  summary.fact("alive", std::round(totals.alive), "customers");
  summary.key_figure("expected_purchases", totals.purchases.rounded(), "days", coming);
  if (spending.fit) {
    summary.key_figure("expected_value", totals.value, "currency", coming);
    summary.say(words::outlook({.customers = customers,
                                .as_of = as_of,
                                .alive = std::llround(totals.alive),
                                .coming = coming,
                                .purchases = Count::perhaps_bounded(totals.purchases),
                                .value = Amount::perhaps_bounded(totals.value)}));
  } else {
    summary.say(words::outlook_without_money({.customers = customers,
                                              .as_of = as_of,
                                              .alive = std::llround(totals.alive),
                                              .coming = coming,
                                              .purchases = Count::perhaps_bounded(totals.purchases)}));
  }
  say_tested(test, months, summary);
  if (test.months == 0) summary.warn(words::untested({.as_of = as_of, .model = {test.chosen.name()}}));
  constexpr double strong = 0.3;
  if (spending.fit && std::abs(spending.correlation) > strong)
    summary.warn(words::spend_depends({.as_of = as_of, .correlation = Number(spending.correlation)}));
  return summary;
}

Result<Summary> run(Context& context, const Params& params) {
  const TimeFrame& time = context.time();
  auto months = static_cast<int32_t>(params.months);
  PurchaseDays history = TRY(purchase_days(context));
  if (history.size() == 0)
    return Error{Code::no_data, fmt::format("lifetime_value: no purchases before {}", to_text(time.as_of))};
  TRY(context.progress(0.1, "tests at past origins"));
  Known known = known_at(history, time.as_of);
  HoldOut test = hold_out(history, time, months, asked_for(params, known));
  TRY(context.progress(0.5, "customers"));
  LifetimeFit fit = fit_lifetimes(test.chosen, learn::Lifetimes(known.lifetimes, known.log_pauses));
  Spending spending =
      TRY(knows_amounts(context, {time.first_sale, time.as_of})) ? spending_of(history, known) : Spending();
  Period coming{time.as_of, add_months(time.as_of, months)};
  auto likely = fit.likely_models();
  std::vector<Outlook> outlooks(known.customers.size());
  parallel_for(outlooks.size(), [&](size_t i) {
    outlooks[i] =
        outlook_of(fit, likely, known.lifetimes[i], coming.until.days - coming.from.days, spending, i);
  });
  TRY(context.progress(0.9, "tables"));
  TRY(context.write("result.lifetime_value", customer_rows(history, known, outlooks)));
  TRY(context.write("result.lifetime_model", parameter_rows(fit, spending)));
  TRY(context.write("result.lifetime_test", test_rows(test, fit.model.family())));
  TRY(context.write("result.lifetime_calibration", group_rows(test)));
  return say(totals_of(outlooks, test, coming, months), test, spending, known.customers.size(), coming,
             months);
}

}  // namespace

Room lifetime_value() {
  AnalysisInfo info = {
      .name = "lifetime_value",
      .reads = {"raw.event", "raw.customer"},
      .dates = {"as-of", "until"},
      .writes = {customer_columns(), parameter_columns(), test_columns(), group_columns()},
      .charts = {calibration("lifetime_calibration", "lifetime_calibration")
                     .x("expected")
                     .y("came")
                     .bounds()
                     .size("customers")
                     .unit("days")},
      .tables = {
          Shown("lifetime_value").order_by("value DESC NULLS LAST, purchases DESC, customer_id").rows(15),
          Shown("lifetime_test").evidence(), Shown("lifetime_model").evidence()}};
  ParamTable<Params> table;
  table.integer("months", &Params::months, {1, 120}, "months")
      .choice("model", &Params::model, {"auto", "bg_nbd", "mbg_nbd", "mbg_cnbd", "pareto_nbd"});
  return make_job(info, words::all, table, run);
}

}  // namespace danggol::rooms
