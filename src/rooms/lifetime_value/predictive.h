// Bounds that 95 % of such customers lie within: what chance brings and, where the chances are of several
// likely models together, what the data leave open.
#pragma once

#include <vector>

#include "base/interval.h"
#include "learn/gamma_gamma.h"

namespace danggol::rooms {

// Of the number of purchases; more_than[i] is the chance of more than i.
Interval count_bounds(const std::vector<double>& more_than);

// Of what they bring together, where a customer has spent so.
Interval value_bounds(const std::vector<double>& more_than, const learn::GammaGammaModel& spending,
                      const learn::Spend& spent);

}  // namespace danggol::rooms
