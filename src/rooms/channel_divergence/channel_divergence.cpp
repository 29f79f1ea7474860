#include "rooms/channel_divergence/channel_divergence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include "base/parallel.h"
#include "contract/declare.h"
#include "contract/grade_pair.h"
#include "contract/largest_values.h"
#include "learn/divergence.h"
#include "learn/multiple_tests.h"
#include "rooms/channel_divergence/words.h"

namespace danggol::rooms {
namespace {

namespace words = channel_divergence_words;

struct Params {
  std::string h1_grade = "other", h2_grade = "inactive", period = "h1", against = "alike";
  Group group;  // in place of the pair of grades
  int64_t resamples = 500;
};
Status validate(const Params&) { return {}; }

constexpr double level = 0.05;  // of differences that are none

Columns element_columns() {
  return Columns("channel_divergence")
      .key("dimension")
      .key("cell")
      .share("p")
      .share("q")
      .real("difference", "points")
      .bounds("bootstrap")
      .real("element", "nats")
      .real("p_value")
      .by("permutation")
      .real("adjusted")
      .by("within")
      .flag("marked");
}
Columns total_columns() {
  return Columns("channel_divergence_total")
      .key("dimension")
      .real("kl", "nats")
      .real("js", "nats")
      .real("js_debiased", "nats")
      .real("p_value")
      .by("permutation_of_js")
      .real("adjusted")
      .by("holm")
      .count("group_customers")
      .count("other_customers");
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
  bool has_partners = std::any_of(
      sequences.places().begin(), sequences.places().end(),
      [](const Place& place) { return place.action == Action::purchase && !place.partner.empty(); });
  for (const Place& place : sequences.places()) {
    bool bought = place.action == Action::purchase, used = place.action == Action::partner_use;
    affiliates.push_back(used ? place.partner : "");
    bool has_both = !place.channel.empty() && (!place.partner.empty() || !has_partners);
    both.push_back(bought && has_both ? place.channel + (has_partners ? " " + place.partner : "") : "");
    partners.push_back(bought ? place.partner : "");
  }
  std::vector<Dimension> out = {
      {"affiliate"}, {has_partners ? "channel x partner" : "channel"}, {"partner"}, {"product class"}};
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
    if (!is_sale(action)) continue;
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

// Who is compared with whom.
struct Compared {
  std::vector<GradePair> pairs;
  learn::Contrast contrast;
  int64_t members = 0, others = 0;
  int64_t without_alike = 0;  // of the group, left out

  void add(const GradePair& pair, bool is_member) {
    pairs.push_back(pair), contrast.in_group.push_back(is_member);
    ++(is_member ? members : others);
  }
};

Result<std::vector<bool>> read_group(Context& context, const std::vector<GradePair>& pairs,
                                     const Params& params) {
  std::vector<int64_t> named;
  if (!params.group.empty()) named = TRY(context.members(params.group));
  std::vector<bool> in_group;
  for (const GradePair& pair : pairs)
    in_group.push_back(
        params.group.empty()
            ? grade_names[pair.h1] == params.h1_grade && grade_names[pair.h2] == params.h2_grade
            : std::binary_search(named.begin(), named.end(), static_cast<int64_t>(pair.customer_no)));
  return in_group;
}

// Customers are alike who had the same grade in the first half, and about as many receipts.
Result<Compared> read_compared(Context& context, const Params& params) {
  std::vector<GradePair> pairs = TRY(grade_pairs(context));
  std::vector<bool> in_group = TRY(read_group(context, pairs, params));
  Compared out;
  if (params.against == "everybody") {
    for (size_t i = 0; i < pairs.size(); ++i) out.add(pairs[i], in_group[i]);
    out.others = static_cast<int64_t>(pairs.size());
    out.contrast.against_all = true;
    return out;
  }
  struct Stratum {
    int64_t members = 0, others = 0;
    int32_t number = -1;
  };
  std::map<std::pair<int32_t, int32_t>, Stratum> strata;
  auto stratum_of = [&](const GradePair& pair) -> Stratum& {
    return strata[{pair.h1, receipts_class(pair.h1_receipts)}];
  };
  for (size_t i = 0; i < pairs.size(); ++i) {
    Stratum& stratum = stratum_of(pairs[i]);
    ++(in_group[i] ? stratum.members : stratum.others);
  }
  int32_t next = 0;
  for (auto& [key, stratum] : strata)
    if (stratum.members > 0 && stratum.others > 0) stratum.number = next++;
    else out.without_alike += stratum.members;
  for (size_t i = 0; i < pairs.size(); ++i)
    if (int32_t number = stratum_of(pairs[i]).number; number >= 0)
      out.add(pairs[i], in_group[i]), out.contrast.stratum.push_back(number);
  return out;
}

// One dimension, where it differs at all.
struct Difference {
  learn::DivergenceEstimate estimate;
  double adjusted = 1;  // of the total, Holm over the dimensions

  bool is_marked(size_t cell) const {
    const learn::ElementEstimate& e = estimate.elements[cell];
    return adjusted <= level && (e.lo > 0 || e.hi < 0) && e.adjusted <= level;
  }
  // The cells from what is used most beyond the others to what is used least.
  std::vector<size_t> order() const {
    std::vector<size_t> out(estimate.elements.size());
    std::iota(out.begin(), out.end(), size_t{0});
    std::stable_sort(out.begin(), out.end(), [&](size_t a, size_t b) {
      return estimate.elements[a].difference > estimate.elements[b].difference;
    });
    return out;
  }
};

std::vector<Difference> differences(const std::vector<learn::CellCounts>& counts, const Compared& compared,
                                    const Params& params, uint64_t seed) {
  std::vector<Difference> out;
  std::vector<double> p_values;
  for (auto& estimate :
       learn::divergences(counts, compared.contrast, static_cast<int32_t>(params.resamples), seed)) {
    p_values.push_back(estimate.p_value);
    out.push_back({std::move(estimate)});
  }
  auto adjusted = learn::holm(p_values);
  for (size_t d = 0; d < out.size(); ++d) out[d].adjusted = adjusted[d];
  return out;
}

void add_rows(const Dimension& dimension, const Difference& difference, const Compared& compared,
              Table& elements, Table& totals) {
  const learn::DivergenceEstimate& all = difference.estimate;
  auto known = [](double value) { return std::isfinite(value) ? value : NAN; };
  for (size_t i : difference.order()) {
    const auto& e = all.elements[i];
    elements.append(dimension.name, dimension.cells[i], e.p, e.q, e.difference, e.lo, e.hi, known(e.element),
                    e.p_value, e.adjusted, difference.is_marked(i));
  }
  totals.append(dimension.name, known(all.kl), all.js, all.js - all.js_by_chance, all.p_value,
                difference.adjusted, compared.members, compared.others);
}

// Whether there was anything to say.
bool say(const Dimension& dimension, const Difference& difference, const Text& group, const Word& others,
         const Period& period, Summary& summary) {
  if (dimension.together > 0)
    summary.warn(words::told_together({.dimension = {dimension.name},
                                       .told = dimension.cells.size() - 1,
                                       .together = dimension.together,
                                       .as = {other_values},
                                       .period = period}));
  std::optional<Name> more, less;
  for (size_t i : difference.order()) {
    if (!difference.is_marked(i)) continue;
    if (difference.estimate.elements[i].difference < 0) less = Name{dimension.cells[i]};
    else if (!more) more = Name{dimension.cells[i]};
  }
  Word name{dimension.name};
  if (more && less)
    summary.say(words::more_and_less({.dimension = name,
                                      .group = group,
                                      .more = *more,
                                      .less = *less,
                                      .others = others,
                                      .period = period}));
  else if (more)
    summary.say(
        words::more({.dimension = name, .group = group, .more = *more, .others = others, .period = period}));
  else if (less)
    summary.say(
        words::less({.dimension = name, .group = group, .less = *less, .others = others, .period = period}));
  return more || less;
}

// Who is compared, as a part of sentences.
Text group_of(const Params& params, const TimeFrame& time) {
  return render(words::all, params.group.empty() ? words::moved({.h1_grade = {params.h1_grade},
                                                                 .h2_grade = {params.h2_grade},
                                                                 .h1 = time.h1(),
                                                                 .h2 = time.h2()})
                                                 : words::named({.column = {params.group.column},
                                                                 .value = {params.group.value}}));
}

Result<Summary> run(Context& context, const Params& params) {
  const TimeFrame& time = context.time();
  Period period = time.named(params.period);
  Sequences sequences = TRY(context.sequences());
  Compared compared = TRY(read_compared(context, params));

  std::vector<Dimension> told_by = TRY(dimensions(context, sequences));
  auto counts = TRY(count_rows(sequences, compared.pairs, period.from, period.until, told_by));
  std::erase_if(counts, [](const learn::CellCounts& rows) { return rows.cell_count < 2; });
  std::erase_if(told_by, [](const Dimension& dimension) { return dimension.cells.size() < 2; });
  if (told_by.empty() && !compared.pairs.empty())
    return Error{Code::no_data, fmt::format("channel_divergence: of the purchases from {} until {} the store "
                                            "knows no two partners, channels or product classes",
                                            to_text(period.from), to_text(period.until))};
  Table elements = Table::of(element_columns()), totals = Table::of(total_columns());
  Summary summary;
  Text group = group_of(params, time);
  Word others{params.against};
  if (compared.members < 2 || compared.others < 2) {
    summary.warn(
        words::too_few({.customers = compared.members, .others = compared.others, .period = period}));
  } else {
    auto found = differences(counts, compared, params, context.seed());
    bool differs = false;
    for (size_t d = 0; d < found.size(); ++d) {
      add_rows(told_by[d], found[d], compared, elements, totals);
      differs = say(told_by[d], found[d], group, others, period, summary) || differs;
    }
    if (!differs) summary.say(words::no_difference({.group = group, .others = others, .period = period}));
  }
  if (params.against == "everybody")
    summary.say(words::compared({.customers = compared.members, .group = group, .period = period}));
  else
    summary.say(words::compared_alike({.customers = compared.members,
                                       .group = group,
                                       .others = compared.others,
                                       .period = period,
                                       .h1 = time.h1()}));
  if (int64_t left_out = compared.without_alike; left_out > 0) {  // many: what is said is not of the group
    auto sentence = words::left_out({.customers = left_out, .h1 = time.h1()});
    if (10 * left_out > compared.members + left_out) summary.warn(sentence);
    else summary.say(sentence);
  }
  TRY(context.write("result.channel_divergence", elements));
  TRY(context.write("result.channel_divergence_total", totals));
  return summary;
}

}  // namespace

Room channel_divergence() {
  AnalysisInfo info = {
      .name = "channel_divergence",
      .reads = {"raw.event", "raw.product", "result.rfm"},
      .dates = {"from", "split", "until"},
      .writes = {element_columns(), total_columns()},
      .charts = {bar("divergence", "channel_divergence")
                     .x("cell")
                     .y("difference")
                     .unit("share")
                     .bounds()
                     .horizontal()
                     .where("dimension IN ('channel x partner', 'channel', 'affiliate')")
                     .order_by("abs(difference) DESC, cell")
                     .rows(15)},
      .tables = {Shown("channel_divergence").order_by("abs(difference) DESC, dimension, cell").rows(20),
                 Shown("channel_divergence_total").rows(10).evidence()}};
  ParamTable<Params> table;
  table.choice("h1-grade", &Params::h1_grade, grade_list())
      .choice("h2-grade", &Params::h2_grade, grade_list())
      .group("group", &Params::group)
      .choice("against", &Params::against, {"alike", "everybody"})
      .choice("period", &Params::period, {"h1", "year"})
      .integer("resamples", &Params::resamples, {100, 10'000}, "");
  return make_job(info, words::all, table, run);
}

}  // namespace danggol::rooms
