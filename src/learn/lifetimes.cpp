#include "learn/lifetimes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "base/parallel.h"
#include "learn/lifetime_terms.h"
#include "learn/optimise.h"

namespace danggol::learn {
namespace {

using Leaving = LifetimeFamily::Leaving;

// A number of every customer, as one of its distinct values.
struct Coded {
  std::vector<double> values;  // ascending
  std::vector<int32_t> codes;
};

Coded code(std::span<const Lifetime> rows, double Lifetime::*number) {
  Coded out;
  for (const Lifetime& row : rows) out.values.push_back(row.*number);
  std::sort(out.values.begin(), out.values.end());
  out.values.erase(std::unique(out.values.begin(), out.values.end()), out.values.end());
  for (const Lifetime& row : rows)
    out.codes.push_back(static_cast<int32_t>(
        std::lower_bound(out.values.begin(), out.values.end(), row.*number) - out.values.begin()));
  return out;
}

// One in so many customers of the rows in order, so that the sample has of everything what all have.
Lifetimes sample(const Lifetimes& of, size_t size) {
  std::vector<Lifetime> out;
  double step = of.customers() / static_cast<double>(size), next = step / 2, seen = 0;
  for (size_t i = 0; i < of.rows().size(); ++i)
    for (seen += of.weights()[i]; next < seen; next += step) out.push_back(of.rows()[i]);
  return Lifetimes(std::move(out), of.log_pauses() * static_cast<double>(out.size()) / of.customers());
}

// Minus the mean log-likelihood of a customer, by the logarithms of the parameters.
class Loss {
 public:
  Loss(LifetimeFamily family, std::span<const Lifetime> rows, std::span<const double> weights,
       double customers)
      : family_(family),
        weights_(weights),
        customers_(customers),
        x_(code(rows, &Lifetime::x)),
        t_x_(code(rows, &Lifetime::t_x)),
        T_(code(rows, &Lifetime::T)) {}

  double operator()(std::span<const double> at, std::span<double> gradient) const {
    LifetimeModel::Parameters parameters;
    for (size_t i = 0; i < 4; ++i) parameters[i] = std::exp(at[i]);
    LifetimeTerms terms(LifetimeModel(family_, parameters));
    std::vector<LifetimeTerms::ByCount> counts(x_.values.size());
    std::vector<LifetimeTerms::ByAge> last(t_x_.values.size()), now(T_.values.size());
    parallel_for(counts.size(), [&](size_t i) { counts[i] = terms.by_count(x_.values[i]); });
    parallel_for(last.size(), [&](size_t i) { last[i] = terms.by_age(t_x_.values[i]); });
    parallel_for(now.size(), [&](size_t i) { now[i] = terms.by_age(T_.values[i]); });

    auto sum =
        parallel_sum(weights_.size(), std::array<double, 5>{}, [&](std::array<double, 5>& sums, size_t i) {
          auto own = [i](const auto& of, const Coded& coded) -> const auto& {
            return of[static_cast<size_t>(coded.codes[i])];
          };
          auto of = terms.likelihood(own(counts, x_), own(last, t_x_), own(now, T_));
          sums[4] += weights_[i] * of.value;
          for (size_t d = 0; d < 4; ++d) sums[d] += weights_[i] * of.gradient[d];
        });
    double loss = -sum[4] / customers_;
    for (size_t d = 0; d < 4; ++d) {
      gradient[d] = -sum[d] * parameters[d] / customers_;
      hold_within(at[d], -farthest, farthest, loss, gradient[d]);
    }
    return loss;
  }

  static constexpr double farthest = 8;  // logarithm, with the mean T as the unit of time

