#include "rooms/rfm/rfm.h"

#include <fmt/core.h>

#include "rooms/rfm/rfm.sql.h"

namespace danggol::rooms {
namespace {

struct Params {
  Grading grading;
};
Status validate(const Params& params) { return danggol::validate(params.grading); }

Result<Summary> run(Context& context, const Params& params) {
  const TimeFrame& time = context.time();
  Summary summary;
  int64_t buyers[2];
  for (int half : {0, 1}) {
    std::string period = half == 0 ? "H1" : "H2";
    TRY(context.progress(half / 2.0, "grading " + period));
    TRY(context.grade_window("graded", half == 0 ? time.from : time.split,
                             half == 0 ? time.split : time.until, params.grading));
    TRY(context.execute(sql::rfm, {{"period", period}}));
    Table counts =
        TRY(context.query("SELECT count(*) AS buyers, count(*) FILTER (grade = 'top') AS top, "
                          "coalesce(sum(monetary) FILTER (grade = 'top') / sum(monetary), 0)::DOUBLE AS "
                          "top_share FROM graded"));
    buyers[half] = counts.integers("buyers")[0];
    summary.fact("buyers_" + period, static_cast<double>(buyers[half]), "customers");
    if (buyers[half] == 0) {
      summary.warn(fmt::format("Nobody bought in {}.", period),
                   fmt::format("{}에는 구매 고객이 없습니다.", period));
      continue;
    }
    double share = counts.reals("top_share")[0];
    int64_t top = counts.integers("top")[0];
    summary.fact("top_spend_share_" + period, share, "share");
    summary.say(fmt::format("In {} {} customers bought; the {} graded top brought {:.0f} % of the sales.",
                            period, grouped(buyers[half]), grouped(top), share * 100),
                fmt::format("{}에 {}명이 구매했고, 최우수고객 {}명이 매출의 {:.0f}%를 차지했습니다.", period,
                            grouped(buyers[half]), grouped(top), share * 100));
  }
  if (buyers[0] + buyers[1] == 0)
    return Error{Code::not_found,
                 fmt::format("rfm: no purchases from {} to {}; import some, or move --from and --until",
                             to_text(time.from), to_text(time.until))};
  return summary;
}

}  // namespace

Room rfm() {
  AnalysisInfo info;
  info.name = "rfm";
  info.title = {"Customer grades (RFM)", "고객 등급 (RFM)"};
  info.question = {"Who are our best customers in each half of the period?",
                   "기간의 상·하반기에 가장 좋은 고객은 누구인가?"};
  info.method =
      "Recency, frequency and monetary value scored by quintile of the period's buyers and weighted (Hughes, "
      "1994; weights 0.3, 0.2, 0.5).";
  info.reads = {"raw.event", "raw.customer"};
  info.writes = {
      {"result.rfm",
       {"Grades by customer", "고객별 등급"},
       {{"customer_id", Type::text, "", {"customer", "고객"}, true, true},
        {"period", Type::text, "", {"period", "기간"}, true},
        {"recency_days", Type::integer, "days", {"days since last purchase", "최근 구매 후 일수"}},
        {"frequency", Type::integer, "receipts", {"receipts", "구매 건수"}},
        {"monetary", Type::money, "currency", {"spent", "구매 금액"}},
        {"r_score", Type::integer, "score", {"R", "R"}},
        {"f_score", Type::integer, "score", {"F", "F"}},
        {"m_score", Type::integer, "score", {"M", "M"}},
        {"rfm_score", Type::real, "score", {"RFM score", "RFM 점수"}},
        {"grade", Type::text, "", {"grade", "등급"}}}},
      {"result.rfm_histogram",
       {"RFM scores", "RFM 점수 분포"},
       {{"period", Type::text, "", {"period", "기간"}, true},
        {"score_from", Type::real, "score", {"score from", "점수(이상)"}, true},
        {"score_until", Type::real, "score", {"score until", "점수(미만)"}},
        {"customers", Type::integer, "customers", {"customers", "고객 수"}}}},
  };
  info.labels = grade_labels();
  info.charts = {{"rfm_scores",
                  ChartKind::histogram,
                  {"How the scores are spread", "RFM 점수 분포"},
                  "result.rfm_histogram",
                  {{"x", "score_from"}, {"x_hi", "score_until"}, {"y", "customers"}, {"series", "period"}},
                  "",
                  "count"}};
  info.tables = {{"result.rfm", "rfm_score DESC, monetary DESC, customer_id", 10, "period = 'H2'"}};
  ParamTable<Params> table;
  table.include(&Params::grading, grading_params());
  return make_job(info, table, run);
}

}  // namespace danggol::rooms
