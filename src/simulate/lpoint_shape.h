// Written by fit_lpoint, which has the figures these numbers were fitted to. Not to be edited by hand.
#pragma once

#include "simulate/lpoint_model.h"

namespace danggol::lpoint {

// clang-format off
inline constexpr Shape fitted_shape = {
    .light_engagement = 0.080266,
    .newcomer_share = 0.19737,
    .passer_by_share = 0.069728,
    .hazard_per_day = 3.9091e-05,
    .hazard_slope = 0.38271,
    .novelty = 41.215,
    .lines = 1.001,
    .rate = {1.0435, 1.1658, 1.104, 1.1807, 1.2233, 0.99846, 0.94104, 0.91822, 0.94189, 0.87236, 0.78028, 0.83043},
    .evenness = {0.84357, 0.79502, 0.81389, 0.80665, 0.87191, 0.75277, 0.6708, 0.72927, 0.75655, 0.77654, 0.88396, 0.79901},
    .ticket = {1.0344, 0.99844, 0.9668, 0.96359, 0.97246, 1.0113, 0.9405, 1.0427, 1.1059, 1.1409, 1.2215, 1.1563},
    .visits = {{
        {0.6451, 1.3205},  // A01 off-line
        {0.11734, 0.38122},  // A01 on-line
        {1.5056, 1},  // A02 off-line
        {0.10616, 0.60189},  // A02 on-line
        {0.77455, 0.71946},  // A03 off-line
        {0.083671, 0.814},  // A03 on-line
        {1.0561, 0.12963},  // A04 off-line
        {0.065103, 0.063503},  // A05 off-line
        {0.011834, 0.53967},  // A05 on-line
        {0.13723, 0.076639},  // A06 on-line
        {0.04802, 0.50509},  // B01
        {0.10989, 0.16599},  // C01
        {0.10858, 0.42063},  // C02
        {0.43713, 0.5218},  // D01
        {0.27245, 0.41627},  // D02
        {0.037893, 0.17275},  // E01
    }},
};
// clang-format on

}  // namespace danggol::lpoint
