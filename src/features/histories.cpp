#include "features/histories.h"

#include <algorithm>
#include <atomic>
#include <tuple>

#include "base/assert.h"
#include "base/parallel.h"
#include "features/history_line.sql.h"
#include "features/history_place.sql.h"

namespace danggol::features {
namespace {

Action action_of(std::string_view name) {
  constexpr std::string_view names[] = {"cancel", "partner_use", "pay", "purchase"};
  auto at = std::find(std::begin(names), std::end(names), name);
  DANGGOL_ASSERT(at != std::end(names));
  return static_cast<Action>(at - std::begin(names));
}

// history_place holds the places; here they are read.
Result<std::vector<Place>> read_places(store::Connection& connection) {
  TRY(connection.execute(sql::history_place));
  Table rows = TRY(connection.query("SELECT action, partner, channel FROM history_place ORDER BY place"));
  std::vector<Place> places;
  for (size_t i = 0; i < rows.rows(); ++i)
    places.push_back(
        {action_of(rows.texts("action")[i]), rows.texts("partner")[i], rows.texts("channel")[i]});
  return places;
}

// Where each customer's lines begin.
Result<std::vector<size_t>> count_lines(store::Connection& connection) {
  Table rows =
      TRY(connection.query("SELECT customer_no, sum(lines)::BIGINT AS lines FROM receipt GROUP BY "
                           "customer_no ORDER BY customer_no"));
  const auto &customers = rows.integers("customer_no"), &lines = rows.integers("lines");
  std::vector<size_t> start(customers.empty() ? 1 : static_cast<size_t>(customers.back()) + 2, 0);
  for (size_t i = 0; i < rows.rows(); ++i)
    start[static_cast<size_t>(customers[i]) + 1] = static_cast<size_t>(lines[i]);
  for (size_t c = 1; c < start.size(); ++c) start[c] += start[c - 1];
  return start;
}

}  // namespace

Result<Histories> load_histories(store::Connection& connection) {
  Histories out;
  out.places = TRY(read_places(connection));
  out.start = TRY(count_lines(connection));
  size_t customers = out.customers(), rows = out.start.back();
  out.lines = std::make_unique_for_overwrite<Line[]>(rows);
  std::vector<std::atomic<size_t>> next(customers);
  for (size_t c = 0; c < customers; ++c) next[c].store(out.start[c], std::memory_order_relaxed);

  TRY(connection.scan(sql::history_line, {}, [&](const store::Vectors& in) {
    auto customer = in.values<int32_t>(0), day = in.values<int32_t>(1), place = in.values<int32_t>(2);
    auto receipt = in.values<uint64_t>(3);
    auto amount = in.values<int64_t>(4);
    auto product = in.values<int32_t>(5), store = in.values<int32_t>(6);
    for (size_t i = 0; i < in.rows(); ++i) {
      size_t c = static_cast<size_t>(customer[i]);
      size_t at = next[c].fetch_add(1, std::memory_order_relaxed);
      DANGGOL_ASSERT(at < out.start[c + 1]);
      out.lines[at] = {amount[i], receipt[i], day[i], place[i], product[i], store[i]};
    }
  }));

  auto key = [](const Line& l) {
    return std::tie(l.day, l.receipt, l.place, l.product_no, l.store_no, l.amount);
  };
  parallel_for(customers, [&](size_t c) {
    DANGGOL_ASSERT(next[c].load(std::memory_order_relaxed) == out.start[c + 1]);
    std::sort(out.lines.get() + out.start[c], out.lines.get() + out.start[c + 1],
              [&](const Line& a, const Line& b) { return key(a) < key(b); });
  });
  return out;
}

}  // namespace danggol::features
