#include "rooms/channel_divergence/channel_divergence.h"

#include <fmt/format.h>

#include <algorithm>

#include "learn/divergence.h"
#include "rooms/channel_divergence/channel_divergence.sql.h"

namespace danggol::rooms {
namespace {

struct Params {
  std::string h1_grade = "other", h2_grade = "inactive", period = "h1";
  int64_t resamples = 500;
};
Status validate(const Params&) { return {}; }

constexpr double false_discovery_rate = 0.05;

TableInfo element_table() {
  const char* bootstrap = "95 % interval, percentile bootstrap over customers";
  return {"result.channel_divergence",
          {"Where the group differs", "그룹의 분포 차이"},
          {{"dimension", Type::text, "", {"by", "구분"}, true},
           {"cell", Type::text, "", {"cell", "항목"}, true},
           {"p", Type::real, "share", {"group", "그룹 비중"}},
           {"q", Type::real, "share", {"all", "전체 비중"}},
           {"element", Type::real, "nats", {"p ln(p/q)", "p ln(p/q)"}},
           {"element_lo", Type::real, "nats", {"from", "하한"}, false, false, bootstrap},
           {"element_hi", Type::real, "nats", {"to", "상한"}, false, false, bootstrap},
           {"p_value",
            Type::real,
            "",
            {"p-value", "p값"},
            false,
            false,
            "two-sided, permutation of group labels"},
           {"adjusted",
            Type::real,
            "",
            {"adjusted p", "보정 p값"},
            false,
            false,
            "Benjamini and Hochberg (1995) within the dimension"},
           {"marked", Type::boolean, "", {"differs", "차이 있음"}}}};
}

TableInfo total_table() {
  const char* bootstrap = "95 % interval, percentile bootstrap over customers";
  return {"result.channel_divergence_total",
          {"How far apart in all", "전체 거리"},
          {{"dimension", Type::text, "", {"by", "구분"}, true},
           {"kl", Type::real, "nats", {"Kullback-Leibler", "KL 발산"}},
           {"kl_lo", Type::real, "nats", {"from", "하한"}, false, false, bootstrap},
           {"kl_hi", Type::real, "nats", {"to", "상한"}, false, false, bootstrap},
           {"js", Type::real, "nats", {"Jensen-Shannon", "JS 발산"}},
           {"js_lo", Type::real, "nats", {"from", "하한"}, false, false, bootstrap},
           {"js_hi", Type::real, "nats", {"to", "상한"}, false, false, bootstrap},
           {"group_customers", Type::integer, "customers", {"customers of the group", "그룹 고객 수"}}}};
}

// One dimension's rows, ordered by customer, as sparse counts.
struct Dimension {
  learn::CellCounts counts;
  std::vector<bool> in_group;
  std::vector<std::string> cells;  // names, ascending
};

Result<Dimension> read(Context& context, const std::string& name) {
  Table cells = TRY(context.query(
      "SELECT DISTINCT cell FROM cell_count WHERE dimension = $name ORDER BY cell", {{"name", name}}));
  Table rows =
      TRY(context.query("SELECT customer_no, dense_rank() OVER (ORDER BY cell) - 1 AS number, rows, in_group "
                        "FROM cell_count WHERE dimension = $name "
                        "ORDER BY customer_no, number",
                        {{"name", name}}));
  Dimension out;
  out.cells = cells.texts("cell");
  out.counts.cell_count = static_cast<int32_t>(out.cells.size());
  const auto& customers = rows.integers("customer_no");
  for (size_t i = 0; i < rows.rows(); ++i) {
    if (i == 0 || customers[i] != customers[i - 1]) {
      out.counts.start.push_back(static_cast<int64_t>(i));
      out.in_group.push_back(rows.integers("in_group")[i] != 0);
    }
    out.counts.cells.push_back(static_cast<int32_t>(rows.integers("number")[i]));
    out.counts.counts.push_back(static_cast<double>(rows.integers("rows")[i]));
  }
  out.counts.start.push_back(static_cast<int64_t>(rows.rows()));
  return out;
}

Result<Summary> run(Context& context, const Params& params) {
  const TimeFrame& time = context.time();
  TRY(context.execute(sql::channel_divergence,
                      {{"h1_grade", params.h1_grade},
                       {"h2_grade", params.h2_grade},
                       {"window_from", to_timestamp(time.from)},
                       {"window_until", to_timestamp(params.period == "h1" ? time.split : time.until)}}));
  Table dimensions =
      TRY(context.query("SELECT dimension FROM cell_count GROUP BY dimension HAVING count(DISTINCT cell) > 1 "
                        "ORDER BY dimension"));
  if (dimensions.rows() == 0)
    return Error{Code::not_found,
                 "channel_divergence: the store knows neither partners, channels nor product classes of its "
                 "purchases"};
  Table elements = Table::of(element_table()), totals = Table::of(total_table());
  Summary summary;
  for (size_t d = 0; d < dimensions.rows(); ++d) {
    const std::string& name = dimensions.texts("dimension")[d];
    TRY(context.progress(static_cast<double>(d) / static_cast<double>(dimensions.rows()), name));
    Dimension dimension = TRY(read(context, name));
    int64_t members = std::count(dimension.in_group.begin(), dimension.in_group.end(), true);
    if (members < 2) {
      summary.warn(fmt::format("{}: {} customers went from {} to {}: too few to compare.", name, members,
                               params.h1_grade, params.h2_grade),
                   fmt::format("{}: {} → {} 고객이 {}명뿐이어서 비교하지 않았습니다.", name, params.h1_grade,
                               params.h2_grade, members));
      continue;
    }
    auto estimate = learn::divergence(dimension.counts, dimension.in_group,
                                      static_cast<int32_t>(params.resamples), context.seed());
    std::vector<size_t> order(dimension.cells.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return estimate.elements[a].element > estimate.elements[b].element;
    });
    std::string more, less;
    for (size_t i : order) {
      const auto& e = estimate.elements[i];
      bool marked = (e.lo > 0 || e.hi < 0) && e.adjusted <= false_discovery_rate;
      elements.append(name, dimension.cells[i], e.p, e.q, e.element, e.lo, e.hi, e.p_value, e.adjusted,
                      marked);
      if (marked && e.element > 0 && more.empty()) more = dimension.cells[i];
      if (marked && e.element < 0) less = dimension.cells[i];
    }
    totals.append(name, estimate.kl, estimate.kl_lo, estimate.kl_hi, estimate.js, estimate.js_lo,
                  estimate.js_hi, members);
    if (!more.empty())
      summary.say(
          fmt::format("By {}, customers going from {} to {} over-use {}{}. That differs; it need not cause.",
                      name, params.h1_grade, params.h2_grade, more,
                      less.empty() ? "" : " and under-use " + less),
          fmt::format("{} 기준으로 {} → {} 고객은 {}를 더 이용합니다{}. 차이일 뿐 원인이라는 뜻은 아닙니다.",
                      name, params.h1_grade, params.h2_grade, more,
                      less.empty() ? "" : "(덜 이용: " + less + ")"));
  }
  TRY(context.write("result.channel_divergence", elements));
  TRY(context.write("result.channel_divergence_total", totals));
  if (summary.sentences.empty())
    summary.say(
        "The group buys where everybody buys: no difference stands after correction for many comparisons.",
        "다중 비교 보정 후 남는 차이가 없습니다. 이 그룹은 전체와 같은 곳에서 구매합니다.");
  return summary;
}

}  // namespace

