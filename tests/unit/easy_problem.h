// Three classes that two of five columns tell apart, one of them with gaps.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "base/matrix.h"
#include "base/random.h"

namespace danggol {

struct EasyProblem {
  static constexpr int32_t classes = 3;
  Matrix features{{"spend", "visits", "noise_1", "noise_2", "same"}, {}};
  std::vector<int32_t> labels;

  EasyProblem(size_t rows, uint64_t seed) {
    for (size_t i = 0; i < rows; ++i) {
      Random random(seed, i);
      double spend = random.uniform(), visits = random.uniform();
      int32_t label = spend > 0.7 ? 2 : visits > 0.4 ? 1 : 0;
      if (random.uniform() < 0.1) label = static_cast<int32_t>(random.below(classes));
      if (random.uniform() < 0.05) visits = std::numeric_limits<double>::quiet_NaN();
      features.values.insert(features.values.end(), {spend, visits, random.uniform(), random.uniform(), 1});
      labels.push_back(label);
    }
  }
};

}  // namespace danggol
