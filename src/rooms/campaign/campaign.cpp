#include "rooms/campaign/campaign.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "base/random.h"
#include "contract/declare.h"
#include "contract/largest_values.h"
#include "danggol/printable.h"
#include "learn/intervals.h"
#include "learn/metrics.h"
#include "rooms/campaign/campaign.sql.h"
#include "rooms/campaign/words.h"

namespace danggol::rooms {
namespace {

namespace words = campaign_words;

struct Params {
  double least_p_leave = 0;
  double least_p_loyal = 0.5;
  double holdout = 0.1;
  double budget = 0;
  int64_t most_customers = 0;
  int64_t contact_cap = 3;
  double discount = 0.1, pay_discount = 0.03;
  double margin = 0.3;
  // not known: a store does not say of which currency
  double cost_push = 0, cost_email = 0, cost_sms = 0, cost_kakao = 0;
  double sms_share = 0.2, kakao_share = 0, push_share = 0.4;
  std::string offer, loyal_offer;  // the shop's own names

  bool knows_costs() const { return cost_push > 0 || cost_email > 0 || cost_sms > 0 || cost_kakao > 0; }
};

Status validate(const Params& params) {
  for (const auto& [name, offer] :
       {std::pair("offer", params.offer), std::pair("loyal-offer", params.loyal_offer)})
    if (offer == "none" || std::any_of(offer.begin(), offer.end(), [](char c) { return c >= 0 && c < ' '; }))
      return Error{Code::bad_input,
                   fmt::format("{}={}: must be words of one line; none is the name of the hold-out", name,
                               printable(offer))};
  if (params.budget > 0 && !params.knows_costs())
    return Error{Code::bad_input,
                 fmt::format("budget={}: what a contact costs is not known; give --cost-sms, "
                             "--cost-push and --cost-email",
                             params.budget)};
  if (double all = params.sms_share + params.kakao_share + params.push_share; all > 1)
    return Error{
        Code::bad_input,
        fmt::format("sms-share + kakao-share + push-share = {}: must be at most 1; the rest get e-mail",
                    all)};
  return {};
}

Columns campaign_columns() {
  return Columns("campaign")
      .customer_key()
      .share("propensity")
      .text("reason")
      .share("p_leave")
      .bounds("origins")
      .product_key()
      .text("product_name")
      .share("p_buy")
      .bounds("p_buy")
      .text("offer")
      .text("offer_ko")
      .text("offer_place")
      .flag("pay_discount")
      .text("why")
      .text("why_ko")
      .text("medium")
      .text("hours")
      .amount("expected_value")
      .bounds("value");
}
Columns holdout_columns() {
  return Columns("campaign_holdout")
      .customer_key()
      .share("propensity")
      .text("reason")
      .share("p_leave")
      .bounds("origins")
      .text("medium");
}
Columns summary_columns() {
  return Columns("campaign_summary")
      .key("reason")
      .key("medium")
      .count("customers")
      .count("contacts", "")
      .amount("cost");
}
Columns backtest_columns() {
  return Columns("campaign_backtest")
      .key("top_share", Type::real, "share")
      .count("customers")
      .count("leavers_caught")
      .count("leavers")
      .share("recall")
      .bounds("wilson")
      .share("precision")
      .bounds("wilson");
}

// What leavers do otherwise than everybody, as far as other rooms have found it beyond chance.
struct Habit {
  std::string place;
  double leavers = 0, others = 0;  // shares of what they use
};
struct Habits {
  std::vector<Habit> outlets, affiliates;  // used more, the most first
  std::string others;                      // whom leavers were compared with
  // By how much those leave more who never pay with our own service, of customers with as many receipts.
  std::optional<Estimate> never_leave_more;
};

// Puts what is over-used into over_used(dimension, cell, p, q, difference), too.
Result<Habits> leaver_habits(Context& context) {
  Habits habits;
  auto compared = context.params_of("result.channel_divergence");
  bool is_known = compared && compared->at("h2-grade") == "inactive" && compared->at("group").empty();
  TRY(context.execute(fmt::format(
      "CREATE OR REPLACE TEMP TABLE over_used AS SELECT dimension, cell, p, q, difference FROM {} WHERE cell "
      "<> '{}'",
      is_known ? "(FROM result.channel_divergence WHERE marked AND difference > 0 AND dimension IN ('channel "
                 "x partner', 'channel', 'affiliate'))"
               : "(SELECT '' AS dimension, '' AS cell, 0::DOUBLE AS p, 0::DOUBLE AS q, 0::DOUBLE AS "
                 "difference LIMIT 0)",
      other_values)));
  if (is_known) habits.others = compared->at("against");
  Table over = TRY(context.query("SELECT * FROM over_used ORDER BY difference DESC, cell"));
  for (size_t i = 0; i < over.rows(); ++i)
    (over.texts("dimension")[i] == "affiliate" ? habits.affiliates : habits.outlets)
        .push_back({over.texts("cell")[i], over.reals("p")[i], over.reals("q")[i]});
  if (!context.params_of("result.pay_share_trend")) return habits;
  Table more =
      TRY(context.query("SELECT difference, difference_lo, difference_hi FROM result.pay_share_trend WHERE "
                        "among = 'receipts' AND "
                        "z < 0 AND p_value <= 0.05 AND difference_lo > 0"));
  if (more.rows() > 0)
    habits.never_leave_more =
        Estimate{more.reals("difference")[0], more.reals("difference_lo")[0], more.reals("difference_hi")[0]};
  return habits;
}

// What a customer is offered with a product, where it is valid, and why.
struct Offer {
  std::string name, name_ko, place;  // in Korean marked as the advertisement that it is
  bool pay_discount = false;
  std::vector<Sentence> why;
};

Offer offer_of(const Params& params, const Habits& habits, bool is_loyal, bool has_product,
               const std::string& outlet, bool pays) {
  auto named = [](const std::string& given, std::string_view usual) {
    Text name = given.empty() ? words::all.text(fmt::format("label.{}", usual)) : written(Name{given});
    return Offer{given.empty() ? std::string(usual) : given,
                 render(words::all, words::advertised({.offer = {name}})).in(Language::ko)};
  };
  Offer offer = is_loyal ? named(params.loyal_offer, "thanks") : named(params.offer, "discount");
  if (is_loyal) {
    offer.why = {words::why_thanked()};
    return offer;
  }
  auto sold = std::find_if(habits.outlets.begin(), habits.outlets.end(),
                           [&](const Habit& habit) { return habit.place == outlet; });
  const Habit* habit = sold != habits.outlets.end() ? &*sold
                       : !habits.affiliates.empty() ? &habits.affiliates[0]
                                                    : nullptr;
  if (habit) {
    offer.place = habit->place;
    offer.why = {words::why_habit({.place = {habit->place},
                                   .leavers = Share(habit->leavers),
                                   .others = {habits.others},
                                   .share = Share(habit->others)})};
  } else {
    offer.why = {has_product ? words::why_product() : words::why_no_product()};
  }
  if (habits.never_leave_more && !pays) {
    offer.pay_discount = true;
    offer.why.push_back(words::why_pay({.points = Points(*habits.never_leave_more)}));
  }
  return offer;
}

std::string joined(const std::vector<Sentence>& sentences, Language language, const char* with) {
  std::string out;
  for (const Sentence& sentence : sentences)
    out += (out.empty() ? "" : with) + render(words::all, sentence).in(language);
  return out;
}

struct Medium {
  const char* name;
  double cost, share;
};

// As a rule the dearer first: the more there is to lose, the dearer the medium may be.
std::array<Medium, 4> media_of(const Params& params) {
  return {{{"sms", params.cost_sms, params.sms_share},
           {"kakao", params.cost_kakao, params.kakao_share},
           {"push", params.cost_push, params.push_share},
           {"email", params.cost_email, 1}}};
}

// The medium of a place in the list, its first customers' being the first one; where the customer may not be
// reached through it the next one, then those before it. nullptr where there is none.
template <class MayReach>
const Medium* medium_of(double place, const std::array<Medium, 4>& media, const MayReach& may_reach) {
  constexpr double rounding = 1e-9;  // 0.2 + 0.4 is more than 0.6
  size_t wanted = 0;
  for (double until = media[0].share; wanted + 1 < media.size() && place >= until - rounding;
       until += media[wanted].share)
    ++wanted;
  for (size_t m = wanted; m < media.size(); ++m)
    if (may_reach(media[m].name)) return &media[m];
  for (size_t m = wanted; m-- > 0;)
    if (may_reach(media[m].name)) return &media[m];
  return nullptr;
}

// The first products of everybody's recommendations into recommended, nobody's where there are none.
Status read_recommendations(Context& context, const Params& params) {
  bool is_known = context.params_of("result.recommendation").has_value();
  return context.execute(
      fmt::format("CREATE OR REPLACE TEMP TABLE recommended AS SELECT customer_id, product_id, place, "
                  "p_buy_if_back, p_buy_if_back_lo, p_buy_if_back_hi FROM {} WHERE place <= $contact_cap",
                  is_known ? "result.recommendation"
                           : "(SELECT '' AS customer_id, '' AS product_id, 0 AS place, 0::DOUBLE AS "
                             "p_buy_if_back, 0::DOUBLE AS p_buy_if_back_lo, 0::DOUBLE AS p_buy_if_back_hi "
                             "LIMIT 0)"),
      {{"contact_cap", params.contact_cap}});
}

struct Counts {
  int64_t treated = 0, held = 0, without_product = 0;  // customers on the list
  int64_t suppressed = 0, look_suppressed = 0, unreachable = 0, losing = 0, beyond = 0;  // and not on it
  double leaving = 0;         // of the treated, to be expected
  std::string alike, listed;  // the first of those who look suppressed, and the id they look like
  double spent = 0;
  int64_t priced = 0;  // offers to the treated whose value is known, and its sums
  double value = 0, value_lo = 0, value_hi = 0;
};

// A row to be: a candidate's, what is offered with its product, and what that is expected to bring.
struct Priced {
  size_t candidate;
  Offer offer;
  Estimate value;  // NaN where the price or the chance to buy is not known
};

// Candidates become rows, in their order: who is held out, what is offered and through which medium.
class ContactList {
 public:
  ContactList(Context& context, const Params& params, const Habits& habits)
      : context_(context), params_(params), habits_(habits) {}

