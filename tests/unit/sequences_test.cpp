// Sequences beside the same events sorted plainly.
#include "features/sequences.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

#include "base/random.h"
#include "must.h"

namespace danggol::features {
namespace {

const std::vector<std::pair<std::string, std::string>> outlets = {
    {"", ""}, {"나", "app"}, {"B", ""}, {"가", "app"}, {"", "web"}};
const std::vector<std::string> products = {"p10", "p9", "사과", "a", "p1"}, stores = {"s2", "s1"};
constexpr int64_t tick = 250'000;  // a quarter of a second: what seconds do not tell

struct Row {
  size_t customer, outlet, product, store;  // a product or store beyond those there are: none
  int64_t micros, amount;
  Action action;
  uint64_t receipt;
  // By what it says, not by the numbers that an import gave.
  auto key(const std::vector<uint64_t>& hashes) const {
    const auto& [partner, channel] = outlets[outlet];
    auto id = [](const std::vector<std::string>& ids, size_t at) { return at < ids.size() ? ids[at] : ""; };
    return std::tuple(customer, micros, hashes[receipt], action, partner, channel, id(products, product),
                      id(stores, store), amount);
  }
};
using Key = decltype(Row().key({}));

std::vector<Row> random_rows() {
  Random random(5, 0);
  std::vector<Row> rows;
  auto below = [&](size_t n) { return static_cast<size_t>(random.below(n)); };
  for (int i = 0; i < 2'000; ++i) {
    Row row{below(40),
            below(outlets.size()),
            below(products.size() + 1),
            below(stores.size() + 1),
            0,
            0,
            static_cast<Action>(below(action_names.size())),
            below(4)};
    auto day = static_cast<int64_t>(below(50)) - 25;  // 1970 lies between
    row.micros = day * micros_per_day + static_cast<int64_t>(below(24)) * 3'600 * micros_per_second +
                 static_cast<int64_t>(below(8)) * tick;
    row.amount = static_cast<int64_t>(below(3));
    bool never = row.customer % 10 == 3 || (row.action == Action::pay && row.outlet == 1);
    if (!never) rows.push_back(row);
  }
  return rows;
}

// A store with the rows in a random order and numbers given at random.
struct Loaded {
  store::Database database = must(store::Database::open(":memory:", store::Access::read_write));
  store::Connection connection = must(database.connect());
  std::vector<size_t> product_at, store_at;  // by number

  Loaded(std::vector<Row> rows, uint64_t seed) {
    Random random(seed, 0);
    auto shuffled = [&](auto items) {
      for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.below(i)]);
      return items;
    };
    auto numbers = [&](size_t count) {
      std::vector<size_t> all(count);
      std::iota(all.begin(), all.end(), size_t{0});
      return shuffled(all);
    };
    auto outlet_at = numbers(outlets.size());
    product_at = numbers(products.size()), store_at = numbers(stores.size());
    auto insert = [&](const std::string& values) { must(connection.execute("INSERT INTO raw." + values)); };
    auto number_of = [](const std::vector<size_t>& at, size_t item) {
      auto found = std::find(at.begin(), at.end(), item);
      return found == at.end() ? std::string("NULL") : std::to_string(found - at.begin());
    };
    for (size_t o = 0; o < outlets.size(); ++o)
      insert(fmt::format("outlet VALUES ({}, nullif('{}', ''), nullif('{}', ''))", number_of(outlet_at, o),
                         outlets[o].first, outlets[o].second));
    for (size_t p = 0; p < products.size(); ++p)
      insert(fmt::format("product VALUES ({}, '{}', '', '', '', '')", number_of(product_at, p), products[p]));
    for (size_t s = 0; s < stores.size(); ++s)
      insert(fmt::format("store VALUES ({}, '{}', '', '')", number_of(store_at, s), stores[s]));
    std::string values;
    for (const Row& row : shuffled(std::move(rows)))
      values += fmt::format("{}(0, {}, make_timestamp({}), '{}', {}, {}, {}, 'r{}', nullif({}, 0), 1, 0)",
                            values.empty() ? "" : ",", row.customer, row.micros, name_of(row.action),
                            number_of(product_at, row.product), number_of(outlet_at, row.outlet),
                            number_of(store_at, row.store), row.receipt, row.amount);
    insert("event VALUES " + values);
    insert("customer SELECT DISTINCT customer_no, customer_no, '', '', '' FROM raw.event");
    for (const char* name : {"event", "customer", "outlet", "product", "store"})
      must(connection.execute(fmt::format("CREATE TEMP VIEW {0} AS FROM raw.{0}", name)));
  }
};

