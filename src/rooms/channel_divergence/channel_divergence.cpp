#include "rooms/channel_divergence/channel_divergence.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/parallel.h"
#include "contract/grade_pair.h"
#include "contract/largest_values.h"
#include "learn/divergence.h"

namespace danggol::rooms {
namespace {

struct Params {
  std::string h1_grade = "other", h2_grade = "inactive", period = "h1";
  Group group;  // in place of the pair of grades
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

// A way to tell rows apart: the cell of a row's place or product, -1 where it has none.
struct Dimension {
  std::string name;
  std::vector<std::string> cells;
  std::vector<int32_t> of_place, of_product;
  size_t together = 0;  // cells that are one
  int32_t cell(const Event& event) const {
    if (!of_place.empty()) return of_place[static_cast<size_t>(event.place)];
    return event.product_no < 0 ? -1 : of_product[static_cast<size_t>(event.product_no)];
  }
};

// Numbers `names`, where "" is no cell, in their order.
std::vector<std::string> number(const std::vector<std::string>& names, std::vector<int32_t>& numbers) {
  std::vector<std::string> cells(names);
  std::sort(cells.begin(), cells.end());
  cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
  if (!cells.empty() && cells[0].empty()) cells.erase(cells.begin());
  for (const auto& name : names) {
    auto at = std::lower_bound(cells.begin(), cells.end(), name) - cells.begin();
    numbers.push_back(name.empty() ? -1 : static_cast<int32_t>(at));
  }
  return cells;
}

Result<std::vector<Dimension>> dimensions(Context& context, const Sequences& sequences) {
  std::vector<std::string> affiliates, both, partners;
  for (const Place& place : sequences.places()) {
    bool bought = place.action == Action::purchase, used = place.action == Action::partner_use;
    affiliates.push_back(used ? place.partner : "");
    both.push_back(bought && !place.channel.empty() && !place.partner.empty()
                       ? place.channel + " " + place.partner
                       : "");
    partners.push_back(bought ? place.partner : "");
  }
  std::vector<Dimension> out = {{"affiliate"}, {"channel x partner"}, {"partner"}, {"product class"}};
  out[0].cells = number(affiliates, out[0].of_place);
  out[1].cells = number(both, out[1].of_place);
  out[2].cells = number(partners, out[2].of_place);
  out[3].cells = number(TRY(texts_by_number(context, "product", "class_top")), out[3].of_product);
  return out;
}

// Appends one customer's rows by cell. `rows` are of each cell: zero, and zero again afterwards.
void append_rows(const Sequences& sequences, std::span<const Event> events, const Dimension& dimension,
                 std::vector<int64_t>& rows, learn::CellCounts& out) {
  size_t first = out.cells.size();
  out.start.push_back(static_cast<int64_t>(first));
  for (const Event& event : events) {
    Action action = sequences.action(event);
    if (action != Action::purchase && action != Action::partner_use) continue;
    int32_t cell = dimension.cell(event);
    if (cell >= 0 && rows[static_cast<size_t>(cell)]++ == 0) out.cells.push_back(cell);
  }
  std::sort(out.cells.begin() + static_cast<int64_t>(first), out.cells.end());
  for (size_t i = first; i < out.cells.size(); ++i)
    out.counts.push_back(static_cast<double>(std::exchange(rows[static_cast<size_t>(out.cells[i])], 0)));
}

// Customer i of the outcome is the one that was counted as number place[i].
learn::CellCounts rearranged(const learn::CellCounts& counted, const std::vector<size_t>& place) {
  learn::CellCounts out;
  out.start = {0};
  for (size_t at : place) {
    for (int64_t i = counted.start[at]; i < counted.start[at + 1]; ++i) {
      out.cells.push_back(counted.cells[static_cast<size_t>(i)]);
      out.counts.push_back(counted.counts[static_cast<size_t>(i)]);
    }
    out.start.push_back(static_cast<int64_t>(out.cells.size()));
  }
  return out;
}

// Takes cells without a row out of the dimension, and makes those with few rows one where there are too many.
void keep_large_cells(Dimension& dimension, learn::CellCounts& counts) {
  std::vector<int64_t> all(dimension.cells.size());
  for (size_t i = 0; i < counts.cells.size(); ++i)
    all[static_cast<size_t>(counts.cells[i])] += static_cast<int64_t>(counts.counts[i]);
  std::vector<std::string_view> cells;
  std::vector<int64_t> cell_rows;
  std::vector<int32_t> kept_as(all.size());
  for (size_t cell = 0; cell < all.size(); ++cell) {
    kept_as[cell] = static_cast<int32_t>(cells.size());
    if (all[cell] > 0) cells.push_back(dimension.cells[cell]), cell_rows.push_back(all[cell]);
  }
  ValueNumbers numbers = number_values(cells, cell_rows);
  for (int32_t& cell : counts.cells)
    cell = numbers.number[static_cast<size_t>(kept_as[static_cast<size_t>(cell)])];
  counts.cell_count = static_cast<int32_t>(numbers.names.size());
  dimension.cells = std::move(numbers.names);
  dimension.together = numbers.together;
}

// The rows of the graded customers by cell, in each dimension.
Result<std::vector<learn::CellCounts>> count_rows(const Sequences& sequences,
                                                  const std::vector<GradePair>& pairs, Date from, Date until,
                                                  std::vector<Dimension>& dimensions) {
  std::vector<size_t> by_number(pairs.size()), place(pairs.size());
  std::iota(by_number.begin(), by_number.end(), size_t{0});
  std::sort(by_number.begin(), by_number.end(),
            [&](size_t a, size_t b) { return pairs[a].customer_no < pairs[b].customer_no; });
  for (size_t i = 0; i < place.size(); ++i) place[by_number[i]] = i;
  std::vector<learn::CellCounts> counts(dimensions.size());
  size_t next = 0;
  TRY(sequences.each_range([&](const SequenceRange& range) -> Status {
    size_t end = next;
    while (end < pairs.size() && pairs[by_number[end]].customer_no < range.end()) ++end;
    parallel_for(dimensions.size(), [&](size_t d) {
      std::vector<int64_t> rows(dimensions[d].cells.size());
      for (size_t i = next; i < end; ++i)
        append_rows(sequences, range.of(pairs[by_number[i]].customer_no, from, until), dimensions[d], rows,
                    counts[d]);
    });
    next = end;
    return {};
  }));
  parallel_for(dimensions.size(), [&](size_t d) {
    counts[d].start.resize(pairs.size() + 1, static_cast<int64_t>(counts[d].cells.size()));
    counts[d] = rearranged(counts[d], place);
    keep_large_cells(dimensions[d], counts[d]);
  });
  return counts;
}

Result<Summary> run(Context& context, const Params& params) {
  const TimeFrame& time = context.time();
  Sequences sequences = TRY(context.sequences());
  std::vector<GradePair> pairs = TRY(grade_pairs(context));
  std::vector<int64_t> named;
  if (!params.group.empty()) named = TRY(context.members(params.group));
  std::vector<bool> in_group;
  for (const GradePair& pair : pairs)
    in_group.push_back(
        params.group.empty()
            ? grade_names[pair.h1] == params.h1_grade && grade_names[pair.h2] == params.h2_grade
            : std::binary_search(named.begin(), named.end(), static_cast<int64_t>(pair.customer_no)));
  Text who = params.group.empty()
                 ? Text{fmt::format("customers going from {} to {}", params.h1_grade, params.h2_grade),
                        fmt::format("{} → {} 고객", params.h1_grade, params.h2_grade)}
                 : Text{fmt::format("customers of {} {}", params.group.column, params.group.value),
                        fmt::format("{} {} 고객", params.group.column, params.group.value)};
  int64_t members = std::count(in_group.begin(), in_group.end(), true);

  std::vector<Dimension> compared = TRY(dimensions(context, sequences));
  auto counts =
      TRY(count_rows(sequences, pairs, time.from, params.period == "h1" ? time.split : time.until, compared));
  std::erase_if(counts, [](const learn::CellCounts& rows) { return rows.cell_count < 2; });
  std::erase_if(compared, [](const Dimension& dimension) { return dimension.cells.size() < 2; });
  if (compared.empty())
    return Error{Code::no_data,
                 "channel_divergence: the store knows neither partners, channels nor product classes of its "
                 "purchases"};
  Table elements = Table::of(element_table()), totals = Table::of(total_table());
  Summary summary;
  std::vector<learn::DivergenceEstimate> estimates;
  if (members < 2)
    summary.warn(fmt::format("Too few to compare: {} {}.", members, who.en),
                 fmt::format("{}이 {}명뿐이어서 비교하지 않았습니다.", who.ko, members));
  else
    estimates = learn::divergences(counts, in_group, static_cast<int32_t>(params.resamples), context.seed());
  for (size_t d = 0; d < estimates.size(); ++d) {
    const Dimension& dimension = compared[d];
    const std::string& name = dimension.name;
    const learn::DivergenceEstimate& estimate = estimates[d];
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
    if (dimension.together > 0)
      summary.warn(
          fmt::format("{}: the {} cells with most rows are told one by one, the other {} together as {}.",
                      name, dimension.cells.size() - 1, grouped(static_cast<int64_t>(dimension.together)),
                      other_values),
          fmt::format("{}: 행이 많은 항목 {}개만 따로 보이고 나머지 {}개는 {}로 합쳤습니다.", name,
                      dimension.cells.size() - 1, grouped(static_cast<int64_t>(dimension.together)),
                      other_values));
    if (!more.empty())
      summary.say(fmt::format("By {}, {} over-use {}{}. That differs; it need not cause.", name, who.en, more,
                              less.empty() ? "" : " and under-use " + less),
                  fmt::format("{} 기준으로 {}은 {}를 더 이용합니다{}. 차이일 뿐 원인이라는 뜻은 아닙니다.",
                              name, who.ko, more, less.empty() ? "" : "(덜 이용: " + less + ")"));
  }
  TRY(context.write("result.channel_divergence", elements));
  TRY(context.write("result.channel_divergence_total", totals));
  if (summary.sentences.empty() && !estimates.empty())
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
  info.dates = {"from", "split", "until"};
  info.writes = {element_table(), total_table()};
  info.labels = grade_labels();
  info.labels.push_back(other_values_label);
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
      .group("group", &Params::group, "compared in place of a pair of grades: TABLE:COLUMN=VALUE")
      .choice("period", &Params::period, {"h1", "year"},
              "rows compared: h1, when both sides were there; year, as the deck did")
      .integer("resamples", &Params::resamples, {100, 10'000}, "", "of bootstrap and permutation");
  return make_job(info, table, run);
}

}  // namespace danggol::rooms
