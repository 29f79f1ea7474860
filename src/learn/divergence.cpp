#include "learn/divergence.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/assert.h"
#include "base/parallel.h"
#include "base/random.h"
#include "learn/intervals.h"
#include "learn/multiple_tests.h"

namespace danggol::learn {
namespace {

// Resamples that are counted side by side: one walk over the rows serves them all.
constexpr size_t lanes = 16;
using Lanes = std::array<double, lanes>;

// What a customer's rows weigh in P and in Q, by lane.
struct Weights {
  Lanes p, q;
};

// The customers by stratum. A member weighs 1 in P; in Q, where it is not everybody, the others of a stratum
// weigh as much together as its members do.
class Design {
 public:
  explicit Design(const Contrast& contrast)
      : against_all_(contrast.against_all), in_group_(contrast.in_group), stratum_(contrast.stratum) {
    if (stratum_.empty()) stratum_.assign(in_group_.size(), 0);
    for (size_t c = 0; c < customers(); ++c) {
      strata_.resize(std::max(strata_.size(), stratum_of(c) + 1));
      Stratum& stratum = strata_[stratum_of(c)];
      stratum.customers.push_back(c), stratum.members += in_group_[c];
    }
  }
  size_t customers() const { return in_group_.size(); }

  // Resamples side by side: in each, how often a customer was drawn with replacement, so that the sizes of
  // groups and strata vary as they would; and whether relabelling within the strata calls them a member.
  class Draws {
   public:
    Draws(const Design& design, size_t first, size_t count, uint64_t seed)
        : design_(&design), times_(design.customers()), called_(design.customers()) {
      auto order = design.strata_;
      for (size_t lane = 0; lane < count; ++lane) {
        Random random(seed, 2 * (first + lane)), relabel(seed, 2 * (first + lane) + 1);
        for (size_t i = 0; i < times_.size(); ++i) ++times_[random.below(times_.size())][lane];
        for (auto& [customers, members] : order)
          for (size_t i = 0; i < members; ++i) {
            std::swap(customers[i], customers[i + relabel.below(customers.size() - i)]);
            called_[customers[i]] |= static_cast<uint16_t>(1U << lane);
          }
      }
      Lanes none{};
      std::vector<Lanes> members(order.size(), none), others = members;
      for (size_t c = 0; c < times_.size(); ++c)
        for (size_t lane = 0; lane < lanes; ++lane)
          (design.in_group_[c] ? members : others)[design.stratum_of(c)][lane] += times_[c][lane];
      others_weigh_ = others;
      for (size_t s = 0; s < order.size(); ++s)
        for (size_t lane = 0; lane < lanes; ++lane)
          others_weigh_[s][lane] = others[s][lane] > 0 ? members[s][lane] / others[s][lane] : 0;
    }
    Weights drawn(size_t c) const {
      Weights out{};
      for (size_t lane = 0; lane < lanes; ++lane) {
        double times = times_[c][lane], weigh = others_weigh_[design_->stratum_of(c)][lane];
        if (design_->against_all_) out.q[lane] = times;
        else if (!design_->in_group_[c]) out.q[lane] = times * weigh;
        if (design_->in_group_[c] && (design_->against_all_ || weigh > 0)) out.p[lane] = times;
      }
      return out;
    }
    Weights relabelled(size_t c) const {
      Weights out;
      for (size_t lane = 0; lane < lanes; ++lane)
        std::tie(out.p[lane], out.q[lane]) = design_->weigh(c, (called_[c] >> lane & 1) != 0);
      return out;
    }

   private:
    const Design* design_;
    std::vector<std::array<uint16_t, lanes>> times_;
    std::vector<uint16_t> called_;       // a bit each lane
    std::vector<Lanes> others_weigh_{};  // by stratum
  };

  Weights seen(size_t c) const {
    Weights out{};
    std::tie(out.p[0], out.q[0]) = weigh(c, in_group_[c]);
    return out;
  }

 private:
  struct Stratum {
    std::vector<size_t> customers;
    size_t members = 0;
  };
  size_t stratum_of(size_t c) const { return static_cast<size_t>(stratum_[c]); }
  std::pair<double, double> weigh(size_t c, bool is_member) const {
    const auto& [customers, members] = strata_[stratum_of(c)];
    if (against_all_) return {is_member, 1};
    if (is_member) return {1, 0};
    return {0, static_cast<double>(members) / static_cast<double>(customers.size() - members)};
  }

  bool against_all_;
  std::vector<bool> in_group_;
  std::vector<int32_t> stratum_;
  std::vector<Stratum> strata_;
};

// P and Q of one dimension, by lane.
class Distributions {
 public:
  template <class WeightsOf>
  Distributions(const CellCounts& counts, const WeightsOf& weights_of)
      : p_(static_cast<size_t>(counts.cell_count), Lanes{}), q_(p_) {
    for (size_t c = 0; c < counts.customers(); ++c) {
      if (counts.start[c] == counts.start[c + 1]) continue;
      Weights weights = weights_of(c);
      for (auto k = static_cast<size_t>(counts.start[c]); k < static_cast<size_t>(counts.start[c + 1]); ++k) {
        Lanes &p = p_[static_cast<size_t>(counts.cells[k])], &q = q_[static_cast<size_t>(counts.cells[k])];
        for (size_t lane = 0; lane < lanes; ++lane)
          p[lane] += weights.p[lane] * counts.counts[k], q[lane] += weights.q[lane] * counts.counts[k];
      }
    }
  }
  std::vector<double> p(size_t lane) const { return shares(p_, lane); }
  std::vector<double> q(size_t lane) const { return shares(q_, lane); }

