#include "learn/kolmogorov_smirnov.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "base/assert.h"
#include "base/parallel.h"
#include "base/random.h"

namespace danggol::learn {
namespace {

// D times both sizes.
int64_t scaled_distance(const std::vector<int64_t>& a, const std::vector<int64_t>& all, int64_t a_size,
                        int64_t b_size) {
  int64_t a_below = 0, below = 0, most = 0;
  for (size_t k = 0; k < all.size(); ++k) {
    a_below += a[k], below += all[k];
    most = std::max(most, std::abs(a_below * b_size - (below - a_below) * a_size));
  }
  return most;
}

}  // namespace

KolmogorovSmirnov kolmogorov_smirnov(const std::vector<int64_t>& a, const std::vector<int64_t>& b,
                                     int32_t resamples, uint64_t seed) {
  std::vector<int64_t> all(a.size());
  std::vector<int32_t> values;
  for (size_t k = 0; k < a.size(); ++k) {
    all[k] = a[k] + b[k];
    values.insert(values.end(), static_cast<size_t>(all[k]), static_cast<int32_t>(k));
  }
  int64_t a_size = std::accumulate(a.begin(), a.end(), int64_t{0}),
          b_size = static_cast<int64_t>(values.size()) - a_size;
  DANGGOL_ASSERT(a_size > 0 && b_size > 0);
  int64_t seen = scaled_distance(a, all, a_size, b_size);

  std::vector<char> as_far(static_cast<size_t>(resamples));
  parallel_for(as_far.size(), [&](size_t r) {
    Random random(seed, r);
    std::vector<int32_t> order = values;
    std::vector<int64_t> drawn(all.size());
    for (size_t i = 0; i < static_cast<size_t>(a_size); ++i) {
      std::swap(order[i], order[i + random.below(order.size() - i)]);
      ++drawn[static_cast<size_t>(order[i])];
    }
    as_far[r] = scaled_distance(drawn, all, a_size, b_size) >= seen;
  });
  double reached = static_cast<double>(std::count(as_far.begin(), as_far.end(), 1));
  return {static_cast<double>(seen) / static_cast<double>(a_size) / static_cast<double>(b_size),
          (reached + 1) / (static_cast<double>(resamples) + 1)};
}

}  // namespace danggol::learn
