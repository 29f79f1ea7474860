#include "features/histories.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <tuple>

#include "base/assert.h"
#include "base/parallel.h"
#include "features/history_line.sql.h"

namespace danggol::features {
namespace {

constexpr std::string_view action_names[] = {"cancel", "partner_use", "pay",
                                             "purchase"};  // as Action has them

// Numbers places as they come, from all threads.
class PlaceNumbers {
 public:
  using Names = std::array<std::string_view, 3>;  // action, partner, channel
  struct Known {
    Names names;
    int32_t number;
  };

  // The number of a place, -1 for an action without receipts; `near` is what the caller has met lately, the
  // last one first.
  int32_t of(const Names& names, std::vector<Known>& near) {
    auto at = std::find_if(near.begin(), near.end(), [&](const Known& k) { return k.names == names; });
    if (at == near.end()) {
      if (near.size() == most_near) near.pop_back();
      at = near.insert(near.end(), {names, find_or_add(names)});
    }
    std::iter_swap(near.begin(), at);
    return near.front().number;
  }
  // The places in their order, and the place of each number in it.
  std::vector<Place> sorted(std::vector<int32_t>& place_of) const {
    std::vector<Place> places;
    place_of.resize(numbers_.size());
    for (const auto& [names, number] : numbers_) {  // ascending
      place_of[static_cast<size_t>(number)] = static_cast<int32_t>(places.size());
      auto action = std::find(std::begin(action_names), std::end(action_names), names[0]);
      places.push_back({static_cast<Action>(action - std::begin(action_names)), names[1], names[2]});
    }
    return places;
  }

 private:
  static constexpr size_t most_near = 24;  // a marketplace has thousands, and few of them near each other
  using Key = std::array<std::string, 3>;
  struct Less {
    using is_transparent = void;
    static Names view(const Key& key) { return {key[0], key[1], key[2]}; }
    static const Names& view(const Names& names) { return names; }
    bool operator()(const auto& a, const auto& b) const { return view(a) < view(b); }
  };

  int32_t find_or_add(const Names& names) {
    if (std::find(std::begin(action_names), std::end(action_names), names[0]) == std::end(action_names))
      return -1;
    {
      std::shared_lock lock(mutex_);
      if (auto known = numbers_.find(names); known != numbers_.end()) return known->second;
    }
    std::unique_lock lock(mutex_);
    Key key = {std::string(names[0]), std::string(names[1]), std::string(names[2])};
    return numbers_.emplace(std::move(key), static_cast<int32_t>(numbers_.size())).first->second;
  }

  std::shared_mutex mutex_;
  std::map<Key, int32_t, Less> numbers_;
};

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

// Files are mostly in the order of time: then only the lines of each day are left to sort.
void sort_lines(std::span<Line> lines) {
  auto is_earlier = [](const Line& a, const Line& b) { return a.day < b.day; };
  if (!std::is_sorted(lines.begin(), lines.end(), is_earlier))
    std::sort(lines.begin(), lines.end(), is_earlier);
  auto key = [](const Line& l) { return std::tie(l.receipt, l.place, l.product_no, l.store_no, l.amount); };
  for (auto from = lines.begin(); from != lines.end();) {
    auto until = std::find_if(from, lines.end(), [&](const Line& line) { return line.day != from->day; });
    std::sort(from, until, [&](const Line& a, const Line& b) { return key(a) < key(b); });
    from = until;
  }
}

}  // namespace

Result<Histories> load_histories(store::Connection& connection, int64_t most_bytes) {
  Histories out;
  out.start = TRY(count_lines(connection));
  if (static_cast<int64_t>(out.bytes()) > most_bytes)
    return Error{
        Code::memory,
        fmt::format("the events of all customers take {} MB in memory: at most half of --memory; raise it "
                    "to {} MB",
                    out.bytes() >> 20, (out.bytes() >> 19) + 1)};
  size_t customers = out.customers(), rows = out.start.back();
  out.lines = std::make_unique_for_overwrite<Line[]>(rows);
  std::vector<std::atomic<size_t>> next(customers);
  for (size_t c = 0; c < customers; ++c) next[c].store(out.start[c], std::memory_order_relaxed);

  PlaceNumbers numbers;
  std::atomic<bool> fits = true;  // a store may have been altered by hand
  TRY(connection.scan(sql::history_line, {}, [&](const store::Vectors& in) {
    auto customer = in.values<int32_t>(0);
    auto ts = in.values<int64_t>(1), amount = in.values<int64_t>(3);
    auto receipt = in.values<uint64_t>(2);
    auto product = in.values<int32_t>(4), store = in.values<int32_t>(5);
    auto text = [&](int column, size_t i) {
      return in.is_null(column, i) ? std::string_view() : in.values<store::VectorText>(column)[i].view();
    };
    std::vector<PlaceNumbers::Known> near;
    for (size_t i = 0; i < in.rows(); ++i) {
      int32_t place = numbers.of({text(6, i), text(7, i), text(8, i)}, near);
      if (place < 0) continue;
      auto c = static_cast<size_t>(customer[i]);
      size_t at = c < customers ? next[c].fetch_add(1, std::memory_order_relaxed) : rows;
      if (c >= customers || at >= out.start[c + 1]) {
        fits = false;
        return;
      }
      out.lines[at] = {in.is_null(3, i) ? 0 : amount[i],   receipt[i],
                       to_date(Timestamp{ts[i]}).days,     place,
                       in.is_null(4, i) ? -1 : product[i], in.is_null(5, i) ? -1 : store[i]};
    }
  }));

  for (size_t c = 0; c < customers; ++c)
    fits = fits && next[c].load(std::memory_order_relaxed) == out.start[c + 1];
  if (!fits)
    return Error{Code::corrupt,
                 "feature.receipt: lines that are not those of raw.event; import into a new store"};

  std::vector<int32_t> place_of;
  out.places = numbers.sorted(place_of);
  parallel_for(customers, [&](size_t c) {
    std::span<Line> lines(out.lines.get() + out.start[c], out.lines.get() + out.start[c + 1]);
    for (Line& line : lines) line.place = place_of[static_cast<size_t>(line.place)];
    sort_lines(lines);
  });
  return out;
}

}  // namespace danggol::features
