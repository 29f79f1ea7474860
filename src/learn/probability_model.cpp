#include "learn/probability_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "base/assert.h"
#include "base/parallel.h"
#include "base/random.h"
#include "learn/metrics.h"
#include "learn/model_text.h"

namespace danggol::learn {
namespace {

constexpr int32_t fold_count = 5;
constexpr double smallest = 1e-9;
constexpr double least_temperature = 0.5, most_temperature = 3;
constexpr double least_weight = 0.01, most_weight = 100;  // more than best_weights can reach
constexpr int64_t most_columns = 100'000, most_name = 10'000;
constexpr std::string_view first_line = "danggol probability model 2";

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
  double lo = least_temperature, hi = most_temperature;
  for (int step = 0; step < 30; ++step) {
    const double at[] = {hi - ratio * (hi - lo), lo + ratio * (hi - lo)};
    double loss[2];
    parallel_for(2, [&](size_t i) { loss[i] = log_loss(labels, soften(p, classes, at[i]), classes); });
    if (loss[0] < loss[1]) hi = at[1];
    else lo = at[0];
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
  std::unordered_map<std::string_view, int64_t> known;
  for (const auto& name : features.names) known.emplace(name, known.size());
  std::vector<int64_t> source;
  for (const auto& name : names) {
    auto found = known.find(name);
    source.push_back(found == known.end() ? -1 : found->second);
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
      trained[k] = TRY(train_lightgbm(features.select(rest), rest_labels, classes, params, seed + k));
      auto p = trained[k]->predict(features.select(held[k]));
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
  model.choose_decisions(crossed, labels);
  model.crossed_ = std::move(crossed);
  return model;
}

void ProbabilityModel::choose_decisions(const std::vector<double>& p, const std::vector<int32_t>& labels) {
  decision_weights_ = best_weights(p, labels, classes_);
}

ClassProbabilities ProbabilityModel::predict(const Matrix& features) const {
  Matrix known = with_columns(features, columns_);
  size_t rows = features.rows();
  std::vector<std::vector<double>> of_fold(folds_.size());
  parallel_for(folds_.size(),
               [&](size_t k) { of_fold[k] = soften(folds_[k].predict(known), classes_, temperature_); });
  ClassProbabilities out;
  out.p.assign(rows * static_cast<size_t>(classes_), 0);
  std::vector<std::vector<VennAbersPair>> pairs(rows);
  for (size_t k = 0; k < folds_.size(); ++k) {
    const std::vector<double>& p = of_fold[k];
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

std::vector<double> ProbabilityModel::gain() const {
  std::vector<double> mean(columns_.size());
  for (const Gbdt& fold : folds_)
    for (size_t c = 0; c < mean.size(); ++c) mean[c] += fold.gain()[c] / static_cast<double>(folds_.size());
  return mean;
}

std::string ProbabilityModel::to_bytes() const {
  std::string out =
      fmt::format("{}\nclasses={}\nspecial={}\ntemperature={}\ndecision_weights={}\ncolumns={}\n", first_line,
                  classes_, special_, temperature_, fmt::join(decision_weights_, " "), columns_.size());
  for (const auto& column : columns_) out += fmt::format("column={}\n{}\n", column.size(), column);
  for (size_t k = 0; k < folds_.size(); ++k) out += calibrators_[k].text() + folds_[k].text();
  return out;
}

Result<ProbabilityModel> ProbabilityModel::from_bytes(std::string_view bytes) {
  ModelText text(bytes);
  ProbabilityModel model;
  TRY(text.line(first_line));
  model.classes_ = static_cast<int32_t>(TRY(text.integer("classes", 2, Gbdt::most_classes)));
  model.special_ = static_cast<int32_t>(TRY(text.integer("special", 0, model.classes_ - 1)));
  model.temperature_ = TRY(text.real("temperature", least_temperature, most_temperature));
  model.decision_weights_ =
      TRY(text.reals("decision_weights", static_cast<size_t>(model.classes_), least_weight, most_weight));
  auto columns = TRY(text.integer("columns", 1, most_columns));
  std::unordered_set<std::string_view> names;
  for (int64_t c = 0; c < columns; ++c) {
    std::string_view name = TRY(text.bytes("column", 0, most_name));
    if (!names.insert(name).second) return text.damaged("column: must not be there twice");
    model.columns_.emplace_back(name);
  }
  for (int32_t k = 0; k < fold_count; ++k) {
    model.calibrators_.push_back(TRY(VennAbers::read(text)));
    model.folds_.push_back(TRY(Gbdt::read(text, model.columns_.size(), model.classes_)));
  }
  TRY(text.end());
  return model;
}

}  // namespace danggol::learn