  Status make() {
    candidates_ = TRY(context_.query("SELECT * FROM candidate"));
    const auto &customer = candidates_.texts("customer_id"), &reason = candidates_.texts("reason");
    // how many customers each reason has, to place a customer in its list
    double of_reason[2] = {}, place[2] = {};
    for (size_t i = 0; i < candidates_.rows(); ++i)
      if (i == 0 || customer[i] != customer[i - 1]) of_reason[reason[i] == "loyal"] += may_contact(i);
    for (size_t from = 0, until = 0; from < candidates_.rows(); from = until) {
      while (until < candidates_.rows() && customer[until] == customer[from]) ++until;
      bool is_loyal = reason[from] == "loyal";
      if (!may_contact(from)) {
        count_untouchable(from);
        continue;
      }
      auto may_reach = [&](const char* medium) { return candidates_.integers(medium)[from] != 0; };
      const Medium* medium = medium_of(place[is_loyal]++ / of_reason[is_loyal], media_, may_reach);
      if (medium) TRY(add(from, until, *medium));
      else ++counts_.unreachable;
    }
    TRY(context_.write("result.campaign", rows_));
    return context_.write("result.campaign_holdout", held_out_);
  }
  const Counts& counts() const { return counts_; }

 private:
  bool may_contact(size_t i) const {
    return candidates_.integers("suppressed")[i] == 0 && candidates_["looks_like"].is_null(i);
  }
  void count_untouchable(size_t i) {
    if (candidates_.integers("suppressed")[i] != 0) {
      ++counts_.suppressed;
      return;
    }
    constexpr int64_t most_named = 5;
    const std::string& listed = candidates_.texts("looks_like")[i];
    if (++counts_.look_suppressed > most_named) return;
    if (counts_.listed.empty()) counts_.listed = listed;
    counts_.alike += fmt::format("{}{} ({})", counts_.alike.empty() ? "" : ", ", listed,
                                 candidates_.texts("customer_id")[i]);
  }

