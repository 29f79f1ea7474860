// What every customer did, in order: for questions that go through whole sequences, where SQL would sort and
// group the same rows again for every answer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "base/units.h"
#include "contract/action.h"
#include "danggol/result.h"

namespace danggol {

// Where something happens; "" is what the source does not say.
struct Place {
  Action action;
  std::string partner, channel;
};

struct Event {
  int64_t amount;      // ten-thousandths of the currency, 0 where not known
  int64_t ts_seconds;  // since 1970-01-01 00:00:00
  int32_t
      receipt;    // among its customer's, from 0 in the order of their first events; -1: has_receipt() is not
  int32_t place;  // of Sequences::places()
  int32_t product_no, store_no;  // -1: none

  Date day() const { return to_date(Timestamp{ts_seconds * micros_per_second}); }
};

// The sequences of the customers `first` up to `end`: each one's events in the order of time and, where that
// is the same, of receipt (by its number's hash), action, partner, channel, product id, store id and amount.
// Lent: they are there until the call that they are an argument of returns.
class SequenceRange {
 public:
  // Customer `first` + i has the events from start[i] - start[0] on, before start[i + 1] - start[0].
  SequenceRange(size_t first, std::span<const size_t> start, std::span<const Event> events)
      : first_(first), start_(start), events_(events) {}

  size_t first() const { return first_; }
  size_t end() const { return first_ + start_.size() - 1; }
  std::span<const Event> of(size_t customer_no) const {
    const size_t* at = start_.data() + (customer_no - first_);
    return events_.subspan(at[0] - start_[0], at[1] - at[0]);
  }
  std::span<const Event> of(size_t customer_no, Date from, Date until) const {  // from <= day < until
    auto all = of(customer_no);
    auto is_before = [](const Event& event, Date day) {
      return event.ts_seconds < to_timestamp(day).micros / micros_per_second;
    };
    auto begin = std::lower_bound(all.begin(), all.end(), from, is_before);
    return {begin, std::lower_bound(begin, all.end(), until, is_before)};
  }

 private:
  size_t first_;
  std::span<const size_t> start_;
  std::span<const Event> events_;
};

// Every customer's, lent by ranges of customers that fit into memory.
class Sequences {
 public:
  using Use = std::function<Status(const SequenceRange&)>;
  using Lend = std::function<Status(const Use&)>;
  Sequences(const std::vector<Place>& places, size_t customers, Lend lend)
      : places_(&places), customers_(customers), lend_(std::move(lend)) {}

  const std::vector<Place>& places() const { return *places_; }  // ascending by action, partner, channel
  size_t customers() const { return customers_; }                // customer_no is below
  Action action(const Event& event) const { return (*places_)[static_cast<size_t>(event.place)].action; }

  // Calls use(range) for one range after another, ascending, until every customer was in one. All are in one
  // where they fit, and that is kept for whoever asks next; else each range is read from the store again.
  Status each_range(const Use& use) const { return lend_(use); }

  // Calls use(customer_no, events) for every customer, with his events of [from, until), which may be none;
  // all threads at once.
  template <class UseCustomer>
  Status each_customer(Date from, Date until, const UseCustomer& use) const {
    return each_range([&](const SequenceRange& range) -> Status {
      parallel_for(range.end() - range.first(), [&](size_t i) {
        size_t customer_no = range.first() + i;
        use(customer_no, range.of(customer_no, from, until));
      });
      return {};
    });
  }

  // Calls body(own, events) likewise, where `own` is a thread's copy of `fresh`; add(own) takes each of them
  // in, as parallel_add() does.
  template <class Own, class Body, class Add>
  Status add_customers(Date from, Date until, const Own& fresh, const Body& body, const Add& add) const {
    return each_range([&](const SequenceRange& range) -> Status {
      parallel_add(
          range.end() - range.first(), fresh,
          [&](Own& own, size_t i) { body(own, range.of(range.first() + i, from, until)); }, add);
      return {};
    });
  }

 private:
  const std::vector<Place>* places_;
  size_t customers_;
  Lend lend_;
};

// Calls use(events of one receipt, in order) for each of the receipts among `events`, which are one
// customer's of whole days. A receipt is what shares customer, day, number and action.
template <class Use>
void each_receipt(std::span<const Event> events, const Use& use) {
  auto is_before = [](const Event& a, const Event& b) { return a.receipt < b.receipt; };
  std::vector<Event> together;
  bool apart = !std::is_sorted(events.begin(), events.end(), is_before);
  if (apart ||
      (!events.empty() && events[0].receipt < 0)) {  // one's lines between another's, or views among them
    std::copy_if(events.begin(), events.end(), std::back_inserter(together),
                 [](const Event& event) { return event.receipt >= 0; });
    std::stable_sort(together.begin(), together.end(), is_before);
    events = together;
  }
  for (size_t from = 0, until = 0; from < events.size(); from = until) {
    while (until < events.size() && events[until].receipt == events[from].receipt) ++until;
    use(events.subspan(from, until - from));
  }
}

}  // namespace danggol
