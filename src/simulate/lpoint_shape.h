// Written by fit_lpoint, which has the figures these numbers were fitted to. Not to be edited by hand.
#pragma once

#include "simulate/lpoint_model.h"

namespace danggol::lpoint {

// clang-format off
inline constexpr Shape fitted_shape = {
    .light_share = 2.5987,
    .newcomer_share = 0.34677,
    .passer_by_share = 0.063563,
    .activity_spread = 0.68836,
    .hazard_per_day = 1.584e-06,
    .hazard_slope = 1.3508,
    .novelty = 28.804,
    .lines = 0.99122,
    .rate = {1.1961, 1.2366, 1.139, 1.1944, 1.2166, 0.97917, 0.90796, 0.87746, 0.89701, 0.82862, 0.74245, 0.78464},
    .ticket = {1.2604, 1.2003, 1.1792, 1.1687, 1.1704, 1.2153, 1.1398, 1.2637, 1.3427, 1.3832, 1.4812, 1.386},
    .visits = {{
        {4.4481, 1.2926},  // A01 off-line
        {0.27317, 0.40378},  // A01 on-line
        {7.5246, 1},  // A02 off-line
        {0.33708, 0.65049},  // A02 on-line
        {3.1135, 0.79354},  // A03 off-line
        {0.4455, 1.0426},  // A03 on-line
        {3.9853, 0.51598},  // A04 off-line
        {0.079658, -0.099617},  // A05 off-line
        {0.029512, 0.37366},  // A05 on-line
        {0.21477, 0.051137},  // A06 on-line
        {0.087851, 0.44671},  // B01
        {0.10272, -0.011536},  // C01
        {0.15176, 0.262},  // C02
        {0.81245, 0.54551},  // D01
        {0.45005, 0.34746},  // D02
        {0.039317, 0.022839},  // E01
    }},
};
// clang-format on

}  // namespace danggol::lpoint
