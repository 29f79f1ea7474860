#include "rooms/campaign_measure/campaign_measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "contract/declare.h"
#include "learn/ab_test.h"
#include "learn/intervals.h"
#include "learn/multiple_tests.h"
#include "rooms/campaign_measure/campaign_measure.sql.h"
#include "rooms/campaign_measure/words.h"

namespace danggol::rooms {
namespace {

namespace words = campaign_measure_words;

struct Params {
  int64_t window_days = 28;
  int64_t least_customers = 30;
  Grading grading;
};
Status validate(const Params& params) { return validate(params.grading); }

constexpr const char *holdout = "none", *everybody = "all", *difference = "difference", *cuped = "cuped";
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
void check_chances(const Draws& draws, const std::string& offer, Date until, Summary& summary) {
  double weights = 0, variance = 0, n = static_cast<double>(draws.rows.rows());
  for (size_t i = 0; i < draws.rows.rows(); ++i) {
    if (draws.rows.texts("offer")[i] != offer) continue;
    double p = draws.rows.reals("propensity")[i];
    weights += 1 / p, variance += (1 - p) / (p * p);
  }
  constexpr double standard_errors = 4;
  if (std::abs(weights - n) <= standard_errors * std::sqrt(variance)) return;
  summary.warn(words::wrong_chances({.offer = {offer}, .share = Share(weights / n), .until = until}));
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

// `spend` is nothing where no amounts are known.
void say(const Cell& receipts, const Cell* spend, double q_value, const Params& params, Date until,
         Summary& summary) {
  const auto& r = receipts.estimate.cuped;
  Name offer{receipts.offer};
  Text spent;
  summary.fact("receipts_added_by_" + offer.text, {r.effect, r.lo, r.hi}, "receipts");
  if (spend) {
    const auto& s = spend->estimate.cuped;
    summary.fact("spend_added_by_" + offer.text, {s.effect, s.lo, s.hi}, "currency");
    spent = render(words::all, words::and_spend({.spend = Gain(s.effect, {s.lo, s.hi})}));
  }
  if (!(q_value <= level))
    return summary.say(words::no_effect({.offer = offer,
                                         .days = params.window_days,
                                         .receipts = Number(r.effect, {r.lo, r.hi}),
                                         .least = Number(learn::detectable_errors * r.standard_error),
                                         .spend = spent,
                                         .until = until}));
  if (r.effect > 0)
    summary.say(words::more({.offer = offer,
                             .days = params.window_days,
                             .receipts = Number(r.effect, {r.lo, r.hi}),
                             .spend = spent,
                             .until = until}));
  else
    summary.say(words::fewer({.offer = offer,
                              .days = params.window_days,
                              .receipts = Number(-r.effect, {-r.hi, -r.lo}),
                              .spend = spent,
                              .until = until}));
  double least = learn::detectable_errors * r.standard_error;
  if (std::abs(r.effect) < least)
    summary.say(words::weak({.offer = offer, .least = Number(least), .until = until}));
  if (!std::isnan(r.lift))
    summary.say(words::beside_baseline({.offer = offer, .change = Change(r.lift), .until = until}));
}

Columns effect_columns() {
  return Columns("campaign_effect")
      .key("offer")
      .key("outcome")
      .key("method")
      .key("grade")
      .count("exposed", "exposures")
      .count("holdout", "exposures")
      .real("baseline")
      .real("effect")
      .bounds("normal")
      .real("lift")
      .bounds("fieller")
      .real("p_value")
      .by("two_sided")
      .real("q_value")
      .by("families");
}

// Of one outcome: all offers, and all offers by grade.
struct Compared {
  std::vector<Cell> overall, by_grade;
};

Compared compare_all(const Draws& draws, const std::string& outcome, const Params& params) {
  Compared out;
  for (const auto& offer : draws.offers) {
    if (auto cell = compare(draws, offer, outcome, everybody, params)) out.overall.push_back(*cell);
    for (std::string_view grade : grade_names)
      if (auto cell = compare(draws, offer, outcome, std::string(grade), params))
        out.by_grade.push_back(*cell);
  }
  return out;
}

double variance_reduction(const std::vector<Cell>& cells) {
  double plain = 0, adjusted = 0;
  for (const Cell& cell : cells) {
    plain += std::pow(cell.estimate.difference.standard_error, 2);
    adjusted += std::pow(cell.estimate.cuped.standard_error, 2);
  }
  return plain > 0 ? std::max(0.0, 1 - adjusted / plain) : NAN;
}

Result<Summary> run(Context& context, const Params& params) {
  TRY(context.progress(0.1, "exposures"));
  Draws draws = TRY(read(context, params));
  Table effects = Table::of(effect_columns());
  Summary summary;
  std::vector<Compared> compared;
  std::vector<const char*> outcomes = {"receipts"};
  if (TRY(knows_amounts(context, {context.time().first_sale, context.time().as_of})))
    outcomes.push_back("spend");
  for (const char* outcome : outcomes) {
    TRY(context.progress(0.5 + 0.25 * static_cast<double>(compared.size()), outcome));
    compared.push_back(compare_all(draws, outcome, params));
    append_family(compared.back().overall, effects);
    append_family(compared.back().by_grade, effects);
    if (double reduction = variance_reduction(compared.back().overall); !std::isnan(reduction))
      summary.fact(fmt::format("cuped_variance_reduction_{}", outcome), reduction, "share");
  }
  TRY(context.write("result.campaign_effect", effects));

  summary.fact("exposures", draws.rows.rows(), "exposures");
  const auto& receipts = compared[0].overall;
  std::vector<double> p_values;
  for (const Cell& cell : receipts) p_values.push_back(cell.estimate.cuped.p_value);
  auto q_values = learn::benjamini_hochberg(p_values);
  Date until = context.time().as_of;
  for (size_t i = 0; i < receipts.size(); ++i)
    say(receipts[i], compared.size() > 1 ? &compared[1].overall[i] : nullptr, q_values[i], params, until,
        summary);
  if (receipts.empty()) summary.say(words::too_few({.customers = params.least_customers, .until = until}));
  check_chances(draws, holdout, until, summary);
  for (const auto& offer : draws.offers) check_chances(draws, offer, until, summary);
  return summary;
}

Chart effects_chart(const char* id, const char* outcome) {
  return bar(id, "campaign_effect")
      .x("offer")
      .y("effect")
      .bounds()
      .where(fmt::format("outcome = '{}' AND method = 'cuped' AND grade = 'all'", outcome));
}

}  // namespace

Room campaign_measure() {
  AnalysisInfo info = {
      .name = "campaign.measure",
      .reads = {"raw.event", "raw.exposure"},
      .dates = {"as-of"},
      .writes = {effect_columns()},
      .charts = {effects_chart("campaign_receipts", "receipts").unit("count"),
                 effects_chart("campaign_spend", "spend").unit("money"),
                 bar("campaign_grades", "campaign_effect")
                     .x("grade")
                     .y("effect")
                     .series("offer")
                     .bounds()
                     .unit("count")
                     .where("outcome = 'receipts' AND method = 'cuped' AND grade <> 'all'")
                     .order_by("offer, grade")
                     .order(grade_list())},
      .tables = {
          Shown("campaign_effect").order_by("outcome, offer, method").rows(20).where("grade = 'all'")}};
  ParamTable<Params> table;
  table.integer("window-days", &Params::window_days, {1, before_days}, "days")
      .integer("least-customers", &Params::least_customers, {2, 1e9}, "customers")
      .include(&Params::grading, grading_params());
  return make_job(info, words::all, table, run);
}

}  // namespace danggol::rooms
