// Written by fit_lpoint, which has the figures these numbers were fitted to. Not to be edited by hand.
#pragma once

#include "simulate/lpoint_model.h"

namespace danggol::lpoint {

// clang-format off
inline constexpr Shape fitted_shape = {
    .light_engagement = 0.05766,
    .newcomer_share = 0.19525,
    .passer_by_share = 0.070889,
    .hazard_per_day = 4.3138e-05,
    .hazard_slope = 0.15581,
    .novelty = 42.454,
    .lines = 0.99088,
    .rate = {1.0371, 1.1649, 1.1009, 1.181, 1.2208, 0.99814, 0.94558, 0.91888, 0.94496, 0.87373, 0.78122, 0.83269},
    .evenness = {0.89899, 0.84275, 0.85887, 0.85773, 0.9263, 0.78238, 0.74757, 0.76498, 0.78876, 0.80791, 0.90532, 0.80975},
    .ticket = {1.0736, 1.0333, 0.99773, 0.994, 1.0012, 1.0364, 0.965, 1.0727, 1.1352, 1.1772, 1.2504, 1.1867},
    .visits = {{
        {0.65669, 1.3365},  // A01 off-line
        {0.11864, 0.36356},  // A01 on-line
        {1.5376, 1},  // A02 off-line
        {0.10788, 0.56525},  // A02 on-line
        {0.79511, 0.71043},  // A03 off-line
        {0.084455, 0.82426},  // A03 on-line
        {0.99336, 0.074491},  // A04 off-line
        {0.071106, 0.15413},  // A05 off-line
        {0.012307, 0.51438},  // A05 on-line
        {0.13784, 0.077241},  // A06 on-line
        {0.047119, 0.42381},  // B01
        {0.1026, 0.083931},  // C01
        {0.10665, 0.35173},  // C02
        {0.42484, 0.42592},  // D01
        {0.26486, 0.3366},  // D02
        {0.035556, 0.1073},  // E01
    }},
};
// clang-format on

}  // namespace danggol::lpoint