Room channel_divergence() {
  AnalysisInfo info;
  info.name = "channel_divergence";
  info.title = {"Where leavers buy", "이탈 고객의 채널 차이"};
  info.question = {"Which channels, partners and classes does a group use more or less than everybody?",
                   "어떤 채널·제휴사·상품군을 특정 그룹이 더 또는 덜 이용하는가?"};
  info.method =
      "Elements p ln(p/q) of Kullback-Leibler divergence over rows, P the group, Q everybody (Kullback and "
      "Leibler, 1951); bootstrap intervals over "
      "customers, permutation p-values, false discoveries controlled at 5 % (Benjamini and Hochberg, 1995).";
  info.reads = {"raw.event", "raw.product", "result.rfm"};
  info.writes = {element_table(), total_table()};
  info.labels = grade_labels();
  info.charts = {
      {"divergence",
       ChartKind::bar,
       {"What the group uses more and less than everybody", "전체보다 더·덜 이용하는 곳"},
       "result.channel_divergence",
       {{"x", "cell"}, {"y", "element"}, {"lo", "element_lo"}, {"hi", "element_hi"}, {"horizontal", "true"}},
       "dimension IN ('channel x partner', 'affiliate')"}};
  info.charts[0].order_by = "abs(element) DESC, cell";
  info.charts[0].most_rows = 15;
  info.tables = {{"result.channel_divergence", "abs(element) DESC, dimension, cell", 20},
                 {"result.channel_divergence_total", "", 10}};
  ParamTable<Params> table;
  table
      .choice("h1-grade", &Params::h1_grade, {"top", "good", "regular", "other", "inactive"},
              "grade of the group in the first half")
      .choice("h2-grade", &Params::h2_grade, {"top", "good", "regular", "other", "inactive"},
              "grade of the group in the second half")
      .choice("period", &Params::period, {"h1", "year"},
              "rows compared: h1, when both sides were there; year, as the deck did")
      .integer("resamples", &Params::resamples, {100, 10'000}, "", "of bootstrap and permutation");
  return make_job(info, table, run);
}

}  // namespace danggol::rooms
