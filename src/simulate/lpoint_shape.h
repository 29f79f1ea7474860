// Written by fit_lpoint, which has the figures these numbers were fitted to. Not to be edited by hand.
#pragma once

#include "simulate/lpoint_model.h"

namespace danggol::lpoint {

// clang-format off
inline constexpr Shape fitted_shape = {
    .light_share = 0.29004,
    .newcomer_share = 0.17787,
    .passer_by_share = 0.065601,
    .activity_spread = 1.1248,
    .hazard_per_day = 8.0603e-05,
    .hazard_slope = 0.17599,
    .novelty = 43.912,
    .lines = 0.9984,
    .rate = {1.0315, 1.138, 1.0848, 1.1654, 1.2153, 1.0242, 0.94463, 0.92282, 0.947, 0.88456, 0.81677, 0.82504},
    .ticket = {0.96419, 0.92919, 0.91659, 0.91434, 0.92138, 0.95278, 0.89822, 0.99715, 1.0506, 1.0953, 1.1684, 1.1023},
    .visits = {{
        {0.34594, 1.5012},  // A01 off-line
        {0.13042, 0.40054},  // A01 on-line
        {1.1207, 1.1},  // A02 off-line
        {0.10381, 0.74757},  // A02 on-line
        {0.7061, 0.84228},  // A03 off-line
        {0.070626, 0.9442},  // A03 on-line
        {1.3586, 0.28583},  // A04 off-line
        {0.087959, 0.24026},  // A05 off-line
        {0.012273, 0.584},  // A05 on-line
        {0.17559, 0.12296},  // A06 on-line
        {0.039187, 0.85526},  // B01
        {0.12045, 0.4718},  // C01
        {0.097091, 0.72738},  // C02
        {0.36104, 0.78875},  // D01
        {0.24288, 0.70469},  // D02
        {0.040902, 0.43694},  // E01
    }},
};
// clang-format on

}  // namespace danggol::lpoint
