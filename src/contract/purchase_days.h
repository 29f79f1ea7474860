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
  std::vector<std::string> customer_id;
  std::vector<size_t> start;  // customer i has the days start[i] up to start[i + 1], ascending
  std::vector<int32_t> days;  // since 1970-01-01
  std::vector<Money> spent;   // on each, by purchases; cancellations are not taken off

  size_t size() const { return customer_id.size(); }
  std::span<const int32_t> of(size_t customer) const { return part(days, customer); }
  std::span<const Money> spent_of(size_t customer) const { return part(spent, customer); }
  std::span<const int32_t> of(size_t customer, Date from, Date until) const;  // from <= day < until
  std::span<const int32_t> before(size_t customer, Date at) const;

 private:
  template <class Of>
  std::span<const Of> part(const std::vector<Of>& all, size_t customer) const {
    return {all.data() + start[customer], start[customer + 1] - start[customer]};
  }
};

Result<PurchaseDays> purchase_days(Context& context);

}  // namespace danggol