  Priced priced(size_t i, const Medium& medium) const {
    Offer offer = offer_of(params_, habits_, candidates_.texts("reason")[i] == "loyal",
                           !candidates_.texts("product_id")[i].empty(), candidates_.texts("outlet")[i],
                           candidates_.integers("pays")[i] != 0);
    double worth = candidates_["price"].number(i) *
                   (params_.margin - params_.discount - (offer.pay_discount ? params_.pay_discount : 0));
    auto expected = [&](const char* p_buy) { return candidates_[p_buy].number(i) * worth - medium.cost; };
    Estimate value{expected("p_buy"), expected("p_buy_lo"), expected("p_buy_hi")};
    if (value.lo > value.hi) std::swap(value.lo, value.hi);
    return {i, std::move(offer), value};
  }

  // A customer's offers but those that are expected to lose money. The list ends for both arms at the first
  // customer that does not fit: arms stay comparable.
  Status add(size_t from, size_t until, const Medium& medium) {
    std::vector<Priced> offers;
    for (size_t i = from; i < until; ++i)
      if (Priced one = priced(i, medium); !(one.value.value < 0)) offers.push_back(std::move(one));
    if (offers.empty()) {
      ++counts_.losing;
      return {};
    }
    bool is_held =
        Random::unit(draw_of(candidates_.texts("customer_id")[from], context_.seed())) < params_.holdout;
    double cost = medium.cost * static_cast<double>(offers.size());
    bool fits = (params_.budget <= 0 || counts_.spent + cost <= params_.budget) &&
                (params_.most_customers <= 0 || counts_.treated < params_.most_customers);
    is_full_ = is_full_ || (!is_held && !fits);
    if (is_full_) {
      ++counts_.beyond;
      return {};
    }
    if (is_held) {
      ++counts_.held;
      hold_out(from, medium);
      return write_if_many("result.campaign_holdout", held_out_, holdout_columns);
    }
    ++counts_.treated;
    counts_.without_product += candidates_.texts("product_id")[from].empty();
    counts_.spent += cost, counts_.leaving += candidates_.reals("p_leave")[from];
    for (const Priced& offer : offers) add_row(offer, medium);
    return write_if_many("result.campaign", rows_, campaign_columns);
  }
  Status write_if_many(const char* table, Table& rows, Columns (*columns)()) {
    if (rows.rows() < most_rows_held) return {};
    TRY(context_.write(table, rows));
    rows = Table::of(columns());
    return {};
  }

