#pragma once
#include "simulate/lpoint_model.h"
namespace danggol::lpoint {
inline constexpr Shape fitted_shape = {
    .engagement_shape = 0.9,
    .newcomer_share = 0.15,
    .passer_by_share = 0.04,
    .activity_log_sd = 0.6,
    .hazard_per_day = 0.0002,
    .hazard_slope = 0.7,
    .ticket_log_sd = 0.5,
    .novelty = 60,
    .lines = 1,
    .rate = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    .ticket = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    .visits = {{{.5, 1.1}, {.12, .8}, {1.3, 1.1}, {.1, .8}, {.45, 1.0}, {.05, 1}, {.8, .9}, {.1, .4}, {.01, .6}, {.3, .6},
                {.04, .4}, {.13, .3}, {.07, .5}, {.28, .6}, {.14, .5}, {.05, .2}}},
};
}
