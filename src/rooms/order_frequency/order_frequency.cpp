#include "rooms/order_frequency/order_frequency.h"

#include <fmt/format.h>

#include <algorithm>

#include "learn/metrics.h"
#include "rooms/order_frequency/order_frequency.sql.h"

namespace danggol::rooms {
namespace {

struct Params {
  int64_t months = 12;
};
Status validate(const Params&) { return {}; }

Result<Summary> run(Context& context, const Params& params) {
  Date until = context.time().until, first = add_months(until, static_cast<int32_t>(-params.months));
  TRY(context.execute(sql::order_frequency, {{"first_day", to_timestamp(first)}}));
  Table counts = TRY(context.query(
      "SELECT count(*) AS customers, count(*) FILTER (receipts = 1) AS once FROM customer_order"));
  int64_t customers = counts.integers("customers")[0], once = counts.integers("once")[0];
  if (customers == 0)
    return Error{Code::not_found,
                 fmt::format("order_frequency: no purchases from {} to {}", to_text(first), to_text(until))};
  Table quartile =
      TRY(context.query("SELECT value, value_lo, value_hi FROM history.order_quantile WHERE run_id = $run_id "
                        "AND figure = 'receipts per customer' AND quantile = 0.25"));
  Table silent = TRY(context.query("SELECT count(*) AS n FROM history.silence WHERE run_id = $run_id"));
  Summary summary;
  double n = static_cast<double>(customers), share = static_cast<double>(once) / n;
  auto [lo, hi] = learn::wilson(static_cast<double>(once), n);
  summary.fact("customers", n, "customers");
  summary.fact("one_time_buyers", static_cast<double>(once), "customers");
  summary.key_figure({"bought once only", "한 번만 구매"}, "one_time_share", share, "share", lo, hi);
  summary.fact("lower_quartile_receipts", quartile["value"].number(0), "receipts",
               quartile["value_lo"].number(0), quartile["value_hi"].number(0));
  summary.fact("unusually_silent", static_cast<double>(silent.integers("n")[0]), "customers");
  summary.say(fmt::format("{} of {} customers bought once only ({:.1f} %, {:.1f} to {:.1f} %); a quarter "
                          "have {:.0f} receipts or fewer.",
                          grouped(once), grouped(customers), share * 100, lo * 100, hi * 100,
                          quartile["value"].number(0)),
              fmt::format("고객 {1}명 가운데 {0}명이 한 번만 구매했습니다({2:.1f}%, {3:.1f}~{4:.1f}%). 하위 "
                          "25%의 구매 건수는 {5:.0f}건 이하입니다.",
                          grouped(once), grouped(customers), share * 100, lo * 100, hi * 100,
                          quartile["value"].number(0)));
  summary.say(
      fmt::format(
          "{} customers have been silent for longer than 95 % of the pauses of customers who buy as often.",
          grouped(silent.integers("n")[0])),
      fmt::format("{}명은 비슷한 빈도의 고객 95%보다 오래 구매가 없습니다.",
                  grouped(silent.integers("n")[0])));
  return summary;
}

}  // namespace

Room order_frequency() {
  AnalysisInfo info;
  info.name = "order_frequency";
  info.title = {"How often they buy", "구매 빈도"};
  info.question = {"How often do customers buy, how long between, and whose silence is unusual?",
                   "고객은 얼마나 자주 사고, 간격은 얼마이며, 누구의 침묵이 이례적인가?"};
  info.method =
      "Receipts (customer, day, number) of purchases and partner use. Intervals of quantiles from binomial "
      "ranks (Conover, 1999). Silence is "
      "judged by the 95th percentile of the gaps of customers in the same tenth of frequency.";
  info.reads = {"raw.event", "raw.customer"};
  const char* rank_interval = "95 % interval from binomial ranks";
  info.writes = {{"result.order_frequency",
                  {"Receipts per customer", "고객별 구매 건수"},
                  {{"receipts_from", Type::integer, "receipts", {"receipts from", "구매 건수(이상)"}, true},
                   {"receipts_until", Type::integer, "receipts", {"below", "미만"}},
                   {"customers", Type::integer, "customers", {"customers", "고객 수"}}}},
                 {"result.order_quantile",
                  {"Quantiles", "분위수"},
                  {{"figure", Type::text, "", {"figure", "지표"}, true},
                   {"quantile", Type::real, "share", {"quantile", "분위"}, true},
                   {"value", Type::integer, "", {"value", "값"}},
                   {"value_lo", Type::integer, "", {"from", "하한"}, false, false, rank_interval},
                   {"value_hi", Type::integer, "", {"to", "상한"}, false, false, rank_interval}}},
                 {"result.silence",
                  {"Unusually silent customers", "이례적으로 조용한 고객"},
                  {{"customer_id", Type::text, "", {"customer", "고객"}, true, true},
                   {"receipts", Type::integer, "receipts", {"receipts", "구매 건수"}},
                   {"last_day", Type::date, "", {"last purchase", "마지막 구매"}},
                   {"usual_days", Type::integer, "days", {"usual pause at most", "평소 최대 간격"}},
                   {"unusual_since", Type::date, "", {"unusual since", "이례적이 된 날"}}}}};
  info.labels = {{"receipts per customer", {"receipts per customer", "고객별 구매 건수"}},
                 {"days between purchases", {"days between purchases", "구매 간격(일)"}}};
  info.charts = {{"receipt_histogram",
                  ChartKind::histogram,
                  {"Receipts per customer", "고객별 구매 건수 분포"},
                  "result.order_frequency",
                  {{"x", "receipts_from"}, {"x_hi", "receipts_until"}, {"y", "customers"}},
                  "receipts_from <= 50",
                  "count",
                  {"Customers with more than 50 receipts are left out of the picture, not of the table.",
                   "51건 이상인 고객은 그림에서만 뺐습니다."}}};
  info.tables = {{"result.order_quantile", "", 20},
                 {"result.silence", "unusual_since DESC, customer_id", 10}};
  ParamTable<Params> table;
  table.integer("months", &Params::months, {1, 120}, "months", "before until that are looked at");
  return make_job(info, table, run);
}

}  // namespace danggol::rooms