  void hold_out(size_t i, const Medium& medium) {
    auto number = [&](const char* column) { return candidates_[column].number(i); };
    held_out_.append(candidates_.texts("customer_id")[i], params_.holdout, candidates_.texts("reason")[i],
                     number("p_leave"), number("p_leave_lo"), number("p_leave_hi"), medium.name);
  }

  void add_row(const Priced& of, const Medium& medium) {
    size_t i = of.candidate;
    const Estimate& value = of.value;
    if (!std::isnan(value.value))
      ++counts_.priced, counts_.value += value.value, counts_.value_lo += value.lo,
          counts_.value_hi += value.hi;
    auto number = [&](const char* column) { return candidates_[column].number(i); };
    rows_.append(candidates_.texts("customer_id")[i], 1 - params_.holdout, candidates_.texts("reason")[i],
                 number("p_leave"), number("p_leave_lo"), number("p_leave_hi"),
                 candidates_.texts("product_id")[i], candidates_.texts("product_name")[i], number("p_buy"),
                 number("p_buy_lo"), number("p_buy_hi"), of.offer.name, of.offer.name_ko, of.offer.place,
                 of.offer.pay_discount, joined(of.offer.why, Language::en, "; "),
                 joined(of.offer.why, Language::ko, ", "), medium.name, hours(i, medium), value);
  }

