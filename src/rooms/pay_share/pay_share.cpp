#include "rooms/pay_share/pay_share.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <span>

#include "contract/declare.h"
#include "contract/grade_pair.h"
#include "learn/intervals.h"
#include "learn/kolmogorov_smirnov.h"
#include "learn/multiple_tests.h"
#include "learn/trend_test.h"
#include "rooms/pay_share/words.h"

namespace danggol::rooms {
namespace {

namespace words = pay_share_words;

struct Params {
  std::string period = "h1";
  int64_t resamples = 1000;
};
Status validate(const Params&) { return {}; }

constexpr const char *everybody = "all", *leavers = "other -> inactive", *loyal = "top -> top",
                     *others = "rest";

struct Dose {
  const char* name;
  int64_t most_percent;
};
constexpr Dose doses[] = {
    {"never", 0}, {"up to 10 %", 10}, {"10 to 25 %", 25}, {"25 to 50 %", 50}, {"above 50 %", 100}};

// payments of receipts, compared without rounding
struct Ratio {
  int64_t payments, receipts;
  double value() const { return static_cast<double>(payments) / static_cast<double>(receipts); }
  bool at_most(int64_t percent) const { return 100 * payments <= percent * receipts; }
  bool operator<(const Ratio& other) const { return payments * other.receipts < other.payments * receipts; }
};

int64_t sum(const std::vector<int64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), int64_t{0});
}

// Customers by share, ascending, in all and by class of receipts. Each segment has a count for every share
// that anybody has.
struct Segment {
  std::vector<int64_t> customers;
  std::map<int32_t, std::vector<int64_t>> by_receipts;
  int64_t capped = 0, apart = 0;
  int64_t size() const { return sum(customers); }
};

struct Payers {
  std::vector<Ratio> shares;
  std::map<std::string, Segment> segments;
  // Who was there in the first half and who of them did not come back, by class of receipts and grade.
  std::map<std::pair<int32_t, int32_t>, learn::DoseTable> left;
};

// Whether a place's partner knows payments alone: no receipt there that a payment could be a share of.
std::vector<bool> outside(const std::vector<Place>& places) {
  std::set<std::string_view> inside;
  for (const Place& place : places)
    if (is_sale(place.action)) inside.insert(place.partner);
  std::vector<bool> out;
  for (const Place& place : places) out.push_back(!place.partner.empty() && !inside.contains(place.partner));
  return out;
}

// Of one customer in the window.
struct Counted {
  int64_t receipts = 0, payments = 0, apart = 0;
  int32_t h1 = inactive_grade, h2 = inactive_grade;
  Ratio share() const { return {std::min(payments, receipts), receipts}; }
};

Result<std::vector<Counted>> count(const Sequences& sequences, const std::vector<GradePair>& pairs, Date from,
                                   Date until) {
  std::vector<bool> is_outside = outside(sequences.places());
  std::vector<Counted> out(sequences.customers());
  TRY(sequences.each_customer(from, until, [&](size_t customer, std::span<const Event> events) {
    Counted& counted = out[customer];
    each_receipt(events, [&](std::span<const Event> receipt) {
      Action action = sequences.action(receipt[0]);
      if (is_sale(action)) ++counted.receipts;
      if (action != Action::pay) return;
      auto apart = [&](const Event& event) { return is_outside[static_cast<size_t>(event.place)]; };
      counted.apart += std::any_of(receipt.begin(), receipt.end(), apart);
      counted.payments += !std::all_of(receipt.begin(), receipt.end(), apart);
    });
  }));
  for (const GradePair& pair : pairs)
    if (pair.customer_no < out.size()) out[pair.customer_no].h1 = pair.h1, out[pair.customer_no].h2 = pair.h2;
  std::erase_if(out, [](const Counted& counted) { return counted.receipts == 0; });
  return out;
}

