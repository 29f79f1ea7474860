// Written by fit_lpoint, which has the figures these numbers were fitted to. Not to be edited by hand.
#pragma once

#include "simulate/lpoint_model.h"

namespace danggol::lpoint {

// clang-format off
inline constexpr Shape fitted_shape = {
    .light_engagement = 0.14,
    .newcomer_share = 0.18693,
    .passer_by_share = 0.06667,
    .activity_spread = 0.7,
    .hazard_per_day = 6.923e-05,
    .hazard_slope = 0.34051,
    .novelty = 38.491,
    .lines = 0.94255,
    .rate = {1.0331, 1.1466, 1.1024, 1.1763, 1.2256, 1.018, 0.9417, 0.92145, 0.94415, 0.87834, 0.78393, 0.8284},
    .ticket = {1.0984, 1.0596, 1.0537, 1.0492, 1.0588, 1.0894, 1.0203, 1.1313, 1.2047, 1.2482, 1.3289, 1.258},
    .visits = {{
        {0.6, 1.3},  // A01 off-line
        {0.14605, 0.47753},  // A01 on-line
        {1.4043, 1.0},  // A02 off-line
        {0.122, 0.67147},  // A02 on-line
        {0.84353, 0.82509},  // A03 off-line
        {0.082494, 1.0282},  // A03 on-line
        {1.5593, 0.45103},  // A04 off-line
        {0.085535, 0.12105},  // A05 off-line
        {0.01389, 0.47395},  // A05 on-line
        {0.17016, 0.050388},  // A06 on-line
        {0.047409, 0.7823},  // B01
        {0.13122, 0.37954},  // C01
        {0.11372, 0.65263},  // C02
        {0.43086, 0.71867},  // D01
        {0.28529, 0.65289},  // D02
        {0.044568, 0.38298},  // E01
    }},
};
// clang-format on

}  // namespace danggol::lpoint
