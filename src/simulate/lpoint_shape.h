// Written by fit_lpoint, which has the figures these numbers were fitted to. Not to be edited by hand.
#pragma once

#include "simulate/lpoint_model.h"

namespace danggol::lpoint {

// clang-format off
inline constexpr Shape fitted_shape = {
    .light_engagement = 0.1,
    .newcomer_share = 0.17442,
    .passer_by_share = 0.06921,
    .activity_spread = 0.71908,
    .hazard_per_day = 4.6185e-05,
    .hazard_slope = 0.2,
    .novelty = 38.076,
    .lines = 0.96129,
    .rate = {1.0341, 1.1417, 1.1011, 1.1826, 1.2281, 1.0207, 0.95079, 0.92438, 0.94202, 0.87518, 0.77311, 0.82629},
    .ticket = {1.0335, 1.0015, 0.97792, 0.97196, 0.9816, 1.0126, 0.95101, 1.0499, 1.1254, 1.1642, 1.2422, 1.1759},
    .visits = {{
        {0.59214, 1.4383},  // A01 off-line
        {0.11396, 0.41737},  // A01 on-line
        {1.3874, 1},  // A02 off-line
        {0.10033, 0.6056},  // A02 on-line
        {0.72563, 0.69026},  // A03 off-line
        {0.07864, 0.86988},  // A03 on-line
        {0.94059, 0.035286},  // A04 off-line
        {0.069104, 0.16995},  // A05 off-line
        {0.010855, 0.44854},  // A05 on-line
        {0.13602, 0.090588},  // A06 on-line
        {0.036555, 0.42564},  // B01
        {0.08898, 0.13393},  // C01
        {0.084839, 0.35499},  // C02
        {0.32806, 0.38638},  // D01
        {0.21284, 0.35057},  // D02
        {0.030147, 0.13378},  // E01
    }},
};
// clang-format on

}  // namespace danggol::lpoint
