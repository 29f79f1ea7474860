// A small Korean shop whose truth is known, for a demonstration without data and for tests that compare what
// danggol finds with what is so.
//
// The model is Pareto/NBD (Schmittlein, Morrison and Colombo, "Counting your customers", Management Science
// 33, 1987): a customer buys as a Poisson process with a rate of their own until an exponential lifetime with
// a hazard of their own ends; both are gamma over customers, and neither knows a season. What real shops have
// beside that is for the options to add: each is neutral by default, and then changes not a byte.
// src/simulate/README.md has the parameters.
//
// Files written to the folder:
//   events.csv           customer_id,ts,action,product_id,product_name,quantity,price,amount,receipt_id,
//                        partner,channel,region   by time; KRW; a cancelled line has quantity and amount
//                        below 0
//   truth/customer.csv   customer_id,first_day,purchase_rate_per_day,leaving_hazard_per_day,left_on,
//                        spend_median_krw,online_share,taste   left_on is empty for who still is a customer;
//                        rate and hazard are before the factors of the month, the rate of who buys once is 0
//   truth/leave.csv      customer_id,cutoff,horizon_months,p_leave   for cutoffs 12, 18 and 24 months after
//                        the first day that are not beyond the last: the probability of no purchase in
//                        [cutoff, cutoff + 6 months), given the customer's own rate and hazard and whether
//                        they still are a customer at the cutoff (1 if not). Rows only for who had joined.
// With an option that makes months or customers differ:
//   truth/leave.csv      has a cutoff every 3 months from the 6th on, and horizons of 3 and of 6 months
//   truth/shop.csv       month,joining_share,purchase_factor,hazard_factor   of the period and the 6 months
//                        after it: the expected share that joins (of who is not of the cohort), and what
//                        everybody's rate and hazard are multiplied by
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "danggol/progress.h"
#include "danggol/result.h"

namespace danggol {

struct ShopOptions {
  int32_t customers = 3'000;  // 1 .. 200,000: all events are held and sorted in memory
  uint64_t seed = 1;
  Date first_day = to_date(Civil{2023, 1, 1});
  int32_t months = 24;  // 2 .. 120; customers join during the first half

  // Factors a year go up by the month: after i months the factor is to the power of i / 12.
  double growth = 0;                 // of joining, 0.1 .. 10, over all months; 0: evenly in the first half
  double cohort_share = 0;           // 0 .. 1, who joins within one month and
  double cohort_hazard_factor = 1;   // leaves this much sooner, 0.1 .. 100
  std::optional<Date> cohort_month;  // the first of that month
  double one_time_share = 0;         // 0 .. 1, who buys once and never again
  std::vector<double> season;        // of the purchase rate, twelve of 0.1 .. 10 from January on, or none
  double rate_drift = 1, hazard_drift = 1;  // of everybody, a year, 0.5 .. 2
  std::vector<Date> closed;                 // firsts of months without purchases, visits and joining

  bool varies() const {
    return growth != 0 || cohort_share != 0 || one_time_share != 0 || !season.empty() || rate_drift != 1 ||
           hazard_drift != 1 || !closed.empty();
  }
};

// The same options give the same bytes whatever the number of threads. The folder appears whole or not at all
// (base/output_folder.h). Errors: bad_input for an option out of range, those of OutputFolder::write, and
// what `progress` returns.
Result<void> simulate_shop(const ShopOptions& options, const std::string& out_dir, const Progress& progress);

}  // namespace danggol
