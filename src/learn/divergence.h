// How a group's distribution differs from everybody's: Kullback-Leibler divergence by element and in total
// (Kullback and Leibler, 1951), Jensen-Shannon divergence (Lin, 1991), in nats. Customers are the independent
// units: intervals resample customers, the null relabels them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace danggol::learn {

double divergence_element(double p, double q);  // p ln(p / q); 0 where p is 0
double kullback_leibler(const std::vector<double>& p, const std::vector<double>& q);
double jensen_shannon(const std::vector<double>& p, const std::vector<double>& q);

// Rows of customers over cells, perhaps none: customer c has counts[k] rows in cells[k], k in start[c] ..
// start[c + 1].
struct CellCounts {
  std::vector<int64_t> start;
  std::vector<int32_t> cells;
  std::vector<double> counts;
  int32_t cell_count = 0;
  size_t customers() const { return start.empty() ? 0 : start.size() - 1; }
};

struct ElementEstimate {
  double p = 0, q = 0, element = 0, lo = 0, hi = 0;  // lo, hi: 95 %, percentile bootstrap over customers
  double p_value = 1;                                // two-sided, permutation of group labels
  double adjusted = 1;                               // Benjamini and Hochberg (1995) over the cells
};

struct DivergenceEstimate {
  std::vector<ElementEstimate> elements;
  double kl = 0, kl_lo = 0, kl_hi = 0, js = 0, js_lo = 0, js_hi = 0;
};

// P: the customers with in_group, Q: all, told apart in several ways; one set of resamples serves them all.
// The plug-in totals are biased upwards in small groups; so are their intervals.
std::vector<DivergenceEstimate> divergences(const std::vector<CellCounts>& dimensions,
                                            const std::vector<bool>& in_group, int32_t resamples,
                                            uint64_t seed);

std::vector<double> benjamini_hochberg(const std::vector<double>& p_values);

}  // namespace danggol::learn
