#include "ingest/removal.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "ingest/overlap.h"
#include "ingest/properties.h"

namespace danggol::ingest {
namespace {

// What rows name by a number: raw.NAME has NAME_no, and so have these tables.
struct Numbered {
  std::string name;
  std::vector<const char*> tables;
  bool has_properties = true;
};
const std::vector<Numbered>& all_numbered() {
  static const std::vector<Numbered> all = {
      {"customer", {"raw.event", "raw.repeated", "raw.exposure", "feature.receipt"}},
      {"product", {"raw.event", "raw.repeated"}},
      {"store", {"raw.event", "raw.repeated"}},
      {"outlet", {"raw.event", "raw.repeated"}, false}};
  return all;
}

// The temporary tables `leaving_NAME` (number): whom rows speak of that go.
Status note_leaving(store::Connection& connection, const Removal& removal) {
  for (const Numbered& kind : all_numbered()) {
    std::string select;
    for (const char* table : {"raw.event", "raw.repeated"})
      select +=
          fmt::format("SELECT {}_no AS number FROM {} WHERE {} UNION ", kind.name, table, removal.events);
    if (kind.name == "customer")
      select += fmt::format("SELECT customer_no FROM raw.exposure WHERE {} UNION ", removal.exposures);
    select += fmt::format("SELECT number FROM raw.property WHERE about = '{}' AND {}", kind.name,
                          removal.properties);
    TRY(connection.execute(fmt::format(
        "CREATE OR REPLACE TEMP TABLE leaving_{} AS FROM ({}) WHERE number IS NOT NULL", kind.name, select)));
  }
  return {};
}

// Gives the numbers of `gone` (number) to the last ones that stay.
Status close_gaps(store::Connection& connection, const Numbered& kind) {
  TRY(connection.execute(fmt::format(
      R"(DELETE FROM raw.{0} WHERE {0}_no IN (FROM gone);
         CREATE OR REPLACE TEMP TABLE renumbered AS
         WITH
         free AS (
           SELECT number, row_number() OVER (ORDER BY number) AS place FROM gone
           WHERE number < (SELECT count(*) FROM raw.{0})),
         last AS (
           SELECT {0}_no AS number, row_number() OVER (ORDER BY {0}_no) AS place FROM raw.{0}
           WHERE {0}_no >= (SELECT count(*) FROM raw.{0}))
         SELECT last.number AS before, free.number AS after FROM last JOIN free USING (place))",
      kind.name)));
  if (TRY(connection.integer("SELECT count(*) FROM renumbered")) == 0) return {};
  auto renumber = [&](std::string_view table, std::string_view column, std::string_view where) {
    return connection.execute(fmt::format("UPDATE {0} SET {1} = after FROM renumbered WHERE {1} = before{2}",
                                          table, column, where));
  };
  TRY(renumber("raw." + kind.name, kind.name + "_no", ""));
  for (const char* table : kind.tables) TRY(renumber(table, kind.name + "_no", ""));
  return renumber("raw.property", "number", fmt::format(" AND about = '{}'", kind.name));
}

// Those of whom no row speaks any more go.
Status drop_unmentioned(store::Connection& connection, const Numbered& kind) {
  std::string left = fmt::format("FROM leaving_{}", kind.name);
  for (const char* table : kind.tables)
    left = fmt::format("FROM ({}) ANTI JOIN (SELECT {}_no AS number FROM {}) USING (number)", left, kind.name,
                       table);
  left =
      fmt::format("FROM ({}) ANTI JOIN (SELECT number FROM raw.property WHERE about = '{}') USING (number)",
                  left, kind.name);
  TRY(connection.execute(
      fmt::format("CREATE OR REPLACE TEMP TABLE gone AS {}; DROP TABLE leaving_{}", left, kind.name)));
  return TRY(connection.integer("SELECT count(*) FROM gone")) == 0 ? Status() : close_gaps(connection, kind);
}

// How often the rows of a load say something of a product follows the rows there are. Whose words they were
// is not known: what no more rows said than are gone (`gone`) may have been theirs alone, and goes; the
// others are said no more often than there are rows, of several values each in proportion. The temporary
// table `thinned` (load_no, number, gone) holds the products by load of which rows are gone.
Status tell_less(store::Connection& connection) {
  return connection.execute(R"(
    CREATE OR REPLACE TEMP TABLE fewer AS
    WITH
    there AS (
      SELECT source AS load_no, product_no AS number, count(*) AS there
      FROM (SELECT source, product_no FROM raw.event UNION ALL SELECT source, product_no FROM raw.repeated)
      SEMI JOIN thinned ON load_no = source AND number = product_no GROUP BY ALL),
    said AS (
      SELECT load_no, number, name, gone, coalesce(sum(rows) FILTER (rows > gone), 0) AS said
      FROM raw.property JOIN thinned USING (load_no, number)
      WHERE about = 'product' AND rows IS NOT NULL GROUP BY ALL)
    SELECT load_no, number, name, gone, said, coalesce(there, 0) AS there
    FROM said LEFT JOIN there USING (load_no, number);
    DELETE FROM raw.property p USING fewer f
    WHERE p.about = 'product' AND p.rows IS NOT NULL AND (there = 0 OR p.rows <= gone) AND
          p.load_no = f.load_no AND p.number = f.number AND p.name = f.name;
    UPDATE raw.property p SET rows = ceil(p.rows * there / said)::BIGINT FROM fewer f
    WHERE p.about = 'product' AND p.rows IS NOT NULL AND there < said AND
          p.load_no = f.load_no AND p.number = f.number AND p.name = f.name;
    DROP TABLE fewer; DROP TABLE thinned)");
}

Status tell_of_leaving(store::Connection& connection) {
  for (const DimensionShape& shape : dimension_shapes()) {
    TRY(connection.execute(
        fmt::format("CREATE OR REPLACE TEMP TABLE touched AS SELECT number FROM leaving_{}", shape.table)));
    (void)TRY(tell_anew(connection, shape));
  }
  return {};
}

// Of those of the temporary tables `leaving_NAME` what is known is told anew, and whom nothing names any more
// go.
Status settle_leaving(store::Connection& connection) {
  TRY(tell_of_leaving(connection));
  for (const Numbered& kind : all_numbered()) TRY(drop_unmentioned(connection, kind));
  return connection.execute(
      "DROP TABLE IF EXISTS gone; DROP TABLE IF EXISTS renumbered; DROP TABLE touched; DROP TABLE known; "
      "DROP TABLE changed");
}

// The days of the loads whose rows became fewer.
Status renew_days(store::Connection& connection, std::string_view which) {
  return connection.execute(fmt::format(
      "UPDATE raw.load l SET first_day = NULL, last_day = NULL WHERE {0};"
      "UPDATE raw.load l SET first_day = d.first_day, last_day = d.last_day FROM ("
      "SELECT source AS load_no, min(ts)::DATE AS first_day, max(ts)::DATE AS last_day FROM ("
      "SELECT source, ts FROM raw.event UNION ALL SELECT source, ts FROM raw.repeated "
      "UNION ALL SELECT source, ts FROM raw.exposure) GROUP BY source) d WHERE l.load_no = d.load_no AND {0}",
      which));
}

}  // namespace