 private:
  LifetimeFamily family_;
  std::span<const double> weights_;
  double customers_;
  Coded x_, t_x_, T_;
};

std::array<bool, 4> is_time(const LifetimeFamily& family) {
  return {false, true, false, family.leaving == Leaving::at_any_time};
}

}  // namespace

Lifetime lifetime_of(std::span<const int32_t> days, int32_t at) {
  DANGGOL_ASSERT(!days.empty() && days.back() < at);
  return {static_cast<double>(days.size() - 1), static_cast<double>(days.back() - days.front()),
          static_cast<double>(at - 1 - days.front())};
}

std::string LifetimeFamily::name() const {
  std::string process = k > 1 ? fmt::format("CNBD-{}", k) : "NBD";
  switch (leaving) {
    case Leaving::after_repeat: return "BG/" + process;
    case Leaving::after_any: return "MBG/" + process;
    case Leaving::at_any_time: return "Pareto/" + process;
  }
  DANGGOL_ASSERT(false);
}

std::array<const char*, 4> LifetimeFamily::parameter_names() const {
  if (leaving == Leaving::at_any_time) return {"r", "alpha", "s", "beta"};
  return {"r", "alpha", "a", "b"};
}

double LifetimeModel::log_likelihood(const Lifetime& of) const {
  return LifetimeTerms(*this).likelihood(of).value;
}
double LifetimeModel::p_alive(const Lifetime& of) const {
  return LifetimeTerms(*this).likelihood(of).p_alive;
}
double LifetimeModel::p_none(const Lifetime& of, double t) const {
  LifetimeTerms terms(*this);  // the same again, seen for longer
  double longer = terms.likelihood({of.x, of.t_x, of.T + t}).value;
  return std::min(1.0, std::exp(longer - terms.likelihood(of).value));
}
double LifetimeModel::expected(const Lifetime& of, double t) const {
  return LifetimeTerms(*this).expected(of, t);
}
void LifetimeModel::more_than(const Lifetime& of, double t, std::vector<double>& p) const {
  LifetimeTerms(*this).more_than(of, t, p);
}

Lifetimes::Lifetimes(std::vector<Lifetime> customers, double log_pauses)
    : rows_(std::move(customers)), customers_(static_cast<double>(rows_.size())), log_pauses_(log_pauses) {
  std::sort(rows_.begin(), rows_.end());
  size_t kept = 0;
  for (size_t i = 0; i < rows_.size(); ++i) {
    repeats_ += rows_[i].x;
    if (i > 0 && rows_[i] == rows_[kept - 1]) ++weights_.back();
    else rows_[kept++] = rows_[i], weights_.push_back(1);
  }
  rows_.resize(kept);
}

std::vector<LifetimeModel> LifetimeFit::likely_models() const {
  auto root = cholesky(covariance);
  DANGGOL_ASSERT(root);
  constexpr size_t n = 4;
  std::vector<LifetimeModel> out;
  for (size_t j = 0; j < n; ++j)
    for (double side : {-1.0, 1.0}) {
      LifetimeModel::Parameters parameters = model.parameters();
      for (size_t i = 0; i < n; ++i)
        parameters[i] *= std::exp(side * std::sqrt(static_cast<double>(n)) * root->values[i * n + j]);
      out.emplace_back(model.family(), parameters);
    }
  return out;
}

std::vector<NamedEstimate> LifetimeFit::estimates() const {
  std::vector<NamedEstimate> out;
  auto names = model.family().parameter_names();
  for (size_t i = 0; i < names.size(); ++i)
    out.push_back(log_normal(names[i], model.parameters()[i], covariance.values[i * 5]));
  return out;
}

LifetimeFit fit_lifetimes(LifetimeFamily family, const Lifetimes& of, size_t most_rows) {
  DANGGOL_ASSERT(of.customers() > 0 && family.k >= 1 && family.k <= most_regularity);
  if (of.rows().size() > most_rows) return fit_lifetimes(family, sample(of, most_rows), most_rows);
  double unit = 0;
  for (size_t i = 0; i < of.rows().size(); ++i) unit += of.weights()[i] * of.rows()[i].T / of.customers();
  if (unit <= 0) unit = 1;  // everybody came today
  std::vector<Lifetime> rows(of.rows().begin(), of.rows().end());
  for (Lifetime& row : rows) row.t_x /= unit, row.T /= unit;
  Loss loss(family, rows, of.weights(), of.customers());
  Minimum best = minimise(loss, {0, 0, 0, 1});

  LifetimeModel::Parameters parameters;
  for (size_t i = 0; i < 4; ++i) parameters[i] = std::exp(best.at[i]) * (is_time(family)[i] ? unit : 1);
  bool inside =
      std::all_of(best.at.begin(), best.at.end(), [](double at) { return std::abs(at) < Loss::farthest; });
  // of times in the unit given: each purchase's density is per that unit
  double value = -best.value * of.customers() - of.repeats() * std::log(unit) * family.k;
  value += (family.k - 1) * of.log_pauses();
  return {LifetimeModel(family, parameters), value, covariance(loss, best.at, of.customers()), of.customers(),
          best.converged && inside};
}

}  // namespace danggol::learn