std::vector<uint64_t> hashes(store::Connection& connection) {
  std::vector<uint64_t> out;
  for (int r = 0; r < 4; ++r)
    out.push_back(static_cast<uint64_t>(
        must(connection.query(fmt::format("SELECT text_hash('r{}') AS h", r))).integers("h")[0]));
  return out;
}

TEST(Sequences, AreEveryCustomersEventsInOrder) {
  std::vector<Row> rows = random_rows();
  Loaded loaded(rows, 1);
  auto hash = hashes(loaded.connection);
  std::sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) { return a.key(hash) < b.key(hash); });
  std::vector<int32_t> receipts;  // of each row
  std::map<std::tuple<size_t, int32_t, uint64_t, Action>, int32_t> number;
  std::map<size_t, int32_t> next;
  for (const Row& row : rows) {
    bool in_receipt = row.action == Action::purchase || row.action == Action::cancel ||
                      row.action == Action::partner_use || row.action == Action::pay;
    std::tuple receipt(row.customer, to_date(Timestamp{row.micros}).days, row.receipt, row.action);
    if (in_receipt && !number.contains(receipt)) number[receipt] = next[row.customer]++;
    receipts.push_back(in_receipt ? number[receipt] : -1);
  }

  for (uint64_t seed : {1, 2}) {
    Loaded store(rows, seed);
    SequenceIndex index = must(index_sequences(store.connection));
    std::set<std::tuple<Action, std::string, std::string>> seen;
    for (const Row& row : rows)
      seen.emplace(row.action, outlets[row.outlet].first, outlets[row.outlet].second);
    std::vector<std::tuple<Action, std::string, std::string>> listed;
    for (const Place& place : index.places) listed.emplace_back(place.action, place.partner, place.channel);
    EXPECT_EQ(listed, (std::vector(seen.begin(), seen.end()))) << "those that events have, ascending";

    for (size_t step : {size_t{40}, size_t{7}, size_t{1}}) {  // customers at a time
      size_t at = 0;
      for (size_t first = 0; first < index.customers(); first += step) {
        size_t end = std::min(first + step, index.customers());
        auto events = must(load_sequences(store.connection, index, first, end));
        std::span start = std::span(index.start).subspan(first, end - first + 1);
        SequenceRange range(first, start, {events.get(), start.back() - start.front()});
        for (size_t c = first; c < end; ++c)
          for (const Event& event : range.of(c)) {
            ASSERT_LT(at, rows.size());
            const Row& row = rows[at];
            auto [seconds, product, store_at, place] =
                std::tuple(event.ts_seconds, event.product_no, event.store_no,
                           index.places[static_cast<size_t>(event.place)]);
            auto item = [](const std::vector<size_t>& items, int32_t no, size_t none) {
              return no < 0 ? none : items[static_cast<size_t>(no)];
            };
            EXPECT_EQ(c, row.customer);
            EXPECT_EQ(seconds * micros_per_second + row.micros % micros_per_second +
                          (row.micros % micros_per_second < 0 ? micros_per_second : 0),
                      row.micros);
            EXPECT_EQ(event.day(), to_date(Timestamp{row.micros}));
            EXPECT_EQ(item(store.product_at, product, products.size()), row.product);
            EXPECT_EQ(item(store.store_at, store_at, stores.size()), row.store);
            EXPECT_EQ(place.action, row.action);
            EXPECT_EQ(place.partner, outlets[row.outlet].first);
            EXPECT_EQ(place.channel, outlets[row.outlet].second);
            EXPECT_EQ(event.amount, row.amount * Money::scale);
            EXPECT_EQ(event.receipt, receipts[at]) << "row " << at;
            ++at;
          }
        Date from{-3}, until{4};
        for (size_t c = first; c < end; ++c) {
          auto all = range.of(c), some = range.of(c, from, until);
          auto expected = std::count_if(all.begin(), all.end(),
                                        [&](const Event& e) { return from <= e.day() && e.day() < until; });
          EXPECT_EQ(static_cast<int64_t>(some.size()), expected);
          for (const Event& event : some) EXPECT_TRUE(from <= event.day() && event.day() < until);
        }
      }
      EXPECT_EQ(at, rows.size());
    }
  }
}

