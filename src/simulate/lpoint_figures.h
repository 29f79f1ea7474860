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
  using ByMonth = std::array<double, month_count>;
  ByMonth buyers{}, product_buyers{}, receipts{}, purchases{}, sales_krw{}, product_sales_krw{};
  double one_receipt_customers = 0, share_below_11_receipts = 0;  // of which 0.25 makes 11 the lower quartile
  double pairs = 0, rows = 0, uses = 0;  // distinct customers and products; purchase rows; affiliate uses
  // Customers by grade in the first and in the second half of the year.
  std::array<std::array<double, grade_count>, grade_count> grades{};
  // Shares of purchase rows (by retail outlet) and of uses (by affiliate): of all, and of the leavers from
  // `other`.
  std::array<double, outlet_count> share_all{}, share_leavers{};
  // Share of customers without a receipt paid with L.pay: all, leavers from `other`, those who stay `top`.
  std::array<double, 3> never_paid{};

  double first_half_buyers() const;
  double leaver_share() const;        // of the first half's buyers
  double leavers_from_other() const;  // share
  double first_half_share(Grade) const;
  double top_stays_top() const;  // share
};

Figures measure(const Model& model, uint64_t seed, size_t customers);

}  // namespace danggol::lpoint
