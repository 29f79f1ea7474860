#include "learn/divergence.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "base/assert.h"
#include "base/parallel.h"
#include "base/random.h"

namespace danggol::learn {
namespace {

// Resamples that are counted side by side: one walk over the rows serves them all.
constexpr size_t lanes = 16;
using Times = std::array<uint16_t, lanes>;  // how often each has drawn a customer
using Lanes = std::array<double, lanes>;    // whole numbers: the order of adding does not show

void add_rows(const CellCounts& counts, size_t customer, const Times& drawn, std::vector<Lanes>& rows) {
  Lanes times;
  for (size_t lane = 0; lane < lanes; ++lane) times[lane] = drawn[lane];
  for (int64_t k = counts.start[customer]; k < counts.start[customer + 1]; ++k) {
    Lanes& cell = rows[static_cast<size_t>(counts.cells[static_cast<size_t>(k)])];
    double count = counts.counts[static_cast<size_t>(k)];
    for (size_t lane = 0; lane < lanes; ++lane) cell[lane] += times[lane] * count;
  }
}

std::vector<double> shares(const std::vector<Lanes>& rows, size_t lane) {
  double all = 0;
  for (const Lanes& cell : rows) all += cell[lane];
  std::vector<double> out;
  for (const Lanes& cell : rows) out.push_back(all > 0 ? cell[lane] / all : 0);
  return out;
}

// Who is drawn in each of the lanes, and who is called the group in each if chance decides.
struct Draws {
  std::vector<Times> times;
  std::array<std::vector<size_t>, lanes> groups;

  Draws(size_t customers, size_t members, size_t first, size_t count, uint64_t seed)
      : times(customers, Times{}) {
    std::vector<size_t> order(customers);
    std::iota(order.begin(), order.end(), size_t{0});
    for (size_t lane = 0; lane < count; ++lane) {
      // with replacement: the group's size varies as it would
      Random random(seed, 2 * (first + lane));
      for (size_t i = 0; i < customers; ++i) ++times[random.below(customers)][lane];
      Random relabel(seed, 2 * (first + lane) + 1);
      for (size_t i = 0; i < members; ++i) std::swap(order[i], order[i + relabel.below(customers - i)]);
      groups[lane].assign(order.begin(), order.begin() + static_cast<int64_t>(members));
    }
  }
};

// One dimension: what is seen, and what the resamples show.
struct Resampled {
  std::vector<double> p, q;
  std::vector<std::vector<double>> drawn,
      null;  // by cell and resample; drawn has the two totals after the cells

  Resampled(const CellCounts& counts, const std::vector<size_t>& members, size_t runs)
      : drawn(static_cast<size_t>(counts.cell_count) + 2, std::vector<double>(runs)),
        null(static_cast<size_t>(counts.cell_count), std::vector<double>(runs)) {
    std::vector<Lanes> of_group(null.size(), Lanes{}), of_all(null.size(), Lanes{});
    for (size_t c = 0; c < counts.customers(); ++c) add_rows(counts, c, {1}, of_all);
    for (size_t c : members) add_rows(counts, c, {1}, of_group);
    p = shares(of_group, 0), q = shares(of_all, 0);
  }

  void add(const CellCounts& counts, const std::vector<size_t>& members, const Draws& draws, size_t first,
           size_t count) {
    std::vector<Lanes> of_group(null.size(), Lanes{}), of_all(null.size(), Lanes{}), of_null = of_all;
    for (size_t c = 0; c < counts.customers(); ++c) add_rows(counts, c, draws.times[c], of_all);
    for (size_t c : members) add_rows(counts, c, draws.times[c], of_group);
    for (size_t lane = 0; lane < count; ++lane)
      for (size_t c : draws.groups[lane])
        for (int64_t k = counts.start[c]; k < counts.start[c + 1]; ++k)
          of_null[static_cast<size_t>(counts.cells[static_cast<size_t>(k)])][lane] +=
              counts.counts[static_cast<size_t>(k)];
    size_t cells = null.size();
    for (size_t lane = 0; lane < count; ++lane) {
      auto sample_p = shares(of_group, lane), sample_q = shares(of_all, lane), null_p = shares(of_null, lane);
      for (size_t cell = 0; cell < cells; ++cell) {
        drawn[cell][first + lane] = divergence_element(sample_p[cell], sample_q[cell]);
        null[cell][first + lane] = divergence_element(null_p[cell], q[cell]);
      }
      drawn[cells][first + lane] = kullback_leibler(sample_p, sample_q);
      drawn[cells + 1][first + lane] = jensen_shannon(sample_p, sample_q);
    }
  }

  DivergenceEstimate estimate();
};

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

DivergenceEstimate Resampled::estimate() {
  size_t cells = null.size(), runs = drawn[0].size();
  DivergenceEstimate out;
  std::vector<double> p_values;
  for (auto& values : drawn) std::sort(values.begin(), values.end());
  for (size_t cell = 0; cell < cells; ++cell) {
    ElementEstimate e{p[cell], q[cell], divergence_element(p[cell], q[cell])};
    e.lo = quantile(drawn[cell], 0.025), e.hi = quantile(drawn[cell], 0.975);
    auto as_far = std::count_if(null[cell].begin(), null[cell].end(),
                                [&](double x) { return std::abs(x) >= std::abs(e.element); });
    e.p_value = static_cast<double>(as_far + 1) / static_cast<double>(runs + 1);
    p_values.push_back(e.p_value);
    out.elements.push_back(e);
  }
  auto adjusted = benjamini_hochberg(p_values);
  for (size_t cell = 0; cell < cells; ++cell) out.elements[cell].adjusted = adjusted[cell];
  out.kl = kullback_leibler(p, q), out.kl_lo = quantile(drawn[cells], 0.025),
  out.kl_hi = quantile(drawn[cells], 0.975);
  out.js = jensen_shannon(p, q), out.js_lo = quantile(drawn[cells + 1], 0.025),
  out.js_hi = quantile(drawn[cells + 1], 0.975);
  return out;
}

std::vector<DivergenceEstimate> divergences(const std::vector<CellCounts>& dimensions,
                                            const std::vector<bool>& in_group, int32_t resamples,
                                            uint64_t seed) {
  std::vector<size_t> members;
  for (size_t c = 0; c < in_group.size(); ++c)
    if (in_group[c]) members.push_back(c);
  size_t runs = static_cast<size_t>(resamples);
  std::vector<Resampled> resampled;
  for (const CellCounts& counts : dimensions) {
    DANGGOL_ASSERT(counts.customers() == in_group.size());
    resampled.emplace_back(counts, members, runs);
  }
  parallel_for((runs + lanes - 1) / lanes, [&](size_t batch) {
    size_t first = batch * lanes, count = std::min(lanes, runs - first);
    Draws draws(in_group.size(), members.size(), first, count, seed);
    for (size_t d = 0; d < dimensions.size(); ++d)
      resampled[d].add(dimensions[d], members, draws, first, count);
  });
  std::vector<DivergenceEstimate> out;
  for (Resampled& dimension : resampled) out.push_back(dimension.estimate());
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
