// On which days every customer bought, and for how much: all that lifetimes and rhythms are made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/units.h"
#include "contract/room.h"

namespace danggol {

// Of the customers who ever bought before as_of, ascending by customer_id.
struct PurchaseDays {
  struct Day {
    int32_t day;  // since 1970-01-01
    Money spent;  // by purchases; cancellations are not taken off
  };
  std::vector<std::string> customer_id;
  std::vector<size_t> start;  // of customer i the days start[i] up to start[i + 1], ascending
  std::vector<Day> days;

  size_t size() const { return customer_id.size(); }
  std::span<const Day> of(size_t customer) const {
    return {days.data() + start[customer], start[customer + 1] - start[customer]};
  }
  std::span<const Day> of(size_t customer, Date from, Date until) const;  // from <= day < until
};

Result<PurchaseDays> purchase_days(Context& context);

}  // namespace danggol
