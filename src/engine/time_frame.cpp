#include "engine/time_frame.h"

#include <fmt/core.h>

#include <algorithm>

namespace danggol::engine {
namespace {

constexpr int32_t usual_horizon_months = 6;
constexpr int32_t most_silent_days =
    31;  // a later as-of would take the end of the data for customers leaving

// Learn at one origin, test at the next, the test's labels complete by `until`.
void settle_backtest(Date first_sale, TimeFrame& time) {
  int32_t months = time.horizon_months;
  if (months > 0 && add_months(time.from, months) == time.split &&
      has_history(first_sale, add_months(time.from, -2 * months))) {
    time.backtest_test = time.from;
  } else {
    Date first{first_sale.days - slack_days};
    months = std::min(months, first < time.until ? months_between(first, time.until) / 3 : 0);
    time.backtest_test = add_months(time.until, -months);
  }
  time.backtest_horizon_months = months;
  time.backtest_train = add_months(time.backtest_test, -months);
}

// The middle of a window, in whole months where it has two.
Date middle(Date from, Date until) {
  int32_t months = from < until ? months_between(from, until) : 0;
  return months > 1 ? add_months(from, months / 2) : Date{from.days + (until.days - from.days) / 2};
}

}  // namespace

bool has_history(Date first_sale, Date from) { return first_sale.days <= from.days + slack_days; }

ParamTable<RunParams> run_params() {
  ParamTable<RunParams> table;
  table.date("as-of", &RunParams::as_of)
      .date("from", &RunParams::from)
      .date("split", &RunParams::split)
      .date("until", &RunParams::until)
      .integer("horizon-months", &RunParams::horizon_months, {0, 24}, "months")
      .integer("seed", &RunParams::seed, {0, 9e15}, "");
  return table;
}

Result<TimeFrame> settle(const RunParams& params, Date first_sale, Date last_event) {
  TimeFrame time;
  time.as_of = params.as_of.value_or(Date{last_event.days + 1});
  if (time.as_of.days > last_event.days + most_silent_days)
    return Error{Code::bad_input, fmt::format("as-of={}: the data end on {}; must be at most {} days later",
                                              to_text(time.as_of), to_text(last_event), most_silent_days)};
  Date month = month_start(time.as_of), start{first_sale.days - slack_days};
  bool has_two_months = start < month && months_between(start, month) >= 2;
  bool days_only = !params.until && !params.split && !params.from && !has_two_months;
  if (days_only) {  // hardly any history: its two halves (the first of an odd number of days is left out),
                    // and no forecast
    if (time.as_of.days - first_sale.days < 2)
      return Error{
          Code::no_data,
          fmt::format("the store holds events of {} alone{}; two days are needed to compare periods",
                      to_text(first_sale),
                      first_sale == last_event ? "" : fmt::format(" before {}", to_text(time.as_of)))};
    time.until = time.as_of;
    int32_t half_days = (time.until.days - first_sale.days) / 2;
    time.split = Date{time.until.days - half_days};
    time.from = Date{time.split.days - half_days};
  } else {
    bool is_whole = month > first_sale && !(params.from && month <= *params.from);
    time.until = params.until.value_or(is_whole ? month : time.as_of);
    for (auto [name, given] : {std::pair("from", params.from), std::pair("split", params.split)})
      if (given && *given >= time.until)
        return Error{
            Code::bad_input,
            fmt::format("{}={}: must be before until={}{}", name, to_text(*given), to_text(time.until),
                        params.until ? "" : ", which as-of settles unless it is given")};
    int32_t known = start < time.until ? months_between(start, time.until) : 0;
    int32_t months = params.horizon_months > 0 ? static_cast<int32_t>(params.horizon_months)
                                               : std::clamp(known / 2, 1, usual_horizon_months);
    time.split = params.split.value_or(params.from ? middle(*params.from, time.until)
                                                   : add_months(time.until, -months));
    int32_t length_months = months_between(time.split, time.until);
    bool whole = length_months > 0 && add_months(time.split, length_months) == time.until;
    time.from = params.from.value_or(whole ? add_months(time.split, -length_months)
                                           : Date{2 * time.split.days - time.until.days});
    time.horizon_months = length_months;
  }
  if (!(time.from < time.split && time.split < time.until && time.until <= time.as_of))
    return Error{
        Code::bad_input,
        fmt::format("from={} split={} until={} as-of={}: must be from < split < until <= as-of",
                    to_text(time.from), to_text(time.split), to_text(time.until), to_text(time.as_of))};
  time.first_sale = first_sale;
  settle_backtest(first_sale, time);
  return time;
}

}  // namespace danggol::engine
