#include "features/sequences.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <new>
#include <string>
#include <tuple>

#include "base/parallel.h"
#include "features/sequence_event.sql.h"

namespace danggol::features {
namespace {

// An event before all of its customer's are there.
struct Draft {
  int64_t amount, ts_micros;
  uint64_t receipt;  // 64-bit hash of its number: two of a customer's day never share it, in practice
  int32_t receipt_no, place;
  int32_t product, store;  // the place of its id among all ids, -1: none
};
static_assert(sizeof(Draft) == 40 && sizeof(Event) == 32);

// Of SequenceIndex::place_of; beyond it where there is no such outlet.
size_t place_at(int32_t outlet_no, Action action) {
  return static_cast<size_t>(outlet_no) * action_names.size() + static_cast<size_t>(action);
}

Error altered(std::string_view what) {  // by hand
  return {Code::corrupt, fmt::format("raw.event: {}; import into a new store", what)};
}

// The numbers in the order of their ids.
Result<std::vector<int32_t>> numbers_by_id(store::Connection& connection, std::string_view view) {
  Table rows =
      TRY(connection.query(fmt::format("SELECT {0}_no AS number FROM {0} ORDER BY {0}_id, number", view)));
  const auto& numbers = rows.integers("number");
  return std::vector<int32_t>(numbers.begin(), numbers.end());
}

// Where each number is among `numbers`; -1 where it is not.
std::vector<int32_t> places_of(const std::vector<int32_t>& numbers) {
  std::vector<int32_t> places;
  for (size_t i = 0; i < numbers.size(); ++i) {
    auto number = static_cast<size_t>(numbers[i]);
    if (number >= places.size()) places.resize(number + 1, -1);
    places[number] = static_cast<int32_t>(i);
  }
  return places;
}

// One customer's. Files are mostly in the order of time: then only what happened at one time is left to sort.
void sort_drafts(std::span<Draft> drafts) {
  auto is_earlier = [](const Draft& a, const Draft& b) { return a.ts_micros < b.ts_micros; };
  if (!std::is_sorted(drafts.begin(), drafts.end(), is_earlier))
    std::sort(drafts.begin(), drafts.end(), is_earlier);
  auto is_before = [](const Draft& a, const Draft& b) {
    if (a.receipt != b.receipt) return a.receipt < b.receipt;
    return std::tie(a.place, a.product, a.store, a.amount) < std::tie(b.place, b.product, b.store, b.amount);
  };
  for (auto from = drafts.begin(), until = from; from != drafts.end(); from = until) {
    while (until != drafts.end() && until->ts_micros == from->ts_micros) ++until;
    std::sort(from, until, is_before);
  }
}

// Numbers the receipts of a customer's day from `next` on, in the order of their first drafts; `slots` is
// memory for a hash table of these (linear probing).
void number_day(std::span<Draft> day, const SequenceIndex& index, std::vector<int32_t>& slots,
                int32_t& next) {
  auto action = [&](const Draft& draft) { return index.places[static_cast<size_t>(draft.place)].action; };
  auto are_one = [&](const Draft& a, const Draft& b) {
    return a.receipt == b.receipt && action(a) == action(b);
  };
  size_t mask = std::bit_ceil(2 * day.size()) - 1;
  slots.assign(mask + 1, -1);
  const Draft* before = nullptr;
  for (size_t i = 0; i < day.size(); ++i) {
    Draft& draft = day[i];
    if (!has_receipt(action(draft))) continue;
    if (!before || !are_one(draft, *before)) {
      size_t at = draft.receipt & mask;
      auto first = [&]() -> Draft& { return day[static_cast<size_t>(slots[at])]; };
      while (slots[at] >= 0 && !are_one(draft, first())) at = (at + 1) & mask;
      if (slots[at] < 0) slots[at] = static_cast<int32_t>(i), draft.receipt_no = next++;
      before = &first();
    }
    draft.receipt_no = before->receipt_no;
  }
}

void number_receipts(std::span<Draft> drafts, const SequenceIndex& index) {
  std::vector<int32_t> slots;
  int32_t next = 0;
  for (size_t from = 0, until = 0; from < drafts.size(); from = until) {
    Date day = to_date(Timestamp{drafts[from].ts_micros});
    int64_t end = to_timestamp(Date{day.days + 1}).micros;
    while (until < drafts.size() && drafts[until].ts_micros < end) ++until;
    number_day(drafts.subspan(from, until - from), index, slots, next);
  }
}

Event event_of(const Draft& draft, const SequenceIndex& index) {
  auto number = [](const std::vector<int32_t>& numbers, int32_t place) {
    return place < 0 ? -1 : numbers[static_cast<size_t>(place)];
  };
  int64_t seconds = draft.ts_micros / micros_per_second;
  if (draft.ts_micros % micros_per_second < 0) --seconds;  // towards the past
  return {draft.amount,
          seconds,
          draft.receipt_no,
          draft.place,
          number(index.products, draft.product),
          number(index.stores, draft.store)};
}

// Makes the drafts at `bytes` events, one after another in the memory that they take.
void make_events(std::byte* bytes, size_t count, const SequenceIndex& index) {
  for (size_t i = 0; i < count; ++i) {
    Draft draft;
    std::memcpy(&draft, bytes + i * sizeof draft, sizeof draft);
    Event event = event_of(draft, index);
    std::memcpy(bytes + i * sizeof event, &event, sizeof event);
  }
}

}  // namespace

size_t SequenceIndex::end_of_range(size_t first, int64_t bytes) const {
  auto taken = [&](size_t end) {
    return (start[end] - start[first]) * sizeof(Draft) + (end - first) * sizeof(size_t);
  };
  size_t end = first;
  while (end < customers() && static_cast<int64_t>(taken(end + 1)) <= bytes) ++end;
  return end;
}

Result<SequenceIndex> index_sequences(store::Connection& connection) {
  SequenceIndex out;
  out.products = TRY(numbers_by_id(connection, "product"));
  out.stores = TRY(numbers_by_id(connection, "store"));
  Table outlets = TRY(connection.query(
      "SELECT outlet_no, coalesce(partner, '') AS partner, coalesce(channel, '') AS channel FROM outlet "
      "ORDER BY partner, channel, outlet_no"));
  const auto& outlet_no = outlets.integers("outlet_no");
  auto customers =
      static_cast<size_t>(TRY(connection.integer("SELECT coalesce(max(customer_no) + 1, 0) FROM customer")));
  int64_t numbers = 0;
  for (int64_t number : outlet_no) numbers = std::max(numbers, number + 1);

  std::vector<std::atomic<size_t>> events(customers);
  std::vector<std::atomic<bool>> seen(static_cast<size_t>(numbers) * action_names.size());  // as place_of
  std::atomic<bool> fits = true;
  TRY(connection.scan("SELECT customer_no, action, outlet_no FROM event", {}, [&](const store::Vectors& in) {
    auto customer = in.values<int32_t>(0), outlet = in.values<int32_t>(2);
    auto action = in.values<Action>(1);
    for (size_t i = 0; i < in.rows(); ++i) {
      auto c = static_cast<size_t>(customer[i]);
      size_t at = place_at(outlet[i], action[i]);
      if (c >= customers || at >= seen.size()) {
        fits = false;
        return;
      }
      events[c].fetch_add(1, std::memory_order_relaxed);
      if (!seen[at].load(std::memory_order_relaxed)) seen[at].store(true, std::memory_order_relaxed);
    }
  }));
  if (!fits) return altered("customers or outlets that raw.customer and raw.outlet do not know");

  out.place_of.assign(seen.size(), -1);
  for (size_t a = 0; a < action_names.size(); ++a)
    for (size_t o = 0; o < outlets.rows(); ++o) {
      auto action = static_cast<Action>(a);
      size_t at = place_at(static_cast<int32_t>(outlet_no[o]), action);
      if (!seen[at]) continue;
      out.place_of[at] = static_cast<int32_t>(out.places.size());
      out.places.push_back({action, outlets.texts("partner")[o], outlets.texts("channel")[o]});
    }
  for (const auto& count : events) out.start.push_back(out.start.back() + count);
  return out;
}

Result<Events> load_sequences(store::Connection& connection, const SequenceIndex& index, size_t first,
                              size_t end) {
  std::span start(index.start);
  size_t before = start[first], rows = start[end] - before;
  Events events(static_cast<Event*>(std::malloc(std::max<size_t>(1, rows) * sizeof(Draft))));
  if (!events) throw std::bad_alloc();
  auto* bytes = reinterpret_cast<std::byte*>(events.get());
  auto* drafts = reinterpret_cast<Draft*>(bytes);

  std::vector<std::atomic<size_t>> next(end - first);
  for (size_t c = first; c < end; ++c) next[c - first].store(start[c] - before, std::memory_order_relaxed);
  std::atomic<bool> fits = true;
  std::vector<int32_t> place_of_product = places_of(index.products), place_of_store = places_of(index.stores);
  constexpr int32_t unknown = -2;
  auto place_among = [](const std::vector<int32_t>& places, int32_t number) {
    auto at = static_cast<size_t>(number);
    return at < places.size() && places[at] >= 0 ? places[at] : unknown;
  };
  std::string select(sql::sequence_event);
  Bindings range;
  if (end - first < index.customers()) {
    select += " WHERE customer_no BETWEEN $first AND $last";
    range = {{"first", static_cast<int64_t>(first)}, {"last", static_cast<int64_t>(end) - 1}};
  }
  TRY(connection.scan(select, range, [&](const store::Vectors& in) {
    auto customer = in.values<int32_t>(0);
    auto ts = in.values<int64_t>(1), amount = in.values<int64_t>(3);
    auto receipt = in.values<uint64_t>(2);
    auto product = in.values<int32_t>(4), store = in.values<int32_t>(5);
    auto action = in.values<Action>(6);
    auto outlet = in.values<int32_t>(7);
    for (size_t i = 0; i < in.rows(); ++i) {
      auto c = static_cast<size_t>(customer[i]);
      size_t place = place_at(outlet[i], action[i]),
             at = next[c - first].fetch_add(1, std::memory_order_relaxed);
      Draft draft = {in.is_null(3, i) ? 0 : amount[i],
                     ts[i],
                     receipt[i],
                     -1,
                     place < index.place_of.size() ? index.place_of[place] : -1,
                     in.is_null(4, i) ? -1 : place_among(place_of_product, product[i]),
                     in.is_null(5, i) ? -1 : place_among(place_of_store, store[i])};
      if (draft.place < 0 || at >= start[c + 1] - before || draft.product == unknown ||
          draft.store == unknown) {
        fits = false;
        return;
      }
      drafts[at] = draft;
    }
  }));
  if (!fits) return altered("products or stores that raw.product and raw.store do not know");

  parallel_for(end - first, [&](size_t i) {
    size_t from = start[first + i] - before, count = start[first + i + 1] - start[first + i];
    sort_drafts({drafts + from, count});
    number_receipts({drafts + from, count}, index);
    make_events(bytes + from * sizeof(Draft), count, index);
  });
  for (size_t c = first; c < end; ++c) {
    size_t from = start[c] - before, count = start[c + 1] - start[c];
    std::memmove(bytes + from * sizeof(Event), bytes + from * sizeof(Draft), count * sizeof(Event));
  }
  return Events(static_cast<Event*>(
      std::realloc(events.release(), std::max<size_t>(1, rows) * sizeof(Event))));  // smaller, so it stays
}

}  // namespace danggol::features
