// What every month sold, in all and by slice, in one pass over the sequences.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/interval.h"
#include "base/units.h"
#include "contract/sequences.h"

namespace danggol::rooms {

__extension__ using Wide = __int128;  // sums of money and of its squares, exactly

// Slices of every dimension that sales are told by; the first is everything.
struct Slices {
  struct Slice {
    std::string dimension, name;
  };
  std::vector<Slice> all;
  // The slice of a place's partner and channel, of a store's region and of a product's class; -1 where
  // unknown.
  std::vector<int32_t> partner, channel, region, product_class;
};

// What was sold by purchases and partner use, to tell large from small: by amount, then by lines.
struct Sold {
  Wide amount = 0;
  int64_t lines = 0;
  auto operator<=>(const Sold&) const = default;
  Sold operator-() const { return {-amount, -lines}; }
  Sold& operator+=(const Sold& more) { return amount += more.amount, lines += more.lines, *this; }
};

// By place, product and store.
struct Sales {
  std::vector<Sold> place, product, store;
};
Result<Sales> sum_sales(const Sequences& sequences, Date first, Date last);

// Sums over customers of what each has of y and of x: receipts of one customer are not independent. Exact to
// the second power; to the fourth of y in whole units, of at most a hundred million, and of x of at most
// ten thousand, so that none can overflow.
struct Moments {
  Wide y = 0, x = 0, yy = 0, yx = 0, xx = 0;
  std::array<std::array<Wide, 5>, 5> coarse{};  // [i][j]: of y^i x^j
  void add(Wide of_y, Wide of_x, Wide unit);
  Moments& operator+=(const Moments& more);
  Estimate ratio(double unit, int64_t customers) const;
};

// Purchases and partner use of a month and slice. A receipt is in a slice if one of its lines is.
struct MonthSums {
  int64_t buyers = 0;
  Moments sales;  // y, of each receipt: x; money in ten-thousandths
  // Purchases alone, over those who made one.
  int64_t product_buyers = 0;
  Moments purchases, spent;  // of each customer: x

  MonthSums& operator+=(const MonthSums& more);
};

// Of the calendar months from `first` on, before `last`: month m and slice s at m * slices + s.
Result<std::vector<MonthSums>> sum_months(const Sequences& sequences, const Slices& slices, Date first,
                                          Date last);

// What every customer bought in two periods, a and b, of a slice: x, and in all: t; sums over customers.
struct TwoPeriods {
  int64_t customers = 0;  // with x or t in either
  Wide xa = 0, xb = 0, ta = 0, tb = 0;
  Wide xa_xa = 0, xb_xb = 0, xa_xb = 0, ta_ta = 0, tb_tb = 0, ta_tb = 0, xa_ta = 0, xa_tb = 0, xb_ta = 0,
       xb_tb = 0;

  // How far x grew from a to b, relative to a, with a 95 % interval where it says anything; customers are the
  // independent units. Lognormal.
  Estimate growth() const;
  // By how much x's share of t is greater in b, with a 95 % interval; and two-sided, how likely chance alone
  // brings as much where the share is the same (its error under that, which heavy tails make larger, not
  // smaller).
  Estimate shift() const;
  double shift_p_value() const;
  double share_a() const;
  double share_b() const;
  TwoPeriods& operator+=(const TwoPeriods& more);

 private:
  double squares(double pa, double pb) const;  // of what each customer adds to the shift from pa to pb
};

// By slice: x is the amount bought there. `slice_of` has one for each place, -1 for none; t is the sum over
// slices.
Result<std::vector<TwoPeriods>> compare_periods(const Sequences& sequences,
                                                const std::vector<int32_t>& slice_of, size_t slices,
                                                const Period& a, const Period& b);

}  // namespace danggol::rooms
