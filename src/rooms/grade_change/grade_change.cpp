#include "rooms/grade_change/grade_change.h"

#include <fmt/core.h>

#include "learn/metrics.h"
#include "rooms/grade_change/grade_change.sql.h"

namespace danggol::rooms {
namespace {

struct Params {};
Status validate(const Params&) { return {}; }

Result<Summary> run(Context& context, const Params&) {
  TRY(context.execute(sql::grade_change));
  Table cells =
      TRY(context.query("SELECT h1_grade, h2_grade, customers, share_of_h1, share_lo, share_hi FROM "
                        "history.grade_change WHERE run_id = $run_id"));
  Table came =
      TRY(context.query("SELECT count(*) AS returned FROM (SELECT DISTINCT customer_no FROM receipt WHERE "
                        "action = 'purchase' AND day >= $split::DATE AND day < $until::DATE) "
                        "ANTI JOIN (SELECT customer_no FROM receipt WHERE action = 'purchase' AND day >= "
                        "$from::DATE AND day < $split::DATE) USING (customer_no) "
                        "SEMI JOIN (SELECT customer_no FROM receipt WHERE action = 'purchase' AND day < "
                        "$from::DATE) USING (customer_no)"));
  int64_t returned = came.integers("returned")[0];
  Summary summary;
  int64_t h1 = 0, left = 0, fresh = 0, other_left = 0;
  size_t stayed_top = cells.rows();
  for (size_t i = 0; i < cells.rows(); ++i) {
    const std::string &from = cells.texts("h1_grade")[i], &to = cells.texts("h2_grade")[i];
    int64_t customers = cells.integers("customers")[i];
    if (from == "inactive") fresh += customers;
    else h1 += customers;
    if (to == "inactive") left += customers;
    if (to == "inactive" && from == "other") other_left = customers;
    if (from == "top" && to == "top") stayed_top = i;
  }
  summary.fact("h1_buyers", static_cast<double>(h1), "customers");
  summary.fact("came_in_h2", static_cast<double>(fresh), "customers");
  summary.fact("returned_in_h2", static_cast<double>(returned), "customers");
  if (h1 == 0) return summary;
  double share = static_cast<double>(left) / static_cast<double>(h1);
  auto [lo, hi] = learn::wilson(static_cast<double>(left), static_cast<double>(h1));
  summary.key_figure({"left after the first half", "상반기 이후 이탈"}, "left_share_of_h1", share, "share",
                     lo, hi);
  summary.say(
      fmt::format("{:.1f} % of the {} buyers of the first half did not come back in the second (95 % "
                  "interval {:.1f} to {:.1f} %); "
                  "{:.0f} % of those who left had the lowest grade. {} customers came, {} of them back after "
                  "a pause.",
                  share * 100, grouped(h1), lo * 100, hi * 100,
                  left > 0 ? 100 * static_cast<double>(other_left) / static_cast<double>(left) : 0.0,
                  grouped(fresh), grouped(returned)),
      fmt::format(
          "상반기 구매 고객 {1}명 가운데 {0:.1f}%가 하반기에 돌아오지 않았습니다(95% 구간 {2:.1f}~{3:.1f}%). "
          "떠난 고객의 {4:.0f}%가 기타고객이었습니다. 하반기에 {5}명이 들어왔고, 그중 {6}명은 전에 구매했던 "
          "고객입니다.",
          share * 100, grouped(h1), lo * 100, hi * 100,
          left > 0 ? 100 * static_cast<double>(other_left) / static_cast<double>(left) : 0.0, grouped(fresh),
          grouped(returned)));
  if (stayed_top < cells.rows()) {
    double stay = cells.reals("share_of_h1")[stayed_top];
    summary.fact("top_stays_top", stay, "share", cells.reals("share_lo")[stayed_top],
                 cells.reals("share_hi")[stayed_top]);
    summary.say(
        fmt::format("{:.0f} % of the top customers stayed top ({:.0f} to {:.0f} %).", stay * 100,
                    cells.reals("share_lo")[stayed_top] * 100, cells.reals("share_hi")[stayed_top] * 100),
        fmt::format("최우수고객의 {:.0f}%가 최우수고객으로 남았습니다({:.0f}~{:.0f}%).", stay * 100,
                    cells.reals("share_lo")[stayed_top] * 100, cells.reals("share_hi")[stayed_top] * 100));
  }
  return summary;
}

}  // namespace

Room grade_change() {
  AnalysisInfo info;
  info.name = "grade_change";
  info.title = {"Who rose, fell, left and came", "등급 변화와 이탈"};
  info.question = {"How did customers' grades change between the two halves, and how many left?",
                   "상반기에서 하반기로 고객 등급은 어떻게 변했고, 얼마나 떠났는가?"};
  info.method = "Cross table of the two periods' grades; intervals of shares by Wilson (1927), 95 %.";
  info.reads = {"result.rfm"};
  info.writes = {{"result.grade_change",
                  {"Grade changes", "등급 변화"},
                  {{"h1_grade", Type::text, "", {"first half", "상반기"}, true},
                   {"h2_grade", Type::text, "", {"second half", "하반기"}, true},
                   {"customers", Type::integer, "customers", {"customers", "고객 수"}},
                   {"share_of_h1", Type::real, "share", {"share of first-half grade", "상반기 등급 중 비율"}},
                   {"share_of_all", Type::real, "share", {"share of all", "전체 중 비율"}},
                   {"share_lo",
                    Type::real,
                    "share",
                    {"from", "하한"},
                    false,
                    false,
                    "95 % interval of share_of_h1, Wilson"},
                   {"share_hi",
                    Type::real,
                    "share",
                    {"to", "상한"},
                    false,
                    false,
                    "95 % interval of share_of_h1, Wilson"}}}};
  info.labels = grade_labels();
  info.charts = {{"grade_flow",
                  ChartKind::sankey,
                  {"From the first half to the second", "상반기에서 하반기로"},
                  "result.grade_change",
                  {{"source", "h1_grade"}, {"target", "h2_grade"}, {"value", "customers"}},
                  "",
                  "count"}};
  info.tables = {{"result.grade_change", "", 30}};
  return make_job(info, ParamTable<Params>(), run);
}

}  // namespace danggol::rooms