  // Between 21 and 8 o'clock only who agreed to that gets what rings.
  std::string hours(size_t i, const Medium& medium) const {
    bool rings = std::string_view(medium.name) != "email";
    return rings && candidates_.integers("night")[i] == 0 ? "08:00-21:00" : "00:00-24:00";
  }

  static constexpr size_t most_rows_held = 50'000;  // each of some 500 bytes

  Context& context_;
  const Params& params_;
  const Habits& habits_;
  std::array<Medium, 4> media_ = media_of(params_);
  Table candidates_, rows_ = Table::of(campaign_columns()), held_out_ = Table::of(holdout_columns());
  Counts counts_;
  bool is_full_ = false;
};

// What a contact is expected to bring, and what that rests on.
void say_value(const Counts& counts, const Params& params, const Period& coming, Summary& summary) {
  summary.fact("expected_value", {counts.value, counts.value_lo, counts.value_hi}, "currency");
  summary.say(words::expected_margin({.coming = coming,
                                      .margin = Amount(counts.value),
                                      .from = Amount(counts.value_lo),
                                      .to = Amount(counts.value_hi)}));
  Share margin(params.margin), discount(params.discount);
  summary.say(params.knows_costs()
                  ? words::assumed({.coming = coming, .margin = margin, .discount = discount})
                  : words::assumed_without_costs({.coming = coming, .margin = margin, .discount = discount}));
}

// What decided where the list ends.
void say_limits(const Counts& counts, const Params& params, Date as_of, Summary& summary) {
  Share least(params.least_p_leave);
  if (params.least_p_leave > 0) summary.say(words::least_p_leave({.as_of = as_of, .least = least}));
  if (counts.losing > 0) summary.say(words::losing({.as_of = as_of, .customers = counts.losing}));
  if (counts.beyond > 0 && params.most_customers > 0 && counts.treated == params.most_customers)
    summary.say(
        words::beyond_capacity({.as_of = as_of, .most = params.most_customers, .customers = counts.beyond}));
  else if (counts.beyond > 0)
    summary.say(
        words::beyond_budget({.as_of = as_of, .budget = Number(params.budget), .customers = counts.beyond}));
  else if (counts.treated > 0 && params.most_customers == 0 && params.budget == 0)
    summary.say(words::no_limit({.as_of = as_of}));
}

// The difference in the share of those who come back that both arms together can show (Fleiss, 1981).
double least_detectable(const Counts& counts) {
  auto treated = static_cast<double>(counts.treated), held = static_cast<double>(counts.held);
  if (counts.treated == 0) return 1;
  // two more who come back and two who do not, for near 0 and 1 the normal approximation knows no error
  // (Agresti, 1998)
  double back = ((1 - counts.leaving / treated) * (treated + held) + 2) / (treated + held + 4);
  return std::min(1.0, learn::detectable_errors * std::sqrt(back * (1 - back) * (1 / treated + 1 / held)));
}

void say_list(const Counts& counts, const Params& params, const TimeFrame& time, Summary& summary) {
  Date as_of = time.as_of;
  Period coming{as_of, add_months(as_of, time.horizon_months)};
  if (counts.treated + counts.held == 0) {
    summary.say(words::nobody({.as_of = as_of}));
  } else {
    summary.say(words::contact({.as_of = as_of,
                                .customers = counts.treated,
                                .leaving = std::llround(counts.leaving),
                                .coming = coming}));
    summary.say(counts.held == 0
                    ? words::nobody_held_out({.as_of = as_of})
                    : words::held_out(
                          {.as_of = as_of, .held = counts.held, .least = Points(least_detectable(counts))}));
  }
  say_limits(counts, params, as_of, summary);
  if (counts.priced > 0) say_value(counts, params, coming, summary);
  if (counts.suppressed > 0) summary.say(words::suppressed({.as_of = as_of, .customers = counts.suppressed}));
  if (counts.unreachable > 0)
    summary.say(words::unreachable({.as_of = as_of, .customers = counts.unreachable}));
}

void warn(const Counts& counts, Date as_of, bool has_recommendations, Summary& summary) {
  if (counts.look_suppressed > 0)
    summary.warn(words::look_suppressed({.as_of = as_of,
                                         .customers = counts.look_suppressed,
                                         .first = {counts.alike},
                                         .listed = {counts.listed}}));
  if (!has_recommendations) summary.warn(words::no_recommendations({.as_of = as_of}));
  else if (counts.without_product > 0)
    summary.warn(words::without_product({.as_of = as_of, .customers = counts.without_product}));
}

Summary say(const Counts& counts, const Params& params, const TimeFrame& time, bool has_recommendations) {
  Date as_of = time.as_of;
  Summary summary;
  summary.key_figure("treated_customers", counts.treated, "customers", {as_of, Date{as_of.days + 1}});
  summary.fact("held_out_customers", counts.held, "customers");
  summary.fact("suppressed_customers", counts.suppressed, "customers");
  summary.fact("unreachable_customers", counts.unreachable, "customers");
  summary.fact("losing_customers", counts.losing, "customers");
  summary.fact("beyond_limit_customers", counts.beyond, "customers");
  summary.fact("without_product_customers", counts.without_product, "customers");
  summary.fact("expected_leavers", counts.leaving, "customers");
  if (params.knows_costs()) summary.fact("cost", counts.spent, "currency");
  say_list(counts, params, time, summary);
  warn(counts, as_of, has_recommendations, summary);
  return summary;
}

Result<Summary> run(Context& context, const Params& params) {
  const TimeFrame& time = context.time();
  TRY(context.progress(0.1, "candidates"));
  Habits habits = TRY(leaver_habits(context));
  TRY(read_recommendations(context, params));
  TRY(context.execute(sql::campaign,
                      {{"window_from", to_timestamp(add_months(time.as_of, -time.horizon_months))},
                       {"least_p_leave", params.least_p_leave},
                       {"least_p_loyal", params.least_p_loyal}}));
  ContactList list(context, params, habits);
  TRY(list.make());
  TRY(
      context.execute("INSERT INTO history.campaign_summary BY NAME "
                      "SELECT $run_id AS run_id, reason, medium, count(DISTINCT customer_id) AS customers, "
                      "count(*) AS contacts, "
                      "CASE WHEN $is_known THEN count(*) * CASE medium WHEN 'sms' THEN $sms WHEN 'kakao' "
                      "THEN $kakao WHEN 'push' "
                      "THEN $push ELSE $email END END AS cost "
                      "FROM history.campaign WHERE run_id = $run_id GROUP BY reason, medium ORDER BY ALL",
                      {{"is_known", params.knows_costs()},
                       {"sms", params.cost_sms},
                       {"kakao", params.cost_kakao},
                       {"push", params.cost_push},
                       {"email", params.cost_email}}));
  return say(list.counts(), params, time, context.params_of("result.recommendation").has_value());
}

struct BacktestParams {};
Status validate(const BacktestParams&) { return {}; }

Result<Summary> backtest(Context& context, const BacktestParams&) {
  Table tested =
      TRY(context.query("SELECT p_leave, actual = 'inactive' AS has_left FROM result.forecast_backtest ORDER "
                        "BY p_leave DESC, customer_id"));
  Table cutoff = TRY(context.query("SELECT min(cutoff) AS cutoff FROM result.forecast_metric"));
  Date from{static_cast<int32_t>(cutoff.integers("cutoff")[0])};
  Period period{from, add_months(from, context.time().backtest_horizon_months)};
  Table rows = Table::of(backtest_columns());
  Summary summary;
  const auto& left = tested.integers("has_left");
  int64_t leavers = std::count(left.begin(), left.end(), 1);
  for (const auto& top : learn::tops({left.begin(), left.end()}, {5, 10, 20, 30, 40, 50})) {
    if (top.rows == 0 || leavers == 0) continue;
    Estimate recall = learn::share(top.hits, leavers), precision = learn::share(top.hits, top.rows);
    rows.append(top.percent / 100.0, top.rows, top.hits, leavers, recall, precision);
    if (top.percent != 20) continue;
    summary.fact("recall_20", recall, "share");
    summary.fact("precision_20", precision, "share");
    summary.say(
        words::caught({.caught = top.hits, .leavers = leavers, .share = Share(recall), .period = period}));
  }
  TRY(context.write("result.campaign_backtest", rows));
  return summary;
}

Room contact_list() {
  AnalysisInfo info = {
      .name = "campaign",
      .reads = {"raw.event", "raw.product", "result.grade_forecast"},
      .uses = {"result.recommendation", "result.channel_divergence", "result.pay_share_trend"},
      .dates = {"as-of", "split", "until"},
      .writes = {campaign_columns(), holdout_columns(), summary_columns()},
      .charts = {bar("campaign_media", "campaign_summary")
                     .x("medium")
                     .y("customers")
                     .series("reason")
                     .unit("count")},
      .tables = {Shown("campaign")
                     .columns({"customer_id", "reason", "p_leave", "p_leave_lo", "p_leave_hi", "product_id",
                               "product_name", "p_buy", "p_buy_lo", "p_buy_hi", "offer", "offer_place",
                               "pay_discount", "medium", "hours", "expected_value", "expected_value_lo",
                               "expected_value_hi"})
                     .lead({"customer_id", "reason", "p_leave", "product_id", "offer", "medium"}),
                 Shown("campaign_summary")},
      .lead = {"contact", "nobody", "expected_margin"},
      .contacts = true};
  ParamTable<Params> table;
  table.real("least-p-leave", &Params::least_p_leave, {0, 1}, "probability")
      .real("least-p-loyal", &Params::least_p_loyal, {0, 1}, "probability")
      .real("holdout", &Params::holdout, {0.01, 0.9}, "share")
      .real("budget", &Params::budget, {0, 1e12}, "currency")
      .integer("most-customers", &Params::most_customers, {0, 1e9}, "customers")
      .integer("contact-cap", &Params::contact_cap, {1, 100}, "offers")
      .real("discount", &Params::discount, {0, 1}, "share")
      .real("pay-discount", &Params::pay_discount, {0, 1}, "share")
      .real("margin", &Params::margin, {0, 1}, "share")
      .real("cost-push", &Params::cost_push, {0, 1e6}, "currency")
      .real("cost-email", &Params::cost_email, {0, 1e6}, "currency")
      .real("cost-sms", &Params::cost_sms, {0, 1e6}, "currency")
      .real("cost-kakao", &Params::cost_kakao, {0, 1e6}, "currency")
      .real("sms-share", &Params::sms_share, {0, 1}, "share")
      .real("kakao-share", &Params::kakao_share, {0, 1}, "share")
      .real("push-share", &Params::push_share, {0, 1}, "share")
      .text("offer", &Params::offer)
      .text("loyal-offer", &Params::loyal_offer);
  return make_job(info, words::all, table, run);
}

Room list_backtest() {
  AnalysisInfo info = {.name = "campaign.backtest",
                       .reads = {"result.forecast_backtest", "result.forecast_metric"},
                       .dates = {},
                       .writes = {backtest_columns()},
                       .tables = {Shown("campaign_backtest").rows(10)},
                       .evidence = true};
  return make_job(info, words::all, ParamTable<BacktestParams>(), backtest);
}

}  // namespace

std::vector<Room> campaign() { return {contact_list(), list_backtest()}; }

}  // namespace danggol::rooms
