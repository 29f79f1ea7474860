#include "rooms/campaign/campaign.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/random.h"
#include "contract/largest_values.h"
#include "learn/metrics.h"
#include "rooms/campaign/campaign.sql.h"

namespace danggol::rooms {
namespace {

struct Params {
  double least_p_leave = 0.5;
  double least_p_loyal = 0.5;
  double holdout = 0.1;
  double budget = 0;
  int64_t most_customers = 0;
  int64_t contact_cap = 3;
  double discount = 0.1, pay_discount = 0.03;
  double margin = 0.3;
  double cost_push = 0.01, cost_email = 0.005, cost_sms = 0.05;
  double sms_share = 0.2, push_share = 0.4;
};

Status validate(const Params& params) {
  if (params.sms_share + params.push_share > 1)
    return Error{Code::bad_input,
                 fmt::format("sms-share + push-share = {}: must be at most 1; the rest get e-mail",
                             params.sms_share + params.push_share)};
  return {};
}

TableInfo campaign_table() {
  const char* steps = "from the interval of p_buy";
  return {"result.campaign",
          {"Contact list", "연락 대상"},
          {{"customer_id", Type::text, "", {"customer", "고객"}, true, true},
           {"arm", Type::text, "", {"arm", "구분"}},
           {"propensity", Type::real, "share", {"chance of this arm", "배정 확률"}},
           {"reason", Type::text, "", {"reason", "사유"}},
           {"p_leave", Type::real, "share", {"leaves", "이탈 확률"}},
           {"p_leave_lo",
            Type::real,
            "share",
            {"from", "하한"},
            false,
            false,
            "lower of the Venn-Abers pair; not a confidence bound"},
           {"p_leave_hi",
            Type::real,
            "share",
            {"to", "상한"},
            false,
            false,
            "upper of the Venn-Abers pair; not a confidence bound"},
           {"product_id", Type::text, "", {"product", "상품"}, true},
           {"p_buy", Type::real, "share", {"buys it", "구매 확률"}},
           {"p_buy_lo",
            Type::real,
            "share",
            {"from", "하한"},
            false,
            false,
            "from the bounds of p_leave and of buying if back"},
           {"p_buy_hi",
            Type::real,
            "share",
            {"to", "상한"},
            false,
            false,
            "from the bounds of p_leave and of buying if back"},
           {"offer", Type::text, "", {"offer", "혜택"}},
           {"offer_place", Type::text, "", {"valid at", "사용처"}},
           {"pay_discount", Type::boolean, "", {"extra for paying with us", "간편결제 추가 할인"}},
           {"why", Type::text, "", {"why this offer", "혜택 근거(영문)"}},
           {"why_ko", Type::text, "", {"why this offer (Korean)", "혜택 근거"}},
           {"medium", Type::text, "", {"medium", "매체"}},
           {"expected_value", Type::real, "currency", {"expected margin", "기대 이익"}},
           {"expected_value_lo", Type::real, "currency", {"from", "하한"}, false, false, steps},
           {"expected_value_hi", Type::real, "currency", {"to", "상한"}, false, false, steps}}};
}

TableInfo summary_table() {
  return {"result.campaign_summary",
          {"The campaign at a glance", "캠페인 요약"},
          {{"reason", Type::text, "", {"reason", "사유"}, true},
           {"arm", Type::text, "", {"arm", "구분"}, true},
           {"medium", Type::text, "", {"medium", "매체"}, true},
           {"customers", Type::integer, "customers", {"customers", "고객 수"}},
           {"contacts", Type::integer, "", {"offers", "혜택 수"}},
           {"cost", Type::real, "currency", {"cost", "비용"}}}};
}

TableInfo backtest_table() {
  const char* wilson = "95 % interval, Wilson";
  return {"result.campaign_backtest",
          {"What an earlier list would have caught", "과거 명단이 찾아냈을 이탈 고객"},
          {{"top_share", Type::real, "share", {"top share", "상위 비율"}, true},
           {"customers", Type::integer, "customers", {"customers", "고객 수"}},
           {"leavers_caught", Type::integer, "customers", {"leavers among them", "그중 이탈 고객"}},
           {"leavers", Type::integer, "customers", {"all leavers", "전체 이탈 고객"}},
           {"recall", Type::real, "share", {"of all leavers", "이탈 고객 중 비율"}},
           {"recall_lo", Type::real, "share", {"from", "하한"}, false, false, wilson},
           {"recall_hi", Type::real, "share", {"to", "상한"}, false, false, wilson},
           {"precision", Type::real, "share", {"of the list", "명단 중 비율"}},
           {"precision_lo", Type::real, "share", {"from", "하한"}, false, false, wilson},
           {"precision_hi", Type::real, "share", {"to", "상한"}, false, false, wilson}}};
}

// What leavers do otherwise than everybody, as far as other rooms have found it beyond chance.
struct Habit {
  std::string place;
  double element, lo, hi;  // p ln(p/q), nats
};
struct Habits {
  std::vector<Habit> outlets, affiliates;  // used more, the most first
  bool pays_less = false;
  double never_leavers = 0, never_all = 0;  // shares who never pay with our own service
};

// Puts what is over-used into over_used(dimension, cell, element, element_lo, element_hi), too.
Result<Habits> leaver_habits(Context& context) {
  Habits habits;
  auto compared = context.params_of("result.channel_divergence");
  bool is_known = compared && compared->at("h2-grade") == "inactive" && compared->at("group").empty();
  TRY(context.execute(fmt::format(
      "CREATE OR REPLACE TEMP TABLE over_used AS SELECT dimension, cell, element, element_lo, element_hi "
      "FROM {} WHERE cell <> '{}'",
      is_known ? "(FROM result.channel_divergence WHERE marked AND element > 0 AND dimension IN ('channel x "
                 "partner', 'affiliate'))"
               : "(SELECT '' AS dimension, '' AS cell, 0::DOUBLE AS element, 0::DOUBLE AS element_lo, "
                 "0::DOUBLE AS element_hi LIMIT 0)",
      other_values)));
  Table over = TRY(context.query("SELECT * FROM over_used ORDER BY element DESC, cell"));
  for (size_t i = 0; i < over.rows(); ++i)
    (over.texts("dimension")[i] == "affiliate" ? habits.affiliates : habits.outlets)
        .push_back({over.texts("cell")[i], over.reals("element")[i], over.reals("element_lo")[i],
                    over.reals("element_hi")[i]});
  if (!context.params_of("result.pay_share_group")) return habits;
  Table never = TRY(context.query(
      "SELECT l.never, a.never AS never_all, l.never_lo > a.never AS more FROM result.pay_share_group l, "
      "result.pay_share_group a WHERE l.segment = 'other -> inactive' AND a.segment = 'all'"));
  if (never.rows() == 0) return habits;
  habits.pays_less = never.integers("more")[0] != 0;
  habits.never_leavers = never.reals("never")[0], habits.never_all = never.reals("never_all")[0];
  return habits;
}

// What a customer is offered with a product, and why.
struct Offer {
  const char* name;
  std::string place;
  bool pay_discount = false;
  Text why;
};

void explain(Offer& offer, const std::string& en, const std::string& ko) {
  offer.why.en += (offer.why.en.empty() ? "" : "; ") + en;
  offer.why.ko += (offer.why.ko.empty() ? "" : ", ") + ko;
}

void explain(Offer& offer, const Habit& habit) {
  offer.place = habit.place;
  explain(offer,
          fmt::format("leavers use {} more than everybody ({:+.3f} nats, {:.3f} to {:.3f})", habit.place,
                      habit.element, habit.lo, habit.hi),
          fmt::format("이탈 고객은 {} 이용이 전체보다 많음(KL {:+.3f}, {:.3f}~{:.3f})", habit.place,
                      habit.element, habit.lo, habit.hi));
}

Offer offer_of(const Habits& habits, bool is_loyal, bool has_product, const std::string& outlet, bool pays) {
  if (is_loyal)
    return {"coupon_book",
            "",
            false,
            {"top, and likely to stay: thanked", "최우수 등급 유지가 예상되어 감사 혜택"}};
  Offer offer{"coupon", ""};
  auto sold = std::find_if(habits.outlets.begin(), habits.outlets.end(),
                           [&](const Habit& habit) { return habit.place == outlet; });
  if (sold != habits.outlets.end()) {
    offer.name = "outlet_coupon";
    explain(offer, *sold);
  } else if (!habits.affiliates.empty()) {
    offer.name = "affiliate_coupon";
    explain(offer, habits.affiliates[0]);
  } else if (has_product) {
    explain(offer, "about to leave: the likeliest product", "이탈이 예상되어 구매 가능성이 높은 상품을 제안");
  } else {
    explain(offer, "about to leave; no product could be recommended", "이탈이 예상되나 추천할 상품이 없음");
  }
  if (habits.pays_less && !pays) {
    offer.pay_discount = true;
    explain(offer,
            fmt::format("has not paid with our service, as {:.0f} % of leavers and {:.0f} % of all",
                        habits.never_leavers * 100, habits.never_all * 100),
            fmt::format("간편결제 미이용(이탈 고객 {:.0f}%, 전체 {:.0f}%)", habits.never_leavers * 100,
                        habits.never_all * 100));
  }
  return offer;
}

struct Medium {
  const char* name;
  double cost;
};

// The dearer the medium, the more there must be to lose: text messages to the first of the list.
Medium medium_of(double place, const Params& params) {
  constexpr double rounding = 1e-9;  // 0.2 + 0.4 is more than 0.6
  if (place < params.sms_share - rounding) return {"sms", params.cost_sms};
  if (place < params.sms_share + params.push_share - rounding) return {"push", params.cost_push};
  return {"email", params.cost_email};
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
  int64_t treated = 0, held = 0, leaving_treated = 0, without_product = 0;  // customers on the list
  int64_t suppressed = 0, beyond_budget = 0;                                // and not on it
  double spent = 0;
  int64_t priced = 0;  // offers to the treated whose value is known, and its sums
  double value = 0, value_lo = 0, value_hi = 0;
};

// Candidates become rows, in their order: who is held out, what is offered and through which medium.
class ContactList {
 public:
  ContactList(Context& context, const Params& params, const Habits& habits)
      : context_(context), params_(params), habits_(habits) {}

