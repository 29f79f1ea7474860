// What every month sold, in all and by slice, in one pass over the sequences.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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

// Purchases and partner use of a month and slice. A receipt is in a slice if one of its lines is.
struct MonthSums {
  int64_t buyers = 0, receipts = 0;
  Wide sales = 0, sales_squared = 0;  // over receipts; money in ten-thousandths
  // Purchases alone, over those who made one.
  int64_t product_buyers = 0, purchases = 0, purchases_squared = 0;
  Wide spent = 0, spent_squared = 0;

  MonthSums& operator+=(const MonthSums& more);
};

// Of the calendar months from `first` on, before `last`: month m and slice s at m * slices + s.
Result<std::vector<MonthSums>> sum_months(const Sequences& sequences, const Slices& slices, Date first,
                                          Date last);

}  // namespace danggol::rooms