Status take_out(store::Connection& connection, const Removal& removal,
                const std::function<Status(store::Connection&)>& renew_receipts) {
  TRY(note_leaving(connection, removal));
  TRY(connection.execute(fmt::format(
      "CREATE OR REPLACE TEMP TABLE thinned AS SELECT source AS load_no, product_no AS number, count(*) AS "
      "gone "
      "FROM (SELECT source, product_no FROM raw.event WHERE {0} UNION ALL SELECT source, product_no FROM "
      "raw.repeated WHERE {0}) WHERE product_no IS NOT NULL GROUP BY ALL",
      removal.events)));
  TRY(connection.execute(fmt::format(
      "CREATE OR REPLACE TEMP TABLE receipt_key AS SELECT DISTINCT customer_no, action, ts::DATE AS day, "
      "text_hash(receipt_id) AS receipt FROM raw.event WHERE {}",
      removal.events)));
  TRY(connection.execute(fmt::format(
      "DELETE FROM raw.detail WHERE {4}; DELETE FROM raw.event WHERE {0}; DELETE FROM raw.repeated "
      "WHERE {0}; DELETE FROM raw.exposure WHERE {1}; DELETE FROM raw.reject WHERE {2}; DELETE FROM "
      "raw.property WHERE {3}",
      removal.events, removal.exposures, removal.rejects, removal.properties, removal.details)));
  TRY(tell_less(connection));
  TRY(settle_repeated(connection));
  TRY(renew_receipts(connection));
  TRY(settle_leaving(connection));

  return connection.execute("DROP TABLE receipt_key");
}

Status settle_left_out(store::Connection& connection, int64_t first_load) {
  TRY(tell_less(connection));
  for (const Numbered& kind : all_numbered())
    TRY(connection.execute(fmt::format(
        "CREATE OR REPLACE TEMP TABLE leaving_{0} AS SELECT {0}_no AS number FROM raw.{0}", kind.name)));
  TRY(settle_leaving(connection));
  return renew_days(connection, fmt::format("l.load_no >= {}", first_load));
}

Status remove_customers(store::Connection& connection,
                        const std::function<Status(store::Connection&)>& renew_receipts) {
  TRY(connection.execute(
      "CREATE OR REPLACE TEMP TABLE theirs AS SELECT load_no, count(*) AS rows FROM ("
      "SELECT source AS load_no FROM raw.event WHERE event_id IN (FROM going_event) UNION ALL "
      "SELECT source FROM raw.repeated WHERE event_id IN (FROM going_event) UNION ALL "
      "SELECT source FROM raw.exposure WHERE customer_no IN (FROM going) UNION ALL "
      "SELECT load_no FROM raw.property WHERE about = 'customer' AND name IS NULL AND number IN (FROM "
      "going)) "
      "GROUP BY load_no"));
  TRY(take_out(connection, of_customers, renew_receipts));
  TRY(connection.execute(
      "UPDATE raw.load l SET rows_read = rows_read - t.rows, rows_loaded = rows_loaded - t.rows "
      "FROM theirs t WHERE l.load_no = t.load_no"));
  TRY(renew_days(connection, "l.load_no IN (SELECT load_no FROM theirs)"));
  return connection.execute("DROP TABLE theirs");
}

Status unload(store::Connection& connection, const std::vector<int64_t>& loads,
              const std::function<Status(store::Connection&)>& renew_receipts) {
  Table known = TRY(connection.query("SELECT load_no FROM raw.load ORDER BY load_no"));
  const auto& numbers = known.integers("load_no");
  TRY(connection.execute("CREATE OR REPLACE TEMP TABLE going (number INTEGER)"));
  for (int64_t load : loads) {
    if (!std::binary_search(numbers.begin(), numbers.end(), load))
      return Error{Code::not_found,
                   fmt::format("load {}: not in the store; danggol loads names those there are", load)};
    TRY(connection.execute("INSERT INTO going VALUES ($load)", {{"load", load}}));
  }
  TRY(take_out(connection, of_loads, renew_receipts));
  return connection.execute("DELETE FROM raw.load WHERE load_no IN (FROM going); DROP TABLE going");
}

}  // namespace danggol::ingest
