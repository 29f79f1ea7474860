#include "rooms/grade_forecast/backtest_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "learn/metrics.h"

namespace danggol::rooms {
namespace {

using learn::Interval;
using learn::Weights;

constexpr int32_t resamples = 500;
constexpr int32_t calibration_bins = 10;

std::string grade(int32_t number) { return std::string(grade_names[static_cast<size_t>(number)]); }

// Something that gives every test customer probabilities and a decision.
struct Predictor {
  std::string name;
  std::vector<double> p;  // rows * grade_count; empty where they are another predictor's
  std::vector<int32_t> decided;
};

// How often each grade followed each grade at the training origin, one imagined customer in every cell.
std::vector<double> transition_rates(const Frame& known) {
  std::vector<double> counts(grade_count * grade_count, 1);
  for (size_t i = 0; i < known.label.size(); ++i)
    ++counts[static_cast<size_t>(known.grade[i] * grade_count + known.label[i])];
  for (int32_t from = 0; from < grade_count; ++from) {
    double sum = 0;
    for (int32_t to = 0; to < grade_count; ++to) sum += counts[static_cast<size_t>(from * grade_count + to)];
    for (int32_t to = 0; to < grade_count; ++to) counts[static_cast<size_t>(from * grade_count + to)] /= sum;
  }
  return counts;
}

// "The grade stays", as sure as staying was at the training origin; the rest is spread evenly.
Predictor grade_stays(const Backtest& test) {
  double stayed = 0;
  for (size_t i = 0; i < test.known.label.size(); ++i) stayed += test.known.grade[i] == test.known.label[i];
  double sure = (stayed + 1) / (static_cast<double>(test.known.label.size()) + 2);
  Predictor out{"grade stays", {}, test.later.grade};
  for (int32_t now : test.later.grade)
    for (int32_t to = 0; to < grade_count; ++to)
      out.p.push_back(to == now ? sure : (1 - sure) / (grade_count - 1));
  return out;
}

// The class frequencies given the current grade.
Predictor frequencies(const Backtest& test) {
  std::vector<double> rates = transition_rates(test.known);
  Predictor out{"class frequencies", {}, {}};
  for (int32_t now : test.later.grade) {
    auto row = rates.begin() + now * grade_count;
    out.p.insert(out.p.end(), row, row + grade_count);
    out.decided.push_back(static_cast<int32_t>(std::max_element(row, row + grade_count) - row));
  }
  return out;
}

// The grade with the greatest probability, where the model decides so that every grade gets its due (macro
// F1).
Predictor likeliest(const std::vector<double>& p) {
  Predictor out{"likeliest grade", {}, {}};
  for (auto row = p.begin(); row != p.end(); row += grade_count)
    out.decided.push_back(static_cast<int32_t>(std::max_element(row, row + grade_count) - row));
  return out;
}

class Figures {
 public:
  Figures(const Backtest& test, Table& rows) : test_(test), rows_(rows) {}

  using Figure = std::function<double(const Weights&)>;
  Interval add(const std::string& metric, const std::string& predictor, const Figure& figure) {
    Interval interval = learn::bootstrap(test_.later.label.size(), resamples, test_.seed, figure);
    double value = figure({});
    rows_.append(test_.later.cutoff, metric, predictor, value, interval.lo, interval.hi);
    return interval;
  }

