#include "rooms/grade_forecast/backtest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "learn/intervals.h"
#include "learn/metrics.h"
#include "rooms/grade_forecast/tables.h"
#include "rooms/grade_forecast/words.h"

namespace danggol::rooms {
namespace {

namespace words = grade_forecast_words;

constexpr int32_t pair_count = grade_count * grade_count;

std::string_view grade(int32_t number) { return grade_names[static_cast<size_t>(number)]; }
std::string over(std::string_view baseline) { return fmt::format("{} over {}", model_name, baseline); }

// ---- compute

struct ClassFigures {
  learn::ClassReport report;
  Estimate f1;
};

// The deck's twenty classes: the pair of current and next grade. The current grade is known, so a pair is
// right when its second half is.
std::vector<int32_t> pairs_of(const std::vector<int32_t>& now, const std::vector<int32_t>& next) {
  std::vector<int32_t> out;
  for (size_t i = 0; i < now.size(); ++i) out.push_back(now[i] * grade_count + next[i]);
  return out;
}

std::vector<ClassFigures> class_figures(const std::vector<int32_t>& actual,
                                        const std::vector<int32_t>& predicted, int32_t classes,
                                        std::span<const Figure> f1) {
  auto reports = learn::class_reports(learn::confusion(actual, predicted, classes), classes);
  std::vector<ClassFigures> out;
  for (size_t c = 0; c < reports.size(); ++c) out.push_back({reports[c], f1[c].estimate});
  return out;
}

struct Compared {
  std::vector<Figure> metrics;
  std::vector<ClassFigures> classes, pairs;
};

// Everything of a test, in one pass over the resamples. Without leaving only what all predictors share.
Compared compare(const Backtest& test, const std::vector<int32_t>& paired, bool with_leaving) {
  const std::vector<int32_t>& label = test.later.label;
  std::vector<bool> left = has_left(label);
  Predictor model = model_of(test), likely = likeliest(test), stays = grade_stays(test),
            rates = frequencies(test);
  std::vector<int32_t> actual = pairs_of(test.later.grade, label),
                       predicted = pairs_of(test.later.grade, paired);

  Measures measures;
  for (const Predictor* predictor : {&model, &likely, &stays, &rates})
    add_class_measures(*predictor, label, measures);
  if (with_leaving) {
    for (const Predictor* predictor : {&model, &rates}) add_leaving_measures(*predictor, left, measures);
    for (const char* baseline : {stays_name, frequencies_name}) {
      measures.add_difference("log_loss_saved", over(baseline), {"log_loss", baseline},
                              {"log_loss", model_name});
      measures.add_difference("macro_f1_gained", over(baseline), {"macro_f1", model_name},
                              {"macro_f1", baseline});
    }
  }
  add_f1_measures(label, test.decided, grade_count, measures);
  add_f1_measures(actual, predicted, pair_count, measures);
  std::vector<Figure> figures = measures.estimate(label.size(), test.seed);
  std::span all(figures);
  size_t metrics = figures.size() - grade_count - pair_count;
  return {{figures.begin(), figures.begin() + static_cast<int64_t>(metrics)},
          class_figures(label, test.decided, grade_count, all.subspan(metrics, grade_count)),
          class_figures(actual, predicted, pair_count, all.subspan(metrics + grade_count, pair_count))};
}

double share_of_leavers(const std::vector<int32_t>& label) {
  auto left = std::count(label.begin(), label.end(), inactive_grade);
  return static_cast<double>(left) / static_cast<double>(label.size());
}

// ---- rows

void add_metric_rows(Date cutoff, const std::vector<Figure>& figures, Table& rows) {
  for (const Figure& figure : figures) rows.append(cutoff, figure.metric, figure.predictor, figure.estimate);
}

Table class_rows(const std::vector<ClassFigures>& classes) {
  Table rows = Table::of(class_columns());
  for (size_t c = 0; c < classes.size(); ++c) {
    const auto& [report, f1] = classes[c];
    rows.append(grade_names[c], report.precision, report.recall, f1, static_cast<int64_t>(report.support));
  }
  return rows;
}

Table pair_rows(std::string_view table, const std::vector<ClassFigures>& pairs) {
  Table rows = Table::of(pair_columns(table));
  for (int32_t now = 0; now < inactive_grade; ++now)
    for (int32_t next = 0; next < grade_count; ++next) {
      const auto& [report, f1] = pairs[static_cast<size_t>(now * grade_count + next)];
      rows.append(grade(now), grade(next), report.precision, report.recall, f1,
                  static_cast<int64_t>(report.support));
    }
  return rows;
}

Table confusion_rows(const Backtest& test) {
  Table rows = Table::of(confusion_columns());
  auto confusion = learn::confusion(test.later.label, test.decided, grade_count);
  for (int32_t actual = 0; actual < grade_count; ++actual)
    for (int32_t predicted = 0; predicted < grade_count; ++predicted)
      rows.append(grade(actual), grade(predicted),
                  static_cast<int64_t>(confusion[static_cast<size_t>(actual * grade_count + predicted)]));
  return rows;
}

Table calibration_rows(const std::vector<double>& p, const std::vector<bool>& left) {
  Table rows = Table::of(calibration_columns());
  for (const auto& bin : learn::calibration(p, left, 10))
    rows.append(rows.rows() + 1, bin.predicted, bin.observed, bin.lo, bin.hi, bin.size);
  return rows;
}

Table lift_rows(const std::vector<double>& p, const std::vector<bool>& left) {
  Table rows = Table::of(lift_columns());
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] > p[b]; });
  std::vector<bool> by_rank;
  for (size_t i : order) by_rank.push_back(left[i]);
  int64_t leavers = std::count(left.begin(), left.end(), true);
  double base = static_cast<double>(leavers) / static_cast<double>(p.size());
  for (const auto& top : learn::tops(by_rank, {0, 5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 100})) {
    double lift =
        top.rows > 0 && base > 0 ? static_cast<double>(top.hits) / static_cast<double>(top.rows) / base : NAN;
    rows.append(top.percent / 100.0, top.rows, top.hits, learn::share(top.hits, leavers), lift);
  }
  return rows;
}

