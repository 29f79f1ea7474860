// Does a share rise or fall over ordered doses? Cochran (1954) and Armitage (1955); over several strata at
// once, each compared within itself only, Mantel's extension (1963).
#pragma once

#include <cstdint>
#include <vector>

namespace danggol::learn {

struct DoseTable {
  std::vector<int64_t> successes, trials;  // by dose; doses score 0, 1, 2, ...
};

struct Trend {
  double z = 0, p_value = 1;  // z > 0: the share rises with the dose; two-sided, normal
};

// Given the margins of every stratum (variance with n - 1); z is 0 where nothing varies.
Trend trend_test(const std::vector<DoseTable>& strata);

}  // namespace danggol::learn