  Status make() {
    Table candidates = TRY(context_.query("SELECT * FROM candidate"));
    const auto &customer = candidates.texts("customer_id"), &reason = candidates.texts("reason");
    const auto& suppressed = candidates.integers("suppressed");
    // how many customers each reason has, to place a customer in its list
    double of_reason[2] = {}, place[2] = {};
    for (size_t i = 0; i < candidates.rows(); ++i)
      if (i == 0 || customer[i] != customer[i - 1]) of_reason[reason[i] == "loyal"] += suppressed[i] == 0;
    for (size_t from = 0, until = 0; from < candidates.rows(); from = until) {
      while (until < candidates.rows() && customer[until] == customer[from]) ++until;
      bool is_loyal = reason[from] == "loyal";
      if (suppressed[from]) ++counts_.suppressed;
      else TRY(add(candidates, from, until, medium_of(place[is_loyal]++ / of_reason[is_loyal], params_)));
    }
    return context_.write("result.campaign", rows_);
  }
  const Counts& counts() const { return counts_; }

 private:
  // A customer's offers. The list ends for both arms at the first customer that does not fit: arms stay
  // comparable.
  Status add(const Table& candidates, size_t from, size_t until, const Medium& medium) {
    const std::string& customer = candidates.texts("customer_id")[from];
    bool is_held = Random::unit(draw_of(customer, context_.seed())) < params_.holdout;
    double cost = medium.cost * static_cast<double>(until - from);
    bool fits = (params_.budget <= 0 || counts_.spent + cost <= params_.budget) &&
                (params_.most_customers <= 0 || counts_.treated < params_.most_customers);
    is_full_ = is_full_ || (!is_held && !fits);
    if (is_full_) {
      ++counts_.beyond_budget;
      return {};
    }
    (is_held ? counts_.held : counts_.treated)++;
    counts_.without_product += candidates.texts("product_id")[from].empty();
    if (!is_held)
      counts_.spent += cost, counts_.leaving_treated += candidates.texts("reason")[from] == "leaving";
    for (size_t i = from; i < until; ++i) add_row(candidates, i, is_held, medium);
    if (rows_.rows() < most_rows_held) return {};
    TRY(context_.write("result.campaign", rows_));
    rows_ = Table::of(campaign_table());
    return {};
  }

