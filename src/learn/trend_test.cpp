#include "learn/trend_test.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "learn/intervals.h"

namespace danggol::learn {

DoseTable& DoseTable::operator+=(const DoseTable& more) {
  successes.resize(more.successes.size()), trials.resize(more.trials.size());
  for (size_t dose = 0; dose < trials.size(); ++dose)
    successes[dose] += more.successes[dose], trials[dose] += more.trials[dose];
  return *this;
}

Trend trend_test(const std::vector<DoseTable>& strata) {
  double excess = 0, variance = 0;
  for (const DoseTable& stratum : strata) {
    double n = 0, successes = 0, scores = 0, squares = 0, seen = 0;
    for (size_t dose = 0; dose < stratum.trials.size(); ++dose) {
      double score = static_cast<double>(dose), trials = static_cast<double>(stratum.trials[dose]),
             hits = static_cast<double>(stratum.successes[dose]);
      n += trials, successes += hits;
      scores += score * trials, squares += score * score * trials, seen += score * hits;
    }
    if (n < 2) continue;
    excess += seen - scores * successes / n;
    variance += successes * (n - successes) / (n * n * (n - 1)) * (n * squares - scores * scores);
  }
  if (variance <= 0) return {};
  double z = excess / std::sqrt(variance);
  return {z, std::erfc(std::abs(z) / std::sqrt(2))};
}

Estimate share_difference(const std::vector<DoseTable>& strata) {
  double sum = 0, weights = 0, p = 0, q = 0;
  for (const DoseTable& stratum : strata) {
    auto n0 = static_cast<double>(stratum.trials[0]), n1 = static_cast<double>(stratum.trials[1]),
         x0 = static_cast<double>(stratum.successes[0]), x1 = static_cast<double>(stratum.successes[1]),
         n = n0 + n1;
    if (n0 == 0 || n1 == 0) continue;
    sum += (x1 * n0 - x0 * n1) / n, weights += n0 * n1 / n;
    p += (n1 * n1 * x0 - n0 * n0 * x1 + n1 * n0 * (n0 - n1) / 2) / (n * n);
    q += (x1 * (n0 - x0) + x0 * (n1 - x1)) / (2 * n);
  }
  if (weights == 0) return {NAN, NAN, NAN};
  // Where the difference has a standard error that depends on it, those differences that are not rejected.
  double difference = sum / weights, z2 = z95 * z95 / (weights * weights), middle = difference + z2 * p / 2,
         half = std::sqrt(std::max(0.0, middle * middle - difference * difference + z2 * q));
  return {difference, std::max(-1.0, middle - half), std::min(1.0, middle + half)};
}

}  // namespace danggol::learn
