#include "learn/isotonic.h"

namespace danggol::learn {

std::vector<IsotonicStep> isotonic(const std::vector<double>& x, const std::vector<double>& y,
                                   const std::vector<double>& weight) {
  std::vector<IsotonicStep> steps;
  auto pool = [&](const IsotonicStep& b) {
    IsotonicStep& a = steps.back();
    a.value = (a.value * a.weight + b.value * b.weight) / (a.weight + b.weight);
    a.weight += b.weight;
  };
  double last_x = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    IsotonicStep step{x[i], y[i], weight[i]};
    if (!steps.empty() && x[i] == last_x) pool(step);
    else steps.push_back(step);
    last_x = x[i];
    // A step that another x of the same value may still join must not be pooled back yet.
    if (i + 1 < x.size() && x[i + 1] == x[i]) continue;
    while (steps.size() > 1 && steps[steps.size() - 2].value >= steps.back().value) {
      IsotonicStep back = steps.back();
      steps.pop_back();
      pool(back);
    }
  }
  return steps;
}

}  // namespace danggol::learn
