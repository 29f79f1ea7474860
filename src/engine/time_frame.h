// The dates of a run. The engine owns time: a room is told, it never asks.
#pragma once

#include <optional>

#include "contract/frame.h"
#include "contract/params.h"

namespace danggol::engine {

struct RunParams {
  std::optional<Date> as_of, from, split, until;
  int64_t horizon_months = 0;  // where neither split nor from is given; 0 is as the history allows
  int64_t seed = 1;
};
ParamTable<RunParams> run_params();

// What is left open is settled from the data's first and last day: `as_of` is the day after the last event,
// `until` the first of its month, and before it lie two equal periods, six months each where the history has
// them, else as many as it has.
Result<TimeFrame> settle(const RunParams& params, Date first_sale, Date last_event);

// Whether a window that starts at `from` is within the history, give or take a week.
bool has_history(Date first_sale, Date from);

}  // namespace danggol::engine
