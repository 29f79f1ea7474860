#include "learn/multiple_tests.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace danggol::learn {

double permutation_p_value(int64_t as_far, size_t resamples) {
  return static_cast<double>(as_far + 1) / static_cast<double>(resamples + 1);
}

std::vector<double> benjamini_hochberg(const std::vector<double>& p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p_values[a] > p_values[b]; });
  std::vector<double> out(p_values.size());
  double least = 1, n = static_cast<double>(p_values.size());
  for (size_t i = 0; i < order.size(); ++i) {
    least = std::min(least, p_values[order[i]] * n / (n - static_cast<double>(i)));
    out[order[i]] = least;
  }
  return out;
}

std::vector<double> holm(const std::vector<double>& p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> out(p_values.size());
  double most = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    most = std::max(most, std::min(1.0, p_values[order[i]] * static_cast<double>(order.size() - i)));
    out[order[i]] = most;
  }
  return out;
}

}  // namespace danggol::learn