Table customer_rows(const Backtest& test, const std::vector<double>& p_leave) {
  Table rows = Table::of(backtest_columns());
  const Frame& later = test.later;
  for (size_t i = 0; i < later.label.size(); ++i)
    rows.append(later.customer_id[i], grade(later.grade[i]), grade(later.label[i]), grade(test.decided[i]),
                Estimate{p_leave[i], test.probabilities.lo[i], test.probabilities.hi[i]});
  return rows;
}

Status write_tables(Context& context, const Backtest& test, const Compared& compared) {
  std::vector<double> p_leave = leaving(test.probabilities.p);
  std::vector<bool> left = has_left(test.later.label);
  TRY(context.write("result.forecast_class", class_rows(compared.classes)));
  TRY(context.write("result.forecast_pair", pair_rows("forecast_pair", compared.pairs)));
  TRY(context.write("result.forecast_confusion", confusion_rows(test)));
  TRY(context.write("result.forecast_calibration", calibration_rows(p_leave, left)));
  TRY(context.write("result.forecast_lift", lift_rows(p_leave, left)));
  return context.write("result.forecast_backtest", customer_rows(test, p_leave));
}

// ---- words

void add_facts(const std::vector<Figure>& figures, Summary& summary) {
  for (const Figure& figure : figures) {
    if (figure.predictor == model_name) summary.fact(figure.metric, figure.estimate, "");
    if (figure.predictor == over(stays_name))
      summary.fact(figure.metric + "_over_stays", figure.estimate, "");
    if (figure.predictor == over(frequencies_name))
      summary.fact(figure.metric + "_over_frequencies", figure.estimate, "");
  }
}

void say_tested(const Backtest& test, const std::vector<Figure>& figures, Summary& summary) {
  auto customers = test.later.label.size();
  Date at = test.later.cutoff, until = test.later.label_until;
  Estimate auc = find(figures, "auc_leaving", model_name);
  if (std::isnan(auc.value))
    return summary.say(words::tested_one_outcome({.customers = customers,
                                                  .at = at,
                                                  .until = until,
                                                  .share = Share(share_of_leavers(test.later.label))}));
  summary.say(words::tested({.customers = customers,
                             .at = at,
                             .until = until,
                             .auc = Number(auc),
                             .error = Points(find(figures, "calibration_error_leaving", model_name).value),
                             .f1 = Number(find(figures, "macro_f1", model_name))}));
}

