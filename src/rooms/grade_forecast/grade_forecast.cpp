#include "rooms/grade_forecast/grade_forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/digest.h"
#include "base/random.h"
#include "learn/label_shift.h"
#include "learn/metrics.h"
#include "learn/probability_model.h"
#include "rooms/grade_forecast/backtest_tables.h"

namespace danggol::rooms {
namespace {

using learn::ProbabilityModel;

constexpr const char* model_name = "grade_forecast";
constexpr const char* method_name = "LightGBM, 5 folds crossed; temperature scaling; Venn-Abers for leaving";

struct Params {
  Grading grading;
  learn::GbdtParams trees;
};

Status validate(const Params& params) { return danggol::validate(params.grading); }

ParamTable<learn::GbdtParams> tree_params() {
  ParamTable<learn::GbdtParams> table;
  table
      .integer("rounds", &learn::GbdtParams::rounds, {1, learn::Gbdt::most_rounds}, "rounds",
               "boosting rounds")
      .integer("leaves", &learn::GbdtParams::leaves, {2, learn::Gbdt::most_leaves}, "leaves",
               "of a tree, at most")
      .integer("least-rows-in-leaf", &learn::GbdtParams::least_rows_in_leaf, {1, 1e6}, "customers",
               "in a leaf, at least")
      .real("learning-rate", &learn::GbdtParams::learning_rate, {0.001, 1}, "", "step of a round");
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
  return ProbabilityModel::train(frame.features, frame.label, grade_count, inactive_grade, params.trees,
                                 seed);
}

double leaving_share(const Frame& frame) {
  auto left = std::count(frame.label.begin(), frame.label.end(), inactive_grade);
  return static_cast<double>(left) / static_cast<double>(frame.label.size());
}

// ---- train

Result<Summary> train(Context& context, const Params& params) {
  TRY(context.progress(0.1, "features"));
  auto lent_frame = TRY(context.frame(Origin::train, params.grading));
  const Frame& frame = *lent_frame;
  TRY(context.progress(0.3, "trees"));
  ProbabilityModel model = TRY(learn_from(frame, params, context.seed()));
  TRY(context.save_model(model_name, method_name,
                         feature_hash(frame, params.grading, context.time().horizon_months),
                         model.to_bytes()));

  std::vector<double> gain = model.gain();
  double all = std::accumulate(gain.begin(), gain.end(), 0.0);
  std::vector<size_t> order(gain.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return gain[a] > gain[b]; });
  Table importance = Table::of(importance_table());
  for (size_t i : order) importance.append(model.columns()[i], gain[i], all > 0 ? gain[i] / all : 0);
  TRY(context.write("result.forecast_importance", importance));