Result<Payers> read(const Sequences& sequences, const std::vector<GradePair>& pairs, Date from, Date until) {
  std::vector<Counted> customers = TRY(count(sequences, pairs, from, until));
  std::map<Ratio, size_t> place;
  for (const Counted& counted : customers) place.emplace(counted.share(), 0);
  Payers out;
  for (auto& [share, at] : place) at = out.shares.size(), out.shares.push_back(share);
  for (const char* name : {everybody, leavers, loyal}) out.segments[name].customers.resize(out.shares.size());
  for (const Counted& counted : customers) {
    Ratio share = counted.share();
    size_t at = place[share];
    std::string h1(grade_names[counted.h1]), pair = h1 + " -> " + std::string(grade_names[counted.h2]);
    for (const std::string& name : {std::string(everybody), pair}) {
      auto segment = out.segments.find(name);
      if (segment == out.segments.end()) continue;
      ++segment->second.customers[at];
      auto& of_class = segment->second.by_receipts[receipts_class(counted.receipts)];
      of_class.resize(out.shares.size());
      ++of_class[at];
      segment->second.capped += counted.payments > counted.receipts;
      segment->second.apart += counted.apart;
    }
    if (counted.h1 == inactive_grade) continue;  // was not there to leave
    auto& table = out.left[{receipts_class(counted.receipts), counted.h1}];
    table.successes.resize(std::size(doses)), table.trials.resize(std::size(doses));
    size_t dose = 0;
    while (!share.at_most(doses[dose].most_percent)) ++dose;
    ++table.trials[dose];
    if (counted.h2 == inactive_grade) ++table.successes[dose];
  }
  return out;
}

int64_t never_payers(const Payers& payers, const Segment& segment) {
  return payers.shares[0].payments == 0 ? segment.customers[0] : 0;
}

void append_curve(const Payers& payers, const std::string& name, Table& curve) {
  const Segment& segment = payers.segments.at(name);
  size_t at = 0;
  int64_t reached = 0;
  for (int64_t percent = 0; percent <= 100; ++percent) {
    for (; at < payers.shares.size() && payers.shares[at].at_most(percent); ++at)
      reached += segment.customers[at];
    curve.append(name, static_cast<double>(percent) / 100, learn::share(reached, segment.size()));
  }
}

void append_segment(const Payers& payers, const std::string& name, Table& segments) {
  const Segment& segment = payers.segments.at(name);
  double n = static_cast<double>(segment.size()), sum = 0, squares = 0, below = 0, median = -1;
  for (size_t k = 0; k < payers.shares.size(); ++k) {
    double share = payers.shares[k].value(), customers = static_cast<double>(segment.customers[k]);
    sum += share * customers, squares += share * share * customers, below += customers;
    if (median < 0 && 2 * below >= n) median = share;
  }
  Estimate mean = learn::mean(sum, squares, segment.size());
  if (segment.size() < 2) mean.lo = 0, mean.hi = 1;
  mean.lo = std::max(0.0, mean.lo), mean.hi = std::min(1.0, mean.hi);
  segments.append(name, segment.size(), learn::share(never_payers(payers, segment), segment.size()), mean,
                  median, segment.capped, segment.apart);
}

// By class of receipts, the customers of one segment and those of another, or of all but the one.
std::vector<learn::TwoSamples> side_by_side(const Segment& of, const Segment& against, bool but_those) {
  std::vector<learn::TwoSamples> out;
  for (const auto& [receipts, customers] : of.by_receipts) {
    auto other = against.by_receipts.find(receipts);
    if (other == against.by_receipts.end()) continue;
    auto& strata = out.emplace_back(learn::TwoSamples{customers, other->second});
    if (but_those)
      std::transform(strata.b.begin(), strata.b.end(), customers.begin(), strata.b.begin(), std::minus<>());
    if (sum(strata.b) == 0) out.pop_back();
  }
  return out;
}

void append_distances(const Payers& payers, const Params& params, uint64_t seed, Table& distances) {
  struct Comparison {
    const char *segment, *against;
    std::vector<learn::TwoSamples> strata;
    learn::KolmogorovSmirnov test = {};
  };
  auto segment = [&](const char* name) -> const Segment& { return payers.segments.at(name); };
  std::vector<Comparison> comparisons = {
      {leavers, others, side_by_side(segment(leavers), segment(everybody), true)},
      {loyal, others, side_by_side(segment(loyal), segment(everybody), true)},
      {leavers, loyal, side_by_side(segment(leavers), segment(loyal), false)}};
  std::erase_if(comparisons, [&](const Comparison& c) { return c.strata.empty(); });
  std::vector<double> p_values;
  for (auto& c : comparisons) {
    c.test = learn::kolmogorov_smirnov(c.strata, static_cast<int32_t>(params.resamples), seed);
    p_values.push_back(c.test.p_value);
  }
  auto adjusted = learn::benjamini_hochberg(p_values);
  for (size_t i = 0; i < comparisons.size(); ++i) {
    const Comparison& c = comparisons[i];
    int64_t a = 0, b = 0;
    for (const auto& stratum : c.strata) a += sum(stratum.a), b += sum(stratum.b);
    distances.append(c.segment, c.against, a, b, c.test.distance, c.test.p_value, adjusted[i]);
  }
}