 private:
  const Backtest& test_;
  Table& rows_;
};

double macro_f1_of(const Predictor& predictor, const std::vector<int32_t>& label, const Weights& weights) {
  return learn::macro_f1(
      learn::class_reports(learn::confusion(label, predictor.decided, grade_count, weights), grade_count));
}

// Everything that all predictors are measured by.
void add_class_metrics(Figures& figures, const Predictor& predictor, const std::vector<int32_t>& label) {
  auto cells = [&](const Weights& w) { return learn::confusion(label, predictor.decided, grade_count, w); };
  figures.add("accuracy", predictor.name,
              [&](const Weights& w) { return learn::accuracy(cells(w), grade_count); });
  figures.add("macro_f1", predictor.name, [&](const Weights& w) { return macro_f1_of(predictor, label, w); });
  figures.add("weighted_f1", predictor.name, [&](const Weights& w) {
    return learn::weighted_f1(learn::class_reports(cells(w), grade_count));
  });
  if (!predictor.p.empty())
    figures.add("log_loss", predictor.name,
                [&](const Weights& w) { return learn::log_loss(label, predictor.p, grade_count, w); });
}

std::vector<double> leaving(const std::vector<double>& p) {
  std::vector<double> out;
  for (size_t i = inactive_grade; i < p.size(); i += grade_count) out.push_back(p[i]);
  return out;
}

// How well leaving is ranked and how honest its probabilities are.
void add_leaving_metrics(Figures& figures, const Predictor& predictor, const std::vector<bool>& left) {
  std::vector<double> p = leaving(predictor.p);
  learn::Ranking ranking(p, left);
  figures.add("auc_leaving", predictor.name, [&](const Weights& w) { return ranking.auc(w); });
  figures.add("average_precision_leaving", predictor.name,
              [&](const Weights& w) { return ranking.average_precision(w); });
  for (int percent : {5, 10, 20})
    figures.add(fmt::format("lift_{}_leaving", percent), predictor.name,
                [&](const Weights& w) { return ranking.lift(percent / 100.0, w); });
  std::vector<size_t> order(p.size()), bin(p.size());
  for (size_t i = 0; i < p.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] < p[b]; });
  for (size_t i = 0; i < order.size(); ++i) bin[order[i]] = i * calibration_bins / order.size();
  figures.add("calibration_error_leaving", predictor.name, [&](const Weights& w) {
    double gap[calibration_bins] = {}, rows = 0, sum = 0;
    for (size_t i = 0; i < p.size(); ++i) {
      double weight = w.empty() ? 1 : w[i];
      gap[bin[i]] += weight * (p[i] - left[i]);
      rows += weight;
    }
    for (double g : gap) sum += std::abs(g);
    return sum / rows;
  });
}

void add_class_rows(const Backtest& test, Table& rows) {
  auto reports =
      learn::class_reports(learn::confusion(test.later.label, test.decided, grade_count), grade_count);
  for (int32_t c = 0; c < grade_count; ++c) {
    const auto& report = reports[static_cast<size_t>(c)];
    Interval f1 = learn::bootstrap(test.later.label.size(), resamples, test.seed, [&](const Weights& w) {
      return learn::class_reports(learn::confusion(test.later.label, test.decided, grade_count, w),
                                  grade_count)[static_cast<size_t>(c)]
          .f1;
    });
    rows.append(grade(c), report.precision, report.recall, report.f1, f1.lo, f1.hi,
                static_cast<int64_t>(report.support));
  }
}

// The deck's twenty classes: the pair of current and next grade. The current grade is known, so a pair is
// right when its second half is.
void add_pair_rows(const Backtest& test, const std::vector<int32_t>& decided, Table& rows) {
  constexpr int32_t pairs = grade_count * grade_count;
  std::vector<int32_t> actual, predicted;
  for (size_t i = 0; i < test.later.label.size(); ++i) {
    actual.push_back(test.later.grade[i] * grade_count + test.later.label[i]);
    predicted.push_back(test.later.grade[i] * grade_count + decided[i]);
  }
  auto reports = learn::class_reports(learn::confusion(actual, predicted, pairs), pairs);
  for (int32_t now = 0; now < inactive_grade; ++now) {
    for (int32_t next = 0; next < grade_count; ++next) {
      int32_t pair = now * grade_count + next;
      const auto& report = reports[static_cast<size_t>(pair)];
      Interval f1 = learn::bootstrap(actual.size(), resamples, test.seed, [&](const Weights& w) {
        double hit = 0, either = 0;
        for (size_t i = 0; i < actual.size(); ++i) {
          hit += (actual[i] == pair && predicted[i] == pair) * w[i];
          either += ((actual[i] == pair) + (predicted[i] == pair)) * w[i];
        }
        return either > 0 ? 2 * hit / either : 0;
      });
      rows.append(grade(now), grade(next), report.precision, report.recall, report.f1, f1.lo, f1.hi,
                  static_cast<int64_t>(report.support));
    }
  }
}