 private:
  static std::vector<double> shares(const std::vector<Lanes>& rows, size_t lane) {
    double all = 0;
    for (const Lanes& cell : rows) all += cell[lane];
    std::vector<double> out;
    for (const Lanes& cell : rows) out.push_back(all > 0 ? cell[lane] / all : 0);
    return out;
  }
  std::vector<Lanes> p_, q_;
};

// One dimension: what is seen, and what the resamples show.
struct Resampled {
  std::vector<double> p, q;
  std::vector<std::vector<double>> drawn, null;  // p - q by cell and resample
  std::vector<double> null_js;
  double worth;  // as many customers of equal weight say as much as the rows of P do, or those of Q if fewer

  Resampled(const CellCounts& counts, const Design& design, size_t runs)
      : drawn(static_cast<size_t>(counts.cell_count), std::vector<double>(runs)), null(drawn), null_js(runs) {
    Distributions seen(counts, [&](size_t c) { return design.seen(c); });
    p = seen.p(0), q = seen.q(0);
    double sums[2] = {}, squares[2] = {};
    for (size_t c = 0; c < counts.customers(); ++c) {
      double rows = 0;
      for (auto k = static_cast<size_t>(counts.start[c]); k < static_cast<size_t>(counts.start[c + 1]); ++k)
        rows += counts.counts[k];
      Weights weights = design.seen(c);
      for (auto [side, weight] : {std::pair(0, weights.p[0]), std::pair(1, weights.q[0])})
        sums[side] += weight * rows, squares[side] += weight * rows * weight * rows;
    }
    worth = std::min(sums[0] * sums[0] / squares[0], sums[1] * sums[1] / squares[1]);
  }

  void add(const CellCounts& counts, const Design::Draws& draws, size_t first, size_t count) {
    Distributions of_drawn(counts, [&](size_t c) { return draws.drawn(c); }),
        of_null(counts, [&](size_t c) { return draws.relabelled(c); });
    for (size_t lane = 0; lane < count; ++lane) {
      auto drawn_p = of_drawn.p(lane), drawn_q = of_drawn.q(lane), null_p = of_null.p(lane),
           null_q = of_null.q(lane);
      for (size_t cell = 0; cell < drawn.size(); ++cell) {
        drawn[cell][first + lane] = drawn_p[cell] - drawn_q[cell];
        null[cell][first + lane] = null_p[cell] - null_q[cell];
      }
      null_js[first + lane] = jensen_shannon(null_p, null_q);
    }
  }

  DivergenceEstimate estimate();
};

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// How often chance alone comes as far from what it brings on average; what differs by rounding alone is as
// far.
double p_value(const std::vector<double>& null, double seen) {
  double usual = mean_of(null);
  auto as_far = std::ranges::count_if(
      null, [&](double x) { return std::abs(x - usual) >= std::abs(seen - usual) - 1e-12; });
  return permutation_p_value(as_far, null.size());
}
// The same of what can only be too large.
double p_value_above(const std::vector<double>& null, double seen) {
  auto as_far = std::ranges::count_if(null, [&](double x) { return x >= seen - 1e-12; });
  return permutation_p_value(as_far, null.size());
}

}  // namespace

double divergence_element(double p, double q) { return p > 0 ? p * std::log(p / q) : 0; }

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
  DivergenceEstimate out;
  std::vector<double> p_values;
  // A percentile interval of n is as narrow as if the variance were known, and by sqrt((n - 1) / n)
  double n = std::isnan(worth) ? 2 : std::max(worth, 2.0),
         outside = std::erfc(std::sqrt(n / (n - 1) / 2) * t95(n - 1)) / 2;
  for (size_t cell = 0; cell < drawn.size(); ++cell) {
    std::sort(drawn[cell].begin(), drawn[cell].end());
    ElementEstimate e{.p = p[cell], .q = q[cell], .difference = p[cell] - q[cell]};
    e.lo = quantile(drawn[cell], outside), e.hi = quantile(drawn[cell], 1 - outside);
    e.element = divergence_element(e.p, e.q);
    e.p_value = p_value(null[cell], e.difference);
    p_values.push_back(e.p_value);
    out.elements.push_back(e);
  }
  auto adjusted = benjamini_hochberg(p_values);
  for (size_t cell = 0; cell < drawn.size(); ++cell) out.elements[cell].adjusted = adjusted[cell];
  out.kl = kullback_leibler(p, q), out.js = jensen_shannon(p, q);
  out.js_by_chance = mean_of(null_js);
  out.p_value = p_value_above(null_js, out.js);
  return out;
}

std::vector<DivergenceEstimate> divergences(const std::vector<CellCounts>& dimensions,
                                            const Contrast& contrast, int32_t resamples, uint64_t seed) {
  size_t runs = static_cast<size_t>(resamples);
  Design design(contrast);
  std::vector<Resampled> resampled;
  for (const CellCounts& counts : dimensions) {
    DANGGOL_ASSERT(counts.customers() == design.customers());
    resampled.emplace_back(counts, design, runs);
  }
  parallel_for((runs + lanes - 1) / lanes, [&](size_t batch) {
    size_t first = batch * lanes, count = std::min(lanes, runs - first);
    Design::Draws draws(design, first, count, seed);
    for (size_t d = 0; d < dimensions.size(); ++d) resampled[d].add(dimensions[d], draws, first, count);
  });
  std::vector<DivergenceEstimate> out;
  for (Resampled& dimension : resampled) out.push_back(dimension.estimate());
  return out;
}

}  // namespace danggol::learn
