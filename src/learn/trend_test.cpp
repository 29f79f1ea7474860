#include "learn/trend_test.h"

#include <cmath>
#include <cstddef>

namespace danggol::learn {

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

}  // namespace danggol::learn