void add_lift_rows(const std::vector<double>& p, const std::vector<bool>& left, Table& rows) {
  std::vector<size_t> order(p.size());
  for (size_t i = 0; i < p.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] > p[b]; });
  double leavers = static_cast<double>(std::count(left.begin(), left.end(), true));
  double base = leavers / static_cast<double>(p.size()), caught = 0;
  size_t at = 0;
  for (int percent : {0, 5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 100}) {
    size_t until = p.size() * static_cast<size_t>(percent) / 100;
    for (; at < until; ++at) caught += left[order[at]];
    Interval share = leavers > 0 ? learn::wilson(caught, leavers) : Interval{0, 1};
    double lift = until > 0 && base > 0 ? caught / static_cast<double>(until) / base : NAN;
    rows.append(percent / 100.0, static_cast<int64_t>(until), static_cast<int64_t>(caught),
                leavers > 0 ? caught / leavers : NAN, share.lo, share.hi, lift);
  }
}

std::vector<bool> has_left(const std::vector<int32_t>& label) {
  std::vector<bool> left;
  for (int32_t l : label) left.push_back(l == inactive_grade);
  return left;
}

void add_season_check(const SeasonCheck& season, Table& metrics, Summary& summary) {
  Figures figures(season.with, metrics);
  std::vector<bool> left = has_left(season.with.later.label);
  Predictor with{"model", season.with.probabilities.p, season.with.decided};
  Predictor without{"model without season", season.without.probabilities.p, season.without.decided};
  double error[2];
  for (const Predictor* predictor : {&with, &without}) {
    add_class_metrics(figures, *predictor, season.with.later.label);
    add_leaving_metrics(figures, *predictor, left);
    error[predictor == &without] = metrics.reals("value").back();
  }
  summary.fact("season_calibration_error", error[0], "share");
  summary.fact("season_calibration_error_uncorrected", error[1], "share");
  std::string cutoff = to_text(season.with.later.cutoff);
  summary.say(fmt::format("Seasons matter: at {}, moving the probabilities to what the same season did a "
                          "year before took their mean error from {:.1f} to {:.1f} points.",
                          cutoff, error[1] * 100, error[0] * 100),
              fmt::format("계절의 영향: {} 시점에서 한 해 전 같은 계절의 비율로 보정하자 확률의 평균 오차가 "
                          "{:.1f}%p에서 {:.1f}%p가 되었습니다.",
                          cutoff, error[1] * 100, error[0] * 100));
}

std::string yes(bool beats, const char* if_true, const char* if_false) { return beats ? if_true : if_false; }

}  // namespace

