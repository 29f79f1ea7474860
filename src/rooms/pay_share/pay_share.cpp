#include "rooms/pay_share/pay_share.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <span>

#include "contract/grade_pair.h"
#include "learn/divergence.h"
#include "learn/kolmogorov_smirnov.h"
#include "learn/metrics.h"
#include "learn/trend_test.h"

namespace danggol::rooms {
namespace {

struct Params {
  std::string period = "h1";
  int64_t resamples = 1000;
};
Status validate(const Params&) { return {}; }

constexpr const char *everybody = "all", *leavers = "other -> inactive", *loyal = "top -> top",
                     *others = "rest";
constexpr double z95 = 1.959963984540054;

struct Dose {
  const char* name;
  int64_t most_percent;
};
constexpr Dose doses[] = {
    {"never", 0}, {"up to 10 %", 10}, {"10 to 25 %", 25}, {"25 to 50 %", 50}, {"above 50 %", 100}};

// payments of receipts, compared without rounding
struct Share {
  int64_t payments, receipts;
  double value() const { return static_cast<double>(payments) / static_cast<double>(receipts); }
  bool at_most(int64_t percent) const { return 100 * payments <= percent * receipts; }
  bool operator<(const Share& other) const { return payments * other.receipts < other.payments * receipts; }
};

// Customers by share, ascending. Each segment has a count for every share that anybody has.
struct Segment {
  std::vector<int64_t> customers;
  int64_t capped = 0, apart = 0;
  int64_t size() const { return std::accumulate(customers.begin(), customers.end(), int64_t{0}); }
};

struct Payers {
  std::vector<Share> shares;
  std::map<std::string, Segment> segments;
  std::map<std::string, learn::DoseTable> left_by_grade;  // by first-half grade: who did not come back
};

// Whether a place's partner knows payments alone: no receipt there that a payment could be a share of.
std::vector<bool> outside(const std::vector<Place>& places) {
  std::set<std::string_view> inside;
  for (const Place& place : places)
    if (place.action == Action::purchase || place.action == Action::partner_use) inside.insert(place.partner);
  std::vector<bool> out;
  for (const Place& place : places) out.push_back(!place.partner.empty() && !inside.contains(place.partner));
  return out;
}

// Of one customer in the window.
struct Counted {
  int64_t receipts = 0, payments = 0, apart = 0;
  int32_t h1 = inactive_grade, h2 = inactive_grade;
  Share share() const { return {std::min(payments, receipts), receipts}; }
};

Result<std::vector<Counted>> count(const Sequences& sequences, const std::vector<GradePair>& pairs, Date from,
                                   Date until) {
  std::vector<bool> is_outside = outside(sequences.places());
  std::vector<Counted> out(sequences.customers());
  TRY(sequences.each_customer(from, until, [&](size_t customer, std::span<const Event> events) {
    Counted& counted = out[customer];
    each_receipt(events, [&](std::span<const Event> receipt) {
      Action action = sequences.action(receipt[0]);
      if (action == Action::purchase || action == Action::partner_use) ++counted.receipts;
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
  std::map<Share, size_t> place;
  for (const Counted& counted : customers) place.emplace(counted.share(), 0);
  Payers out;
  for (auto& [share, at] : place) at = out.shares.size(), out.shares.push_back(share);
  for (const char* name : {everybody, leavers, loyal}) out.segments[name].customers.resize(out.shares.size());
  for (const Counted& counted : customers) {
    Share share = counted.share();
    size_t at = place[share];
    std::string h1(grade_names[counted.h1]), pair = h1 + " -> " + std::string(grade_names[counted.h2]);
    for (const std::string& name : {std::string(everybody), pair}) {
      auto segment = out.segments.find(name);
      if (segment == out.segments.end()) continue;
      ++segment->second.customers[at];
      segment->second.capped += counted.payments > counted.receipts;
      segment->second.apart += counted.apart;
    }
    if (counted.h1 == inactive_grade) continue;  // was not there to leave
    auto& table = out.left_by_grade[h1];
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
  double n = static_cast<double>(segment.size());
  size_t at = 0;
  int64_t reached = 0;
  for (int64_t percent = 0; percent <= 100; ++percent) {
    for (; at < payers.shares.size() && payers.shares[at].at_most(percent); ++at)
      reached += segment.customers[at];
    double k = static_cast<double>(reached);
    auto [lo, hi] = learn::wilson(k, n);
    curve.append(name, static_cast<double>(percent) / 100, k / n, lo, hi);
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
  double mean = sum / n,
         half = n > 1 ? z95 * std::sqrt(std::max(0.0, squares - sum * mean) / (n - 1) / n) : 1;
  double never = static_cast<double>(never_payers(payers, segment));
  auto [lo, hi] = learn::wilson(never, n);
  segments.append(name, segment.size(), never / n, lo, hi, mean, std::max(0.0, mean - half),
                  std::min(1.0, mean + half), median, segment.capped, segment.apart);
}

std::vector<int64_t> without(const std::vector<int64_t>& all, const std::vector<int64_t>& part) {
  std::vector<int64_t> out(all.size());
  std::transform(all.begin(), all.end(), part.begin(), out.begin(), std::minus<>());
  return out;
}

void append_distances(const Payers& payers, const Params& params, uint64_t seed, Table& distances) {
  struct Comparison {
    const char *segment, *against;
    std::vector<int64_t> a, b;
    learn::KolmogorovSmirnov test = {};
  };
  auto counts = [&](const char* name) { return payers.segments.at(name).customers; };
  std::vector<Comparison> comparisons = {
      {leavers, others, counts(leavers), without(counts(everybody), counts(leavers))},
      {loyal, others, counts(loyal), without(counts(everybody), counts(loyal))},
      {leavers, loyal, counts(leavers), counts(loyal)}};
  auto size = [](const std::vector<int64_t>& sample) {
    return std::accumulate(sample.begin(), sample.end(), int64_t{0});
  };
  std::erase_if(comparisons, [&](const Comparison& c) { return size(c.a) == 0 || size(c.b) == 0; });
  std::vector<double> p_values;
  for (auto& c : comparisons) {
    c.test = learn::kolmogorov_smirnov(c.a, c.b, static_cast<int32_t>(params.resamples), seed);
    p_values.push_back(c.test.p_value);
  }
  auto adjusted = learn::benjamini_hochberg(p_values);
  for (size_t i = 0; i < comparisons.size(); ++i) {
    const Comparison& c = comparisons[i];
    distances.append(c.segment, c.against, size(c.a), size(c.b), c.test.distance, c.test.p_value,
                     adjusted[i]);
  }
}

void say_never(const Payers& payers, Summary& summary) {
  auto percent = [&](const char* name) {
    const Segment& segment = payers.segments.at(name);
    return 100 * static_cast<double>(never_payers(payers, segment)) / static_cast<double>(segment.size());
  };
  const Segment& all = payers.segments.at(everybody);
  double n = static_cast<double>(all.size()), never = static_cast<double>(never_payers(payers, all));
  auto [lo, hi] = learn::wilson(never, n);
  summary.fact("customers", n, "customers");
  summary.key_figure({"never pay with it", "간편결제 미이용"}, "never_share", never / n, "share", lo, hi);
  summary.fact("capped_customers", static_cast<double>(all.capped), "customers");
  summary.fact("apart_receipts", static_cast<double>(all.apart), "receipts");
  std::string en, ko;
  if (payers.segments.at(leavers).size() > 0) {
    en += fmt::format(", {:.1f} % of those who fell from other to inactive", percent(leavers));
    ko += fmt::format(", 기타에서 비활동으로 이탈한 고객은 {:.1f}%", percent(leavers));
  }
  if (payers.segments.at(loyal).size() > 0) {
    en += fmt::format(", {:.1f} % of those who stayed top", percent(loyal));
    ko += fmt::format(", 최우수를 유지한 고객은 {:.1f}%", percent(loyal));
  }
  summary.say(fmt::format("{:.1f} % of {} customers never paid with it ({:.1f} to {:.1f} %){}.",
                          never / n * 100, grouped(all.size()), lo * 100, hi * 100, en),
              fmt::format("고객 {}명 가운데 {:.1f}%가 간편결제를 한 번도 쓰지 않았습니다({:.1f}~{:.1f}%){}.",
                          grouped(all.size()), never / n * 100, lo * 100, hi * 100, ko));
  if (all.capped > 0)
    summary.warn(fmt::format("{} customers have more payments than receipts: their share is taken as 1.",
                             grouped(all.capped)),
                 fmt::format("구매 건수보다 결제 건수가 많은 고객 {}명의 비율은 1로 보았습니다.",
                             grouped(all.capped)));
}

// Who left, by share: rows, the test and what it says.
void tell_doses(const Payers& payers, Table& rows, Summary& summary) {
  learn::DoseTable all{std::vector<int64_t>(std::size(doses)), std::vector<int64_t>(std::size(doses))};
  std::vector<learn::DoseTable> grades;
  for (const auto& [grade, table] : payers.left_by_grade) {
    grades.push_back(table);
    for (size_t d = 0; d < std::size(doses); ++d)
      all.successes[d] += table.successes[d], all.trials[d] += table.trials[d];
  }
  for (size_t d = 0; d < std::size(doses); ++d) {
    if (all.trials[d] == 0) continue;
    double left = static_cast<double>(all.successes[d]), n = static_cast<double>(all.trials[d]);
    auto [lo, hi] = learn::wilson(left, n);
    rows.append(static_cast<int64_t>(d), doses[d].name, all.trials[d], all.successes[d], left / n, lo, hi);
  }
  learn::Trend trend = learn::trend_test({all}), within = learn::trend_test(grades);
  summary.fact("leaving_trend_z", trend.z, "");
  summary.fact("leaving_trend_p_value", trend.p_value, "");
  summary.fact("leaving_trend_within_grades_z", within.z, "");
  summary.fact("leaving_trend_within_grades_p_value", within.p_value, "");
  constexpr double level = 0.05;
  if (trend.p_value > level) {
    summary.say("Leaving neither rises nor falls with the share beyond chance.",
                "결제 비율에 따라 이탈률이 우연 이상으로 달라지지는 않습니다.");
    return;
  }
  int64_t others_left = -all.successes[0], others_all = -all.trials[0];
  for (size_t d = 0; d < std::size(doses); ++d) others_left += all.successes[d], others_all += all.trials[d];
  auto leaving = [](int64_t left, int64_t n) {
    auto [lo, hi] = learn::wilson(static_cast<double>(left), static_cast<double>(n));
    double share = n > 0 ? static_cast<double>(left) / static_cast<double>(n) : 0;
    return std::array{100 * share, 100 * lo, 100 * hi};
  };
  auto [never, never_lo, never_hi] = leaving(all.successes[0], all.trials[0]);
  auto [ever, ever_lo, ever_hi] = leaving(others_left, others_all);
  bool holds = within.p_value <= level && (within.z < 0) == (trend.z < 0);
  summary.say(
      fmt::format(
          "{:.1f} % of those who never pay with it left ({:.1f} to {:.1f} %), {:.1f} % of the others ({:.1f} "
          "to {:.1f} %; trend p = {:.2g}). Among customers of one grade {} (p = {:.2g}). That differs; it "
          "need not cause.",
          never, never_lo, never_hi, ever, ever_lo, ever_hi, trend.p_value,
          holds ? "the trend holds" : "the trend is not certain", within.p_value),
      fmt::format(
          "간편결제를 쓰지 않은 고객은 {:.1f}%({:.1f}~{:.1f}%), 쓴 고객은 {:.1f}%({:.1f}~{:.1f}%)가 "
          "이탈했습니다(추세 p = {:.2g}). 같은 등급끼리 비교하면 추세가 {}(p = {:.2g}). 차이일 뿐 원인이라는 "
          "뜻은 아닙니다.",
          never, never_lo, never_hi, ever, ever_lo, ever_hi, trend.p_value,
          holds ? "유지됩니다" : "확실하지 않습니다", within.p_value));
}

ColumnInfo bound(const char* name, Text label, const char* method) {
  return {name, Type::real, "share", std::move(label), false, false, method};
}

TableInfo curve_table() {
  const char* wilson = "95 % interval, Wilson, point by point";
  return {"result.pay_share",
          {"Customers up to a share", "결제 비율 누적 분포"},
          {{"segment", Type::text, "", {"customers", "고객군"}, true},
           {"share", Type::real, "share", {"share paid with it", "간편결제 비율"}, true},
           {"cumulative", Type::real, "share", {"customers up to it", "누적 고객 비율"}},
           bound("cumulative_lo", {"from", "하한"}, wilson),
           bound("cumulative_hi", {"to", "상한"}, wilson)}};
}

TableInfo segment_table() {
  const char *wilson = "95 % interval, Wilson", *normal = "95 % interval of a mean over customers";
  return {"result.pay_share_group",
          {"Shares by customers", "고객군별 결제 비율"},
          {{"segment", Type::text, "", {"customers", "고객군"}, true},
           {"customers", Type::integer, "customers", {"number", "고객 수"}},
           {"never", Type::real, "share", {"never pay with it", "미이용 고객 비율"}},
           bound("never_lo", {"from", "하한"}, wilson),
           bound("never_hi", {"to", "상한"}, wilson),
           {"mean", Type::real, "share", {"mean share", "평균 비율"}},
           bound("mean_lo", {"from", "하한"}, normal),
           bound("mean_hi", {"to", "상한"}, normal),
           {"median", Type::real, "share", {"median share", "중앙값"}},
           {"capped", Type::integer, "customers", {"capped at 1", "1로 제한한 고객"}},
           {"apart_receipts", Type::integer, "receipts", {"payments elsewhere", "외부 결제 건수"}}}};
}

TableInfo distance_table() {
  return {
      "result.pay_share_distance",
      {"How far apart", "고객군 간 분포 거리"},
      {{"segment", Type::text, "", {"customers", "고객군"}, true},
       {"against", Type::text, "", {"against", "비교 대상"}, true},
       {"customers", Type::integer, "customers", {"number", "고객 수"}},
       {"against_customers", Type::integer, "customers", {"against how many", "비교 고객 수"}},
       {"distance", Type::real, "share", {"largest distance D", "최대 거리 D"}},
       {"p_value", Type::real, "", {"p-value", "p값"}, false, false, "permutation of who is in which group"},
       {"q_value",
        Type::real,
        "",
        {"adjusted p", "보정 p값"},
        false,
        false,
        "Benjamini and Hochberg (1995)"}}};
}

TableInfo dose_table() {
  const char* wilson = "95 % interval, Wilson";
  return {"result.pay_share_dose",
          {"Who left, by share", "결제 비율별 이탈률"},
          {{"dose", Type::integer, "", {"step", "단계"}, true},
           {"bucket", Type::text, "", {"share paid with it", "간편결제 비율"}},
           {"customers", Type::integer, "customers", {"customers", "고객 수"}},
           {"left_customers", Type::integer, "customers", {"left", "이탈 고객"}},
           {"leaves", Type::real, "share", {"share that left", "이탈률"}},
           bound("leaves_lo", {"from", "하한"}, wilson),
           bound("leaves_hi", {"to", "상한"}, wilson)}};
}

Result<Summary> run(Context& context, const Params& params) {
  const TimeFrame& time = context.time();
  Date until = params.period == "h1" ? time.split : time.until;
  Sequences sequences = TRY(context.sequences());
  if (std::none_of(sequences.places().begin(), sequences.places().end(),
                   [](const Place& place) { return place.action == Action::pay; }))
    return Error{Code::no_data, "pay_share: the store knows no payments (action pay)"};
  TRY(context.progress(0.1, "counting receipts"));
  std::vector<GradePair> pairs = TRY(grade_pairs(context));
  Payers payers = TRY(read(sequences, pairs, time.from, until));
  if (payers.shares.empty())
    return Error{Code::no_data, fmt::format("pay_share: no receipts from {} to {}; move --from and --until",
                                            to_text(time.from), to_text(until))};
  Table curve = Table::of(curve_table()), segments = Table::of(segment_table()),
        distances = Table::of(distance_table()), dose = Table::of(dose_table());
  Summary summary;
  for (const char* name : {everybody, leavers, loyal}) {
    if (payers.segments.at(name).size() == 0) {
      summary.warn(fmt::format("{}: no such customers.", name),
                   fmt::format("{}: 해당 고객이 없습니다.", name));
      continue;
    }
    append_curve(payers, name, curve);
    append_segment(payers, name, segments);
  }
  TRY(context.progress(0.5, "comparing"));
  append_distances(payers, params, context.seed(), distances);
  say_never(payers, summary);
  tell_doses(payers, dose, summary);
  if (params.period == "year")
    summary.warn("The year's share has seen who left: leavers bought in the first half alone.",
                 "연간 비율에는 이탈 이후의 정보가 섞여 있습니다. 이탈 고객은 상반기에만 구매했습니다.");
  TRY(context.write("result.pay_share", curve));
  TRY(context.write("result.pay_share_group", segments));
  TRY(context.write("result.pay_share_distance", distances));
  TRY(context.write("result.pay_share_dose", dose));
  return summary;
}

}  // namespace

Room pay_share() {
  AnalysisInfo info;
  info.name = "pay_share";
  info.title = {"Paying with our own service", "간편결제 이용 비율"};
  info.question = {
      "What share of their receipts do customers pay with our own service, and do the others leave?",
      "고객은 구매의 얼마를 간편결제로 치르며, 쓰지 않는 고객이 더 떠나는가?"};
  info.method =
      "Payments over receipts (customer, day, number) of purchases and partner use. Distances by Kolmogorov "
      "and "
      "Smirnov, p-values by permutation, false discoveries by Benjamini and Hochberg (1995); trend of "
      "leaving by "
      "Cochran (1954) and Armitage (1955), within grades by Mantel (1963); intervals of shares by Wilson "
      "(1927), 95 %.";
  info.reads = {"raw.event", "result.rfm"};
  info.dates = {"from", "split", "until"};
  info.writes = {curve_table(), segment_table(), distance_table(), dose_table()};
  info.labels = {{everybody, {"everybody", "전체"}},
                 {leavers, {"other, then inactive", "기타 → 비활동"}},
                 {loyal, {"top, and top again", "최우수 유지"}},
                 {others, {"the others", "그 외 고객"}},
                 {"never", {"never", "미이용"}},
                 {"up to 10 %", {"up to 10 %", "10% 이하"}},
                 {"10 to 25 %", {"10 to 25 %", "10~25%"}},
                 {"25 to 50 %", {"25 to 50 %", "25~50%"}},
                 {"above 50 %", {"above 50 %", "50% 초과"}}};
  info.charts = {{"pay_share_curve",
                  ChartKind::ecdf,
                  {"How many pay up to which share with it", "결제 비율의 누적 분포"},
                  "result.pay_share",
                  {{"x", "share"}, {"y", "cumulative"}, {"series", "segment"}},
                  "",
                  "share",
                  {},
                  "segment, share"},
                 {"pay_share_leaving",
                  ChartKind::bar,
                  {"Who left, by the share paid with it", "결제 비율별 이탈률"},
                  "result.pay_share_dose",
                  {{"x", "bucket"}, {"y", "leaves"}, {"lo", "leaves_lo"}, {"hi", "leaves_hi"}},
                  "",
                  "share",
                  {"That differs; it need not cause.", "차이일 뿐 원인이라는 뜻은 아닙니다."},
                  "dose"}};
  info.tables = {{"result.pay_share_group", "", 3},
                 {"result.pay_share_distance", "", 3},
                 {"result.pay_share_dose", "dose", 5}};
  ParamTable<Params> table;
  table
      .choice("period", &Params::period, {"h1", "year"},
              "receipts counted: h1, before anybody left; year, both halves")
      .integer("resamples", &Params::resamples, {100, 10'000}, "", "of the permutation");
  return make_job(info, table, run);
}

}  // namespace danggol::rooms
