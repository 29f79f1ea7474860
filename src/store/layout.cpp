#include "store/layout.h"

#include <fmt/core.h>

#include <algorithm>

#include "store/broken.sql.h"
#include "store/layout.sql.h"

namespace danggol::store {
namespace {

constexpr int64_t layout_version = 6;  // raised whenever layout.sql changes what is there already
constexpr const char* application = "danggol";

// The tables of a catalogue as DuckDB writes them out: names, types, defaults, everything.
Result<Table> tables_of(Connection& connection, const std::string& catalogue_name) {
  return connection.query(
      "SELECT schema_name || '.' || table_name AS name, sql FROM duckdb_tables() WHERE database_name = "
      "$catalogue ORDER BY name",
      {{"catalogue", catalogue_name}});
}

// What layout.sql makes, by making it beside the store.
Result<Table> expected_tables(Connection& connection) {
  TRY(connection.execute("ATTACH ':memory:' AS layout; USE layout"));
  TRY(connection.execute(sql::layout));
  Table tables = TRY(tables_of(connection, "layout"));
  TRY(connection.execute("USE memory; DETACH layout"));
  return tables;
}

}  // namespace

Status create_layout(Connection& connection) {
  TRY(connection.execute("USE danggol"));
  TRY(connection.begin());  // one: each by itself would wait for the disk
  auto outcome = connection.execute(sql::layout);
  if (outcome)
    outcome = connection.execute("INSERT INTO run.store VALUES ($application, $layout)",
                                 {{"application", std::string(application)}, {"layout", layout_version}});
  if (!outcome) {
    (void)connection.rollback();
    return outcome;
  }
  TRY(connection.commit());
  return connection.execute("USE memory");
}

Status check_tables(Connection& connection, const std::string& path) {
  Table found = TRY(tables_of(connection, "danggol"));
  const auto& names = found.texts("name");
  auto definition = [&](const std::string& name) {
    auto at = std::lower_bound(names.begin(), names.end(), name);
    return at == names.end() || *at != name ? std::string()
                                            : found.texts("sql")[static_cast<size_t>(at - names.begin())];
  };
  if (definition("run.store").empty())
    return Error{Code::refused,
                 fmt::format("store {}: a DuckDB file, but not a danggol store; name another file", path)};
  auto version = connection.integer("SELECT max(layout) FROM danggol.run.store");
  if (!version || *version != layout_version)
    return Error{Code::conflict, fmt::format("store {}: made by another version of danggol (layout {}, this "
                                             "one has {}); import into a new store",
                                             path, version ? *version : 0, layout_version)};
  // results are views, everything else is tables
  Table strange = TRY(connection.query(
      "SELECT schema_name || '.' || view_name AS name FROM duckdb_views() WHERE database_name = 'danggol' "
      "AND "
      "schema_name IN ('raw', 'feature', 'model', 'history', 'run') UNION ALL SELECT schema_name || '.' || "
      "table_name FROM duckdb_tables() WHERE database_name = 'danggol' AND schema_name = 'result' ORDER BY "
      "ALL"));
  Table expected = TRY(expected_tables(connection));
  if (strange.rows() > 0)
    return Error{Code::corrupt, fmt::format("store {}: {} is not danggol's; restore the file", path,
                                            strange.texts("name")[0])};
  for (size_t i = 0; i < expected.rows(); ++i)
    if (definition(expected.texts("name")[i]) != expected.texts("sql")[i])
      return Error{Code::corrupt, fmt::format("store {}: {} is not the table danggol made; restore the file",
                                              path, expected.texts("name")[i])};
  return {};
}

Status check_rows(Connection& connection, const std::string& path) {
  std::string problem = TRY(connection.text(sql::broken));
  if (problem.empty()) return {};
  return Error{Code::corrupt,
               fmt::format("store {}: {}; restore the file, or import into a new store", path, problem)};
}

}  // namespace danggol::store
