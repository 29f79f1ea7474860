#include "rooms/campaign_measure/campaign_measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "learn/ab_test.h"
#include "learn/divergence.h"
#include "rooms/campaign_measure/campaign_measure.sql.h"

namespace danggol::rooms {
namespace {

struct Params {
  int64_t window_days = 28;
  int64_t least_customers = 30;
  Grading grading;
};
Status validate(const Params& params) { return validate(params.grading); }

constexpr const char *holdout = "none", *everybody = "all", *difference = "difference", *cuped = "cuped";
constexpr const char* outcomes[] = {"receipts", "spend"};
constexpr int64_t before_days = 182;
constexpr int32_t grade_months = 6;
constexpr double level = 0.05;

struct Draws {
  Table rows;
  std::vector<std::string> grades;  // of each row, from the months before the month of the draw
  std::vector<std::string> offers;  // all but the hold-out
};

Result<Draws> read(Context& context, const Params& params) {
  Draws out;
  out.rows = TRY(context.query(sql::campaign_measure,
                               {{"window_days", params.window_days}, {"before_days", before_days}}));
  const auto& offer = out.rows.texts("offer");
  std::set<std::string> offers(offer.begin(), offer.end());
  if (offers.erase(holdout) == 0 || offers.empty())
    return Error{
        Code::no_data,
        fmt::format("campaign.measure: the store knows no offer and hold-out (offer none) of {} days "
                    "before {}; import exposures, or lower --window-days",
                    params.window_days, to_text(context.time().as_of))};
  out.offers.assign(offers.begin(), offers.end());

  std::map<int64_t, Graded> graded;  // by month
  const auto& month = out.rows.integers("month");
  const auto& customer = out.rows.texts("customer_id");
  for (size_t i = 0; i < out.rows.rows(); ++i) {
    auto known = graded.find(month[i]);
    if (known == graded.end()) {
      Date until{static_cast<int32_t>(month[i])};
      TRY(context.progress(0.3, "grades before " + to_text(until)));
      known =
          graded
              .emplace(month[i], TRY(context.graded(add_months(until, -grade_months), until, params.grading)))
              .first;
    }
    const auto& buyers = known->second.customer_id;
    auto at = std::lower_bound(buyers.begin(), buyers.end(), customer[i]);
    bool bought = at != buyers.end() && *at == customer[i];
    int32_t grade = bought ? known->second.grade[static_cast<size_t>(at - buyers.begin())] : inactive_grade;
    out.grades.emplace_back(grade_names[grade]);
  }
  return out;
}

// The weights of an arm add up to the number of draws if each draw could have been of the arm and the chances
// are those by which it was drawn (sample ratio mismatch: Fabijan et al., 2019).
void check_chances(const Draws& draws, const std::string& offer, Summary& summary) {
  double weights = 0, variance = 0, n = static_cast<double>(draws.rows.rows());
  for (size_t i = 0; i < draws.rows.rows(); ++i) {
    if (draws.rows.texts("offer")[i] != offer) continue;
    double p = draws.rows.reals("propensity")[i];
    weights += 1 / p, variance += (1 - p) / (p * p);
  }
  constexpr double standard_errors = 4;
  if (std::abs(weights - n) <= standard_errors * std::sqrt(variance)) return;
  summary.warn(
      fmt::format("{}: drawn {:.0f} % as often as the logged chances say; its effect cannot be trusted.",
                  offer, 100 * weights / n),
      fmt::format("{}: 기록된 확률에 비해 {:.0f}%만큼 배정되었습니다. 이 효과는 믿기 어렵습니다.", offer,
                  100 * weights / n));
}

// One comparison; nothing where either arm has too few customers.
struct Cell {
  std::string offer, outcome, grade;
  int64_t exposed = 0, held = 0;  // draws
  learn::TrialEstimate estimate;
};

std::optional<Cell> compare(const Draws& draws, const std::string& offer, const std::string& outcome,
                            const std::string& grade, const Params& params) {
  Cell cell{offer, outcome, grade};
  learn::Trial trial;
  trial.covariates.resize(2);
  const auto& offers = draws.rows.texts("offer");
  const auto& customers = draws.rows.integers("customer_no");
  int64_t arm_customers[2] = {}, last[2] = {-1, -1};
  for (size_t i = 0; i < draws.rows.rows(); ++i) {
    bool treated = offers[i] == offer;
    if ((!treated && offers[i] != holdout) || (grade != everybody && draws.grades[i] != grade)) continue;
    (treated ? cell.exposed : cell.held)++;
    arm_customers[treated] += last[treated] != customers[i];
    last[treated] = customers[i];
    trial.customer.push_back(static_cast<int32_t>(customers[i]));
    trial.treated.push_back(treated);
    trial.propensity.push_back(draws.rows.reals("propensity")[i]);
    trial.outcome.push_back(draws.rows.reals(outcome)[i]);
    trial.covariates[0].push_back(draws.rows.reals(outcome + "_just_before")[i]);
    trial.covariates[1].push_back(draws.rows.reals(outcome + "_before")[i]);
  }
  if (std::min(arm_customers[0], arm_customers[1]) < params.least_customers) return {};
  cell.estimate = learn::ab_test(trial);
  return cell;
}

const learn::EffectEstimate& by(const std::string& method, const Cell& cell) {
  return method == difference ? cell.estimate.difference : cell.estimate.cuped;
}

// Cells that are judged together: one outcome, everybody or all grades.
void append_family(const std::vector<Cell>& cells, Table& effects) {
  for (const char* method : {difference, cuped}) {
    std::vector<double> p_values;
    for (const Cell& cell : cells) p_values.push_back(by(method, cell).p_value);
    auto q_values = learn::benjamini_hochberg(p_values);
    for (size_t i = 0; i < cells.size(); ++i) {
      const Cell& cell = cells[i];
      const auto& e = by(method, cell);
      effects.append(cell.offer, cell.outcome, method, cell.grade, cell.exposed, cell.held,
                     cell.estimate.baseline, e.effect, e.lo, e.hi, e.lift, e.lift_lo, e.lift_hi, e.p_value,
                     q_values[i]);
    }
  }
}

std::string signed_amount(double amount) {
  int64_t whole = std::llround(amount);
  return (whole < 0 ? "" : "+") + grouped(whole);
}

void say(const Cell& receipts, const Cell& spend, double q_value, int64_t window_days, Summary& summary) {
  const auto &r = receipts.estimate.cuped, &s = spend.estimate.cuped;
  const std::string& offer = receipts.offer;
  summary.fact("receipts_added_by_" + offer, r.effect, "receipts", r.lo, r.hi);
  summary.fact("spend_added_by_" + offer, s.effect, "currency", s.lo, s.hi);
  std::string spent = signed_amount(s.effect), from = signed_amount(s.lo), to = signed_amount(s.hi);
  if (q_value > level) {
    summary.say(
        fmt::format(
            "{}: no effect on receipts beyond chance in {} days ({:+.2f} an exposure, {:+.2f} to {:+.2f}); "
            "spend {} ({} to {}).",
            offer, window_days, r.effect, r.lo, r.hi, spent, from, to),
        fmt::format(
            "{}: {}일 동안 구매 건수에 우연을 넘는 효과가 없습니다(노출 1회당 {:+.2f}건, {:+.2f}~{:+.2f}). "
            "구매 금액은 {}({}~{})입니다.",
            offer, window_days, r.effect, r.lo, r.hi, spent, from, to));
    return;
  }
  bool more = r.effect > 0, compared = !std::isnan(r.lift);
  summary.say(
      fmt::format(
          "{} causes {:.2f} {} receipts an exposure in {} days ({:+.2f} to {:+.2f}{}); spend {} ({} to {}).",
          offer, std::abs(r.effect), more ? "more" : "fewer", window_days, r.lo, r.hi,
          compared ? fmt::format("; {:+.1f} % of what the held-out buy", 100 * r.lift) : "", spent, from, to),
      fmt::format(
          "{}: 노출 1회당 {}일 동안 구매가 {:.2f}건 {}({:+.2f}~{:+.2f}{}). 구매 금액은 {}({}~{})입니다.",
          offer, window_days, std::abs(r.effect), more ? "늘었습니다" : "줄었습니다", r.lo, r.hi,
          compared ? fmt::format(", 미노출 대비 {:+.1f}%", 100 * r.lift) : "", spent, from, to));
}

ColumnInfo figure(const char* name, Text label, std::string help = {}) {
  return {name, Type::real, "", std::move(label), false, false, std::move(help)};
}

TableInfo effect_table() {
  const char* normal = "95 % interval, normal, errors by customer";
  return {"result.campaign_effect",
          {"What each offer caused", "혜택별 효과"},
          {{"offer", Type::text, "", {"offer", "혜택"}, true},
           {"outcome", Type::text, "", {"of", "지표"}, true},
           {"method", Type::text, "", {"method", "방법"}, true},
           {"grade", Type::text, "", {"grade before", "이전 등급"}, true},
           {"exposed", Type::integer, "exposures", {"exposed", "노출"}},
           {"holdout", Type::integer, "exposures", {"held out", "미노출"}},
           figure("baseline", {"held out, on average", "미노출 평균"}),
           figure("effect", {"effect", "효과"}),
           figure("effect_lo", {"from", "하한"}, normal),
           figure("effect_hi", {"to", "상한"}, normal),
           figure("lift", {"of the baseline", "미노출 대비"}),
           figure("lift_lo", {"from", "하한"}, "95 % interval, delta method"),
           figure("lift_hi", {"to", "상한"}, "95 % interval, delta method"),
           figure("p_value", {"p-value", "p값"}, "two-sided, normal"),
           figure("q_value", {"adjusted p", "보정 p값"},
                  "Benjamini and Hochberg (1995) over the offers, or over offers and grades")}};
}

Result<Summary> run(Context& context, const Params& params) {
  TRY(context.progress(0.1, "exposures"));
  Draws draws = TRY(read(context, params));
  Table effects = Table::of(effect_table());
  Summary summary;
  std::vector<std::string> grades(std::begin(grade_names), std::end(grade_names));
  std::vector<Cell> overall[std::size(outcomes)];
  for (size_t o : {0, 1}) {
    TRY(context.progress(0.5 + 0.25 * static_cast<double>(o), outcomes[o]));
    std::vector<Cell> by_grade;
    for (const auto& offer : draws.offers) {
      if (auto cell = compare(draws, offer, outcomes[o], everybody, params)) overall[o].push_back(*cell);
      for (const auto& grade : grades)
        if (auto cell = compare(draws, offer, outcomes[o], grade, params)) by_grade.push_back(*cell);
    }
    append_family(overall[o], effects);
    append_family(by_grade, effects);
    double plain = 0, adjusted = 0;
    for (const Cell& cell : overall[o]) {
      plain += std::pow(cell.estimate.difference.standard_error, 2);
      adjusted += std::pow(cell.estimate.cuped.standard_error, 2);
    }
    if (plain > 0)
      summary.fact(fmt::format("cuped_variance_reduction_{}", outcomes[o]),
                   std::max(0.0, 1 - adjusted / plain), "share");
  }
  TRY(context.write("result.campaign_effect", effects));

  summary.fact("exposures", static_cast<double>(draws.rows.rows()), "exposures");
  std::vector<double> p_values;
  for (const Cell& cell : overall[0]) p_values.push_back(cell.estimate.cuped.p_value);
  auto q_values = learn::benjamini_hochberg(p_values);
  for (size_t i = 0; i < overall[0].size(); ++i)
    say(overall[0][i], overall[1][i], q_values[i], params.window_days, summary);
  if (overall[0].empty())
    summary.say(fmt::format("No offer has {} customers in both arms: nothing can be said yet.",
                            params.least_customers),
                fmt::format("양쪽 모두 고객이 {}명 이상인 혜택이 없어 아직 효과를 말할 수 없습니다.",
                            params.least_customers));
  check_chances(draws, holdout, summary);
  for (const auto& offer : draws.offers) check_chances(draws, offer, summary);
  return summary;
}

ChartInfo effect_chart(const char* id, Text title, const char* outcome, const char* unit) {
  return {id,
          ChartKind::bar,
          std::move(title),
          "result.campaign_effect",
          {{"x", "offer"}, {"y", "effect"}, {"lo", "effect_lo"}, {"hi", "effect_hi"}},
          fmt::format("outcome = '{}' AND method = 'cuped' AND grade = 'all'", outcome),
          unit};
}

}  // namespace

Room campaign_measure() {
  AnalysisInfo info;
  info.name = "campaign.measure";
  info.title = {"What the offers caused", "혜택의 효과 측정"};
  info.question = {"How much more did customers buy because of each offer?",
                   "각 혜택 때문에 고객은 얼마나 더 구매했는가?"};
  info.method =
      "Exposed against held out at random, weighted by the inverse of the logged chance (Hajek, 1971); cuped "
      "takes "
      "off what purchases before the exposure explain (Deng et al., 2013); errors by customer (Liang and "
      "Zeger, "
      "1986), 95 %; false discoveries by Benjamini and Hochberg (1995).";
  info.reads = {"raw.event", "raw.exposure"};
  info.dates = {"as-of"};
  info.writes = {effect_table()};
  info.labels = grade_labels();
  for (const auto& [name, text] : {std::pair{everybody, Text{"everybody", "전체"}},
                                   {difference, {"difference", "단순 차이"}},
                                   {cuped, {"CUPED", "CUPED"}},
                                   {"receipts", {"receipts", "구매 건수"}},
                                   {"spend", {"spend", "구매 금액"}}})
    info.labels.emplace_back(name, text);
  info.charts = {
      effect_chart("campaign_receipts", {"Receipts caused, an exposure", "노출 1회당 추가 구매 건수"},
                   "receipts", "count"),
      effect_chart("campaign_spend", {"Spend caused, an exposure", "노출 1회당 추가 구매 금액"}, "spend",
                   "money"),
      {"campaign_grades",
       ChartKind::bar,
       {"Receipts caused, by grade before", "이전 등급별 추가 구매 건수"},
       "result.campaign_effect",
       {{"x", "grade"}, {"y", "effect"}, {"series", "offer"}, {"lo", "effect_lo"}, {"hi", "effect_hi"}},
       "outcome = 'receipts' AND method = 'cuped' AND grade <> 'all'",
       "count",
       {},
       "list_position(['top', 'good', 'regular', 'other', 'inactive'], grade), offer"}};
  info.tables = {{"result.campaign_effect", "outcome, offer, method", 20, "grade = 'all'"}};
  ParamTable<Params> table;
  table
      .integer("window-days", &Params::window_days, {1, before_days}, "days",
               "after an exposure, in which purchases count")
      .integer("least-customers", &Params::least_customers, {2, 1e9}, "customers",
               "in either arm, for an effect to be shown")
      .include(&Params::grading, grading_params());
  return make_job(info, table, run);
}

}  // namespace danggol::rooms
