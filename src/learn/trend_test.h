// Does a share rise or fall over ordered doses? Cochran (1954) and Armitage (1955); over several strata at
// once, each compared within itself only, Mantel's extension (1963).
#pragma once

#include <cstdint>
#include <vector>

#include "base/interval.h"

namespace danggol::learn {

struct DoseTable {
  std::vector<int64_t> successes, trials;        // by dose; doses score 0, 1, 2, ...
  DoseTable& operator+=(const DoseTable& more);  // of as many doses, or more
};

struct Trend {
  double z = 0, p_value = 1;  // z > 0: the share rises with the dose; two-sided, normal
};

// Of strata of two doses: by how much the share at dose 1 exceeds the one at dose 0, with a 95 % interval
// (Mantel and Haenszel, 1959; Klingenberg, 2014); NaN where no stratum has both.
Estimate share_difference(const std::vector<DoseTable>& strata);

// Given the margins of every stratum (variance with n - 1); z is 0 where nothing varies.
Trend trend_test(const std::vector<DoseTable>& strata);

}  // namespace danggol::learn
