// Written by fit_lpoint, which has the figures these numbers were fitted to. Not to be edited by hand.
#pragma once

#include "simulate/lpoint_model.h"

namespace danggol::lpoint {

// clang-format off
inline constexpr Shape fitted_shape = {
    .light_engagement = 0.053377,
    .newcomer_share = 0.17488,
    .passer_by_share = 0.06981,
    .activity_spread = 0.69793,
    .hazard_per_day = 4.7956e-05,
    .hazard_slope = 0.05,
    .novelty = 37.882,
    .lines = 0.96284,
    .rate = {1.0328, 1.1449, 1.1067, 1.1832, 1.229, 1.0171, 0.9464, 0.92089, 0.94769, 0.87339, 0.77253, 0.82542},
    .ticket = {1.0365, 1.005, 0.97769, 0.97199, 0.985, 1.0163, 0.95659, 1.0582, 1.1305, 1.1632, 1.2455, 1.1764},
    .visits = {{
        {0.58535, 1.4078},  // A01 off-line
        {0.11249, 0.40567},  // A01 on-line
        {1.3765, 1},  // A02 off-line
        {0.099445, 0.61271},  // A02 on-line
        {0.71869, 0.71075},  // A03 off-line
        {0.076876, 0.88826},  // A03 on-line
        {0.9217, 0.009907},  // A04 off-line
        {0.066968, 0.13033},  // A05 off-line
        {0.010649, 0.444},  // A05 on-line
        {0.13433, 0.091207},  // A06 on-line
        {0.035973, 0.39346},  // B01
        {0.089424, 0.14802},  // C01
        {0.084676, 0.36394},  // C02
        {0.32855, 0.40165},  // D01
        {0.21224, 0.3524},  // D02
        {0.030095, 0.1297},  // E01
    }},
};
// clang-format on

}  // namespace danggol::lpoint
