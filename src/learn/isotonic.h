// Isotonic regression by pooling adjacent violators (Ayer et al., 1955): the non-decreasing step function
// nearest to the data in weighted squares.
#pragma once

#include <cstddef>
#include <vector>

namespace danggol::learn {

struct IsotonicStep {
  double from;  // least x of the step
  double value, weight;
};

// x ascending (ties pooled first), y and weight the same length. Steps ascend in `from` and in `value`.
std::vector<IsotonicStep> isotonic(const std::vector<double>& x, const std::vector<double>& y,
                                   const std::vector<double>& weight);

}  // namespace danggol::learn
