// A small Korean shop whose truth is known, for a demonstration without data and for tests that compare what
// danggol finds with what is so.
//
// The model is Pareto/NBD (Schmittlein, Morrison and Colombo, "Counting your customers", Management Science
// 33, 1987): a customer buys as a Poisson process with a rate of their own until an exponential lifetime with
// a hazard of their own ends; both are gamma over customers, and neither knows a season.
// src/simulate/README.md has the parameters.
//
// Files written to the folder:
//   events.csv           customer_id,ts,action,product_id,product_name,quantity,price,amount,receipt_id,
//                        partner,channel,region   by time; KRW; a cancelled line has quantity and amount
//                        below 0
//   truth/customer.csv   customer_id,first_day,purchase_rate_per_day,leaving_hazard_per_day,left_on,
//                        spend_median_krw,online_share,taste   left_on is empty for who still is a customer
//   truth/leave.csv      customer_id,cutoff,horizon_months,p_leave   for cutoffs 12, 18 and 24 months after
//                        the first day that are not beyond the last: the probability of no purchase in
//                        [cutoff, cutoff + 6 months), given the customer's own rate and hazard and whether
//                        they still are a customer at the cutoff (1 if not). Rows only for who had joined.
#pragma once

#include <cstdint>
#include <string>

#include "base/units.h"
#include "danggol/progress.h"
#include "danggol/result.h"

namespace danggol {

struct ShopOptions {
  int32_t customers = 3'000;  // 1 .. 200,000: all events are held and sorted in memory
  uint64_t seed = 1;
  Date first_day = to_date(Civil{2023, 1, 1});
  int32_t months = 24;  // 2 .. 120; customers join during the first half
};

// The same options give the same bytes whatever the number of threads. The folder appears whole or not at all
// (base/output_folder.h). Errors: bad_input for an option out of range, those of OutputFolder::write, and
// what `progress` returns.
Result<void> simulate_shop(const ShopOptions& options, const std::string& out_dir, const Progress& progress);

}  // namespace danggol