Result<Summary> write_backtest(Context& context, const Backtest& test,
                               const std::optional<SeasonCheck>& season) {
  const std::vector<int32_t>& label = test.later.label;
  std::vector<bool> left = has_left(label);
  Predictor model{"model", test.probabilities.p, test.decided}, stays = grade_stays(test),
                                                                rates = frequencies(test);

  Summary summary;
  Table metrics = Table::of(metric_table());
  Figures figures(test, metrics);
  Predictor likely = likeliest(test.probabilities.p);
  for (const Predictor* predictor : {&model, &likely, &stays, &rates})
    add_class_metrics(figures, *predictor, label);
  for (const Predictor* predictor : {&model, &rates}) add_leaving_metrics(figures, *predictor, left);
  // Paired: the same resample of customers for both sides of a difference.
  bool beats_all = true;
  for (const Predictor* baseline : {&stays, &rates}) {
    Interval loss = figures.add("log_loss_saved", "model over " + baseline->name, [&](const Weights& w) {
      return learn::log_loss(label, baseline->p, grade_count, w) -
             learn::log_loss(label, model.p, grade_count, w);
    });
    Interval f1 = figures.add("macro_f1_gained", "model over " + baseline->name, [&](const Weights& w) {
      return macro_f1_of(model, label, w) - macro_f1_of(*baseline, label, w);
    });
    beats_all = beats_all && loss.lo > 0 && f1.lo > 0;
    if (loss.lo <= 0 || f1.lo <= 0)
      summary.warn(fmt::format("The model does not clearly beat \"{}\": log loss saved {:.4f} to {:.4f}, "
                               "macro F1 gained {:.4f} to {:.4f} (95 %).",
                               baseline->name, loss.lo, loss.hi, f1.lo, f1.hi),
                   fmt::format("모델이 기준선 \"{}\"보다 확실히 낫다고 할 수 없습니다: 로그 손실 감소 "
                               "{:.4f}~{:.4f}, 매크로 F1 증가 {:.4f}~{:.4f} (95%).",
                               baseline->name, loss.lo, loss.hi, f1.lo, f1.hi));
  }
  auto accuracy_of = [&](const Predictor& p) {
    return learn::accuracy(learn::confusion(label, p.decided, grade_count), grade_count);
  };
  double best_baseline = std::max(accuracy_of(stays), accuracy_of(rates));
  if (accuracy_of(model) < best_baseline)
    summary.warn(
        fmt::format("By accuracy alone a baseline is better: {:.3f} against {:.3f}. The model's "
                    "decisions aim at every grade alike (macro F1); its likeliest grade is right for "
                    "{:.3f}.",
                    best_baseline, accuracy_of(model), accuracy_of(likely)),
        fmt::format("정확도만 보면 기준선이 더 높습니다({:.3f} 대 {:.3f}). 모델은 모든 등급을 "
                    "고르게 맞히도록(매크로 F1) 판정하며, 확률이 가장 높은 등급의 정확도는 {:.3f}입니다.",
                    best_baseline, accuracy_of(model), accuracy_of(likely)));
  double learned = 0, found = 0;
  for (int32_t l : test.known.label) learned += l == inactive_grade;
  for (int32_t l : label) found += l == inactive_grade;
  learned /= static_cast<double>(test.known.label.size()), found /= static_cast<double>(label.size());
  if (std::abs(learned - found) > 0.05)
    summary.warn(fmt::format("{:.0f} % left in the period learned from and {:.0f} % in the period tested: "
                             "with no year before it to compare, "
                             "this test's probabilities are off by about that much.",
                             learned * 100, found * 100),
                 fmt::format("학습 기간의 이탈률은 {:.0f}%, 검증 기간은 {:.0f}%입니다. 한 해 전 자료가 없어 "
                             "이 검증의 확률은 그만큼 어긋납니다.",
                             learned * 100, found * 100));
  size_t of_this_test = metrics.rows();
  Summary of_season;
  if (season) add_season_check(*season, metrics, of_season);
  TRY(context.progress(0.8, "tables"));
  TRY(context.write("result.forecast_metric", metrics));

  Table classes = Table::of(class_table()), pairs = Table::of(pair_table()),
        cells = Table::of(confusion_table()), bins = Table::of(calibration_table()),
        lift = Table::of(lift_table()), rows = Table::of(backtest_table());
  add_class_rows(test, classes);
  add_pair_rows(test, test.decided, pairs);
  auto confusion = learn::confusion(label, test.decided, grade_count);
  for (int32_t actual = 0; actual < grade_count; ++actual)
    for (int32_t predicted = 0; predicted < grade_count; ++predicted)
      cells.append(grade(actual), grade(predicted),
                   static_cast<int64_t>(confusion[static_cast<size_t>(actual * grade_count + predicted)]));
  std::vector<double> p_leave = leaving(model.p);
  for (const auto& bin : learn::calibration(p_leave, left, calibration_bins))
    bins.append(static_cast<int64_t>(bins.rows() + 1), bin.predicted, bin.observed, bin.lo, bin.hi, bin.size);
  add_lift_rows(p_leave, left, lift);
  for (size_t i = 0; i < label.size(); ++i)
    rows.append(test.later.customer_id[i], grade(test.later.grade[i]), grade(label[i]),
                grade(test.decided[i]), p_leave[i], test.probabilities.lo[i], test.probabilities.hi[i]);
  TRY(context.write("result.forecast_class", classes));
  TRY(context.write("result.forecast_pair", pairs));
  TRY(context.write("result.forecast_confusion", cells));
  TRY(context.write("result.forecast_calibration", bins));
  TRY(context.write("result.forecast_lift", lift));
  TRY(context.write("result.forecast_backtest", rows));

  for (size_t i = 0; i < of_this_test; ++i) {
    std::string name = metrics.texts("metric")[i], predictor = metrics.texts("predictor")[i];
    if (predictor != "model" && !predictor.starts_with("model over")) continue;
    if (predictor != "model") name += predictor.ends_with("stays") ? "_over_stays" : "_over_frequencies";
    summary.fact(name, metrics.reals("value")[i], "", metrics.reals("value_lo")[i],
                 metrics.reals("value_hi")[i]);
  }
  auto metric = [&](const char* name) {
    for (const Fact& fact : summary.facts)
      if (fact.name == name) return fact;
    return Fact{};
  };
  Fact auc = metric("auc_leaving"), error = metric("calibration_error_leaving"), f1 = metric("macro_f1");
  summary.say(
      fmt::format("Tested on {} customers at {} against what they did until {}: leaving is ranked with AUC "
                  "{:.3f} ({:.3f} to {:.3f}), "
                  "probabilities are off by {:.1f} points on average, macro F1 is {:.3f}; the model {}.",
                  grouped(static_cast<int64_t>(label.size())), to_text(test.later.cutoff),
                  to_text(test.later.label_until), auc.value, *auc.lo, *auc.hi, error.value * 100, f1.value,
                  yes(beats_all, "beats both baselines on log loss and macro F1",
                      "does not beat both baselines on log loss and macro F1")),
      fmt::format("{1} 시점의 고객 {0}명을 {2}까지의 실제 행동과 견주었습니다. 이탈 순위의 AUC는 "
                  "{3:.3f}({4:.3f}~{5:.3f}), 확률의 평균 오차는 {6:.1f}%p, "
                  "매크로 F1은 {7:.3f}이며, 모델은 {8}.",
                  grouped(static_cast<int64_t>(label.size())), to_text(test.later.cutoff),
                  to_text(test.later.label_until), auc.value, *auc.lo, *auc.hi, error.value * 100, f1.value,
                  yes(beats_all, "로그 손실과 매크로 F1에서 두 기준선보다 낫습니다",
                      "로그 손실과 매크로 F1에서 두 기준선을 모두 이기지는 못했습니다")));
  summary.facts.insert(summary.facts.end(), of_season.facts.begin(), of_season.facts.end());
  summary.sentences.insert(summary.sentences.end(), of_season.sentences.begin(), of_season.sentences.end());
  return summary;
}

