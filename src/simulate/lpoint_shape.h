// Written by fit_lpoint, which has the figures these numbers were fitted to. Not to be edited by hand.
#pragma once

#include "simulate/lpoint_model.h"

namespace danggol::lpoint {

// clang-format off
inline constexpr Shape fitted_shape = {
    .light_engagement = 0.059134,
    .newcomer_share = 0.17475,
    .passer_by_share = 0.071281,
    .activity_spread = 0.77946,
    .hazard_per_day = 4.065e-05,
    .hazard_slope = 0.11759,
    .novelty = 41.37,
    .lines = 0.96203,
    .rate = {1.0368, 1.1442, 1.1048, 1.1856, 1.2295, 1.018, 0.94839, 0.92258, 0.94218, 0.87013, 0.77235, 0.82545},
    .ticket = {1.033, 1.0046, 0.97769, 0.97721, 0.98111, 1.0157, 0.95284, 1.0562, 1.127, 1.165, 1.246, 1.1777},
    .visits = {{
        {0.67561, 1.402},  // A01 off-line
        {0.12266, 0.39068},  // A01 on-line
        {1.5736, 1},  // A02 off-line
        {0.11022, 0.57827},  // A02 on-line
        {0.81179, 0.69807},  // A03 off-line
        {0.087652, 0.83716},  // A03 on-line
        {0.9745, 0.026931},  // A04 off-line
        {0.071719, 0.14465},  // A05 off-line
        {0.011292, 0.3572},  // A05 on-line
        {0.13474, 0.043262},  // A06 on-line
        {0.039726, 0.40396},  // B01
        {0.087529, 0.071354},  // C01
        {0.090133, 0.31825},  // C02
        {0.35612, 0.37776},  // D01
        {0.22316, 0.30264},  // D02
        {0.030243, 0.084317},  // E01
    }},
};
// clang-format on

}  // namespace danggol::lpoint
