#include "store/layout.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>

#include "store/broken.sql.h"
#include "store/layout.sql.h"
#include "store/migrations/from_0_1_0.sql.h"
#include "store/migrations/layout_0_1_0.sql.h"

namespace danggol::store {
namespace {

// Raised whenever layout.sql changes what is there already. A change of what was released brings a migration.
constexpr int64_t layout_version = 9, layout_0_1_0 = 2;
constexpr const char* application = "danggol";

// The tables of a catalogue as DuckDB writes them out: names, types, defaults, everything.
Result<Table> tables_of(Connection& connection, const std::string& catalogue_name) {
  return connection.query(
      "SELECT schema_name || '.' || table_name AS name, sql FROM duckdb_tables() WHERE database_name = "
      "$catalogue ORDER BY name",
      {{"catalogue", catalogue_name}});
}

// What a layout makes, by making it beside the store.
Result<Table> expected_tables(Connection& connection, Format format) {
  TRY(connection.execute("ATTACH ':memory:' AS layout; USE layout"));
  TRY(connection.execute(format == Format::current ? sql::layout : sql::layout_0_1_0));
  Table tables = TRY(tables_of(connection, "layout"));
  TRY(connection.execute("USE memory; DETACH layout"));
  return tables;
}

Status fill_empty(Connection& connection) {
  TRY(connection.execute(sql::layout));
  return connection.execute("INSERT INTO run.store VALUES ($application, $layout, 0, false)",
                            {{"application", std::string(application)}, {"layout", layout_version}});
}

// The rows of kept runs.
Status copy_histories(Connection& connection) {
  Table histories =
      TRY(connection.query("SELECT table_name FROM duckdb_tables() WHERE database_name = 'danggol' AND "
                           "schema_name = 'history'"));
  for (const std::string& name : histories.texts("table_name"))
    TRY(
        connection.execute(fmt::format("CREATE TABLE fresh.history.{0} AS FROM danggol.history.{0} SEMI "
                                       "JOIN fresh.run.kept USING (run_id)",
                                       identifier(name))));
  return {};
}

}  // namespace

Status create_layout(Connection& connection) {
  TRY(connection.execute("USE danggol"));
  // each statement by itself would wait for the disk
  TRY(connection.together([&] { return fill_empty(connection); }, &Connection::commit_in_memory));
  TRY(connection.checkpoint());
  return connection.execute("USE memory");
}

Result<Format> format_of(Connection& connection, const std::string& path) {
  int64_t marks = TRY(connection.integer(
      "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'danggol' AND schema_name = 'run' AND "
      "table_name = 'store'"));
  if (marks == 0)
    return Error{Code::refused,
                 fmt::format("store {}: a DuckDB file, but not a danggol store; name another file", path)};
  auto version = connection.integer("SELECT max(layout) FROM danggol.run.store");
  if (version && *version == layout_version) return Format::current;
  if (version && *version == layout_0_1_0) return Format::v0_1_0;
  return Error{Code::conflict, fmt::format("store {}: made by another version of danggol (layout {}, this "
                                           "one has {}); import into a new store",
                                           path, version ? *version : 0, layout_version)};
}

Status check_tables(Connection& connection, Format format, const std::string& path) {
  Table found = TRY(tables_of(connection, "danggol"));
  const auto& names = found.texts("name");
  auto definition = [&](const std::string& name) {
    auto at = std::lower_bound(names.begin(), names.end(), name);
    return at == names.end() || *at != name ? std::string()
                                            : found.texts("sql")[static_cast<size_t>(at - names.begin())];
  };
  // results are views, everything else is tables
  Table strange = TRY(connection.query(
      "SELECT schema_name || '.' || view_name AS name FROM duckdb_views() WHERE database_name = 'danggol' "
      "AND "
      "schema_name IN ('raw', 'feature', 'model', 'history', 'run') UNION ALL SELECT schema_name || '.' || "
      "table_name FROM duckdb_tables() WHERE database_name = 'danggol' AND schema_name = 'result' ORDER BY "
      "ALL"));
  Table expected = TRY(expected_tables(connection, format));
  if (strange.rows() > 0)
    return Error{Code::corrupt, fmt::format("store {}: {} is not danggol's; restore the file", path,
                                            strange.texts("name")[0])};
  for (size_t i = 0; i < expected.rows(); ++i)
    if (definition(expected.texts("name")[i]) != expected.texts("sql")[i])
      return Error{Code::corrupt, fmt::format("store {}: {} is not the table danggol made; restore the file",
                                              path, expected.texts("name")[i])};
  return {};
}

Status migrate(Connection& connection, Format from) {
  DANGGOL_ASSERT(from == Format::v0_1_0);
  auto copy = [&]() -> Status {
    TRY(connection.execute("USE fresh"));
    TRY(fill_empty(connection));
    TRY(connection.execute(sql::from_0_1_0));
    TRY(copy_histories(connection));
    return connection.execute("USE memory");
  };
  return connection.together(copy, &Connection::commit_in_memory);
}

Status copy_rows(Connection& connection) {
  auto copy = [&]() -> Status {
    TRY(connection.execute("USE fresh"));
    TRY(connection.execute(sql::layout));
    Table tables =
        TRY(connection.query("SELECT schema_name || '.' || table_name AS name FROM duckdb_tables() WHERE "
                             "database_name = 'fresh' ORDER BY name"));
    for (const std::string& name : tables.texts("name"))
      TRY(connection.execute(fmt::format("INSERT INTO fresh.{0} FROM danggol.{0}", name)));
    Table made = TRY(
        connection.query("SELECT table_name AS name FROM duckdb_tables() WHERE database_name = 'danggol' AND "
                         "schema_name = 'feature' AND table_name <> 'receipt'"));
    for (const std::string& name : made.texts("name"))
      TRY(connection.execute(
          fmt::format("CREATE TABLE fresh.feature.{0} AS FROM danggol.feature.{0}", identifier(name))));
    TRY(copy_histories(connection));
    return connection.execute("USE memory");
  };
  return connection.together(copy, &Connection::commit_in_memory);
}

Status check_rows(Connection& connection, const std::string& path) {
  std::string problem = TRY(connection.text(sql::broken));
  if (problem.empty()) return {};
  return Error{Code::corrupt,
               fmt::format("store {}: {}; restore the file, or import into a new store", path, problem)};
}

}  // namespace danggol::store