  void add_row(const Table& candidates, size_t i, bool is_held, const Medium& medium) {
    const std::string &reason = candidates.texts("reason")[i], &product = candidates.texts("product_id")[i];
    Offer offer = offer_of(habits_, reason == "loyal", !product.empty(), candidates.texts("outlet")[i],
                           candidates.integers("pays")[i] != 0);
    double worth = candidates["price"].number(i) *
                   (params_.margin - params_.discount - (offer.pay_discount ? params_.pay_discount : 0));
    auto expected = [&](const char* p_buy) { return candidates[p_buy].number(i) * worth - medium.cost; };
    double value = expected("p_buy"), lo = expected("p_buy_lo"), hi = expected("p_buy_hi");
    if (lo > hi) std::swap(lo, hi);
    if (!is_held && !std::isnan(value))
      ++counts_.priced, counts_.value += value, counts_.value_lo += lo, counts_.value_hi += hi;
    rows_.append(candidates.texts("customer_id")[i], is_held ? "holdout" : "treated",
                 is_held ? params_.holdout : 1 - params_.holdout, reason, candidates.reals("p_leave")[i],
                 candidates.reals("p_leave_lo")[i], candidates.reals("p_leave_hi")[i], product,
                 candidates["p_buy"].number(i), candidates["p_buy_lo"].number(i),
                 candidates["p_buy_hi"].number(i), offer.name, offer.place, offer.pay_discount, offer.why.en,
                 offer.why.ko, medium.name, value, lo, hi);
  }

