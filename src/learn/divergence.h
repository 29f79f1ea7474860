// How a group's distribution differs from that of others: Kullback-Leibler divergence by element and in total
// (Kullback and Leibler, 1951), Jensen-Shannon divergence (Lin, 1991), in nats. Customers are the independent
// units: intervals resample customers, the null relabels them. The others may be everybody, or those who are
// alike, standardised to the group stratum by stratum (direct standardisation; Rosenbaum and Rubin, 1984).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace danggol::learn {

double divergence_element(double p, double q);  // p ln(p / q); 0 where p is 0, infinite where q alone is
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

// Who is compared with whom, customer by customer: the group with all customers, itself among them, or with
// those who are not of it, weighed so that each stratum has as many of them as of the group (strata that lack
// either are to be left out then). No strata are one.
struct Contrast {
  std::vector<bool> in_group;
  std::vector<int32_t> stratum;
  bool against_all = false;
};

struct ElementEstimate {
  double p = 0, q = 0;
  // p - q; 95 %, percentile bootstrap over customers, expanded for as few as the rows are worth (Hesterberg,
  // 2015)
  double difference = 0, lo = 0, hi = 0;
  double element = 0;  // p ln(p / q)
  double p_value = 1;  // of the difference beyond what the strata explain, two-sided, relabelling within them
  double adjusted = 1;  // Benjamini and Hochberg (1995) over the cells
};

// Totals have no interval: near 0, where most lie, none holds. js less js_by_chance, what relabelled groups
// show on average, is nearly unbiased.
struct DivergenceEstimate {
  std::vector<ElementEstimate> elements;
  double kl = 0, js = 0, js_by_chance = 0;
  double p_value = 1;  // of js, relabelling within strata
};

// P: the group, Q: the others, told apart in several ways; one set of resamples serves them all.
std::vector<DivergenceEstimate> divergences(const std::vector<CellCounts>& dimensions,
                                            const Contrast& contrast, int32_t resamples, uint64_t seed);

}  // namespace danggol::learn
