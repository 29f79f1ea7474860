#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

#include "contract/sequences.h"
#include "store/database.h"

namespace danggol::features {

// What all sequences have in common, of the connection's view `event`.
struct SequenceIndex {
  std::vector<Place> places;              // ascending by action, partner, channel: those that events have
  std::vector<int32_t> place_of;          // [outlet_no][action]: of `places`; -1: no event
  std::vector<int32_t> products, stores;  // their numbers in the order of their ids
  std::vector<size_t> start = {0};        // customer_no c has start[c + 1] - start[c] events

  size_t customers() const { return start.size() - 1; }
  // The end of the longest range of customers from `first` on that takes at most `bytes` while it is loaded:
  // `first` itself where not even that one's events do.
  size_t end_of_range(size_t first, int64_t bytes) const;
};
Result<SequenceIndex> index_sequences(store::Connection& connection);

struct Free {
  void operator()(Event* events) const { std::free(events); }
};
using Events = std::unique_ptr<Event[], Free>;

// Of the customers [first, end), one after another: the same whatever the order of the rows, the numbers that
// an import gave to products and stores, and the number of threads.
Result<Events> load_sequences(store::Connection& connection, const SequenceIndex& index, size_t first,
                              size_t end);

}  // namespace danggol::features