Result<Summary> write_random_split(Context& context, const Backtest& test) {
  const std::vector<int32_t>& label = test.later.label;
  Predictor model{"model", test.probabilities.p, test.decided},
      likely = likeliest(test.probabilities.p), stays = grade_stays(test), rates = frequencies(test);
  Table metrics = Table::of(metric_table()), pairs = Table::of(random_split_pair_table());
  Figures figures(test, metrics);
  for (const Predictor* predictor : {&model, &likely, &stays, &rates})
    add_class_metrics(figures, *predictor, label);
  TRY(context.progress(0.8, "tables"));
  add_pair_rows(test, likely.decided, pairs);
  TRY(context.write("result.forecast_random_split_pair", pairs));

  // what the back-test, learned before and tested after, found of the same
  Table across =
      TRY(context.query("SELECT metric, predictor, value FROM result.forecast_metric "
                        "WHERE cutoff = (SELECT min(cutoff) FROM result.forecast_metric)"));
  std::map<std::pair<std::string, std::string>, double> across_time;
  for (size_t i = 0; i < across.rows(); ++i)
    across_time[{across.texts("metric")[i], across.texts("predictor")[i]}] = across.reals("value")[i];
  Table rows = Table::of(random_split_table());
  for (size_t i = 0; i < metrics.rows(); ++i) {
    const std::string &metric = metrics.texts("metric")[i], &predictor = metrics.texts("predictor")[i];
    auto same = across_time.find({metric, predictor});
    rows.append(metric, predictor, metrics.reals("value")[i], metrics.reals("value_lo")[i],
                metrics.reals("value_hi")[i], same == across_time.end() ? NAN : same->second);
  }
  TRY(context.write("result.forecast_random_split", rows));

  Summary summary;
  auto value = [&](const char* metric, const Predictor& predictor) {
    for (size_t i = 0; i < rows.rows(); ++i)
      if (rows.texts("metric")[i] == metric && rows.texts("predictor")[i] == predictor.name) return i;
    return size_t{0};
  };
  size_t accuracy = value("accuracy", likely), stayed = value("accuracy", stays);
  const auto &values = rows.reals("value"), &of_time = rows.reals("across_time");
  summary.fact("accuracy", values[accuracy], "share", rows.reals("value_lo")[accuracy],
               rows.reals("value_hi")[accuracy]);
  summary.fact("accuracy_grade_stays", values[stayed], "share");
  summary.fact("accuracy_across_time", of_time[accuracy], "share");
  summary.say(
      fmt::format(
          "Tested on a random fifth of {} customers, the likeliest grade is right for {:.1f} % ({:.1f} to "
          "{:.1f} %), \"the grade stays\" for {:.1f} %. Learned before and tested after it is {:.1f} %: that "
          "is the figure to plan with.",
          grouped(static_cast<int64_t>(test.known.label.size() + label.size())), values[accuracy] * 100,
          rows.reals("value_lo")[accuracy] * 100, rows.reals("value_hi")[accuracy] * 100,
          values[stayed] * 100, of_time[accuracy] * 100),
      fmt::format(
          "고객 {}명 가운데 무작위 1/5로 검증하면 가장 유력한 등급의 정확도는 {:.1f}%({:.1f}~{:.1f}%), "
          "'등급 유지'는 {:.1f}%입니다. 과거로 학습해 이후를 검증하면 {:.1f}%이며, 계획에는 이 값을 "
          "쓰십시오.",
          grouped(static_cast<int64_t>(test.known.label.size() + label.size())), values[accuracy] * 100,
          rows.reals("value_lo")[accuracy] * 100, rows.reals("value_hi")[accuracy] * 100,
          values[stayed] * 100, of_time[accuracy] * 100));
  return summary;
}

