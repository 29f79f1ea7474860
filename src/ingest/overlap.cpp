#include "ingest/overlap.h"

#include <fmt/format.h>

#include "base/units.h"
#include "ingest/overlap.sql.h"
#include "ingest/settle.sql.h"

namespace danggol::ingest {
namespace {

// The temporary table `shared`: of the events of the new loads those that another load has. Only where days
// of loads overlap there can be any, and only among actions that both have.
Result<bool> find_shared(store::Connection& connection, int64_t first_load) {
  Table days = TRY(connection.query(
      "SELECT min(greatest(a.first_day, b.first_day)) AS first, max(least(a.last_day, b.last_day)) AS last "
      "FROM raw.load a JOIN raw.load b ON a.load_no >= $first AND b.load_no < a.load_no "
      "AND a.first_day <= b.last_day AND b.first_day <= a.last_day",
      {{"first", first_load}}));
  if (days["first"].is_null(0)) return false;
  Bindings window = {{"first", first_load},
                     {"from", to_timestamp(Date{static_cast<int32_t>(days.integers("first")[0])})},
                     {"until", to_timestamp(Date{static_cast<int32_t>(days.integers("last")[0]) + 1})}};
  TRY(
      connection.execute("CREATE OR REPLACE TEMP TABLE shared_action AS SELECT action FROM loaded "
                         "WHERE ts >= $from AND ts < $until GROUP BY action "
                         "HAVING min(source) <> max(source) AND max(source) >= $first",
                         window));
  if (TRY(connection.integer("SELECT count(*) FROM shared_action")) == 0) return false;
  TRY(
      connection.execute("CREATE OR REPLACE TEMP TABLE shared AS SELECT customer_no, ts, rest FROM loaded "
                         "WHERE ts >= $from AND ts < $until AND action IN (FROM shared_action) "
                         "GROUP BY customer_no, ts, rest "
                         "HAVING min(source) <> max(source) AND max(source) >= $first",
                         window));
  return TRY(connection.integer("SELECT count(*) FROM shared")) > 0;
}

Status move(store::Connection& connection) {
  return connection.execute(
      "INSERT INTO raw.repeated SELECT e.* FROM raw.event e SEMI JOIN (FROM moving WHERE NOT is_aside) USING "
      "(event_id) ORDER BY event_id;"
      "INSERT INTO raw.event SELECT r.* FROM raw.repeated r SEMI JOIN (FROM moving WHERE is_aside) USING "
      "(event_id) "
      "ORDER BY event_id;"
      "DELETE FROM raw.event WHERE event_id IN (SELECT event_id FROM moving WHERE NOT is_aside);"
      "DELETE FROM raw.repeated WHERE event_id IN (SELECT event_id FROM moving WHERE is_aside);"
      "DROP TABLE shared; DROP TABLE candidate; DROP TABLE counted; DROP TABLE target; DROP TABLE moving");
}

// "a.csv: 3 of its 5 events are in the store already ...", and the choices. To put the file in an earlier
// load's place is one only where its days hold all of that one's.
Status refusal(store::Connection& connection) {
  Table first = TRY(connection.query(
      "SELECT source, sum(aside)::BIGINT AS rows, min(ts)::DATE AS first, max(ts)::DATE AS last FROM target "
      "GROUP BY source ORDER BY source LIMIT 1"));
  Table said = TRY(connection.query(
      "SELECT l.file, l.rows_loaded, e.load_no AS earlier_no, e.file AS earlier_file, "
      "l.first_day <= e.first_day AND e.last_day <= l.last_day AS holds_it FROM raw.load l, raw.load e "
      "WHERE l.load_no = $load AND e.load_no = (SELECT c.source FROM counted c JOIN target t USING "
      "(customer_no, ts, rest) WHERE t.source = $load AND c.source < $load GROUP BY c.source "
      "ORDER BY sum(c.n) DESC, c.source LIMIT 1)",
      {{"load", first.integers("source")[0]}}));
  auto day = [&](const char* name) { return to_text(Date{static_cast<int32_t>(first.integers(name)[0])}); };
  int64_t earlier = said.integers("earlier_no")[0];
  std::string in_its_place = said.integers("holds_it")[0] != 0
                                 ? fmt::format(", or --replace={} if the file corrects that load", earlier)
                                 : "";
  return Error{Code::conflict,
               fmt::format("{}: {} of its {} events are in the store already, {} to {} (load {}, {}); give "
                           "--on-overlap=skip to leave them out, keep to count them twice{}",
                           said.texts("file")[0], grouped(first.integers("rows")[0]),
                           grouped(said.integers("rows_loaded")[0]), day("first"), day("last"), earlier,
                           said.texts("earlier_file")[0], in_its_place)};
}

}  // namespace

Result<std::vector<std::pair<int64_t, int64_t>>> settle_overlap(store::Connection& connection,
                                                                int64_t first_load, OnOverlap choice) {
  std::vector<std::pair<int64_t, int64_t>> aside;
  if (choice == OnOverlap::keep) return aside;
  TRY(connection.execute(sql::overlap));
  if (!TRY(find_shared(connection, first_load))) return aside;
  TRY(connection.execute(sql::settle));
  Table rows = TRY(connection.query(
      "SELECT source, sum(aside)::BIGINT AS rows FROM target GROUP BY source ORDER BY source"));
  for (size_t i = 0; i < rows.rows(); ++i)
    aside.emplace_back(rows.integers("source")[i], rows.integers("rows")[i]);
  if (choice == OnOverlap::refuse && !aside.empty()) TRY(refusal(connection));
  TRY(move(connection));
  return aside;
}

Status settle_repeated(store::Connection& connection) {
  if (TRY(connection.integer("SELECT count(*) FROM raw.repeated")) == 0) return {};
  TRY(connection.execute(sql::overlap));
  TRY(
      connection.execute("CREATE OR REPLACE TEMP TABLE shared AS SELECT DISTINCT customer_no, ts, rest FROM "
                         "loaded WHERE is_aside"));
  TRY(connection.execute(sql::settle));
  TRY(connection.execute(
      "INSERT INTO receipt_key SELECT customer_no, action, ts::DATE, text_hash(receipt_id) "
      "FROM raw.repeated SEMI JOIN moving USING (event_id)"));
  return move(connection);
}

}  // namespace danggol::ingest
