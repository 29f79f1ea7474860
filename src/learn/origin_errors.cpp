#include "learn/origin_errors.h"

#include <algorithm>
#include <cmath>

#include "learn/intervals.h"

namespace danggol::learn {

double NextError::half(double variance) const { return t95(degrees) * std::sqrt(spread * spread + variance); }

NextError next_error(const std::vector<double>& errors, double apart) {
  constexpr double usual = 0.15, usual_origins = 4;
  if (errors.empty()) return {usual, usual_origins};
  double n = static_cast<double>(errors.size()), squares = 0;
  for (double error : errors) squares += error * error / n;
  double independent = std::max(1.0, n * std::min(1.0, apart));
  return {std::sqrt((usual_origins * usual * usual + independent * squares) / (usual_origins + independent)),
          usual_origins + independent};
}

}  // namespace danggol::learn