namespace {
const char* bootstrap_help = "95 % interval, percentile bootstrap over customers, 500 resamples";
}

std::vector<std::pair<std::string, Text>> metric_labels() {
  auto labels = grade_labels();
  std::vector<std::pair<std::string, Text>> own = {
      {"accuracy", {"accuracy", "정확도"}},
      {"macro_f1", {"macro F1", "매크로 F1"}},
      {"weighted_f1", {"weighted F1", "가중 F1"}},
      {"log_loss", {"log loss", "로그 손실"}},
      {"auc_leaving", {"AUC of leaving", "이탈 AUC"}},
      {"average_precision_leaving", {"average precision of leaving", "이탈 평균 정밀도"}},
      {"lift_5_leaving", {"lift in the top 5 %", "상위 5% 향상도"}},
      {"lift_10_leaving", {"lift in the top 10 %", "상위 10% 향상도"}},
      {"lift_20_leaving", {"lift in the top 20 %", "상위 20% 향상도"}},
      {"calibration_error_leaving", {"calibration error of leaving", "이탈 확률의 보정 오차"}},
      {"log_loss_saved", {"log loss saved", "로그 손실 감소"}},
      {"macro_f1_gained", {"macro F1 gained", "매크로 F1 증가"}},
      {"model", {"model", "모델"}},
      {"likeliest grade", {"likeliest grade", "가장 유력한 등급"}},
      {"model without season", {"model without season", "계절 보정 없는 모델"}},
      {"grade stays", {"grade stays", "등급 유지"}},
      {"class frequencies", {"class frequencies", "등급별 빈도"}},
      {"model over grade stays", {"model over grade stays", "등급 유지 대비 모델"}},
      {"model over class frequencies", {"model over class frequencies", "등급별 빈도 대비 모델"}}};
  labels.insert(labels.end(), own.begin(), own.end());
  return labels;
}

