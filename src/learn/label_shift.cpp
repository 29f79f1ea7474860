#include "learn/label_shift.h"

#include <cmath>

#include "learn/intervals.h"

namespace danggol::learn {
namespace {

double with_odds(double p, double factor) {
  double scaled = p * factor;
  return scaled / (1 - p + scaled);
}

}  // namespace

LabelShift::LabelShift(const std::vector<int32_t>& learned_group, const std::vector<int32_t>& learned_label,
                       const std::vector<int32_t>& like_group, const std::vector<int32_t>& like_label,
                       int32_t groups, int32_t classes)
    : classes_(classes), ratio_(static_cast<size_t>(groups * classes)), log_odds_error_(ratio_.size()) {
  std::vector<double> learned(ratio_.size()), like(ratio_.size());
  for (size_t i = 0; i < learned_label.size(); ++i)
    ++learned[static_cast<size_t>(learned_group[i] * classes + learned_label[i])];
  for (size_t i = 0; i < like_label.size(); ++i)
    ++like[static_cast<size_t>(like_group[i] * classes + like_label[i])];
  for (int32_t g = 0; g < groups; ++g) {
    double* a = &learned[static_cast<size_t>(g * classes)];
    double* b = &like[static_cast<size_t>(g * classes)];
    double pooled = 0, a_rows = 1, b_rows = 1;
    for (int32_t c = 0; c < classes; ++c) pooled += a[c] + b[c];
    for (int32_t c = 0; c < classes; ++c) {
      double prior = pooled > 0 ? (a[c] + b[c]) / pooled : 1.0 / classes;
      a_rows += a[c], b_rows += b[c];
      a[c] += prior + 1e-9, b[c] += prior + 1e-9;
    }
    for (int32_t c = 0; c < classes; ++c) {
      size_t cell = static_cast<size_t>(g * classes + c);
      ratio_[cell] = (b[c] / b_rows) / (a[c] / a_rows);
      log_odds_error_[cell] = std::sqrt(1 / a[c] + 1 / std::max(a_rows - a[c], 0.5) + 1 / b[c] +
                                        1 / std::max(b_rows - b[c], 0.5));
    }
  }
}

void LabelShift::apply(const std::vector<int32_t>& group, int32_t special,
                       ClassProbabilities& probabilities) const {
  for (size_t row = 0; row < group.size(); ++row) {
    double* p = &probabilities.p[row * static_cast<size_t>(classes_)];
    size_t cells = static_cast<size_t>(group[row] * classes_);
    double before = p[special], sum = 0;
    for (int32_t c = 0; c < classes_; ++c) sum += p[c] *= ratio_[cells + static_cast<size_t>(c)];
    for (int32_t c = 0; c < classes_; ++c) p[c] /= sum;
    if (before <= 0 || before >= 1) continue;
    double factor = p[special] / (1 - p[special]) * (1 - before) / before;
    double widen = std::exp(z95 * log_odds_error_[cells + static_cast<size_t>(special)]);
    probabilities.lo[row] = with_odds(probabilities.lo[row], factor / widen);
    probabilities.hi[row] = with_odds(probabilities.hi[row], factor * widen);
  }
}

}  // namespace danggol::learn
