#include "learn/logistic.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "base/parallel.h"
#include "learn/linear_algebra.h"
#include "learn/log_odds.h"
#include "learn/model_text.h"

namespace danggol::learn {
namespace {

constexpr double most = 4;           // standard deviations
constexpr double most_stored = 1e9;  // of any number of a model

}  // namespace

double Logistic::standardised(const double* row, size_t column) const {
  double value = row[column];
  if (std::isnan(value) || spread_[column] <= 0) return 0;
  return std::clamp((value - mean_[column]) / spread_[column], -most, most);
}

Logistic Logistic::fit(const Matrix& features, const std::vector<double>& offset,
                       const std::vector<int32_t>& outcome, const std::vector<double>& weights,
                       double ridge) {
  size_t rows = features.rows(), columns = features.columns(), size = columns + 1;
  DANGGOL_ASSERT(rows > 0 && offset.size() == rows && outcome.size() == rows && weights.size() == rows);
  Logistic out;
  auto sums = parallel_sum(rows, std::vector<double>(3 * columns), [&](std::vector<double>& sum, size_t i) {
    for (size_t c = 0; c < columns; ++c)
      if (double value = features.row(i)[c]; !std::isnan(value))
        sum[3 * c] += weights[i], sum[3 * c + 1] += weights[i] * value,
            sum[3 * c + 2] += weights[i] * value * value;
  });
  for (size_t c = 0; c < columns; ++c) {
    double all = sums[3 * c], mean = all > 0 ? sums[3 * c + 1] / all : 0;
    double variance = all > 0 ? sums[3 * c + 2] / all - mean * mean : 0;
    out.mean_.push_back(mean);
    out.spread_.push_back(variance > 1e-12 * std::max(1.0, mean * mean) ? std::sqrt(variance) : 0);
  }
  std::vector<double> design(rows * size);
  parallel_for(rows, [&](size_t i) {
    design[i * size] = 1;
    for (size_t c = 0; c < columns; ++c) design[i * size + c + 1] = out.standardised(features.row(i), c);
  });
  out.coefficients_.assign(size, 0);
  for (int step = 0; step < 50; ++step) {  // Newton; the ridge makes it safe
    auto second =
        parallel_sum(rows, std::vector<double>(size + size * size), [&](std::vector<double>& sum, size_t i) {
          const double* x = &design[i * size];
          double z = offset[i];
          for (size_t c = 0; c < size; ++c) z += out.coefficients_[c] * x[c];
          double p = chance(z), by = weights[i] * (p - outcome[i]), curve = weights[i] * p * (1 - p);
          for (size_t c = 0; c < size; ++c) {
            sum[c] += by * x[c];
            double* row = sum.data() + size + c * size;
            for (size_t d = 0; d <= c; ++d) row[d] += curve * x[c] * x[d];
          }
        });
    Dense<double> slope{size, 1, {}},
        curvature{size, size, {second.begin() + static_cast<int64_t>(size), second.end()}};
    for (size_t c = 0; c < size; ++c) {
      slope.values.push_back(second[c] + ridge * out.coefficients_[c]);
      curvature.values[c * size + c] += ridge;
    }
    auto by = solve(curvature, slope);
    if (!by) break;
    double widest = 0;
    for (double of : by->values) widest = std::max(widest, std::abs(of));
    double length = std::min(1.0, 2 / std::max(widest, 1e-300));
    for (size_t c = 0; c < size; ++c) out.coefficients_[c] -= length * by->values[c];
    if (widest < 1e-9) break;
  }
  return out;
}

std::vector<double> Logistic::predict(const Matrix& features) const {
  DANGGOL_ASSERT(features.columns() == mean_.size());
  std::vector<double> out(features.rows());
  parallel_for(out.size(), [&](size_t i) {
    out[i] = coefficients_[0];
    for (size_t c = 0; c < mean_.size(); ++c)
      out[i] += coefficients_[c + 1] * standardised(features.row(i), c);
  });
  return out;
}

std::string Logistic::text() const {
  return fmt::format("mean={}\nspread={}\ncoefficients={}\n", fmt::join(mean_, " "), fmt::join(spread_, " "),
                     fmt::join(coefficients_, " "));
}

Result<Logistic> Logistic::read(ModelText& text, size_t columns) {
  Logistic out;
  out.mean_ = TRY(text.reals("mean", columns, -most_stored, most_stored));
  out.spread_ = TRY(text.reals("spread", columns, 0, most_stored));
  out.coefficients_ = TRY(text.reals("coefficients", columns + 1, -most_stored, most_stored));
  return out;
}

}  // namespace danggol::learn
