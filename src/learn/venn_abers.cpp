#include "learn/venn_abers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/assert.h"
#include "learn/isotonic.h"
#include "learn/model_text.h"

namespace danggol::learn {
namespace {

double value_at(const std::vector<IsotonicStep>& steps, double x) {
  auto after = std::upper_bound(steps.begin(), steps.end(), x,
                                [](double value, const IsotonicStep& step) { return value < step.from; });
  return after == steps.begin() ? steps.front().value : std::prev(after)->value;
}

}  // namespace

VennAbers::VennAbers(const std::vector<double>& scores, const std::vector<bool>& outcomes, size_t levels) {
  DANGGOL_ASSERT(scores.size() == outcomes.size() && !scores.empty());
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] < scores[b]; });

  // Levels of about equal size; equal scores never fall into two. A level is named by its number.
  std::vector<double> sum, count;
  size_t per_level = (order.size() + levels - 1) / levels;
  for (size_t i = 0; i < order.size();) {
    size_t end = std::min(i + per_level, order.size());
    while (end < order.size() && scores[order[end]] == scores[order[end - 1]]) ++end;
    double ones = 0;
    for (size_t k = i; k < end; ++k) ones += outcomes[order[k]];
    sum.push_back(ones);
    count.push_back(static_cast<double>(end - i));
    upto_.push_back(scores[order[end - 1]]);
    i = end;
  }

  // The new customer joins each level once as a 0 and once as a 1.
  std::vector<double> x(sum.size()), y(sum.size());
  std::iota(x.begin(), x.end(), 0.0);
  for (size_t level = 0; level < sum.size(); ++level) {
    for (int outcome : {0, 1}) {
      std::vector<double> weight = count;
      weight[level] += 1;
      for (size_t k = 0; k < sum.size(); ++k) y[k] = (sum[k] + (k == level ? outcome : 0)) / weight[k];
      double p = value_at(isotonic(x, y, weight), static_cast<double>(level));
      (outcome == 0 ? lo_ : hi_).push_back(p);
    }
  }
}

std::string VennAbers::text() const {
  return fmt::format("levels={}\nupto={}\nlo={}\nhi={}\n", upto_.size(), fmt::join(upto_, " "),
                     fmt::join(lo_, " "), fmt::join(hi_, " "));
}

Result<VennAbers> VennAbers::read(ModelText& text) {
  VennAbers out;
  auto levels = static_cast<size_t>(TRY(text.integer("levels", 1, most_levels)));
  out.upto_ = TRY(text.reals("upto", levels, 0, 1));
  out.lo_ = TRY(text.reals("lo", levels, 0, 1));
  out.hi_ = TRY(text.reals("hi", levels, 0, 1));
  for (size_t i = 0; i < levels; ++i)
    if ((i > 0 && out.upto_[i - 1] >= out.upto_[i]) || out.lo_[i] >= out.hi_[i])
      return text.damaged(fmt::format("level {}: must be above the one before, and lo below hi", i));
  return out;
}

VennAbersPair VennAbers::operator()(double score) const {
  auto at = std::lower_bound(upto_.begin(), upto_.end(), score);
  size_t level = std::min(static_cast<size_t>(at - upto_.begin()), upto_.size() - 1);
  double lo = lo_[level], hi = hi_[level];
  return {lo, hi, hi / (1 - lo + hi)};
}

VennAbersPair VennAbers::merge(const std::vector<VennAbersPair>& pairs) {
  double log_hi = 0, log_not_lo = 0, lo = 0, hi = 0, n = static_cast<double>(pairs.size());
  for (const auto& pair : pairs) {
    log_hi += std::log(pair.hi) / n;
    log_not_lo += std::log1p(-pair.lo) / n;
    lo += pair.lo / n;
    hi += pair.hi / n;
  }
  double p = std::exp(log_hi) / (std::exp(log_not_lo) + std::exp(log_hi));
  return {std::min(lo, p), std::max(hi, p), p};
}

}  // namespace danggol::learn
