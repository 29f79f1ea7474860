#include "features/sequences.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <tuple>

#include "base/parallel.h"
#include "features/sequence_event.sql.h"

namespace danggol::features {
namespace {

// An event before it is in its place.
struct Draft {
  Event event;       // its time in microseconds, so that these are in order too
  uint64_t receipt;  // 64-bit hash of the number: two of a customer's day never share it, in practice
};

Error no_events_of_this(std::string_view what) {
  return {Code::corrupt, fmt::format("raw.event: {}; import into a new store", what)};
}

// The place of each number's id among all ids.
Result<std::vector<int32_t>> order_by_id(store::Connection& connection, std::string_view view) {
  Table rows =
      TRY(connection.query(fmt::format("SELECT {0}_no AS number FROM {0} ORDER BY {0}_id, number", view)));
  const auto& numbers = rows.integers("number");
  std::vector<int32_t> order(rows.rows());
  for (size_t i = 0; i < numbers.size(); ++i) {
    auto number = static_cast<size_t>(numbers[i]);
    if (number >= order.size()) order.resize(number + 1);
    order[number] = static_cast<int32_t>(i);
  }
  return order;
}

int64_t order_of(const std::vector<int32_t>& order, int32_t number) {
  return number < 0 ? -1 : order[static_cast<size_t>(number)];
}

// Of one customer.
void sort_events(std::vector<Draft>& drafts, const SequenceIndex& index) {
  auto key = [&](const Draft& draft) {
    const Event& e = draft.event;
    return std::tuple(index.places[static_cast<size_t>(e.place)].action, draft.receipt, e.place,
                      order_of(index.product_order, e.product_no), order_of(index.store_order, e.store_no),
                      e.amount);
  };
  std::sort(drafts.begin(), drafts.end(), [&](const Draft& a, const Draft& b) {
    if (a.event.ts_seconds != b.event.ts_seconds) return a.event.ts_seconds < b.event.ts_seconds;
    return key(a) < key(b);
  });
}

// Numbers the receipts of a customer's day from `next` on.
void number_receipts(std::span<Draft> day, const SequenceIndex& index, int32_t& next) {
  auto action = [&](const Draft& draft) {
    return index.places[static_cast<size_t>(draft.event.place)].action;
  };
  std::vector<int32_t> positions;
  for (size_t i = 0; i < day.size(); ++i)
    if (has_receipt(action(day[i]))) positions.push_back(static_cast<int32_t>(i));
  auto at = [&](int32_t position) -> Draft& { return day[static_cast<size_t>(position)]; };
  auto receipt = [&](int32_t position) { return std::tuple(at(position).receipt, action(at(position))); };
  std::sort(positions.begin(), positions.end(),
            [&](int32_t a, int32_t b) { return std::tuple(receipt(a), a) < std::tuple(receipt(b), b); });
  int32_t first = 0;  // of the receipt
  for (size_t i = 0; i < positions.size(); ++i) {
    if (i == 0 || receipt(positions[i]) != receipt(positions[i - 1])) first = positions[i];
    at(positions[i]).event.receipt = first;
  }
  for (size_t i = 0; i < day.size(); ++i) {
    int32_t& number = day[i].event.receipt;
    if (number >= 0) number = number == static_cast<int32_t>(i) ? next++ : at(number).event.receipt;
  }
}

void put_in_order(std::span<Event> events, std::span<const uint64_t> receipts, const SequenceIndex& index) {
  std::vector<Draft> drafts(events.size());
  for (size_t i = 0; i < events.size(); ++i) drafts[i] = {events[i], receipts[i]};
  sort_events(drafts, index);
  auto day = [](const Draft& draft) { return to_date(Timestamp{draft.event.ts_seconds}); };
  int32_t next = 0;
  for (auto from = drafts.begin(); from != drafts.end();) {
    auto until = std::find_if(from, drafts.end(), [&](const Draft& d) { return day(d) != day(*from); });
    number_receipts({from, until}, index, next);
    from = until;
  }
  for (size_t i = 0; i < events.size(); ++i) {
    events[i] = drafts[i].event;
    int64_t micros = events[i].ts_seconds, seconds = micros / micros_per_second;
    events[i].ts_seconds = seconds - (micros % micros_per_second < 0);  // towards the past
  }
}

}  // namespace

size_t SequenceIndex::end_of_range(size_t first, int64_t bytes) const {
  static const size_t threads = std::max(1u, std::thread::hardware_concurrency());
  auto fits = static_cast<size_t>(bytes) / sizeof(Draft);
  size_t end = first, largest = 0;
  for (; end < customers(); ++end) {
    size_t events = start[end + 1] - start[first];
    largest = std::max(largest, start[end + 1] - start[end]);
    if (events + std::min(events, threads * largest) + (end - first) / 4 > fits) break;
  }
  return end;
}

Result<SequenceIndex> index_sequences(store::Connection& connection) {
  SequenceIndex out;
  out.product_order = TRY(order_by_id(connection, "product"));
  out.store_order = TRY(order_by_id(connection, "store"));
  Table places = TRY(connection.query(
      "SELECT enum_code(action)::INTEGER AS action, e.outlet_no, o.outlet_no IS NOT NULL AS is_known, "
      "coalesce(partner, '') AS partner, coalesce(channel, '') AS channel "
      "FROM (SELECT DISTINCT action, outlet_no FROM event) e LEFT JOIN outlet o USING (outlet_no) "
      "ORDER BY action, partner, channel, e.outlet_no"));
  for (size_t i = 0; i < places.rows(); ++i) {
    if (places.integers("is_known")[i] == 0) return no_events_of_this("an outlet that is not in raw.outlet");
    auto action = static_cast<size_t>(places.integers("action")[i]),
         at = static_cast<size_t>(places.integers("outlet_no")[i]) * action_names.size() + action;
    if (at >= out.place_of.size()) out.place_of.resize(at + 1, -1);
    out.place_of[at] = static_cast<int32_t>(i);
    out.places.push_back(
        {static_cast<Action>(action), places.texts("partner")[i], places.texts("channel")[i]});
  }
  Table rows = TRY(connection.query(
      "SELECT customer_no, count(*) AS events FROM event GROUP BY customer_no ORDER BY customer_no"));
  const auto &customers = rows.integers("customer_no"), &events = rows.integers("events");
  if (!customers.empty()) out.start.resize(static_cast<size_t>(customers.back()) + 2);
  for (size_t i = 0; i < rows.rows(); ++i)
    out.start[static_cast<size_t>(customers[i]) + 1] = static_cast<size_t>(events[i]);
  for (size_t c = 1; c < out.start.size(); ++c) out.start[c] += out.start[c - 1];
  return out;
}

Result<std::unique_ptr<Event[]>> load_sequences(store::Connection& connection, const SequenceIndex& index,
                                                size_t first, size_t end) {
  size_t before = index.start[first], rows = index.start[end] - before;
  auto events = std::make_unique_for_overwrite<Event[]>(rows);
  auto receipts = std::make_unique_for_overwrite<uint64_t[]>(rows);
  std::vector<std::atomic<size_t>> next(end - first);
  for (size_t c = first; c < end; ++c)
    next[c - first].store(index.start[c] - before, std::memory_order_relaxed);

  std::atomic<bool> fits = true;  // a store may have been altered by hand
  auto is_number = [](int32_t number, const std::vector<int32_t>& order) {
    return number >= -1 && number < static_cast<int32_t>(order.size());
  };
  TRY(connection.scan(sql::sequence_event,
                      {{"first", static_cast<int64_t>(first)}, {"last", static_cast<int64_t>(end) - 1}},
                      [&](const store::Vectors& in) {
                        auto customer = in.values<int32_t>(0);
                        auto ts = in.values<int64_t>(1), amount = in.values<int64_t>(3);
                        auto receipt = in.values<uint64_t>(2);
                        auto product = in.values<int32_t>(4), store = in.values<int32_t>(5);
                        auto action = in.values<Action>(6);
                        auto outlet = in.values<int32_t>(7);
                        for (size_t i = 0; i < in.rows(); ++i) {
                          size_t place = static_cast<size_t>(outlet[i]) * action_names.size() +
                                         static_cast<size_t>(action[i]);
                          auto c = static_cast<size_t>(customer[i]);
                          size_t at = next[c - first].fetch_add(1, std::memory_order_relaxed);
                          Event event = {in.is_null(3, i) ? 0 : amount[i],
                                         ts[i],
                                         -1,
                                         place < index.place_of.size() ? index.place_of[place] : -1,
                                         in.is_null(4, i) ? -1 : product[i],
                                         in.is_null(5, i) ? -1 : store[i]};
                          if (event.place < 0 || at >= index.start[c + 1] - before ||
                              !is_number(event.product_no, index.product_order) ||
                              !is_number(event.store_no, index.store_order)) {
                            fits = false;
                            return;
                          }
                          events[at] = event, receipts[at] = receipt[i];
                        }
                      }));
  for (size_t c = first; c < end; ++c)
    fits = fits && next[c - first].load(std::memory_order_relaxed) == index.start[c + 1] - before;
  if (!fits) return no_events_of_this("products or stores that are not in raw.product and raw.store");

  parallel_for(end - first, [&](size_t i) {
    size_t from = index.start[first + i] - before, until = index.start[first + i + 1] - before;
    put_in_order({events.get() + from, events.get() + until}, {receipts.get() + from, receipts.get() + until},
                 index);
  });
  return events;
}

}  // namespace danggol::features
