#include "rooms/grade_change/grade_change.h"

#include <fmt/core.h>

#include <array>
#include <numeric>

#include "contract/grade_pair.h"
#include "learn/metrics.h"
#include "rooms/grade_change/returned.sql.h"

namespace danggol::rooms {
namespace {

struct Params {};
Status validate(const Params&) { return {}; }

TableInfo grade_change_info() {
  return {"result.grade_change",
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
            "95 % interval of share_of_h1, Wilson"}}};
}

// Customers by grade in the first half and in the second.
using PairCounts = std::array<std::array<int64_t, grade_count>, grade_count>;

Result<Summary> run(Context& context, const Params&) {
  PairCounts customers{};
  for (const GradePair& pair : TRY(grade_pairs(context)))
    ++customers[static_cast<size_t>(pair.h1)][static_cast<size_t>(pair.h2)];
  Table came = TRY(context.query(sql::returned));
  int64_t returned = came.integers("returned")[0];
  constexpr size_t top = 0, other = 3, inactive = inactive_grade;

  std::array<int64_t, grade_count> of_h1{};
  for (size_t from = 0; from < grade_count; ++from)
    of_h1[from] = std::accumulate(customers[from].begin(), customers[from].end(), int64_t{0});
  int64_t all = std::accumulate(of_h1.begin(), of_h1.end(), int64_t{0});
  Table rows = Table::of(grade_change_info());
  for (size_t from = 0; from < grade_count; ++from) {
    for (size_t to = 0; to < grade_count; ++to) {
      if (customers[from][to] == 0) continue;
      double n = static_cast<double>(of_h1[from]), k = static_cast<double>(customers[from][to]);
      auto [lo, hi] = learn::wilson(k, n);
      rows.append(grade_names[from], grade_names[to], customers[from][to], k / n,
                  k / static_cast<double>(all), lo, hi);
    }
  }
  TRY(context.write("result.grade_change", rows));

  Summary summary;
  int64_t fresh = of_h1[inactive], h1 = all - fresh, left = 0;
  for (size_t from = 0; from < grade_count; ++from) left += customers[from][inactive];
  int64_t other_left = customers[other][inactive];
  summary.fact("h1_buyers", static_cast<double>(h1), "customers");
  summary.fact("came_in_h2", static_cast<double>(fresh), "customers");
  summary.fact("returned_in_h2", static_cast<double>(returned), "customers");
  if (h1 == 0) {
    summary.warn("Nobody bought in the first half, so nobody could leave.",
                 "상반기에 구매한 고객이 없어 이탈을 말할 수 없습니다.");
    return summary;
  }
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
  if (of_h1[top] > 0) {
    double k = static_cast<double>(customers[top][top]), n = static_cast<double>(of_h1[top]), stay = k / n;
    auto [stay_lo, stay_hi] = learn::wilson(k, n);
    summary.fact("top_stays_top", stay, "share", stay_lo, stay_hi);
    summary.say(fmt::format("{:.0f} % of the top customers stayed top ({:.0f} to {:.0f} %).", stay * 100,
                            stay_lo * 100, stay_hi * 100),
                fmt::format("최우수고객의 {:.0f}%가 최우수고객으로 남았습니다({:.0f}~{:.0f}%).", stay * 100,
                            stay_lo * 100, stay_hi * 100));
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
  info.dates = {"from", "split", "until"};
  info.writes = {grade_change_info()};
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
