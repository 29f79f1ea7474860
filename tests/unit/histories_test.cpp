// Whole histories beside the same events sorted plainly.
#include "features/histories.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/random.h"
#include "features/frame.h"
#include "must.h"

namespace danggol::features {
namespace {

TEST(Histories, AreTheEventsThatHaveAReceiptInOrder) {
  auto database = must(store::Database::open(":memory:", store::Access::read_write));
  auto connection = must(database.connect());
  const std::vector<std::pair<std::string, std::string>> outlets = {
      {"", ""}, {"나", "app"}, {"B", ""}, {"가", "app"}, {"", "web"}};  // in no order
  for (size_t o = 0; o < outlets.size(); ++o)
    must(connection.execute(
        fmt::format("INSERT INTO raw.outlet VALUES ({}, nullif('{}', ''), nullif('{}', ''))", o,
                    outlets[o].first, outlets[o].second)));

  // customer, day, receipt, action, partner, channel, product, store, amount
  using Event =
      std::tuple<size_t, int32_t, uint64_t, Action, std::string, std::string, int32_t, int32_t, int64_t>;
  std::vector<Event> expected;
  std::set<std::tuple<Action, std::string, std::string>> places;
  Random random(5, 0);
  auto hash_of = [&](uint64_t receipt) {
    Table row = must(connection.query(fmt::format("SELECT text_hash('r{}') AS h", receipt)));
    return static_cast<uint64_t>(row.integers("h")[0]);
  };
  std::vector<uint64_t> hashes;
  for (uint64_t r = 0; r < 7; ++r) hashes.push_back(hash_of(r));
  std::string rows;
  for (int i = 0; i < 3'000; ++i) {
    auto customer = static_cast<size_t>(random.below(40)),
         outlet = static_cast<size_t>(random.below(outlets.size()));
    auto action = static_cast<Action>(random.below(action_names.size()));
    if (customer % 10 == 3 || (action == Action::pay && outlet == 1))
      continue;  // nothing of him; never there
    auto day = static_cast<int32_t>(random.below(50)), product = static_cast<int32_t>(random.below(4)) - 1,
         store = static_cast<int32_t>(random.below(3)) - 1;
    uint64_t receipt = random.below(hashes.size());
    auto amount = static_cast<int64_t>(random.below(3));
    rows += fmt::format(
        "{}({}, {}, DATE '1970-01-01' + {} + TIME '{:02}:00:00', '{}', nullif({}, -1), {}, nullif({}, -1), "
        "'r{}', "
        "nullif({}, 0), 1, 0)",
        rows.empty() ? "" : ",", i, customer, day, random.below(24), name_of(action), product, outlet, store,
        receipt, amount);
    if (action != Action::purchase && action != Action::cancel && action != Action::partner_use &&
        action != Action::pay)
      continue;
    const auto& [partner, channel] = outlets[outlet];
    places.emplace(action, partner, channel);
    expected.emplace_back(customer, day, hashes[receipt], action, partner, channel, product, store,
                          amount * Money::scale);
  }
  std::sort(expected.begin(), expected.end());
  must(connection.execute("INSERT INTO raw.event VALUES " + rows));
  must(add_receipts(connection, 0));
  for (const char* view :
       {"event AS FROM raw.event", "outlet AS FROM raw.outlet", "receipt AS FROM feature.receipt"})
    must(connection.execute(fmt::format("CREATE TEMP VIEW {}", view)));

  Histories histories = must(load_histories(connection, 1 << 20));
  std::vector<Event> got;
  for (size_t c = 0; c < histories.customers(); ++c)
    for (const Line& line : histories.of(c)) {
      const Place& place = histories.place(line);
      got.emplace_back(c, line.day, line.receipt, place.action, place.partner, place.channel, line.product_no,
                       line.store_no, line.amount);
    }
  EXPECT_EQ(got, expected);
  std::vector<std::tuple<Action, std::string, std::string>> listed;
  for (const Place& place : histories.places) listed.emplace_back(place.action, place.partner, place.channel);
  EXPECT_EQ(listed, (std::vector(places.begin(), places.end()))) << "those that lines have, ascending";
  EXPECT_TRUE(histories.of(3).empty());

  EXPECT_EQ(code(load_histories(connection, 1'000)), Code::memory);
  must(connection.execute("DELETE FROM raw.outlet WHERE outlet_no = 4"));
  EXPECT_EQ(code(load_histories(connection, 1 << 20)), Code::corrupt);
}

}  // namespace
}  // namespace danggol::features
