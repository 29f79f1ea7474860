// A year of a loyalty programme in six tables, in the form in which the L.POINT competition published its
// data and fitted to the aggregates its participants printed, with known truth. README.md has the model, what
// was fitted and what is off.
//
// Files written to the folder; ids, codes and amounts are text without quotes:
//   LPOINT_BIG_COMP_01_DEMO.csv     cust,ma_fem_dv,ages,zon_hlv
//   LPOINT_BIG_COMP_02_PDDE.csv     cust,rct_no,chnl_dv,cop_c,br_c,pd_c,de_dt,de_hr,buy_am,buy_ct
//   LPOINT_BIG_COMP_03_COP_U.csv    cust,rct_no,cop_c,br_c,chnl_dv,de_dt,vst_dt,de_hr,buy_am
//   LPOINT_BIG_COMP_04_PD_CLAC.csv  pd_c,pd_nm,clac_hlv_nm,clac_mcls_nm
//   LPOINT_BIG_COMP_05_BR.csv       br_c,cop_c,zon_hlv,zon_mcls
//   LPOINT_BIG_COMP_06_LPAY.csv     cust,rct_no,cop_c,chnl_dv,de_dt,de_hr,buy_am
// by customer, then day and hour; days yyyymmdd, money KRW, chnl_dv 1 off-line, 2 on-line. A purchase receipt
// is one customer's number on one day; an affiliate's number is unique.
//   truth/customer.csv  what was drawn for each customer: lifestyle, engagement, hazard, days of joining and
//                       leaving (empty: before or after the year), visits a month to every outlet, ...
//   truth/taste.csv     each customer's multiplier of every product class
//   truth/leave.csv     cust,cutoff,horizon_months,p_leave: the probability of no purchase from 2021-07-01 to
//                       the year's end, given the customer's own numbers; rows for who had a receipt before.
//                       Offers are left out of it.
// With offers:
//   offer.csv           cust,offered_on,offer,propensity: randomised coupons, and nothing at all
//   truth/offer.csv     cust,offered_on,offer,added_receipts and, for every coupon, the receipts and the
//                       spend it would add on average
#pragma once

#include <cstdint>
#include <string>

#include "danggol/progress.h"
#include "danggol/result.h"

namespace danggol {

struct LpointOptions {
  int32_t customers = 29'756;  // 1 .. 10,000,000; the published figures are those of 29,756
  uint64_t seed = 1;
  bool offers = false;  // what coupons add comes on top of the published figures
};

// The same options give the same bytes whatever the number of threads, in memory that does not grow with the
// customers. The folder appears whole or not at all (base/output_folder.h). Errors: bad_input for an option
// out of range, those of OutputFolder::write, and what `progress` returns.
Result<void> simulate_lpoint(const LpointOptions& options, const std::string& out_dir,
                             const Progress& progress);

}  // namespace danggol