  static constexpr size_t most_rows_held = 50'000;  // each of some 500 bytes

  Context& context_;
  const Params& params_;
  const Habits& habits_;
  Table rows_ = Table::of(campaign_table());
  Counts counts_;
  bool is_full_ = false;
};

std::string customers(int64_t count) { return grouped(count) + (count == 1 ? " customer" : " customers"); }

void say_list(const Counts& counts, Summary& summary) {
  if (counts.treated + counts.held == 0) {
    summary.say("Nobody is to be contacted.", "연락할 고객이 없습니다.");
    return;
  }
  std::string en = fmt::format("Contact {}, {} of them because they are about to leave; ",
                               customers(counts.treated), grouped(counts.leaving_treated)),
              ko = fmt::format("고객 {}명에게 연락하십시오. 그중 {}명은 이탈이 예상됩니다. ",
                               grouped(counts.treated), grouped(counts.leaving_treated));
  if (counts.held == 0) {
    en += "chance holds nobody out of so few, so the effect cannot be measured.";
    ko += "고객이 적어 무작위로 남겨 둔 고객이 없으므로 효과를 잴 수 없습니다.";
  } else {
    en += fmt::format("{} more {} held out at random so that the effect can be measured.",
                      grouped(counts.held), counts.held == 1 ? "is" : "are");
    ko += fmt::format("{}명은 효과를 재기 위해 무작위로 남겨 둡니다.", grouped(counts.held));
  }
  if (counts.priced > 0) {
    std::string value = grouped(std::llround(counts.value)), lo = grouped(std::llround(counts.value_lo)),
                hi = grouped(std::llround(counts.value_hi));
    en += fmt::format(
        " Expected margin {} ({} to {}) if they buy as they do: it is not what the campaign causes.", value,
        lo, hi);
    ko += fmt::format(
        " 평소처럼 구매할 때의 기대 이익은 {}({}~{})이며, 캠페인이 만들어 낸 효과를 뜻하지는 않습니다.",
        value, lo, hi);
  }
  summary.say(en, ko);
}

void warn(const Counts& counts, bool has_recommendations, Summary& summary) {
  if (counts.treated + counts.held + counts.suppressed + counts.beyond_budget == 0)
    summary.warn(
        "Nobody is likely enough to leave or to stay loyal: lower --least-p-leave or --least-p-loyal.",
        "이탈 또는 충성 기준을 넘는 고객이 없습니다. --least-p-leave 또는 --least-p-loyal을 낮추십시오.");
  if (counts.beyond_budget > 0)
    summary.warn(fmt::format("{} more did not fit the budget or the cap.", customers(counts.beyond_budget)),
                 fmt::format("예산 또는 인원 한도 때문에 {}명이 빠졌습니다.", grouped(counts.beyond_budget)));
  if (!has_recommendations)
    summary.warn(
        "There are no recommendations of these dates, so no offer names a product: run recommend first.",
        "이 날짜의 추천 결과가 없어 상품 없이 만들었습니다. recommend를 먼저 실행하십시오.");
  else if (counts.without_product > 0)
    summary.warn(fmt::format("No product could be recommended to {}: their offer names none.",
                             customers(counts.without_product)),
                 fmt::format("고객 {}명에게는 추천할 상품이 없어 상품 없이 제안합니다.",
                             grouped(counts.without_product)));
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
  TRY(context.execute(
      "INSERT INTO history.campaign_summary BY NAME "
      "SELECT $run_id AS run_id, reason, arm, medium, count(DISTINCT customer_id) AS customers, count(*) AS "
      "contacts, "
      "CASE arm WHEN 'treated' THEN count(*) * CASE medium WHEN 'sms' THEN $sms WHEN 'push' THEN $push ELSE "
      "$email END ELSE 0 END AS cost "
      "FROM history.campaign WHERE run_id = $run_id GROUP BY reason, arm, medium ORDER BY ALL",
      {{"sms", params.cost_sms}, {"push", params.cost_push}, {"email", params.cost_email}}));

  const Counts& counts = list.counts();
  Summary summary;
  summary.key_figure({"to contact", "연락 대상 고객"}, "treated_customers",
                     static_cast<double>(counts.treated), "customers");
  summary.fact("held_out_customers", static_cast<double>(counts.held), "customers");
  summary.fact("suppressed_customers", static_cast<double>(counts.suppressed), "customers");
  summary.fact("beyond_budget_customers", static_cast<double>(counts.beyond_budget), "customers");
  summary.fact("without_product_customers", static_cast<double>(counts.without_product), "customers");
  summary.fact("cost", counts.spent, "currency");
  if (counts.priced > 0)
    summary.fact("expected_value", counts.value, "currency", counts.value_lo, counts.value_hi);
  say_list(counts, summary);
  if (counts.suppressed > 0)
    summary.say(fmt::format("{} who must not be contacted {} left out of both arms.",
                            customers(counts.suppressed), counts.suppressed == 1 ? "is" : "are"),
                fmt::format("연락하지 않기로 한 고객 {}명은 어느 쪽에도 넣지 않았습니다.",
                            grouped(counts.suppressed)));
  warn(counts, context.params_of("result.recommendation").has_value(), summary);
  return summary;
}

struct BacktestParams {};
Status validate(const BacktestParams&) { return {}; }

Result<Summary> backtest(Context& context, const BacktestParams&) {
  Table tested =
      TRY(context.query("SELECT p_leave, actual = 'inactive' AS has_left FROM result.forecast_backtest ORDER "
                        "BY p_leave DESC, customer_id"));
  const auto& has_left = tested.integers("has_left");
  double leavers = static_cast<double>(std::count(has_left.begin(), has_left.end(), 1));
  Table rows = Table::of(backtest_table());
  Summary summary;
  double caught = 0;
  size_t at = 0;
  for (int percent : {5, 10, 20, 30, 40, 50}) {
    size_t until = tested.rows() * static_cast<size_t>(percent) / 100;
    for (; at < until; ++at) caught += static_cast<double>(has_left[at]);
    if (until == 0 || leavers == 0) continue;
    double listed = static_cast<double>(until);
    auto recall = learn::wilson(caught, leavers), precision = learn::wilson(caught, listed);
    rows.append(percent / 100.0, static_cast<int64_t>(until), static_cast<int64_t>(caught),
                static_cast<int64_t>(leavers), caught / leavers, recall.lo, recall.hi, caught / listed,
                precision.lo, precision.hi);
    if (percent != 20) continue;
    summary.fact("recall_20", caught / leavers, "share", recall.lo, recall.hi);
    summary.fact("precision_20", caught / listed, "share", precision.lo, precision.hi);
    summary.say(fmt::format("A period ago the list would have caught {} of {} leavers in the top 20 %: "
                            "{:.0f} % ({:.0f} to {:.0f} %); picking at random finds 20 %.",
                            grouped(std::llround(caught)), grouped(std::llround(leavers)),
                            100 * caught / leavers, 100 * recall.lo, 100 * recall.hi),
                fmt::format("한 기간 전이었다면 상위 20% 명단이 이탈 고객 {1}명 가운데 {0}명({2:.0f}%, "
                            "{3:.0f}~{4:.0f}%)을 찾아냈습니다. 무작위로 고르면 20%입니다.",
                            grouped(std::llround(caught)), grouped(std::llround(leavers)),
                            100 * caught / leavers, 100 * recall.lo, 100 * recall.hi));
  }
  TRY(context.write("result.campaign_backtest", rows));
  return summary;
}

}  // namespace

Room campaign() {
  AnalysisInfo info;
  info.name = "campaign";
  info.title = {"Whom to contact", "누구에게 연락할 것인가"};
  info.question = {"Whom should we contact, with which product and offer, through which medium?",
                   "누구에게 어떤 상품과 혜택을 어떤 매체로 보낼까?"};
  info.method =
      "Those predicted to leave, ordered by p_leave times what they spend, and loyal customers, each with "
      "the products they are likeliest to buy and a coupon for where leavers buy more than everybody, where "
      "that is "
      "known; a random hold-out arm with its propensity.";
  info.contacts = true;
  info.reads = {"raw.event", "raw.product", "result.grade_forecast"};
  info.dates = {"as-of", "split", "until"};
  info.uses = {"result.recommendation", "result.channel_divergence", "result.pay_share_group"};
  info.writes = {campaign_table(), summary_table()};
  info.labels = {{"treated", {"contacted", "발송"}},
                 {"holdout", {"held out", "대조군(미발송)"}},
                 {"leaving", {"about to leave", "이탈 예상"}},
                 {"loyal", {"loyal", "충성 고객"}},
                 {"push", {"app push", "앱 푸시"}},
                 {"email", {"e-mail", "이메일"}},
                 {"sms", {"SMS", "문자"}},
                 {"coupon", {"product coupon", "상품 쿠폰"}},
                 {"outlet_coupon", {"coupon for an outlet", "유통사·채널 쿠폰"}},
                 {"affiliate_coupon", {"coupon of an affiliate", "제휴사 쿠폰"}},
                 {"coupon_book", {"mobile coupon book", "모바일 쿠폰북"}}};
  info.charts = {{"campaign_media",
                  ChartKind::bar,
                  {"Customers by medium", "매체별 고객 수"},
                  "result.campaign_summary",
                  {{"x", "medium"}, {"y", "customers"}, {"series", "reason"}},
                  "arm = 'treated'",
                  "count"}};
  info.tables = {{"result.campaign", "", 20, "arm = 'treated'"}, {"result.campaign_summary", "", 20}};
  ParamTable<Params> table;
  table
      .real("least-p-leave", &Params::least_p_leave, {0, 1}, "probability",
            "a customer this likely to leave is contacted")
      .real("least-p-loyal", &Params::least_p_loyal, {0, 1}, "probability",
            "a top customer this likely to stay top is thanked")
      .real("holdout", &Params::holdout, {0.01, 0.9}, "share",
            "of customers set aside at random and not contacted")
      .real("budget", &Params::budget, {0, 1e12}, "currency", "for contacts; 0 is no limit")
      .integer("most-customers", &Params::most_customers, {0, 1e9}, "customers",
               "contacted at most; 0 is no limit")
      .integer("contact-cap", &Params::contact_cap, {1, 100}, "offers", "to one customer at most")
      .real("discount", &Params::discount, {0, 1}, "share", "of the price that an offer gives away")
      .real("pay-discount", &Params::pay_discount, {0, 1}, "share",
            "of the price given away on top to those who have not paid with our own service")
      .real("margin", &Params::margin, {0, 1}, "share", "of the price that is earned without an offer")
      .real("cost-push", &Params::cost_push, {0, 1e6}, "currency", "of an app push")
      .real("cost-email", &Params::cost_email, {0, 1e6}, "currency", "of an e-mail")
      .real("cost-sms", &Params::cost_sms, {0, 1e6}, "currency", "of a text message")
      .real("sms-share", &Params::sms_share, {0, 1}, "share",
            "of each list, its first customers, that get a text message")
      .real("push-share", &Params::push_share, {0, 1}, "share",
            "that get an app push after them; the rest get e-mail");
  return make_job(info, table, run);
}

Room campaign_backtest() {
  AnalysisInfo info;
  info.name = "campaign.backtest";
  info.title = {"What the list would have caught", "명단의 과거 검증"};
  info.question = {"How many of those who left would an earlier list have held?",
                   "과거에 만든 명단이라면 떠난 고객을 얼마나 담았을까?"};
  info.method =
      "The back-test's customers ordered by p_leave; recall and precision of the top shares, intervals by "
      "Wilson (1927), 95 %.";
  info.reads = {"result.forecast_backtest"};
  info.dates = {};
  info.writes = {backtest_table()};
  info.tables = {{"result.campaign_backtest", "", 10}};
  return make_job(info, ParamTable<BacktestParams>(), backtest);
}

}  // namespace danggol::rooms