void say_never(const Payers& payers, const Period& period, Summary& summary) {
  auto never = [&](const char* name) {
    const Segment& segment = payers.segments.at(name);
    return learn::share(never_payers(payers, segment), segment.size());
  };
  const Segment& all = payers.segments.at(everybody);
  summary.fact("customers", all.size(), "customers");
  summary.key_figure("never_share", never(everybody), "share", period);
  summary.fact("capped_customers", all.capped, "customers");
  summary.fact("apart_receipts", all.apart, "receipts");
  summary.say(words::never({.share = Share(never(everybody)), .customers = all.size(), .period = period}));
  for (const char* name : {leavers, loyal})
    if (int64_t customers = payers.segments.at(name).size(); customers > 0)
      summary.say(words::never_of(
          {.segment = {name}, .customers = customers, .share = Share(never(name)), .period = period}));
  if (all.capped > 0) summary.warn(words::capped({.customers = all.capped, .period = period}));
}

Columns dose_columns() {
  return Columns("pay_share_dose")
      .key("dose", Type::integer)
      .text("bucket")
      .count("customers")
      .count("left_customers")
      .share("leaves")
      .bounds("wilson");
}

Columns trend_columns() {
  return Columns("pay_share_trend")
      .key("among")
      .count("customers")
      .real("difference", "points")
      .bounds("mantel_haenszel")
      .real("z")
      .real("p_value")
      .by("mantel");
}

// Whether more or fewer leave where the share is higher, among customers with as many receipts: who buys
// little has shares of 0 and 1 and leaves, whether they pay or not.
struct Leaving {
  const char* among;
  int64_t customers = 0;
  Estimate difference = {};  // of those who never pay, beyond those who do
  learn::Trend trend = {};

  Leaving(const char* name, const std::vector<learn::DoseTable>& strata) : among(name) {
    std::vector<learn::DoseTable> ever_never;
    for (const learn::DoseTable& table : strata) {
      customers += sum(table.trials);
      auto ever = [](const std::vector<int64_t>& of) { return sum(of) - of[0]; };
      ever_never.push_back(
          {{ever(table.successes), table.successes[0]}, {ever(table.trials), table.trials[0]}});
    }
    difference = learn::share_difference(ever_never), trend = learn::trend_test(strata);
  }
  bool is_certain() const {
    return trend.p_value <= 0.05 && (trend.z < 0 ? difference.value > 0 : difference.value < 0);
  }
};

constexpr const char *receipts_alike = "receipts", *grade_alike = "receipts and grade";

Table dose_rows(const Payers& payers) {
  learn::DoseTable all;
  for (const auto& [key, table] : payers.left) all += table;
  Table rows = Table::of(dose_columns());
  for (size_t d = 0; d < all.trials.size(); ++d)
    if (int64_t n = all.trials[d]; n > 0)
      rows.append(d, doses[d].name, n, all.successes[d], learn::share(all.successes[d], n));
  return rows;
}

std::vector<Leaving> leaving(const Payers& payers) {
  std::map<int32_t, learn::DoseTable> by_receipts;
  std::vector<learn::DoseTable> by_grade, of_receipts;
  for (const auto& [key, table] : payers.left) {
    by_grade.push_back(table);
    by_receipts[key.first] += table;
  }
  for (auto& [receipts, table] : by_receipts) of_receipts.push_back(std::move(table));
  return {{receipts_alike, of_receipts}, {grade_alike, by_grade}};
}

