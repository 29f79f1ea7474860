#include "ingest/properties.h"

#include <fmt/format.h>

namespace danggol::ingest {
namespace {

// The properties of a dimension, each as `pattern` ({}) says, with commas between them.
std::string each_property(const DimensionShape& shape, std::string_view pattern,
                          std::string_view between = ", ") {
  std::string out;
  for (const auto& [role, column] : shape.properties)
    out += fmt::format("{}{}", out.empty() ? "" : between,
                       fmt::format(fmt::runtime(pattern), fmt::arg("p", column)));
  return out;
}

// The temporary table `known`: of each touched id one row with all its properties.
Status make_known(store::Connection& connection, const DimensionShape& shape) {
  return connection.execute(fmt::format(
      R"(CREATE OR REPLACE TEMP TABLE known AS
         WITH said AS (
           SELECT number, name, value, max(load_no) FILTER (rows IS NULL) AS table_no, sum(rows) AS rows
           FROM raw.property SEMI JOIN touched USING (number) WHERE about = '{}' GROUP BY ALL),
         best AS (
           SELECT number, name, first(value ORDER BY table_no DESC NULLS LAST, rows DESC, value) AS value
           FROM said GROUP BY ALL),
         wide AS (SELECT number, {} FROM best GROUP BY number)
         FROM (SELECT number FROM touched) LEFT JOIN wide USING (number))",
      shape.table, each_property(shape, "max(value) FILTER (name = '{p}') AS {p}")));
}

}  // namespace

Result<bool> tell_anew(store::Connection& connection, const DimensionShape& shape) {
  TRY(make_known(connection, shape));
  TRY(connection.execute(fmt::format(
      "CREATE OR REPLACE TEMP TABLE changed AS SELECT k.* FROM known k JOIN raw.{0} t ON t.{0}_no = k.number "
      "WHERE {1}",
      shape.table, each_property(shape, "t.{p} IS DISTINCT FROM k.{p}", " OR "))));
  if (TRY(connection.integer("SELECT count(*) FROM changed")) == 0) return false;
  TRY(connection.execute(fmt::format("UPDATE raw.{0} t SET {1} FROM changed c WHERE t.{0}_no = c.number",
                                     shape.table, each_property(shape, "{p} = c.{p}"))));
  return true;
}

Result<bool> tell(store::Connection& connection, const DimensionShape& shape, int64_t first_load) {
  TRY(
      connection.execute("CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT number FROM raw.property "
                         "WHERE about = $about AND load_no >= $first",
                         {{"about", std::string(shape.table)}, {"first", first_load}}));
  bool told = TRY(tell_anew(connection, shape));
  TRY(connection.execute(
      fmt::format("INSERT INTO raw.{0} BY NAME SELECT number AS {0}_no, id AS {0}_id, {1} FROM "
                  "fresh LEFT JOIN known USING (number) ORDER BY number",
                  shape.table, each_property(shape, "{p}"))));
  TRY(connection.execute("DROP TABLE fresh; DROP TABLE touched; DROP TABLE known; DROP TABLE changed"));
  return told;
}

}  // namespace danggol::ingest
