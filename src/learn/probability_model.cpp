#include "learn/probability_model.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/assert.h"
#include "base/parallel.h"
#include "base/random.h"
#include "learn/metrics.h"

namespace danggol::learn {
namespace {

constexpr int32_t fold_count = 5;
constexpr double smallest = 1e-9;

size_t at(size_t row, int32_t column, int32_t columns) {
  return row * static_cast<size_t>(columns) + static_cast<size_t>(column);
}

// p^(1 / temperature), renormalised.
std::vector<double> soften(const std::vector<double>& p, int32_t classes, double temperature) {
  std::vector<double> out(p.size());
  for (size_t row = 0; row * static_cast<size_t>(classes) < p.size(); ++row) {
    double sum = 0;
    for (int32_t c = 0; c < classes; ++c)
      sum += out[at(row, c, classes)] = std::pow(std::max(p[at(row, c, classes)], smallest), 1 / temperature);
    for (int32_t c = 0; c < classes; ++c) out[at(row, c, classes)] /= sum;
  }
  return out;
}

// Golden-section search: log loss is unimodal in the temperature.
double best_temperature(const std::vector<double>& p, const std::vector<int32_t>& labels, int32_t classes) {
  const double ratio = (std::sqrt(5.0) - 1) / 2;
  double lo = 0.5, hi = 3;
  auto loss = [&](double t) { return log_loss(labels, soften(p, classes, t), classes); };
  for (int step = 0; step < 30; ++step) {
    double a = hi - ratio * (hi - lo), b = lo + ratio * (hi - lo);
    (loss(a) < loss(b) ? hi : lo) = loss(a) < loss(b) ? b : a;
  }
  return (lo + hi) / 2;
}

// Equally likely folds that hold every class in proportion: a customer's place among those of his class.
std::vector<int32_t> draw_folds(const std::vector<int32_t>& labels, int32_t classes, uint64_t seed) {
  std::vector<int32_t> fold(labels.size());
  for (int32_t c = 0; c < classes; ++c) {
    std::vector<size_t> rows;
    for (size_t i = 0; i < labels.size(); ++i)
      if (labels[i] == c) rows.push_back(i);
    Random random(seed, static_cast<uint64_t>(c));
    for (size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[random.below(i)]);
    for (size_t i = 0; i < rows.size(); ++i)
      fold[rows[i]] = static_cast<int32_t>((i + static_cast<size_t>(c)) % fold_count);
  }
  return fold;
}

std::vector<int32_t> weighted_arg_max(const std::vector<double>& p, const std::vector<double>& weights) {
  size_t classes = weights.size();
  std::vector<int32_t> out(p.size() / classes);
  for (size_t row = 0; row < out.size(); ++row) {
    for (size_t c = 1; c < classes; ++c)
      if (p[row * classes + c] * weights[c] >
          p[row * classes + static_cast<size_t>(out[row])] * weights[static_cast<size_t>(out[row])])
        out[row] = static_cast<int32_t>(c);
  }
  return out;
}

// Coordinate ascent over a small grid of multipliers.
std::vector<double> best_weights(const std::vector<double>& p, const std::vector<int32_t>& labels,
                                 int32_t classes) {
  std::vector<double> weights(static_cast<size_t>(classes), 1);
  auto score = [&](const std::vector<double>& w) {
    return macro_f1(class_reports(confusion(labels, weighted_arg_max(p, w), classes), classes));
  };
  double best = score(weights);
  for (int pass = 0; pass < 3; ++pass) {
    for (size_t c = 0; c < weights.size(); ++c) {
      for (double factor : {0.6, 0.75, 0.9, 1.1, 1.3, 1.6}) {
        std::vector<double> trial = weights;
        trial[c] *= factor;
        double reached = score(trial);
        if (reached > best + 1e-4) best = reached, weights = trial;
      }
    }
  }
  return weights;
}

Matrix with_columns(const Matrix& features, const std::vector<std::string>& names) {
  if (features.names == names) return features;
  std::vector<int64_t> source(names.size(), -1);
  for (size_t c = 0; c < names.size(); ++c) {
    auto found = std::find(features.names.begin(), features.names.end(), names[c]);
    if (found != features.names.end()) source[c] = found - features.names.begin();
  }
  Matrix out{names, {}};
  out.values.reserve(features.rows() * names.size());
  for (size_t row = 0; row < features.rows(); ++row)
    for (int64_t c : source) out.values.push_back(c < 0 ? 0 : features.row(row)[c]);
  return out;
}

}  // namespace

Result<ProbabilityModel> ProbabilityModel::train(const Matrix& features, const std::vector<int32_t>& labels,
                                                 int32_t classes, int32_t special, const GbdtParams& params,
                                                 uint64_t seed) {
  DANGGOL_ASSERT(features.rows() == labels.size() && classes >= 2 && special >= 0 && special < classes);
  constexpr size_t least_rows = 20 * fold_count;
  if (labels.size() < least_rows)
    return Error{Code::no_data,
                 fmt::format("customers to learn from = {}: must be {} or more", labels.size(), least_rows)};
  std::vector<int64_t> counts(static_cast<size_t>(classes));
  for (int32_t label : labels) ++counts[static_cast<size_t>(label)];
  int64_t special_count = counts[static_cast<size_t>(special)];
  if (special_count < fold_count || special_count > static_cast<int64_t>(labels.size()) - fold_count)
    return Error{
        Code::no_data,
        fmt::format("{} of {} customers left: at least {} of each kind are needed to learn the difference",
                    special_count, labels.size(), fold_count)};
  ProbabilityModel model;
  model.classes_ = classes;
  model.special_ = special;
  model.columns_ = features.names;
  std::vector<int32_t> fold = draw_folds(labels, classes, seed);
  std::vector<double> crossed(labels.size() * static_cast<size_t>(classes));
  std::vector<std::vector<int32_t>> held(fold_count);
  for (size_t i = 0; i < labels.size(); ++i)
    held[static_cast<size_t>(fold[i])].push_back(static_cast<int32_t>(i));
  std::vector<std::optional<Gbdt>> trained(fold_count);
  std::vector<Status> outcomes(fold_count);
  parallel_for(fold_count, [&](size_t k) {
    outcomes[k] = [&]() -> Status {
      std::vector<int32_t> rest, rest_labels;
      for (size_t i = 0; i < labels.size(); ++i)
        if (fold[i] != static_cast<int32_t>(k))
          rest.push_back(static_cast<int32_t>(i)), rest_labels.push_back(labels[i]);
      trained[k] = TRY(Gbdt::train(features.select(rest), rest_labels, classes, params, seed + k));
      auto p = TRY(trained[k]->predict(features.select(held[k])));
      for (size_t i = 0; i < held[k].size(); ++i)
        for (int32_t c = 0; c < classes; ++c)
          crossed[at(static_cast<size_t>(held[k][i]), c, classes)] = p[at(i, c, classes)];
      return {};
    }();
  });
  for (auto& outcome : outcomes) TRY(std::move(outcome));
  for (auto& fold_model : trained) model.folds_.push_back(std::move(*fold_model));
  model.temperature_ = best_temperature(crossed, labels, classes);
  crossed = soften(crossed, classes, model.temperature_);
  for (const auto& rows : held) {
    std::vector<double> scores;
    std::vector<bool> was_special;
    for (int32_t i : rows) {
      scores.push_back(crossed[at(static_cast<size_t>(i), special, classes)]);
      was_special.push_back(labels[static_cast<size_t>(i)] == special);
    }
    model.calibrators_.emplace_back(scores, was_special);
  }
  model.decision_weights_ = best_weights(crossed, labels, classes);
  return model;
}

Result<ClassProbabilities> ProbabilityModel::predict(const Matrix& features) const {
  Matrix known = with_columns(features, columns_);
  size_t rows = features.rows();
  ClassProbabilities out;
  out.p.assign(rows * static_cast<size_t>(classes_), 0);
  std::vector<std::vector<VennAbersPair>> pairs(rows);
  for (size_t k = 0; k < folds_.size(); ++k) {
    auto p = soften(TRY(folds_[k].predict(known)), classes_, temperature_);
    for (size_t row = 0; row < rows; ++row) {
      for (int32_t c = 0; c < classes_; ++c)
        out.p[at(row, c, classes_)] += p[at(row, c, classes_)] / static_cast<double>(folds_.size());
      pairs[row].push_back(calibrators_[k](p[at(row, special_, classes_)]));
    }
  }
  for (size_t row = 0; row < rows; ++row) {
    VennAbersPair pair = VennAbers::merge(pairs[row]);
    out.lo.push_back(pair.lo);
    out.hi.push_back(pair.hi);
    double& special = out.p[at(row, special_, classes_)];
    double scale = (1 - pair.p) / std::max(1 - special, smallest);
    special = pair.p;
    double sum = 0;
    for (int32_t c = 0; c < classes_; ++c) {
      if (c != special_) out.p[at(row, c, classes_)] *= scale;
      sum += out.p[at(row, c, classes_)];
    }
    for (int32_t c = 0; c < classes_; ++c) out.p[at(row, c, classes_)] /= sum;
  }
  return out;
}

std::vector<int32_t> ProbabilityModel::decide(const std::vector<double>& p) const {
  return weighted_arg_max(p, decision_weights_);
}

Result<std::vector<double>> ProbabilityModel::gain() const {
  std::vector<double> mean(columns_.size());
  for (const Gbdt& fold : folds_) {
    auto gain = TRY(fold.gain());
    for (size_t c = 0; c < mean.size(); ++c) mean[c] += gain[c] / static_cast<double>(folds_.size());
  }
  return mean;
}

std::string ProbabilityModel::to_bytes() const {
  nlohmann::json json = {{"format", 1},         {"classes", classes_},
                         {"special", special_}, {"temperature", temperature_},
                         {"columns", columns_}, {"decision_weights", decision_weights_}};
  for (size_t k = 0; k < folds_.size(); ++k) {
    const auto& knots = calibrators_[k].knots();
    json["folds"].push_back(
        {{"trees", folds_[k].text()}, {"upto", knots.upto}, {"lo", knots.lo}, {"hi", knots.hi}});
  }
  return json.dump();
}

Result<ProbabilityModel> ProbabilityModel::from_bytes(const std::string& bytes) {
  auto json = nlohmann::json::parse(bytes, nullptr, false);
  if (json.is_discarded() || json.value("format", 0) != 1)
    return Error{Code::corrupt, "the stored model cannot be read; train it again"};
  ProbabilityModel model;
  model.classes_ = json["classes"];
  model.special_ = json["special"];
  model.temperature_ = json["temperature"];
  model.columns_ = json["columns"].get<std::vector<std::string>>();
  model.decision_weights_ = json["decision_weights"].get<std::vector<double>>();
  for (const auto& fold : json["folds"]) {
    model.folds_.push_back(Gbdt::from_text(fold["trees"], model.classes_));
    model.calibrators_.emplace_back(VennAbers::Knots{fold["upto"].get<std::vector<double>>(),
                                                     fold["lo"].get<std::vector<double>>(),
                                                     fold["hi"].get<std::vector<double>>()});
  }
  return model;
}

}  // namespace danggol::learn