TableInfo importance_table() {
  return {"result.forecast_importance",
          {"Feature importance", "변수 중요도"},
          {{"feature", Type::text, "", {"feature", "변수"}, true},
           {"gain", Type::real, "", {"gain", "이득"}},
           {"gain_share", Type::real, "share", {"share of gain", "이득 비율"}}}};
}

TableInfo forecast_table() {
  return {"result.grade_forecast",
          {"Forecast by customer", "고객별 예측"},
          {{"customer_id", Type::text, "", {"customer", "고객"}, true, true},
           {"grade", Type::text, "", {"grade now", "현재 등급"}},
           {"p_top", Type::real, "share", {"top", "최우수"}},
           {"p_good", Type::real, "share", {"good", "우수"}},
           {"p_regular", Type::real, "share", {"regular", "일반"}},
           {"p_other", Type::real, "share", {"other", "기타"}},
           {"p_leave", Type::real, "share", {"leaves", "이탈"}},
           {"p_leave_lo",
            Type::real,
            "share",
            {"from", "하한"},
            false,
            false,
            "lower of the Venn-Abers pair; not a confidence bound"},
           {"p_leave_hi",
            Type::real,
            "share",
            {"to", "상한"},
            false,
            false,
            "upper of the Venn-Abers pair; not a confidence bound"},
           {"predicted", Type::text, "", {"predicted grade", "예측 등급"}}}};
}

TableInfo metric_table() {
  return {"result.forecast_metric",
          {"Back-test figures", "검증 지표"},
          {{"cutoff", Type::date, "", {"tested at", "검증 시점"}, true},
           {"metric", Type::text, "", {"metric", "지표"}, true},
           {"predictor", Type::text, "", {"predictor", "예측 방법"}, true},
           {"value", Type::real, "", {"value", "값"}},
           {"value_lo", Type::real, "", {"from", "하한"}, false, false, bootstrap_help},
           {"value_hi", Type::real, "", {"to", "상한"}, false, false, bootstrap_help}}};
}

TableInfo random_split_table() {
  return {"result.forecast_random_split",
          {"Tested on a random fifth", "무작위 1/5 검증"},
          {{"metric", Type::text, "", {"metric", "지표"}, true},
           {"predictor", Type::text, "", {"predictor", "예측 방법"}, true},
           {"value", Type::real, "", {"value", "값"}},
           {"value_lo", Type::real, "", {"from", "하한"}, false, false, bootstrap_help},
           {"value_hi", Type::real, "", {"to", "상한"}, false, false, bootstrap_help},
           {"across_time", Type::real, "", {"learned before, tested after", "시점을 나눈 검증"}}}};
}

TableInfo random_split_pair_table() {
  TableInfo table = pair_table();
  table.name = "result.forecast_random_split_pair";
  table.title = {"By pair of grades, a random fifth", "등급 쌍별 정확도 (무작위 1/5)"};
  return table;
}

