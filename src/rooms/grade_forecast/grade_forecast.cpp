#include "rooms/grade_forecast/grade_forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/digest.h"
#include "base/random.h"
#include "learn/intervals.h"
#include "learn/label_shift.h"
#include "learn/probability_model.h"
#include "rooms/grade_forecast/backtest.h"
#include "rooms/grade_forecast/tables.h"
#include "rooms/grade_forecast/words.h"

namespace danggol::rooms {
namespace {

using learn::ProbabilityModel;

namespace words = grade_forecast_words;

constexpr const char* model_table = "grade_forecast";
constexpr const char* method_name = "LightGBM, 5 folds crossed; temperature scaling; Venn-Abers for leaving";

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
    return Error{Code::no_data, model.error().message + "; a longer horizon (--horizon-months) has more"};
  return model;
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

Result<Summary> train(Context& context, const Params& params) {
  TRY(context.progress(0.1, "features"));
  auto lent_frame = TRY(context.frame(Origin::train, params.grading));
  const Frame& frame = *lent_frame;
  TRY(context.progress(0.3, "trees"));
  ProbabilityModel model = TRY(learn_from(frame, params, context.seed()));
  TRY(context.save_model(model_table, method_name,
                         feature_hash(frame, params.grading, context.time().horizon_months),
                         model.to_bytes()));
  Importance importance = importance_of(model);
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
  return summary;
}

// ---- predict

learn::LabelShift shift(const Frame& learned, const Frame& season) {
  return {learned.grade, learned.label, season.grade, season.label, grade_count, grade_count};
}

// Those of a frame who had not bought in the window before theirs.
double share_of_newcomers(const Frame& frame) {
  const auto& names = frame.features.names;
  auto column =
      static_cast<size_t>(std::find(names.begin(), names.end(), "previous_receipts") - names.begin());
  DANGGOL_ASSERT(column < names.size());
  int64_t newcomers = 0;
  for (size_t i = 0; i < frame.customer_id.size(); ++i) newcomers += frame.features.row(i)[column] == 0;
  return static_cast<double>(newcomers) / static_cast<double>(std::max<size_t>(1, frame.customer_id.size()));
}

// Who has just come leaves more often in any season: where the customers of a year before were newer than
// those learned from and left more often, or older and less often, that may be all there is to it.
bool tells_of_season(const Frame& learned, const Frame& season) {
  constexpr double most_apart = 0.2;
  double newer = share_of_newcomers(season) - share_of_newcomers(learned),
         leaving = leaving_share(season).value - leaving_share(learned).value;
  return std::abs(newer) <= most_apart || newer * leaving <= 0;
}

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

// How many will leave: chance of each, and the error of the rates they lean on, which all of a grade share.
Estimate expected_leavers(const Frame& frame, const learn::ClassProbabilities& probabilities,
                          const learn::LabelShift& rates) {
  double leavers = 0, variance = 0, spread[grade_count] = {};
  for (size_t i = 0; i < frame.customer_id.size(); ++i) {
    double p = probabilities.p[i * grade_count + inactive_grade];
    leavers += p, variance += p * (1 - p);
    spread[frame.grade[i]] += p * (1 - p);
  }
  for (int32_t g = 0; g < inactive_grade; ++g)
    variance += std::pow(spread[g] * rates.log_odds_error(g, inactive_grade), 2);
  double half = learn::z95 * std::sqrt(variance), all = static_cast<double>(frame.customer_id.size());
  return {std::round(leavers), std::round(std::max(0.0, leavers - half)),
          std::round(std::min(all, leavers + half))};
}

void say_season(const Frame& learned, const Frame* season, bool is_counted, const Period& coming,
                Summary& summary) {
  if (!season) return summary.warn(words::no_season({.coming = coming}));
  if (!is_counted)
    return summary.warn(words::season_of_others({.season = {season->cutoff, season->label_until},
                                                 .learned_in = {learned.cutoff, learned.label_until},
                                                 .then = Share(share_of_newcomers(*season)),
                                                 .learned = Share(share_of_newcomers(learned)),
                                                 .coming = coming}));
  Estimate then = leaving_share(*season);
  summary.fact("leaving_share_a_year_before", then, "share");
  summary.say(words::season_counted({.then = Share(then),
                                     .learned = Share(leaving_share(learned).value),
                                     .season = {season->cutoff, season->label_until},
                                     .learned_in = {learned.cutoff, learned.label_until}}));
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
  ProbabilityModel model = TRY(ProbabilityModel::from_bytes(bytes));
  TRY(context.progress(0.5, "probabilities"));
  auto probabilities = model.predict(frame.features);
  auto season = TRY(context.season_frame(Origin::predict, params.grading));
  auto learned = TRY(context.frame(Origin::train, params.grading));
  bool is_counted = season && tells_of_season(*learned, *season);
  if (is_counted) shift(*learned, *season).apply(frame.grade, inactive_grade, probabilities);
  TRY(context.write("result.grade_forecast",
                    forecast_rows(frame, probabilities, model.decide(probabilities.p))));

  Estimate leavers = expected_leavers(frame, probabilities, shift(*learned, is_counted ? *season : *learned));
  Period coming{frame.cutoff, add_months(frame.cutoff, months)};
  Summary summary;
  summary.fact("customers", frame.customer_id.size(), "customers");
  summary.key_figure("expected_leavers", leavers, "customers", coming);
  summary.say(words::will_leave({.customers = frame.customer_id.size(),
                                 .period = {add_months(frame.cutoff, -months), frame.cutoff},
                                 .leavers = Count(std::llround(leavers.value), leavers.interval()),
                                 .coming = coming}));
  say_season(*learned, season.get(), is_counted, coming, summary);
  return summary;
}

// ---- back-test

struct Tested {
  std::shared_ptr<const Frame> known, later;
  ProbabilityModel model;
  learn::ClassProbabilities probabilities;
};

Result<Tested> train_and_predict(Context& context, Origin learn_at, Origin test_at, const Params& params) {
  auto known = TRY(context.frame(learn_at, params.grading));
  ProbabilityModel model = TRY(learn_from(*known, params, context.seed()));
  auto later = TRY(context.frame(test_at, params.grading));
  auto probabilities = model.predict(later->features);
  return Tested{std::move(known), std::move(later), std::move(model), std::move(probabilities)};
}

Result<Summary> backtest(Context& context, const Params& params) {
  TRY(context.progress(0.05, "testing at the earlier origin"));
  Tested first = TRY(train_and_predict(context, Origin::backtest_train, Origin::backtest_test, params));
  Backtest test{*first.known, *first.later, first.probabilities, first.model.decide(first.probabilities.p),
                context.seed()};
  auto season = TRY(context.season_frame(Origin::train, params.grading));
  if (!season) return write_backtest(context, test, std::nullopt);

  TRY(context.progress(0.4, "checking the season at the split"));
  Tested second = TRY(train_and_predict(context, Origin::earlier, Origin::train, params));
  if (!tells_of_season(*second.known, *season)) return write_backtest(context, test, std::nullopt);
  auto shifted = second.probabilities;
  shift(*second.known, *season).apply(second.later->grade, inactive_grade, shifted);
  SeasonCheck check{{*second.known, *second.later, shifted, second.model.decide(shifted.p), context.seed()},
                    {*second.known, *second.later, second.probabilities,
                     second.model.decide(second.probabilities.p), context.seed()}};
  return write_backtest(context, test, check);
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
                       .dates = {"split", "until"},
                       .writes = {importance_columns()},
                       .trains = {"model.grade_forecast"},
                       .charts = {bar("forecast_importance", "forecast_importance")
                                      .x("feature")
                                      .y("gain_share")
                                      .horizontal()
                                      .unit("share")
                                      .order_by("gain_share DESC, feature")
                                      .rows(15)},
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
                       .evidence = true};
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
