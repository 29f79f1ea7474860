#include "learn/divergence.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "base/assert.h"
#include "base/parallel.h"
#include "base/random.h"

namespace danggol::learn {
namespace {

// The share of each cell in the rows of customer(0) .. customer(count - 1), the i-th taken weight(i) times.
template <class CustomerAt, class Weight>
std::vector<double> distribution(const CellCounts& counts, size_t count, const CustomerAt& customer,
                                 const Weight& weight) {
  std::vector<double> out(static_cast<size_t>(counts.cell_count));
  for (size_t i = 0; i < count; ++i) {
    double times = weight(i);
    if (times == 0) continue;
    size_t c = customer(i);
    for (int64_t k = counts.start[c]; k < counts.start[c + 1]; ++k)
      out[static_cast<size_t>(counts.cells[static_cast<size_t>(k)])] +=
          times * counts.counts[static_cast<size_t>(k)];
  }
  double all = std::accumulate(out.begin(), out.end(), 0.0);
  for (double& share : out) share = all > 0 ? share / all : 0;
  return out;
}

double quantile(std::vector<double>& sorted, double at) {
  double place = at * static_cast<double>(sorted.size() - 1);
  size_t below = static_cast<size_t>(place), above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

double divergence_element(double p, double q) { return p > 0 && q > 0 ? p * std::log(p / q) : 0; }

double kullback_leibler(const std::vector<double>& p, const std::vector<double>& q) {
  double sum = 0;
  for (size_t i = 0; i < p.size(); ++i) sum += divergence_element(p[i], q[i]);
  return sum;
}

double jensen_shannon(const std::vector<double>& p, const std::vector<double>& q) {
  double sum = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    double middle = (p[i] + q[i]) / 2;
    sum += (divergence_element(p[i], middle) + divergence_element(q[i], middle)) / 2;
  }
  return sum;
}

DivergenceEstimate divergence(const CellCounts& counts, const std::vector<bool>& in_group, int32_t resamples,
                              uint64_t seed) {
  size_t n = counts.customers(), cells = static_cast<size_t>(counts.cell_count);
  DANGGOL_ASSERT(in_group.size() == n);
  std::vector<size_t> members;
  for (size_t c = 0; c < n; ++c)
    if (in_group[c]) members.push_back(c);
  auto itself = [](size_t i) { return i; };
  auto member = [&](size_t i) { return members[i]; };
  auto once = [](size_t) { return 1.0; };
  std::vector<double> p = distribution(counts, members.size(), member, once),
                      q = distribution(counts, n, itself, once);

  size_t runs = static_cast<size_t>(resamples);
  std::vector<std::vector<double>> drawn(cells + 2, std::vector<double>(runs)),
      null(cells, std::vector<double>(runs));
  parallel_for(runs, [&](size_t r) {
    // all customers drawn with replacement: the group's size varies as it would
    Random random(seed, 2 * r);
    std::vector<double> times(n);
    for (size_t i = 0; i < n; ++i) ++times[random.below(n)];
    std::vector<double> sample_p = distribution(counts, members.size(), member,
                                                [&](size_t i) { return times[members[i]]; }),
                        sample_q = distribution(counts, n, itself, [&](size_t i) { return times[i]; });
    for (size_t cell = 0; cell < cells; ++cell)
      drawn[cell][r] = divergence_element(sample_p[cell], sample_q[cell]);
    drawn[cells][r] = kullback_leibler(sample_p, sample_q);
    drawn[cells + 1][r] = jensen_shannon(sample_p, sample_q);

    // the same number of customers called the group at random
    Random relabel(seed, 2 * r + 1);
    std::vector<size_t> order(n);
    std::iota(order.begin(), order.end(), size_t{0});
    for (size_t i = 0; i < members.size(); ++i) std::swap(order[i], order[i + relabel.below(n - i)]);
    std::vector<double> shuffled = distribution(
        counts, members.size(), [&](size_t i) { return order[i]; }, once);
    for (size_t cell = 0; cell < cells; ++cell) null[cell][r] = divergence_element(shuffled[cell], q[cell]);
  });

  DivergenceEstimate out;
  std::vector<double> p_values;
  for (size_t cell = 0; cell < cells; ++cell) {
    ElementEstimate e{p[cell], q[cell], divergence_element(p[cell], q[cell])};
    std::sort(drawn[cell].begin(), drawn[cell].end());
    e.lo = quantile(drawn[cell], 0.025), e.hi = quantile(drawn[cell], 0.975);
    auto as_far = std::count_if(null[cell].begin(), null[cell].end(),
                                [&](double x) { return std::abs(x) >= std::abs(e.element); });
    e.p_value = static_cast<double>(as_far + 1) / static_cast<double>(runs + 1);
    p_values.push_back(e.p_value);
    out.elements.push_back(e);
  }
  auto adjusted = benjamini_hochberg(p_values);
  for (size_t cell = 0; cell < cells; ++cell) out.elements[cell].adjusted = adjusted[cell];
  std::sort(drawn[cells].begin(), drawn[cells].end());
  std::sort(drawn[cells + 1].begin(), drawn[cells + 1].end());
  out.kl = kullback_leibler(p, q), out.kl_lo = quantile(drawn[cells], 0.025),
  out.kl_hi = quantile(drawn[cells], 0.975);
  out.js = jensen_shannon(p, q), out.js_lo = quantile(drawn[cells + 1], 0.025),
  out.js_hi = quantile(drawn[cells + 1], 0.975);
  return out;
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

}  // namespace danggol::learn
