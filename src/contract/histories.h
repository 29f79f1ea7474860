// What every customer did, in memory: the events that have a receipt, by customer and in the order of time.
// For questions that go through whole histories, where SQL would group the same rows again for every answer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/units.h"
#include "contract/action.h"

namespace danggol {

// Where something happens; "" is what the source does not say.
struct Place {
  Action action;
  std::string partner, channel;
};

// An event. Lines of one customer with the same day, receipt and action are one receipt.
struct Line {
  int64_t amount;    // ten-thousandths of the currency, 0 where not known
  uint64_t receipt;  // 64-bit hash of its number: two of a customer's day never share it, in practice
  int32_t day;       // since 1970-01-01
  int32_t place;     // of Histories::places
  int32_t product_no, store_no;  // -1: none
};

struct Histories {
  std::vector<Place> places;        // ascending by action, partner, channel
  std::vector<size_t> start = {0};  // customer_no c has the lines [start[c], start[c + 1]), perhaps none
  std::unique_ptr<Line[]> lines;    // of a customer: by day, receipt, place and the rest

  size_t customers() const { return start.size() - 1; }
  size_t bytes() const { return start.size() * sizeof start[0] + start.back() * sizeof(Line); }
  std::span<const Line> of(size_t customer_no) const {
    return {lines.get() + start[customer_no], lines.get() + start[customer_no + 1]};
  }
  std::span<const Line> of(size_t customer_no, Date from, Date until) const {  // from <= day < until
    auto all = of(customer_no);
    auto is_before = [](const Line& line, Date day) { return line.day < day.days; };
    auto first = std::lower_bound(all.begin(), all.end(), from, is_before);
    return {first, std::lower_bound(first, all.end(), until, is_before)};
  }
  const Place& place(const Line& line) const { return places[static_cast<size_t>(line.place)]; }
};

// Calls use(lines of one receipt) for each of the receipts among `lines`, which are of one customer.
template <class Use>
void each_receipt(const Histories& histories, std::span<const Line> lines, const Use& use) {
  for (size_t from = 0; from < lines.size();) {
    const Line& first = lines[from];
    size_t until = from + 1;
    while (until < lines.size() && lines[until].day == first.day && lines[until].receipt == first.receipt &&
           histories.place(lines[until]).action == histories.place(first).action)
      ++until;
    use(lines.subspan(from, until - from));
    from = until;
  }
}

}  // namespace danggol