TableInfo class_table() {
  return {"result.forecast_class",
          {"By actual grade", "등급별 정확도"},
          {{"grade", Type::text, "", {"grade", "등급"}, true},
           {"precision", Type::real, "share", {"precision", "정밀도"}},
           {"recall", Type::real, "share", {"recall", "재현율"}},
           {"f1", Type::real, "share", {"F1", "F1"}},
           {"f1_lo", Type::real, "share", {"from", "하한"}, false, false, bootstrap_help},
           {"f1_hi", Type::real, "share", {"to", "상한"}, false, false, bootstrap_help},
           {"support", Type::integer, "customers", {"customers", "고객 수"}}}};
}

TableInfo pair_table() {
  return {"result.forecast_pair",
          {"By pair of grades", "등급 쌍별 정확도"},
          {{"h1_grade", Type::text, "", {"grade before", "이전 등급"}, true},
           {"h2_grade", Type::text, "", {"grade after", "이후 등급"}, true},
           {"precision", Type::real, "share", {"precision", "정밀도"}},
           {"recall", Type::real, "share", {"recall", "재현율"}},
           {"f1", Type::real, "share", {"F1", "F1"}},
           {"f1_lo", Type::real, "share", {"from", "하한"}, false, false, bootstrap_help},
           {"f1_hi", Type::real, "share", {"to", "상한"}, false, false, bootstrap_help},
           {"support", Type::integer, "customers", {"customers", "고객 수"}}}};
}

TableInfo confusion_table() {
  return {"result.forecast_confusion",
          {"Actual and predicted grades", "실제 등급과 예측 등급"},
          {{"actual", Type::text, "", {"actual", "실제"}, true},
           {"predicted", Type::text, "", {"predicted", "예측"}, true},
           {"customers", Type::integer, "customers", {"customers", "고객 수"}}}};
}

TableInfo calibration_table() {
  return {"result.forecast_calibration",
          {"Calibration of leaving", "이탈 확률의 보정"},
          {{"bin", Type::integer, "", {"bin", "구간"}, true},
           {"predicted", Type::real, "share", {"predicted", "예측 확률"}},
           {"observed", Type::real, "share", {"observed", "실제 비율"}},
           {"observed_lo", Type::real, "share", {"from", "하한"}, false, false, "95 % interval, Wilson"},
           {"observed_hi", Type::real, "share", {"to", "상한"}, false, false, "95 % interval, Wilson"},
           {"customers", Type::integer, "customers", {"customers", "고객 수"}}}};
}

TableInfo lift_table() {
  return {"result.forecast_lift",
          {"Leavers in the top of the list", "상위 고객 중 이탈 고객"},
          {{"top_share", Type::real, "share", {"top share", "상위 비율"}, true},
           {"customers", Type::integer, "customers", {"customers", "고객 수"}},
           {"caught", Type::integer, "customers", {"leavers among them", "그중 이탈 고객"}},
           {"caught_share", Type::real, "share", {"of all leavers", "전체 이탈 중 비율"}},
           {"caught_share_lo", Type::real, "share", {"from", "하한"}, false, false, "95 % interval, Wilson"},
           {"caught_share_hi", Type::real, "share", {"to", "상한"}, false, false, "95 % interval, Wilson"},
           {"lift", Type::real, "", {"lift", "향상도"}}}};
}

TableInfo backtest_table() {
  return {"result.forecast_backtest",
          {"Back-test by customer", "고객별 검증"},
          {{"customer_id", Type::text, "", {"customer", "고객"}, true, true},
           {"grade", Type::text, "", {"grade before", "이전 등급"}},
           {"actual", Type::text, "", {"actual", "실제"}},
           {"predicted", Type::text, "", {"predicted", "예측"}},
           {"p_leave", Type::real, "share", {"leaves", "이탈 확률"}},
           {"p_leave_lo",
            Type::real,
            "share",
            {"from", "하한"},
            false,
            false,
            "lower of the Venn-Abers pair; not a confidence bound"},
           {"p_leave_hi",
            Type::real,
            "share",
            {"to", "상한"},
            false,
            false,
            "upper of the Venn-Abers pair; not a confidence bound"}}};
}

}  // namespace danggol::rooms
