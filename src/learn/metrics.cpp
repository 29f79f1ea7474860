#include "learn/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/assert.h"
#include "base/parallel.h"
#include "learn/intervals.h"

namespace danggol::learn {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

double weight(const Weights& weights, size_t i) { return weights.empty() ? 1 : weights[i]; }

}  // namespace

std::vector<double> confusion(const std::vector<int32_t>& actual, const std::vector<int32_t>& predicted,
                              int32_t classes, const Weights& weights) {
  std::vector<double> cells(static_cast<size_t>(classes * classes));
  for (size_t i = 0; i < actual.size(); ++i)
    cells[static_cast<size_t>(actual[i] * classes + predicted[i])] += weight(weights, i);
  return cells;
}

std::vector<ClassReport> class_reports(const std::vector<double>& cells, int32_t classes) {
  std::vector<ClassReport> reports;
  for (int32_t c = 0; c < classes; ++c) {
    double hit = cells[static_cast<size_t>(c * classes + c)], actual = 0, predicted = 0;
    for (int32_t k = 0; k < classes; ++k) {
      actual += cells[static_cast<size_t>(c * classes + k)];
      predicted += cells[static_cast<size_t>(k * classes + c)];
    }
    ClassReport report;
    report.support = actual;
    if (predicted > 0) report.precision = hit / predicted;
    if (actual > 0) report.recall = hit / actual;
    if (hit > 0) report.f1 = 2 * hit / (actual + predicted);
    reports.push_back(report);
  }
  return reports;
}

double macro_f1(const std::vector<ClassReport>& reports) {
  double sum = 0, classes = 0;
  for (const auto& report : reports)
    if (report.support > 0) sum += report.f1, ++classes;
  return classes > 0 ? sum / classes : nan;
}

double weighted_f1(const std::vector<ClassReport>& reports) {
  double sum = 0, rows = 0;
  for (const auto& report : reports) sum += report.f1 * report.support, rows += report.support;
  return rows > 0 ? sum / rows : nan;
}

double accuracy(const std::vector<double>& cells, int32_t classes) {
  double hit = 0;
  for (int32_t c = 0; c < classes; ++c) hit += cells[static_cast<size_t>(c * classes + c)];
  double rows = std::accumulate(cells.begin(), cells.end(), 0.0);
  return rows > 0 ? hit / rows : nan;
}

double log_loss(const std::vector<int32_t>& actual, const std::vector<double>& probabilities, int32_t classes,
                const Weights& weights) {
  double sum = 0, rows = 0;
  for (size_t i = 0; i < actual.size(); ++i) {
    double w = weight(weights, i);
    double p = probabilities[i * static_cast<size_t>(classes) + static_cast<size_t>(actual[i])];
    sum -= w * std::log(std::max(p, 1e-15));
    rows += w;
  }
  return rows > 0 ? sum / rows : nan;
}

Ranking::Ranking(const std::vector<double>& scores, const std::vector<bool>& outcomes)
    : order_(scores.size()), scores_(scores), outcomes_(outcomes) {
  DANGGOL_ASSERT(scores.size() == outcomes.size());
  std::iota(order_.begin(), order_.end(), size_t{0});
  std::stable_sort(order_.begin(), order_.end(), [&](size_t a, size_t b) { return scores_[a] > scores_[b]; });
}

double Ranking::auc(const Weights& weights) const {
  double above_positives = 0, positives = 0, negatives = 0;  // pairs (positive ranked above negative)
  for (size_t i = 0; i < order_.size();) {
    double tied_positives = 0, tied_negatives = 0;
    size_t start = i;
    for (; i < order_.size() && scores_[order_[i]] == scores_[order_[start]]; ++i)
      (outcomes_[order_[i]] ? tied_positives : tied_negatives) += weight(weights, order_[i]);
    above_positives += tied_negatives * (positives + tied_positives / 2);
    positives += tied_positives;
    negatives += tied_negatives;
  }
  return positives > 0 && negatives > 0 ? above_positives / (positives * negatives) : nan;
}

double Ranking::average_precision(const Weights& weights) const {
  double sum = 0, positives = 0, rows = 0;
  for (size_t i = 0; i < order_.size();) {
    double tied_positives = 0;
    size_t start = i;
    for (; i < order_.size() && scores_[order_[i]] == scores_[order_[start]]; ++i) {
      double w = weight(weights, order_[i]);
      if (outcomes_[order_[i]]) tied_positives += w;
      rows += w;
    }
    positives += tied_positives;
    if (rows > 0) sum += tied_positives * positives / rows;
  }
  return positives > 0 ? sum / positives : nan;
}

double Ranking::lift(double top_share, const Weights& weights) const {
  double rows = 0, positives = 0;
  for (size_t i = 0; i < order_.size(); ++i) {
    rows += weight(weights, i);
    if (outcomes_[i]) positives += weight(weights, i);
  }
  double top_rows = 0, top_positives = 0;
  for (size_t i = 0; i < order_.size() && top_rows < top_share * rows;) {
    for (size_t start = i; i < order_.size() && scores_[order_[i]] == scores_[order_[start]]; ++i) {
      double w = weight(weights, order_[i]);
      top_rows += w;
      if (outcomes_[order_[i]]) top_positives += w;
    }
  }
  return positives > 0 && top_rows > 0 ? (top_positives / top_rows) / (positives / rows) : nan;
}

std::vector<Top> tops(const std::vector<bool>& hits_by_rank, const std::vector<int32_t>& percents) {
  std::vector<Top> out;
  size_t at = 0;
  int64_t hits = 0;
  for (int32_t percent : percents) {
    size_t until = hits_by_rank.size() * static_cast<size_t>(percent) / 100;
    for (; at < until; ++at) hits += hits_by_rank[at];
    out.push_back({percent, static_cast<int64_t>(until), hits});
  }
  return out;
}

std::vector<CalibrationBin> calibration(const std::vector<double>& probabilities,
                                        const std::vector<bool>& outcomes, int32_t bins) {
  std::vector<size_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return probabilities[a] < probabilities[b]; });
  std::vector<CalibrationBin> out;
  for (int32_t b = 0; b < bins; ++b) {
    size_t from = order.size() * static_cast<size_t>(b) / static_cast<size_t>(bins);
    size_t until = order.size() * static_cast<size_t>(b + 1) / static_cast<size_t>(bins);
    if (from == until) continue;
    double predicted = 0, observed = 0, n = static_cast<double>(until - from);
    for (size_t i = from; i < until; ++i)
      predicted += probabilities[order[i]], observed += outcomes[order[i]];
    Interval interval = wilson(observed, n);
    out.push_back(
        {predicted / n, observed / n, interval.lo, interval.hi, static_cast<int64_t>(until - from)});
  }
  return out;
}

double calibration_error(const std::vector<CalibrationBin>& bins) {
  double sum = 0, rows = 0;
  for (const auto& bin : bins) {
    double n = static_cast<double>(bin.size);
    sum += std::abs(bin.predicted - bin.observed) * n;
    rows += n;
  }
  return rows > 0 ? sum / rows : nan;
}

}  // namespace danggol::learn