void say_baselines(const std::vector<Figure>& figures, Date at, Summary& summary) {
  bool beats_all = true;
  for (const char* baseline : {stays_name, frequencies_name}) {
    Estimate saved = find(figures, "log_loss_saved", over(baseline)),
             gained = find(figures, "macro_f1_gained", over(baseline));
    if (saved.lo > 0 && gained.lo > 0) continue;
    beats_all = false;
    summary.warn(words::not_clearly_better(
        {.baseline = {baseline}, .saved = Number(saved), .gained = Number(gained), .at = at}));
  }
  if (beats_all) summary.say(words::beats_both({.at = at}));
}

void warn_of_accuracy(const std::vector<Figure>& figures, const Period& tested, Summary& summary) {
  auto accuracy = [&](const char* predictor) { return find(figures, "accuracy", predictor).value; };
  double best = std::max(accuracy(stays_name), accuracy(frequencies_name));
  if (accuracy(model_name) < best)
    summary.warn(words::baseline_more_accurate({.tested = tested,
                                                .baseline = Share(best),
                                                .model = Share(accuracy(model_name)),
                                                .likeliest = Share(accuracy(likeliest_name))}));
}

void warn_of_drift(const Backtest& test, Summary& summary) {
  double learned = share_of_leavers(test.known.label), found = share_of_leavers(test.later.label);
  if (std::abs(learned - found) > 0.05)
    summary.warn(words::drifted({.learned = Share(learned),
                                 .found = Share(found),
                                 .learned_in = {test.known.cutoff, test.known.label_until},
                                 .tested_in = {test.later.cutoff, test.later.label_until}}));
}

}  // namespace

Result<Summary> write_backtest(Context& context, const Backtest& test) {
  Compared compared = compare(test, test.decided, true);
  TRY(context.progress(0.8, "tables"));
  Table metrics = Table::of(metric_columns());
  add_metric_rows(test.later.cutoff, compared.metrics, metrics);
  TRY(context.write("result.forecast_metric", metrics));
  TRY(write_tables(context, test, compared));

  Summary summary;
  add_facts(compared.metrics, summary);
  say_tested(test, compared.metrics, summary);
  say_baselines(compared.metrics, test.later.cutoff, summary);
  warn_of_accuracy(compared.metrics, {test.later.cutoff, test.later.label_until}, summary);
  warn_of_drift(test, summary);
  return summary;
}

Result<Summary> write_random_split(Context& context, const Backtest& test) {
  Predictor likely = likeliest(test);
  Compared compared = compare(test, likely.decided, false);
  TRY(context.progress(0.8, "tables"));
  TRY(context.write("result.forecast_random_split_pair",
                    pair_rows("forecast_random_split_pair", compared.pairs)));

  // what the back-test, learned before and tested after, found of the same
  Table across =
      TRY(context.query("SELECT cutoff, metric, predictor, value FROM result.forecast_metric "
                        "WHERE cutoff = (SELECT min(cutoff) FROM result.forecast_metric)"));
  std::map<std::pair<std::string, std::string>, double> across_time;
  for (size_t i = 0; i < across.rows(); ++i)
    across_time[{across.texts("metric")[i], across.texts("predictor")[i]}] = across.reals("value")[i];
  auto later = [&](const std::string& metric, const std::string& predictor) {
    auto same = across_time.find({metric, predictor});
    return same == across_time.end() ? NAN : same->second;
  };
  Table rows = Table::of(random_split_columns());
  for (const Figure& figure : compared.metrics)
    rows.append(figure.metric, figure.predictor, figure.estimate, later(figure.metric, figure.predictor));
  TRY(context.write("result.forecast_random_split", rows));

  Estimate accuracy = find(compared.metrics, "accuracy", likeliest_name),
           stays = find(compared.metrics, "accuracy", stays_name);
  double across_accuracy = later("accuracy", likeliest_name);
  Summary summary;
  summary.fact("accuracy", accuracy, "share");
  summary.fact("accuracy_grade_stays", stays.value, "share");
  summary.fact("accuracy_across_time", across_accuracy, "share");
  summary.say(words::random_fifth({.customers = test.known.label.size() + test.later.label.size(),
                                   .period = {test.later.cutoff, test.later.label_until},
                                   .accuracy = Share(accuracy),
                                   .stays = Share(stays)}));
  if (across.rows() > 0)
    summary.say(words::across_time({.at = Date{static_cast<int32_t>(across.integers("cutoff")[0])},
                                    .accuracy = Share(across_accuracy)}));
  return summary;
}

}  // namespace danggol::rooms
