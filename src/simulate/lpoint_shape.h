// Written by fit_lpoint, which has the figures these numbers were fitted to. Not to be edited by hand.
#pragma once

#include "simulate/lpoint_model.h"

namespace danggol::lpoint {

// clang-format off
inline constexpr Shape fitted_shape = {
    .light_engagement = 0.073077,
    .newcomer_share = 0.17015,
    .passer_by_share = 0.069975,
    .activity_spread = 0.67433,
    .hazard_per_day = 4.9845e-05,
    .hazard_slope = 0.20691,
    .novelty = 37.714,
    .lines = 0.95092,
    .rate = {1.0271, 1.1427, 1.1005, 1.1837, 1.223, 1.0199, 0.95058, 0.92232, 0.94285, 0.88177, 0.78229, 0.82322},
    .ticket = {1.0773, 1.0398, 1.0264, 1.0248, 1.0295, 1.0628, 1.0036, 1.1068, 1.1863, 1.221, 1.3079, 1.2333},
    .visits = {{
        {0.58908, 1.4773},  // A01 off-line
        {0.10583, 0.33524},  // A01 on-line
        {1.3669, 1},  // A02 off-line
        {0.096132, 0.55156},  // A02 on-line
        {0.71478, 0.72167},  // A03 off-line
        {0.078366, 0.98438},  // A03 on-line
        {1.0492, 0.19159},  // A04 off-line
        {0.060858, 0.073633},  // A05 off-line
        {0.0099762, 0.37191},  // A05 on-line
        {0.11322, -0.043538},  // A06 on-line
        {0.036307, 0.43979},  // B01
        {0.085036, 0.11487},  // C01
        {0.083792, 0.38343},  // C02
        {0.32138, 0.40708},  // D01
        {0.21049, 0.37894},  // D02
        {0.029658, 0.14187},  // E01
    }},
};
// clang-format on

}  // namespace danggol::lpoint
