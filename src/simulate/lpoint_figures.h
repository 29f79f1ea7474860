// What the published figures ask of a simulated year. Retail partners alone decide purchases, RFM and grades;
// buyers, receipts and sales count affiliate use, too.
#pragma once

#include <array>
#include <cstdint>

#include "simulate/lpoint_model.h"

namespace danggol::lpoint {

inline constexpr size_t grade_count = 5;  // inactive, other, regular, good, top
enum Grade : size_t { inactive, other, regular, good, top };

struct Figures {
  using ByMonth = std::array<int64_t, month_count>;
  using ByOutlet = std::array<int64_t, outlet_count>;
  ByMonth buyers{}, product_buyers{}, receipts{}, purchases{}, sales_krw{}, product_sales_krw{};
  int64_t one_receipt_customers = 0, pairs = 0;  // pairs: distinct customers and products
  double receipts_quartile = 0;                  // the lower one of receipts per customer, interpolated
  double share_below_11_receipts = 0;            // of which 0.25 makes 11 that quartile
  // Purchase rows of a retail outlet, uses of an affiliate: by month, and the year's of leavers from `other`.
  std::array<ByMonth, outlet_count> rows{};
  ByOutlet leavers_rows{};
  // Customers by grade in the first and in the second half of the year.
  std::array<std::array<int64_t, grade_count>, grade_count> grades{};
  // Share of customers without a receipt paid with L.pay: leavers from `other`, all, those who stay `top`.
  std::array<double, 3> never_paid{};
  // Of who had a receipt before 1 July: the mean of the true chance of no purchase from then on, and how many
  // made none.
  double p_leave = 0, left = 0;
  double leavers_gone = 0;  // share of the leavers who had left by 1 July, and do not just come seldom

  int64_t first_half_buyers() const;
  int64_t leavers() const;  // of them
  ByOutlet year_rows() const;
  int64_t purchase_rows() const;
  int64_t uses() const;
  // Among the purchase rows if the outlet is retail, else among the uses.
  double share(size_t outlet) const;
  double leavers_share(size_t outlet) const;
};

Figures measure(const Model& model, uint64_t seed, size_t customers);

}  // namespace danggol::lpoint
