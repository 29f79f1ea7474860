#include "rooms/rfm/rfm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace danggol::rooms {
namespace {

struct Params {
  Grading grading;
};
Status validate(const Params& params) { return danggol::validate(params.grading); }

TableInfo rfm_info() {
  return {"result.rfm",
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
           {"grade", Type::text, "", {"grade", "등급"}}}};
}
TableInfo histogram_info() {
  return {"result.rfm_histogram",
          {"RFM scores", "RFM 점수 분포"},
          {{"period", Type::text, "", {"period", "기간"}, true},
           {"score_from", Type::real, "score", {"score from", "점수(이상)"}, true},
           {"score_until", Type::real, "score", {"score until", "점수(미만)"}},
           {"customers", Type::integer, "customers", {"customers", "고객 수"}}}};
}

// Scores in steps of ten; 100 belongs to the last step.
constexpr int32_t step = 10, steps = 10;

void add_rows(const Graded& buyers, std::string_view period, Table& grades, Table& histogram) {
  std::array<int64_t, steps> customers{};
  for (size_t i = 0; i < buyers.size(); ++i) {
    grades.append(buyers.customer_id[i], period, buyers.recency_days[i], buyers.frequency[i],
                  buyers.monetary[i], buyers.r_score[i], buyers.f_score[i], buyers.m_score[i],
                  buyers.rfm_score[i], grade_names[buyers.grade[i]]);
    ++customers[std::min(steps - 1, static_cast<int32_t>(buyers.rfm_score[i]) / step)];
  }
  for (int32_t s = 0; s < steps; ++s)
    if (customers[s] > 0) histogram.append(period, s * step, (s + 1) * step, customers[s]);
}

void summarise(const Graded& buyers, std::string_view period, Summary& summary) {
  summary.fact(fmt::format("buyers_{}", period), static_cast<double>(buyers.size()), "customers");
  if (buyers.size() == 0)
    return summary.warn(fmt::format("Nobody bought in {}.", period),
                        fmt::format("{}에는 구매 고객이 없습니다.", period));
  int64_t top = 0;
  double top_spend = 0, spend = 0;
  for (size_t i = 0; i < buyers.size(); ++i) {
    double money = static_cast<double>(buyers.monetary[i].ten_thousandths);
    spend += money;
    if (buyers.grade[i] == 0) ++top, top_spend += money;
  }
  double share = spend == 0 ? 0 : top_spend / spend;
  summary.fact(fmt::format("top_spend_share_{}", period), share, "share");
  summary.say(fmt::format("In {} {} customers bought; the {} graded top brought {:.0f} % of the sales.",
                          period, grouped(static_cast<int64_t>(buyers.size())), grouped(top), share * 100),
              fmt::format("{}에 {}명이 구매했고, 최우수고객 {}명이 매출의 {:.0f}%를 차지했습니다.", period,
                          grouped(static_cast<int64_t>(buyers.size())), grouped(top), share * 100));
}

Result<Summary> run(Context& context, const Params& params) {
  const TimeFrame& time = context.time();
  Summary summary;
  Table grades = Table::of(rfm_info()), histogram = Table::of(histogram_info());
  for (int half : {0, 1}) {
    std::string_view period = half == 0 ? "H1" : "H2";
    TRY(context.progress(half / 2.0, fmt::format("grading {}", period)));
    Graded buyers = TRY(context.graded(half == 0 ? time.from : time.split,
                                       half == 0 ? time.split : time.until, params.grading));
    add_rows(buyers, period, grades, histogram);
    summarise(buyers, period, summary);
  }
  if (grades.rows() == 0)
    return Error{Code::no_data,
                 fmt::format("rfm: no purchases from {} to {}; import some, or move --from and --until",
                             to_text(time.from), to_text(time.until))};
  TRY(context.write("result.rfm", grades));
  TRY(context.write("result.rfm_histogram", histogram));
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
  info.dates = {"from", "split", "until"};
  info.writes = {rfm_info(), histogram_info()};
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
