// Written by fit_lpoint, which has the figures these numbers were fitted to. Not to be edited by hand.
#pragma once

#include "simulate/lpoint_model.h"

namespace danggol::lpoint {

// clang-format off
inline constexpr Shape fitted_shape = {
    .light_engagement = 0.066741,
    .newcomer_share = 0.19947,
    .passer_by_share = 0.070063,
    .hazard_per_day = 4.1314e-05,
    .hazard_slope = 0.23928,
    .novelty = 42.416,
    .lines = 1.0002,
    .rate = {1.0448, 1.1705, 1.1033, 1.1797, 1.222, 0.99716, 0.9467, 0.91661, 0.94126, 0.87244, 0.7768, 0.82869},
    .evenness = {0.91248, 0.84994, 0.8559, 0.85628, 0.92258, 0.79254, 0.75394, 0.76579, 0.79074, 0.80595, 0.91586, 0.81432},
    .ticket = {1.0343, 0.9968, 0.96842, 0.96154, 0.97154, 1.0061, 0.93554, 1.0382, 1.1001, 1.1452, 1.2167, 1.1501},
    .visits = {{
        {0.65258, 1.3279},  // A01 off-line
        {0.11827, 0.38468},  // A01 on-line
        {1.5278, 1},  // A02 off-line
        {0.10766, 0.61201},  // A02 on-line
        {0.78837, 0.71292},  // A03 off-line
        {0.084603, 0.87038},  // A03 on-line
        {1.0419, 0.12232},  // A04 off-line
        {0.069251, 0.098131},  // A05 off-line
        {0.012248, 0.55403},  // A05 on-line
        {0.13718, 0.066254},  // A06 on-line
        {0.047461, 0.45515},  // B01
        {0.10559, 0.12084},  // C01
        {0.10778, 0.37995},  // C02
        {0.43173, 0.46965},  // D01
        {0.26921, 0.37238},  // D02
        {0.036884, 0.14112},  // E01
    }},
};
// clang-format on

}  // namespace danggol::lpoint