TEST(Sequences, ReceiptsAreHandedOutWholeWhateverLiesBetween) {
  auto event = [](int64_t seconds, int32_t receipt) { return Event{0, seconds, receipt, 0, -1, -1}; };
  auto receipts_of = [](const std::vector<Event>& events) {
    std::vector<std::vector<int64_t>> out;
    each_receipt(events, [&](std::span<const Event> receipt) {
      out.emplace_back();
      for (const Event& e : receipt) out.back().push_back(e.ts_seconds);
    });
    return out;
  };
  using Receipts = std::vector<std::vector<int64_t>>;
  EXPECT_EQ(receipts_of({}), Receipts());
  EXPECT_EQ(receipts_of({event(1, 4), event(2, 4), event(3, 5)}), (Receipts{{1, 2}, {3}}));
  EXPECT_EQ(receipts_of({event(1, 0), event(2, 1), event(3, 0)}), (Receipts{{1, 3}, {2}}));
  EXPECT_EQ(receipts_of({event(1, -1), event(2, 7)}), (Receipts{{2}})) << "a view, then a purchase";
  EXPECT_EQ(receipts_of({event(1, 7), event(2, -1), event(3, 7)}), (Receipts{{1, 3}}));
  EXPECT_EQ(receipts_of({event(1, -1)}), Receipts());
}

TEST(Sequences, RangesAreAsLongAsTheMemoryAllows) {
  SequenceIndex index;
  index.start = {0, 1'000, 2'000, 2'000, 12'000};
  EXPECT_EQ(index.end_of_range(0, 1 << 30), 4u);
  EXPECT_EQ(index.end_of_range(0, 0), 0u);
  EXPECT_EQ(index.end_of_range(0, 79'000), 1u) << "an event takes 40 bytes while it is loaded";
  EXPECT_EQ(index.end_of_range(0, 100'000), 3u) << "one who did nothing takes next to nothing";
  EXPECT_EQ(index.end_of_range(3, 100'000), 3u) << "10,000 events do not fit";
}

TEST(Sequences, WhatTheStoreDoesNotKnowIsDamage) {
  for (const char* damage : {"DELETE FROM raw.outlet WHERE partner IS NULL AND channel = 'web'",
                             "DELETE FROM raw.customer WHERE customer_no > 20",
                             "UPDATE raw.event SET product_no = 99 WHERE product_no = 1",
                             "UPDATE raw.event SET store_no = -7 WHERE store_no = 1"}) {
    Loaded loaded(random_rows(), 1);
    must(loaded.connection.execute(damage));
    auto index = index_sequences(loaded.connection);
    auto seen = index ? code(load_sequences(loaded.connection, *index, 0, index->customers())) : code(index);
    EXPECT_EQ(seen, Code::corrupt) << damage;
  }
}

}  // namespace
}  // namespace danggol::features
