#include "learn/correlation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/assert.h"

namespace danggol::learn {
namespace {

// From -(n - 1) / 2 to (n - 1) / 2.
std::vector<double> centred_ranks(const std::vector<double>& values) {
  size_t n = values.size();
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> out(n);
  for (size_t from = 0, until = 0; from < n; from = until) {
    while (until < n && values[order[until]] == values[order[from]]) ++until;
    for (size_t i = from; i < until; ++i)
      out[order[i]] = (static_cast<double>(from + until) - static_cast<double>(n)) / 2;
  }
  return out;
}

}  // namespace

double rank_correlation(const std::vector<double>& a, const std::vector<double>& b) {
  DANGGOL_ASSERT(a.size() == b.size());
  std::vector<double> x = centred_ranks(a), y = centred_ranks(b);
  auto product = [](const std::vector<double>& u, const std::vector<double>& v) {
    return std::inner_product(u.begin(), u.end(), v.begin(), 0.0);
  };
  return product(x, y) / std::sqrt(product(x, x) * product(y, y));
}

}  // namespace danggol::learn
