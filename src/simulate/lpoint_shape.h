// Written by fit_lpoint, which has the figures these numbers were fitted to. Not to be edited by hand.
#pragma once

#include "simulate/lpoint_model.h"

namespace danggol::lpoint {

// clang-format off
inline constexpr Shape fitted_shape = {
    .light_engagement = 0.085288,
    .newcomer_share = 0.19423,
    .passer_by_share = 0.069403,
    .hazard_per_day = 3.8594e-05,
    .hazard_slope = 0.42734,
    .novelty = 40.659,
    .lines = 1.0007,
    .rate =
        {1.0394, 1.1673, 1.106, 1.1783, 1.2211, 1.0011, 0.94111, 0.92068, 0.94219, 0.8707, 0.78078, 0.83141},
    .evenness =
        {0.81021, 0.77466, 0.7771, 0.78244, 0.81729, 0.73894, 0.66541, 0.71538, 0.74256, 0.76436, 0.87609, 0.78123},
    .ticket =
        {1.034, 0.9999, 0.96727, 0.9605, 0.96852, 1.0094, 0.94108, 1.0416, 1.1081, 1.1442, 1.2189, 1.1526},
    .visits = {{
        {0.64106, 1.2866},  // A01 off-line
        {0.11465, 0.34114},  // A01 on-line
        {1.4977, 1},  // A02 off-line
        {0.10532, 0.61081},  // A02 on-line
        {0.7694, 0.70673},  // A03 off-line
        {0.082314, 0.80415},  // A03 on-line
        {1.0627, 0.14095},  // A04 off-line
        {0.064107, 0.046861},  // A05 off-line
        {0.012, 0.54087},  // A05 on-line
        {0.13569, 0.060878},  // A06 on-line
        {0.047654, 0.52924},  // B01
        {0.11131, 0.18288},  // C01
        {0.10943, 0.44477},  // C02
        {0.43794, 0.53875},  // D01
        {0.27361, 0.4383},  // D02
        {0.038233, 0.18031},  // E01
    }},
};
// clang-format on

}  // namespace danggol::lpoint
