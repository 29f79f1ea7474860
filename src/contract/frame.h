// The dates of a run, and what was known of customers at one of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/matrix.h"
#include "base/units.h"

namespace danggol {

// As long the data may begin after a period does, or end before it, and hold it all the same: a shop that
// opened on the 4th, or rested over the holidays.
inline constexpr int32_t slack_days = 7;

// The dates of a run, all settled by the engine. Two equal periods H1 = [from, split), H2 = [split, until),
// until <= as_of; `horizon_months` is the length of H2.
struct TimeFrame {
  Date as_of, from, split, until;
  int32_t horizon_months = 0;
  // Training and testing origins of an honest back-test: what is learned at `backtest_train` has seen
  // labels up to `backtest_test` only. Its horizon is shorter where the history is too short for a full one.
  Date backtest_train, backtest_test;
  int32_t backtest_horizon_months = 0;
  Date first_sale;  // or event, where nothing was ever sold

  Period h1() const { return {from, split}; }
  Period h2() const { return {split, until}; }
  // What a parameter `period` says: "h1", or "year" for both halves.
  Period named(std::string_view period) const { return {from, period == "h1" ? split : until}; }
};

enum class Origin {
  train,           // features before `split`, labels from H2
  backtest_train,  // features before `backtest_train`, labels from the backtest horizon after it
  backtest_test,   // features before `backtest_test`, labels from the backtest horizon after it
  predict,         // features before `as_of`; no labels: that is the future
};

// Customers with a purchase in the window before a cutoff, what was known of them then, and, where the
// horizon has passed, the grade they got in it.
struct Frame {
  Date cutoff, label_until;
  std::vector<std::string> customer_id;  // ascending
  Matrix features;
  std::vector<int32_t> grade;  // in the window before the cutoff, 0..3
  std::vector<int32_t> label;  // 0..4; empty when origin is `predict`
};

}  // namespace danggol
