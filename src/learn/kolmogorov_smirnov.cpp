#include "learn/kolmogorov_smirnov.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "base/assert.h"
#include "base/parallel.h"
#include "base/random.h"
#include "learn/multiple_tests.h"

namespace danggol::learn {
namespace {

// One stratum's values in order, each by its number.
struct Stratum {
  std::vector<int32_t> values;
  size_t a_size = 0;
  double b_weighs() const {
    return static_cast<double>(a_size) / static_cast<double>(values.size() - a_size);
  }
};

// excess[k]: by how much the k-th value is in the first sample beyond the second.
double largest(const std::vector<double>& excess, double size) {
  double sum = 0, most = 0;
  for (double of : excess) sum += of, most = std::max(most, std::abs(sum));
  return most / size;
}

}  // namespace

KolmogorovSmirnov kolmogorov_smirnov(const std::vector<TwoSamples>& samples, int32_t resamples,
                                     uint64_t seed) {
  auto count = [](const std::vector<int64_t>& of) {
    return std::accumulate(of.begin(), of.end(), int64_t{0});
  };
  std::vector<Stratum> strata;
  std::vector<double> excess;
  double a_size = 0;
  for (const TwoSamples& sample : samples) {
    if (count(sample.a) == 0 || count(sample.b) == 0) continue;
    Stratum& stratum = strata.emplace_back();
    excess.resize(sample.a.size());
    stratum.a_size = static_cast<size_t>(count(sample.a)), a_size += static_cast<double>(stratum.a_size);
    for (size_t k = 0; k < sample.a.size(); ++k)
      stratum.values.insert(stratum.values.end(), static_cast<size_t>(sample.a[k] + sample.b[k]),
                            static_cast<int32_t>(k));
    for (size_t k = 0; k < sample.a.size(); ++k)
      excess[k] += static_cast<double>(sample.a[k]) - stratum.b_weighs() * static_cast<double>(sample.b[k]);
  }
  DANGGOL_ASSERT(a_size > 0);
  double seen = largest(excess, a_size);

  // What every value weighs if it is of the second sample; whoever is called the first adds 1 + that.
  std::vector<double> all_b(excess.size());
  for (const Stratum& stratum : strata)
    for (int32_t value : stratum.values) all_b[static_cast<size_t>(value)] -= stratum.b_weighs();
  std::vector<char> as_far(static_cast<size_t>(resamples));
  parallel_for(as_far.size(), [&](size_t r) {
    Random random(seed, r);
    std::vector<double> drawn = all_b;
    for (const Stratum& stratum : strata) {
      std::vector<int32_t> order = stratum.values;
      for (size_t i = 0; i < stratum.a_size; ++i) {
        std::swap(order[i], order[i + random.below(order.size() - i)]);
        drawn[static_cast<size_t>(order[i])] += 1 + stratum.b_weighs();
      }
    }
    as_far[r] = largest(drawn, a_size) >= seen - 1e-9;  // ties are ties, whatever their rounding
  });
  return {seen, permutation_p_value(std::count(as_far.begin(), as_far.end(), 1), as_far.size())};
}

}  // namespace danggol::learn