  Summary summary;
  double n = static_cast<double>(frame.label.size()), share = leaving_share(frame);
  auto [lo, hi] = learn::wilson(share * n, n);
  summary.fact("customers", n, "customers");
  summary.fact("features", static_cast<double>(frame.features.columns()), "");
  summary.fact("leaving_share", share, "share", lo, hi);
  summary.say(
      fmt::format("Learned from {} customers as they stood on {} and what they did until {}; the most "
                  "telling features are {}, {} and {}.",
                  grouped(static_cast<int64_t>(frame.label.size())), to_text(frame.cutoff),
                  to_text(frame.label_until), model.columns()[order[0]], model.columns()[order[1]],
                  model.columns()[order[2]]),
      fmt::format(
          "{1} 기준 고객 {0}명과 {2}까지의 행동으로 학습했습니다. 가장 중요한 변수는 {3}, {4}, {5}입니다.",
          grouped(static_cast<int64_t>(frame.label.size())), to_text(frame.cutoff),
          to_text(frame.label_until), model.columns()[order[0]], model.columns()[order[1]],
          model.columns()[order[2]]));
  return summary;
}

// ---- predict

learn::LabelShift shift(const Frame& learned, const Frame& season) {
  return {learned.grade, learned.label, season.grade, season.label, grade_count, grade_count};
}

void say_season(const Frame& learned, const Frame* season, Summary& summary) {
  if (!season) {
    summary.warn(
        "The history holds no same season a year before: the probabilities assume that the coming months "
        "resemble those learned from.",
        "한 해 전 같은 계절의 자료가 없어, 앞으로의 몇 달이 학습 기간과 비슷하다고 가정했습니다.");
    return;
  }
  double then = leaving_share(*season), n = static_cast<double>(season->label.size());
  auto [lo, hi] = learn::wilson(then * n, n);
  summary.fact("leaving_share_a_year_before", then, "share", lo, hi);
  summary.say(fmt::format("The season is counted in: {:.0f} % of such customers left in the same months a "
                          "year before ({:.0f} to {:.0f} %), {:.0f} % in the period learned from.",
                          then * 100, lo * 100, hi * 100, leaving_share(learned) * 100),
              fmt::format("계절을 반영했습니다. 이런 고객 가운데 한 해 전 같은 달에는 "
                          "{:.0f}%({:.0f}~{:.0f}%), 학습 기간에는 {:.0f}%가 떠났습니다.",
                          then * 100, lo * 100, hi * 100, leaving_share(learned) * 100));
}

Result<Summary> predict(Context& context, const Params& params) {
  TRY(context.progress(0.1, "features"));
  auto lent_frame = TRY(context.frame(Origin::predict, params.grading));
  const Frame& frame = *lent_frame;
  if (frame.customer_id.empty())
    return Error{Code::no_data,
                 fmt::format("grade_forecast.predict: nobody bought in the {} months before {}",
                             context.time().horizon_months, to_text(frame.cutoff))};
  std::string bytes =
      TRY(context.load_model(model_name, feature_hash(frame, params.grading, context.time().horizon_months),
                             "grade_forecast.train"));
  ProbabilityModel model = TRY(ProbabilityModel::from_bytes(bytes));
  TRY(context.progress(0.5, "probabilities"));
  auto probabilities = model.predict(frame.features);
  auto season = TRY(context.season_frame(Origin::predict, params.grading));
  auto lent_learned = TRY(context.frame(Origin::train, params.grading));
  const Frame& learned = *lent_learned;
  if (season) shift(learned, *season).apply(frame.grade, inactive_grade, probabilities);
  std::vector<int32_t> decided = model.decide(probabilities.p);

  Table rows = Table::of(forecast_table());
  double leavers = 0, chance = 0, spread[grade_count] = {};
  for (size_t i = 0; i < frame.customer_id.size(); ++i) {
    const double* p = &probabilities.p[i * grade_count];
    rows.append(frame.customer_id[i], grade_names[static_cast<size_t>(frame.grade[i])], p[0], p[1], p[2],
                p[3], p[4], probabilities.lo[i], probabilities.hi[i],
                grade_names[static_cast<size_t>(decided[i])]);
    leavers += p[inactive_grade];
    chance += p[inactive_grade] * (1 - p[inactive_grade]);
    spread[frame.grade[i]] += p[inactive_grade] * (1 - p[inactive_grade]);
  }
  TRY(context.write("result.grade_forecast", rows));

  // How many will leave: chance of each, and the error of the rates they lean on, which all of a grade share.
  const learn::LabelShift rates = shift(learned, season ? *season : learned);
  double variance = chance;
  for (int32_t g = 0; g < inactive_grade; ++g)
    variance += std::pow(spread[g] * rates.log_odds_error(g, inactive_grade), 2);
  double half = 1.959963984540054 * std::sqrt(variance), leavers_lo = std::max(0.0, leavers - half);
  double leavers_hi = std::min(static_cast<double>(frame.customer_id.size()), leavers + half);
  Date until = add_months(frame.cutoff, context.time().horizon_months);
  Summary summary;
  summary.fact("customers", static_cast<double>(frame.customer_id.size()), "customers");
  summary.key_figure({"expected to leave", "이탈 예상 고객"}, "expected_leavers", std::round(leavers),
                     "customers", std::round(leavers_lo), std::round(leavers_hi));
  summary.say(
      fmt::format("Of {} customers who bought in the {} months before {}, about {} (95 % interval {} to {}) "
                  "will not buy again before {}.",
                  grouped(static_cast<int64_t>(frame.customer_id.size())), context.time().horizon_months,
                  to_text(frame.cutoff), grouped(std::llround(leavers)), grouped(std::llround(leavers_lo)),
                  grouped(std::llround(leavers_hi)), to_text(until)),
      fmt::format("{2} 이전 {1}개월 동안 구매한 고객 {0}명 가운데 약 {3}명(95% 구간 {4}~{5}명)이 {6} 전까지 "
                  "다시 구매하지 않을 것으로 예상됩니다.",
                  grouped(static_cast<int64_t>(frame.customer_id.size())), context.time().horizon_months,
                  to_text(frame.cutoff), grouped(std::llround(leavers)), grouped(std::llround(leavers_lo)),
                  grouped(std::llround(leavers_hi)), to_text(until)));
  say_season(learned, season.get(), summary);
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

std::vector<TableInfo> backtest_writes() {
  return {metric_table(),      class_table(), pair_table(),    confusion_table(),
          calibration_table(), lift_table(),  backtest_table()};
}

}  // namespace

Room grade_forecast_train() {
  AnalysisInfo info;
  info.name = "grade_forecast.train";
  info.title = {"Learning who moves where", "등급 예측 학습"};
  info.question = {"What tells beforehand which grade a customer will have?",
                   "어떤 정보가 고객의 다음 등급을 미리 알려 주는가?"};
  info.method =
      "Gradient boosted trees over five classes (LightGBM; Ke et al., 2017), cross-fitted; probabilities by "
      "temperature "
      "scaling (Guo et al., 2017) and, for leaving, cross Venn-Abers (Vovk, Petej and Fedorova, 2015).";
  info.reads = {"raw.event", "raw.customer"};
  info.dates = {"split", "until"};
  info.trains = {"model.grade_forecast"};
  info.writes = {importance_table()};
  info.headline = false;
  info.charts = {{"forecast_importance",
                  ChartKind::bar,
                  {"What the forecast leans on", "예측에 쓰인 변수의 중요도"},
                  "result.forecast_importance",
                  {{"x", "feature"}, {"y", "gain_share"}, {"horizontal", "true"}},
                  "",
                  "share",
                  {"Share of the trees' gain. It says what tells, not what causes.",
                   "트리의 이득에서 차지하는 비율입니다. 원인이 아니라 예측에 쓰인 정도입니다."},
                  "gain_share DESC, feature",
                  15}};
  return make_job(info, params_table(), train);
}

Room grade_forecast_backtest() {
  AnalysisInfo info;
  info.name = "grade_forecast.backtest";
  info.title = {"How good the forecast would have been", "예측의 과거 검증"};
  info.question = {"Had we predicted a period ago, how right would we have been?",
                   "한 기간 전에 예측했다면 얼마나 맞았을까?"};
  info.method =
      "Trained at an earlier origin with labels known by the testing origin, tested on the period after it. "
      "Intervals: percentile "
      "bootstrap over customers, 500 resamples, 95 %; baselines compared by paired bootstrap.";
  info.reads = {"raw.event", "raw.customer"};
  info.dates = {"from", "split", "until"};
  info.writes = backtest_writes();
  info.labels = metric_labels();
  info.charts = {
      {"forecast_confusion",
       ChartKind::heat_map,
       {"Predicted and actual grade", "예측 등급과 실제 등급"},
       "result.forecast_confusion",
       {{"x", "predicted"}, {"y", "actual"}, {"value", "customers"}},
       "",
       "count"},
      {"forecast_calibration",
       ChartKind::calibration,
       {"Do 30 % of those with 30 % leave?", "이탈 확률 30%인 고객의 30%가 실제로 떠났는가?"},
       "result.forecast_calibration",
       {{"x", "predicted"},
        {"y", "observed"},
        {"lo", "observed_lo"},
        {"hi", "observed_hi"},
        {"size", "customers"}},
       "",
       "share"},
      {"forecast_lift",
       ChartKind::line,
       {"Leavers found by contacting the likeliest first", "이탈 가능성 순으로 연락할 때 찾아내는 이탈 고객"},
       "result.forecast_lift",
       {{"x", "top_share"}, {"y", "caught_share"}, {"lo", "caught_share_lo"}, {"hi", "caught_share_hi"}},
       "",
       "share"}};
  info.tables = {{"result.forecast_metric", "", 60},
                 {"result.forecast_class", "", 10},
                 {"result.forecast_pair", "", 20}};
  return make_job(info, params_table(), backtest);
}

Room grade_forecast_random_split() {
  AnalysisInfo info;
  info.name = "grade_forecast.random_split";
  info.title = {"The forecast on a random fifth", "무작위 분할 검증"};
  info.question = {
      "How good does the forecast look by the customary random split, and how good is it across time?",
      "흔히 쓰는 무작위 분할로는 예측이 얼마나 좋아 보이고, 시점을 나누면 얼마나 좋은가?"};
  info.method =
      "As grade_forecast.train, on four fifths of the customers; figures of the other fifth, bootstrap "
      "intervals over "
      "customers, 95 %. Both parts are of the same period, which a forecast never is.";
  info.reads = {"raw.event", "raw.customer", "result.forecast_metric"};
  info.dates = {"split", "until"};
  info.writes = {random_split_table(), random_split_pair_table()};
  info.labels = metric_labels();
  info.tables = {{"result.forecast_random_split", "", 20, "metric <> 'log_loss'"}};
  info.headline = false;
  return make_job(info, params_table(), random_split);
}

Room grade_forecast_predict() {
  AnalysisInfo info;
  info.name = "grade_forecast.predict";
  info.title = {"Who will leave", "이탈 예측"};
  info.question = {"Which grade will each customer have, and who will not come back?",
                   "각 고객은 어떤 등급이 되고, 누가 돌아오지 않을까?"};
  info.method =
      "The model of grade_forecast.train applied to what is known at as_of, its class frequencies moved to "
      "those of the same season a "
      "year before (Saerens, Latinne and Decaestecker, 2002). p_leave_lo and p_leave_hi are a Venn-Abers "
      "pair, widened by that shift's error.";
  info.reads = {"raw.event", "raw.customer", "model.grade_forecast"};
  info.dates = {"as-of", "split", "until"};
  info.writes = {forecast_table()};
  info.tables = {{"result.grade_forecast", "p_leave DESC, customer_id", 15}};
  return make_job(info, params_table(), predict);
}

}  // namespace danggol::rooms
