#include "rooms/grade_forecast/measures.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "base/assert.h"
#include "contract/grading.h"
#include "learn/bootstrap.h"

namespace danggol::rooms {

using learn::Weights;

void Measures::add(const std::string& predictor, const std::vector<std::string>& metrics, Measure measure) {
  groups_.push_back({names_.size(), metrics.size(), std::move(measure)});
  for (const auto& metric : metrics) names_.emplace_back(metric, predictor);
}

size_t Measures::place(const std::string& metric, const std::string& predictor) const {
  auto at = std::find(names_.begin(), names_.end(), std::pair(metric, predictor));
  DANGGOL_ASSERT(at != names_.end());
  return static_cast<size_t>(at - names_.begin());
}

void Measures::add_difference(const std::string& metric, const std::string& predictor,
                              std::pair<std::string, std::string> better,
                              std::pair<std::string, std::string> worse) {
  add(predictor, {metric},
      [b = place(better.first, better.second), w = place(worse.first, worse.second)](
          const Weights&, std::span<const double> before, std::span<double> own) {
        own[0] = before[b] - before[w];
      });
}

std::vector<Figure> Measures::estimate(size_t n, uint64_t seed) const {
  constexpr int32_t resamples = 500;
  auto estimates = learn::bootstrap(n, resamples, seed, [&](const Weights& weights) {
    std::vector<double> figures(names_.size());
    for (const Group& group : groups_)
      group.measure(weights, std::span(figures).first(group.first),
                    std::span(figures).subspan(group.first, group.count));
    return figures;
  });
  std::vector<Figure> out;
  for (size_t i = 0; i < names_.size(); ++i) {
    Estimate of = estimates[i];
    // a calibration error grows by resampling alone
    of.lo = std::min(of.lo, of.value), of.hi = std::max(of.hi, of.value);
    out.push_back({names_[i].first, names_[i].second, of});
  }
  return out;
}

void add_class_measures(const Predictor& predictor, const std::vector<int32_t>& label, Measures& measures) {
  std::vector<std::string> metrics = {"accuracy", "macro_f1", "weighted_f1"};
  if (!predictor.p.empty()) metrics.push_back("log_loss");
  measures.add(predictor.name, metrics,
               [&](const Weights& weights, std::span<const double>, std::span<double> own) {
                 auto cells = learn::confusion(label, predictor.decided, grade_count, weights);
                 auto reports = learn::class_reports(cells, grade_count);
                 own[0] = learn::accuracy(cells, grade_count);
                 own[1] = learn::macro_f1(reports);
                 own[2] = learn::weighted_f1(reports);
                 if (own.size() > 3) own[3] = learn::log_loss(label, predictor.p, grade_count, weights);
               });
}

void add_leaving_measures(const Predictor& predictor, const std::vector<bool>& left, Measures& measures) {
  constexpr size_t bins = 10;
  struct Ranked {
    std::vector<double> p;
    learn::Ranking ranking;
    std::vector<size_t> bin;  // of equal size by p
  };
  std::vector<double> p = leaving(predictor.p);
  auto ranked = std::make_shared<Ranked>(Ranked{p, learn::Ranking(p, left), std::vector<size_t>(p.size())});
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] < p[b]; });
  for (size_t i = 0; i < order.size(); ++i) ranked->bin[order[i]] = i * bins / order.size();

  measures.add(predictor.name,
               {"auc_leaving", "average_precision_leaving", "lift_5_leaving", "lift_10_leaving",
                "lift_20_leaving", "calibration_error_leaving"},
               [ranked, &left](const Weights& weights, std::span<const double>, std::span<double> own) {
                 own[0] = ranked->ranking.auc(weights);
                 own[1] = ranked->ranking.average_precision(weights);
                 own[2] = ranked->ranking.lift(0.05, weights);
                 own[3] = ranked->ranking.lift(0.1, weights);
                 own[4] = ranked->ranking.lift(0.2, weights);
                 double gap[bins] = {}, rows = 0, sum = 0;
                 for (size_t i = 0; i < left.size(); ++i) {
                   double weight = weights.empty() ? 1 : weights[i];
                   gap[ranked->bin[i]] += weight * (ranked->p[i] - left[i]);
                   rows += weight;
                 }
                 for (double g : gap) sum += std::abs(g);
                 own[5] = sum / rows;
               });
}

void add_f1_measures(const std::vector<int32_t>& actual, const std::vector<int32_t>& predicted,
                     int32_t classes, Measures& measures) {
  auto measure = [&actual, &predicted, classes](const Weights& weights, std::span<const double>,
                                                std::span<double> own) {
    auto reports = learn::class_reports(learn::confusion(actual, predicted, classes, weights), classes);
    for (size_t c = 0; c < own.size(); ++c) own[c] = reports[c].f1;
  };
  measures.add("f1", std::vector<std::string>(static_cast<size_t>(classes), "f1"), measure);
}

Estimate find(const std::vector<Figure>& figures, std::string_view metric, std::string_view predictor) {
  for (const Figure& figure : figures)
    if (figure.metric == metric && figure.predictor == predictor) return figure.estimate;
  return {NAN, NAN, NAN};
}

}  // namespace danggol::rooms
