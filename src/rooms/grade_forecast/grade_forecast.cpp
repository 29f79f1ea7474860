#include "rooms/grade_forecast/grade_forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/digest.h"
#include "base/random.h"
#include "learn/intervals.h"
#include "learn/probability_model.h"
#include "rooms/grade_forecast/backtest.h"
#include "rooms/grade_forecast/forecast_model.h"
#include "rooms/grade_forecast/tables.h"
#include "rooms/grade_forecast/words.h"

namespace danggol::rooms {
namespace {

using learn::ProbabilityModel;

namespace words = grade_forecast_words;

constexpr const char* model_table = "grade_forecast";
constexpr const char* method_name =
    "leaving: BG/NBD, logistic, LightGBM; grades: LightGBM, 5 folds crossed, temperature scaling";
constexpr size_t origins_tested = 4;

struct Params {
  Grading grading;
  learn::GbdtParams trees;
};

Status validate(const Params& params) { return danggol::validate(params.grading); }

ParamTable<learn::GbdtParams> tree_params() {
  ParamTable<learn::GbdtParams> table;
  table.integer("rounds", &learn::GbdtParams::rounds, {1, learn::Gbdt::most_rounds}, "rounds")
      .integer("leaves", &learn::GbdtParams::leaves, {2, learn::Gbdt::most_leaves}, "leaves")
      .integer("least-rows-in-leaf", &learn::GbdtParams::least_rows_in_leaf, {1, 1e6}, "customers")
      .real("learning-rate", &learn::GbdtParams::learning_rate, {0.001, 1}, "");
  return table;
}

ParamTable<Params> params_table() {
  ParamTable<Params> table;
  table.include(&Params::grading, grading_params()).include(&Params::trees, tree_params());
  return table;
}

// What a model must agree with to be applied: the fixed features, how grades are made, how far it looks. The
// columns that sources differ in ("partner_share:A06") are matched by name when predicting.
std::string feature_hash(const Frame& frame, const Grading& grading, int32_t horizon_months) {
  std::string text = fmt::format("{} months;", horizon_months);
  for (const auto& [name, value] : grading_params().write(grading)) text += name + "=" + value + ";";
  for (const auto& name : frame.features.names)
    if (name.find(':') == name.npos) text += name + ";";
  return digest(text);
}

Result<ProbabilityModel> learn_from(const Frame& frame, const Params& params, uint64_t seed) {
  auto model =
      ProbabilityModel::train(frame.features, frame.label, grade_count, inactive_grade, params.trees, seed);
  if (!model && model.error().code == Code::no_data)
    return Error{Code::no_data, model.error().message + "; another horizon (--horizon-months) may have more"};
  return model;
}

// What a model learns from what was known at a date, its frame's labels among it.
struct Trained {
  ForecastModel model;
  LeavingTests past;
};

Result<Trained> train_at(Context& context, const PurchaseDays& history, const Frame& known, Date at,
                         int32_t horizon_months, const Params& params) {
  TRY(context.progress(0.2, "grades"));
  ProbabilityModel grades = TRY(learn_from(known, params, context.seed()));
  TRY(context.progress(0.5, "who left at past origins"));
  Learned leaving = TRY(
      learn_leaving(history, context.time().first_sale, at, horizon_months, origins_tested, context.seed()));
  ForecastModel model{std::move(leaving.model), std::move(grades)};
  model.choose_decisions(history, known, horizon_months);
  return Trained{std::move(model), std::move(leaving.past)};
}

Estimate leaving_share(const Frame& frame) {
  auto left = std::count(frame.label.begin(), frame.label.end(), inactive_grade);
  return learn::share(left, frame.label.size());
}

// ---- train

// Features by the trees' gain, the most first; those that no tree asks for (money, where none is known) are
// not there.
struct Importance {
  std::vector<std::string> features;
  std::vector<double> gain;
  double all = 0;
};

Importance importance_of(const ProbabilityModel& model) {
  std::vector<double> gain = model.gain();
  std::vector<size_t> order(gain.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return gain[a] > gain[b]; });
  Importance out;
  out.all = std::accumulate(gain.begin(), gain.end(), 0.0);
  for (size_t i : order)
    if (gain[i] > 0) out.features.push_back(model.columns()[i]), out.gain.push_back(gain[i]);
  return out;
}

Table test_rows(const LeavingTests& past) {
  Table rows = Table::of(test_columns());
  for (const LeavingTest& test : past.tests)
    for (const LeavingTest::Judged& of : test.judged) {
      Interval bounds = of.name == past.used ? test.leavers : Interval{NAN, NAN};
      rows.append(test.at->at, of.name, test.at->left.size(), test.left(),
                  Estimate{of.expected, bounds.lo, bounds.hi}, of.log_loss, of.auc, of.name == past.used);
    }
  return rows;
}

void say_tests(const LeavingTests& past, Summary& summary) {
  if (past.tests.empty()) return summary.warn(words::no_origins({.at = past.snapshots[0].at}));
  double used = 0, lifetime = 0, n = static_cast<double>(past.tests.size());
  int64_t held = 0;
  for (const LeavingTest& test : past.tests) {
    for (const LeavingTest::Judged& of : test.judged) {
      if (of.name == past.used) used += of.log_loss / n;
      if (of.name == name(Teller::lifetime)) lifetime += of.log_loss / n;
    }
    auto left = static_cast<double>(test.left());
    held += test.leavers.lo <= left && left <= test.leavers.hi;
  }
  summary.say(words::tested_at_origins({.origins = past.tests.size(),
                                        .first = past.tests.back().at->at,
                                        .last = past.tests.front().at->at,
                                        .used = {past.used},
                                        .loss = Number(used),
                                        .lifetime = Number(lifetime),
                                        .held = held}));
  if (used > std::log(2.0))
    summary.warn(words::no_better_than_a_coin(
        {.first = past.tests.back().at->at, .last = past.tests.front().at->at, .loss = Number(used)}));
}

// Whether a horizon is as long as customers usually stay away.
void say_horizon(double pause_days, int32_t months, Date as_of, Summary& summary) {
  if (std::isnan(pause_days)) return;
  constexpr double month_days = 31;  // of the longest
  constexpr int64_t most_months = 24;
  int64_t fitting = std::clamp<int64_t>(std::llround(std::ceil(pause_days / month_days)), 1, most_months);
  auto days = static_cast<int64_t>(pause_days);
  summary.fact("usual_pause_days", pause_days, "days");
  summary.fact("fitting_horizon_months", fitting, "months");
  if (months < fitting)
    summary.warn(words::horizon_short({.as_of = as_of, .days = days, .fitting = fitting, .months = months}));
  else if (months >= 2 * fitting)
    summary.say(words::horizon_long({.as_of = as_of, .days = days, .fitting = fitting, .months = months}));
  else summary.say(words::horizon_fits({.as_of = as_of, .days = days, .months = months}));
}

Result<Summary> train(Context& context, const Params& params) {
  TRY(context.progress(0.1, "features"));
  auto lent_frame = TRY(context.frame(Origin::train, params.grading));
  const Frame& frame = *lent_frame;
  int32_t months = context.time().horizon_months;
  PurchaseDays history = TRY(purchase_days(context));
  auto [model, past] = TRY(train_at(context, history, frame, context.time().as_of, months, params));
  TRY(context.save_model(model_table, method_name, feature_hash(frame, params.grading, months),
                         model.to_bytes()));
  TRY(context.write("result.leaving_test", test_rows(past)));
  Importance importance = importance_of(model.grades);
  Table rows = Table::of(importance_columns());
  for (size_t i = 0; i < importance.features.size(); ++i)
    rows.append(importance.features[i], importance.gain[i], importance.gain[i] / importance.all);
  TRY(context.write("result.forecast_importance", rows));

  Summary summary;
  summary.fact("customers", frame.label.size(), "customers");
  summary.fact("features", frame.features.columns(), "");
  summary.fact("leaving_share", leaving_share(frame), "share");
  summary.say(
      words::learned({.customers = frame.label.size(), .at = frame.cutoff, .until = frame.label_until}));
  if (importance.features.size() >= 3)
    summary.say(words::most_telling({.first = {importance.features[0]},
                                     .second = {importance.features[1]},
                                     .third = {importance.features[2]},
                                     .learned = {frame.cutoff, frame.label_until}}));
  say_tests(past, summary);
  say_horizon(usual_pause_days(history), months, context.time().as_of, summary);
  return summary;
}

// ---- predict

Table forecast_rows(const Frame& frame, const learn::ClassProbabilities& probabilities,
                    const std::vector<int32_t>& decided) {
  Table rows = Table::of(forecast_columns());
  for (size_t i = 0; i < frame.customer_id.size(); ++i) {
    const double* p = &probabilities.p[i * grade_count];
    rows.append(frame.customer_id[i], grade_names[static_cast<size_t>(frame.grade[i])], p[0], p[1], p[2],
                p[3], Estimate{p[inactive_grade], probabilities.lo[i], probabilities.hi[i]},
                grade_names[static_cast<size_t>(decided[i])]);
  }
  return rows;
}

void say_season(const Level& level, const Period& season, const Period& coming, Summary& summary) {
  switch (level.season_is) {
    case Level::Season::none: return summary.warn(words::no_season({.coming = coming}));
    case Level::Season::unclear:
      return summary.warn(words::season_unclear({.season = season, .coming = coming}));
    case Level::Season::harms: return summary.warn(words::season_harms({.season = season, .coming = coming}));
    case Level::Season::helps:
      return summary.say(words::season_helps({.season = season, .factor = Number(std::exp(level.season))}));
  }
}

Result<Summary> predict(Context& context, const Params& params) {
  TRY(context.progress(0.1, "features"));
  int32_t months = context.time().horizon_months;
  auto lent_frame = TRY(context.frame(Origin::predict, params.grading));
  const Frame& frame = *lent_frame;
  if (frame.customer_id.empty())
    return Error{Code::no_data,
                 fmt::format("grade_forecast.predict: nobody bought in the {} months before {}", months,
                             to_text(frame.cutoff))};
  std::string bytes = TRY(
      context.load_model(model_table, feature_hash(frame, params.grading, months), "grade_forecast.train"));
  ForecastModel model = TRY(ForecastModel::from_bytes(bytes));
  TRY(context.progress(0.5, "probabilities"));
  PurchaseDays history = TRY(purchase_days(context));
  Prediction told = model.predict(history, frame, months);
  TRY(context.write("result.grade_forecast", forecast_rows(frame, told.probabilities, told.decided)));

  Period coming{frame.cutoff, add_months(frame.cutoff, months)};
  Summary summary;
  summary.fact("customers", frame.customer_id.size(), "customers");
  summary.key_figure("expected_leavers", told.leavers.rounded(), "customers", coming);
  summary.say(words::will_leave({.customers = frame.customer_id.size(),
                                 .period = {add_months(frame.cutoff, -months), frame.cutoff},
                                 .leavers = Count::perhaps_bounded(told.leavers),
                                 .coming = coming}));
  say_season(model.leaving.level(), {add_months(coming.from, -12), add_months(coming.until, -12)}, coming,
             summary);
  return summary;
}

// ---- back-test

// Learned at an earlier origin with what was known by the later one.
Result<Summary> backtest(Context& context, const Params& params) {
  TRY(context.progress(0.05, "features"));
  auto known = TRY(context.frame(Origin::backtest_train, params.grading)),
       later = TRY(context.frame(Origin::backtest_test, params.grading));
  PurchaseDays history = TRY(purchase_days(context));
  int32_t months = context.time().backtest_horizon_months;
  ForecastModel model = TRY(train_at(context, history, *known, later->cutoff, months, params)).model;
  Prediction told = model.predict(history, *later, months);
  Summary summary =
      TRY(write_backtest(context, {*known, *later, told.probabilities, told.decided, context.seed()}));
  if (int32_t asked = context.time().horizon_months; months != asked)
    summary.warn(words::other_horizon({.at = later->cutoff, .months = months, .asked = asked}));
  return summary;
}

// ---- random split

Frame part_of(const Frame& frame, const std::vector<size_t>& rows) {
  Frame out{frame.cutoff, frame.label_until};
  out.features.names = frame.features.names;
  for (size_t i : rows) {
    out.customer_id.push_back(frame.customer_id[i]);
    out.grade.push_back(frame.grade[i]);
    out.label.push_back(frame.label[i]);
    out.features.values.insert(out.features.values.end(), frame.features.row(i),
                               frame.features.row(i) + frame.features.columns());
  }
  return out;
}

// The customary protocol, four fifths against one: customers are new to the model, the period is not.
Result<Summary> random_split(Context& context, const Params& params) {
  TRY(context.progress(0.1, "features"));
  auto lent_all = TRY(context.frame(Origin::train, params.grading));
  const Frame& all = *lent_all;
  Random random(context.seed(), 0x5b117);
  std::vector<size_t> rows[2];
  for (size_t i = 0; i < all.label.size(); ++i) rows[random.below(5) == 0].push_back(i);
  Frame known = part_of(all, rows[0]), later = part_of(all, rows[1]);
  if (later.label.size() < 2)
    return Error{Code::no_data,
                 fmt::format("grade_forecast.random_split: {} customers bought before {}: too few to test on",
                             all.label.size(), to_text(all.cutoff))};
  TRY(context.progress(0.3, "trees"));
  ProbabilityModel model = TRY(learn_from(known, params, context.seed()));
  auto probabilities = model.predict(later.features);
  return write_random_split(context,
                            {known, later, probabilities, model.decide(probabilities.p), context.seed()});
}

Room training() {
  AnalysisInfo info = {.name = "grade_forecast.train",
                       .reads = {"raw.event", "raw.customer"},
                       .dates = {"as-of", "split", "until"},
                       .writes = {importance_columns(), test_columns()},
                       .trains = {"model.grade_forecast"},
                       .charts = {bar("forecast_importance", "forecast_importance")
                                      .x("feature")
                                      .y("gain_share")
                                      .horizontal()
                                      .unit("share")
                                      .order_by("gain_share DESC, feature")
                                      .rows(15)},
                       .tables = {Shown("leaving_test").order_by("origin DESC, log_loss")},
                       .evidence = true};
  return make_job(info, words::all, params_table(), train);
}

Room backtesting() {
  AnalysisInfo info = {
      .name = "grade_forecast.backtest",
      .reads = {"raw.event", "raw.customer"},
      .dates = {"from", "split", "until"},
      .writes = {metric_columns(), class_columns(), pair_columns("forecast_pair"), confusion_columns(),
                 calibration_columns(), lift_columns(), backtest_columns()},
      .charts =
          {heat_map("forecast_confusion", "forecast_confusion")
               .x("predicted")
               .y("actual")
               .value("customers")
               .unit("count"),
           calibration("forecast_calibration", "forecast_calibration")
               .x("predicted")
               .y("observed")
               .bounds()
               .size("customers")
               .unit("share"),
           line("forecast_lift", "forecast_lift").x("top_share").y("caught_share").bounds().unit("share")},
      .tables = {Shown("forecast_metric").rows(60), Shown("forecast_class").rows(10), Shown("forecast_pair")},
      .evidence = true};
  return make_job(info, words::all, params_table(), backtest);
}

Room random_splitting() {
  AnalysisInfo info = {.name = "grade_forecast.random_split",
                       .reads = {"raw.event", "raw.customer", "result.forecast_metric"},
                       .dates = {"split", "until"},
                       .writes = {random_split_columns(), pair_columns("forecast_random_split_pair")},
                       .tables = {Shown("forecast_random_split").where("metric <> 'log_loss'")},
                       .evidence = true,
                       .on_request = true};
  return make_job(info, words::all, params_table(), random_split);
}

Room prediction() {
  AnalysisInfo info = {.name = "grade_forecast.predict",
                       .reads = {"raw.event", "raw.customer", "model.grade_forecast"},
                       .dates = {"as-of", "split", "until"},
                       .writes = {forecast_columns()},
                       .tables = {Shown("grade_forecast").order_by("p_leave DESC, customer_id").rows(15)},
                       .lead = {"will_leave"}};
  return make_job(info, words::all, params_table(), predict);
}

}  // namespace

std::vector<Room> grade_forecast() { return {training(), backtesting(), random_splitting(), prediction()}; }

}  // namespace danggol::rooms