void say_leaving(const std::vector<Leaving>& leaving, const TimeFrame& time, const Period& period,
                 Summary& summary) {
  const Leaving &of = leaving[0], &within = leaving[1];
  summary.fact("leaving_trend_z", of.trend.z, "");
  summary.fact("leaving_trend_p_value", of.trend.p_value, "");
  summary.fact("leaving_trend_within_grades_z", within.trend.z, "");
  summary.fact("leaving_trend_within_grades_p_value", within.trend.p_value, "");
  if (!of.is_certain()) return summary.say(words::no_trend({.period = period}));
  auto at_most = [](double p_value) {  // as it is printed
    return Number(std::ceil(std::max(p_value, 1e-4) * 10'000) / 10'000);
  };
  bool more = of.trend.z < 0, holds = within.is_certain() && (within.trend.z < 0) == more;
  Estimate by = of.difference;
  if (!more) by = {-by.value, -by.hi, -by.lo};
  Points points(by);
  Number p = at_most(of.trend.p_value), p_within = at_most(within.trend.p_value);
  Period h2 = time.h2();
  if (more && holds)
    summary.say(words::never_leave_more({.points = points, .p = p, .within = p_within, .h2 = h2}));
  else if (more)
    summary.say(words::never_may_leave_more({.points = points, .p = p, .within = p_within, .h2 = h2}));
  else if (holds)
    summary.say(words::never_leave_less({.points = points, .p = p, .within = p_within, .h2 = h2}));
  else summary.say(words::never_may_leave_less({.points = points, .p = p, .within = p_within, .h2 = h2}));
}

Columns curve_columns() {
  return Columns("pay_share")
      .key("segment")
      .key("share", Type::real, "share")
      .share("cumulative")
      .bounds("points");
}
Columns segment_columns() {
  return Columns("pay_share_group")
      .key("segment")
      .count("customers")
      .share("never")
      .bounds("wilson")
      .share("mean")
      .bounds("mean")
      .share("median")
      .count("capped")
      .count("apart_receipts", "receipts");
}
Columns distance_columns() {
  return Columns("pay_share_distance")
      .key("segment")
      .key("against")
      .count("customers")
      .count("against_customers")
      .share("distance")
      .real("p_value")
      .by("permutation")
      .real("q_value")
      .by("benjamini_hochberg");
}

Result<Summary> run(Context& context, const Params& params) {
  const TimeFrame& time = context.time();
  Period period = time.named(params.period);
  Sequences sequences = TRY(context.sequences());
  if (std::none_of(sequences.places().begin(), sequences.places().end(),
                   [](const Place& place) { return place.action == Action::pay; }))
    return Error{Code::no_data, "pay_share: the store knows no payments (action pay)"};
  TRY(context.progress(0.1, "counting receipts"));
  std::vector<GradePair> pairs = TRY(grade_pairs(context));
  Payers payers = TRY(read(sequences, pairs, period.from, period.until));
  if (payers.shares.empty())
    return Error{Code::no_data, fmt::format("pay_share: no receipts from {} to {}; move --from and --until",
                                            to_text(period.from), to_text(period.until))};
  Summary summary;
  Table curve = Table::of(curve_columns()), segments = Table::of(segment_columns()),
        distances = Table::of(distance_columns());
  for (const char* name : {everybody, leavers, loyal}) {
    if (payers.segments.at(name).size() == 0) {
      summary.warn(words::no_such({.segment = {name}, .period = period}));
      continue;
    }
    append_curve(payers, name, curve);
    append_segment(payers, name, segments);
  }
  TRY(context.progress(0.5, "comparing"));
  append_distances(payers, params, context.seed(), distances);
  std::vector<Leaving> trends = leaving(payers);
  Table trend = Table::of(trend_columns());
  for (const Leaving& of : trends)
    trend.append(of.among, of.customers, of.difference, of.trend.z, of.trend.p_value);
  say_never(payers, period, summary);
  say_leaving(trends, time, period, summary);
  if (params.period == "year") summary.warn(words::year_knows({.period = period}));
  TRY(context.write("result.pay_share", curve));
  TRY(context.write("result.pay_share_group", segments));
  TRY(context.write("result.pay_share_distance", distances));
  TRY(context.write("result.pay_share_dose", dose_rows(payers)));
  TRY(context.write("result.pay_share_trend", trend));
  return summary;
}

}  // namespace

Room pay_share() {
  AnalysisInfo info = {
      .name = "pay_share",
      .reads = {"raw.event", "result.rfm"},
      .dates = {"from", "split", "until"},
      .writes = {curve_columns(), segment_columns(), distance_columns(), dose_columns(), trend_columns()},
      .charts = {ecdf("pay_share_curve", "pay_share")
                     .x("share")
                     .y("cumulative")
                     .series("segment")
                     .unit("share")
                     .order_by("segment, share"),
                 bar("pay_share_leaving", "pay_share_dose")
                     .x("bucket")
                     .y("leaves")
                     .bounds()
                     .unit("share")
                     .order_by("dose")},
      .tables = {Shown("pay_share_group").rows(3), Shown("pay_share_distance").rows(3).evidence(),
                 Shown("pay_share_trend").rows(2), Shown("pay_share_dose").order_by("dose").rows(5)}};
  ParamTable<Params> table;
  table.choice("period", &Params::period, {"h1", "year"})
      .integer("resamples", &Params::resamples, {100, 10'000}, "");
  return make_job(info, words::all, table, run);
}

}  // namespace danggol::rooms
