#include "ingest/zone.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>

#include "store/database.h"

namespace danggol::ingest {
namespace {

// The days on which clocks change, and the minute: noon to noon first, then within the day.
constexpr const char* changes_sql = R"(
WITH day AS (
  SELECT second, epoch_us(timezone($zone, to_timestamp(second))) - second * 1000000 AS clock
  FROM (SELECT unnest(range(-2208988800, 4102444800, 86400)) AS second)),
changed AS (
  SELECT second FROM (SELECT second, clock <> lead(clock) OVER (ORDER BY second) AS changes FROM day) WHERE changes),
minute AS (
  SELECT second, epoch_us(timezone($zone, to_timestamp(second))) - second * 1000000 AS clock
  FROM (SELECT second + unnest(range(0, 86401, 60)) AS second FROM changed))
SELECT second, clock
FROM (SELECT second, clock, lag(clock) OVER (ORDER BY second) AS before FROM minute)
WHERE clock <> before
UNION ALL SELECT min(second), arg_min(clock, second) FROM day
ORDER BY second)";

}  // namespace

Result<std::shared_ptr<const Zone>> Zone::read(const std::string& name) {
  auto database = TRY(store::Database::in_memory());
  auto connection = TRY(database.connect());
  int64_t is_known = TRY(
      connection.integer("SELECT count(*) FROM pg_timezone_names() WHERE name = $zone", {{"zone", name}}));
  if (is_known == 0)
    return Error{
        Code::bad_input,
        fmt::format("zone={}: must be the name of a time zone, such as Asia/Seoul or Europe/Berlin", name)};
  Table changes = TRY(connection.query(changes_sql, {{"zone", name}}));
  auto zone = std::make_shared<Zone>();
  for (size_t i = 0; i < changes.rows(); ++i)
    zone->changes_.push_back(
        {changes.integers("second")[i] * micros_per_second, changes.integers("clock")[i]});
  zone->changes_.front().from = std::numeric_limits<int64_t>::min();
  return std::shared_ptr<const Zone>(std::move(zone));
}

Result<std::shared_ptr<const Zone>> Zone::named(const std::string& name) {
  static std::mutex mutex;
  static std::map<std::string, Result<std::shared_ptr<const Zone>>> zones;
  constexpr size_t most_names = 1'000;  // of those that a file makes up
  std::lock_guard lock(mutex);
  if (auto found = zones.find(name); found != zones.end()) return found->second;
  if (zones.size() >= most_names)
    return Error{Code::bad_input, fmt::format("zone={}: more than {} names of zones", name, most_names)};
  return zones.emplace(name, read(name)).first->second;
}

Timestamp Zone::local(Timestamp utc) const {
  auto after = std::upper_bound(changes_.begin(), changes_.end(), utc.micros,
                                [](int64_t at, const Change& change) { return at < change.from; });
  return {utc.micros + std::prev(after)->offset};
}

Timestamp Zone::utc(Timestamp local) const {
  for (const Change& change : changes_) {
    int64_t until = &change == &changes_.back() ? std::numeric_limits<int64_t>::max() : (&change + 1)->from;
    if (local.micros - change.offset < until) return {local.micros - change.offset};
  }
  return local;
}

}  // namespace danggol::ingest
