#include "features/histories.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <tuple>

#include "base/assert.h"
#include "base/parallel.h"
#include "features/history_line.sql.h"

namespace danggol::features {
namespace {

// The places of the lines, by what a line says: one for each outlet and action, whether or not any line has
// it.
class Places {
 public:
  static Result<Places> of(store::Connection& connection) {
    Places out;
    Table outlets =
        TRY(connection.query("SELECT outlet_no, partner, channel FROM outlet ORDER BY outlet_no"));
    out.partner_ = outlets.texts("partner"), out.channel_ = outlets.texts("channel");
    out.seen_ = std::vector<std::atomic<bool>>(outlets.rows() * action_names.size());
    return out;
  }
  // Of a line; -1 where there is no such outlet. From any thread.
  int32_t number(Action action, int32_t outlet_no) {
    size_t at = static_cast<size_t>(outlet_no) * action_names.size() + static_cast<size_t>(action);
    if (outlet_no < 0 || at >= seen_.size()) return -1;
    if (!seen_[at].load(std::memory_order_relaxed)) seen_[at].store(true, std::memory_order_relaxed);
    return static_cast<int32_t>(at);
  }
  // Those that lines have, in their order, and the place of each number in it.
  std::vector<Place> sorted(std::vector<int32_t>& place_of) const {
    std::vector<size_t> numbers;
    for (size_t at = 0; at < seen_.size(); ++at)
      if (seen_[at]) numbers.push_back(at);
    auto action = [](size_t at) { return static_cast<Action>(at % action_names.size()); };
    auto outlet = [](size_t at) { return at / action_names.size(); };
    auto key = [&](size_t at) {
      return std::tuple(action(at), std::string_view(partner_[outlet(at)]),
                        std::string_view(channel_[outlet(at)]));
    };
    std::sort(numbers.begin(), numbers.end(), [&](size_t a, size_t b) { return key(a) < key(b); });
    std::vector<Place> places;
    place_of.resize(seen_.size());
    for (size_t at : numbers) {
      place_of[at] = static_cast<int32_t>(places.size());
      places.push_back({action(at), partner_[outlet(at)], channel_[outlet(at)]});
    }
    return places;
  }

 private:
  std::vector<std::string> partner_, channel_;  // by outlet
  std::vector<std::atomic<bool>> seen_;         // [outlet][action]
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

  Places places = TRY(Places::of(connection));
  std::atomic<bool> fits = true;  // a store may have been altered by hand
  TRY(connection.scan(sql::history_line, {}, [&](const store::Vectors& in) {
    auto customer = in.values<int32_t>(0);
    auto ts = in.values<int64_t>(1), amount = in.values<int64_t>(3);
    auto receipt = in.values<uint64_t>(2);
    auto product = in.values<int32_t>(4), store = in.values<int32_t>(5);
    auto action = in.values<Action>(6);
    auto outlet = in.values<int32_t>(7);
    for (size_t i = 0; i < in.rows(); ++i) {
      if (!has_receipt(action[i])) continue;
      int32_t place = places.number(action[i], outlet[i]);
      auto c = static_cast<size_t>(customer[i]);
      size_t at = c < customers ? next[c].fetch_add(1, std::memory_order_relaxed) : rows;
      if (place < 0 || c >= customers || at >= out.start[c + 1]) {
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
  out.places = places.sorted(place_of);
  parallel_for(customers, [&](size_t c) {
    std::span<Line> lines(out.lines.get() + out.start[c], out.lines.get() + out.start[c + 1]);
    for (Line& line : lines) line.place = place_of[static_cast<size_t>(line.place)];
    sort_lines(lines);
  });
  return out;
}

}  // namespace danggol::features
