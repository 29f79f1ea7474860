#include "engine/table_rows.h"

#include <fmt/format.h>

#include <vector>

#include "danggol/nearest.h"
#include "engine/results.h"
#include "rooms/registry.h"

namespace danggol::engine {
namespace {

// The nearest may be one whose room has not run yet.
Error no_such_table(const std::string& name, const std::vector<std::string>& there) {
  auto names = there;
  for (const Room& room : rooms::all())
    for (const TableInfo& table : room.info.writes) names.push_back(table.name);
  return {Code::not_found, fmt::format("{}: no such table{}; there are {}", name, nearest_hint(name, names),
                                       fmt::join(there, ", "))};
}

const TableInfo* declared(const std::string& table) {
  if (const Room* writer = writer_of(table))
    for (const TableInfo& info : writer->info.writes)
      if (info.name == table) return &info;
  return nullptr;
}

// The column by which a table is keyed by customer; "" where there is none.
std::string customer_key(const TableInfo* info) {
  if (info)
    for (const ColumnInfo& column : info->columns)
      if (column.key && column.subject) return column.name;
  return {};
}

// What a heading says of a column: its label, and of NAME_2 the label and its number; of bounds whose they
// are.
std::string heading(const TableInfo& info, const std::string& column, Language language) {
  auto label = [&](std::string_view name) {
    for (const ColumnInfo& known : info.columns)
      if (known.name == name) return known.label.in(language);
    return std::string();
  };
  size_t end = column.find_last_of('_');
  std::string name = column.substr(0, end), rest = end == column.npos ? "" : column.substr(end + 1),
              own = label(column);
  if (own.empty() && !rest.empty() && rest.find_first_not_of("0123456789") == rest.npos)
    return fmt::format("{} {}", heading(info, name, language), rest);
  if (bool is_bound = rest == "lo" || rest == "hi"; is_bound && !own.empty() && !label(name).empty())
    return fmt::format("{} {}", label(name), own);
  return own.empty() ? column : own;
}

}  // namespace

Result<std::string> select_from(store::Connection& connection, const std::string& table, int64_t limit) {
  Table tables = TRY(connection.query(
      "SELECT schema_name AS schema, table_name AS name FROM duckdb_tables() WHERE database_name = 'danggol' "
      "AND "
      "schema_name IN ('raw', 'feature', 'model', 'run') UNION ALL SELECT schema_name, view_name FROM "
      "duckdb_views() WHERE database_name = $own AND schema_name = 'result' ORDER BY ALL",
      {{"own", connection.own_catalogue()}}));
  std::vector<std::string> known;
  for (size_t i = 0; i < tables.rows(); ++i) {
    const std::string &schema = tables.texts("schema")[i], &name = tables.texts("name")[i];
    if (schema + "." + name == table)
      return fmt::format("SELECT * FROM {}{}", store::identifier(schema, name),
                         limit < 0 ? "" : fmt::format(" LIMIT {}", limit));
    known.push_back(schema + "." + name);
  }
  const Room* writer = writer_of(table);
  if (!writer) return no_such_table(table, known);
  const std::string& room = writer->info.name;
  bool has_run = TRY(connection.integer("SELECT count(*) FROM run.log WHERE room = $room AND state = 'done'",
                                        {{"room", room}})) > 0;
  return Error{Code::not_found,
               has_run ? fmt::format("{}: its rows are of other dates or data than what was run last; run "
                                     "danggol run {} first",
                                     table, room)
                       : fmt::format("{}: no rows yet; run danggol run {} first", table, room)};
}

Result<std::string> side_by_side(const std::string& table, int64_t per_customer, int64_t limit) {
  if (constexpr int64_t most = 100; per_customer > most)
    return Error{Code::bad_input, fmt::format("per-customer={}: must be in 1..{}", per_customer, most)};
  const TableInfo* info = declared(table);
  std::string key = customer_key(info), columns;
  if (key.empty())
    return Error{Code::bad_input,
                 fmt::format("{}: is not keyed by customer, as --per-customer needs; show it "
                             "without, or another table, such as result.recommendation",
                             table)};
  for (int64_t i = 1; i <= per_customer; ++i)
    for (const ColumnInfo& column : info->columns)
      if (column.name != key)
        columns += fmt::format(", firsts[{}].{} AS {}_{}", i, column.name, column.name, i);
  return fmt::format(
      "SELECT {0}{1} FROM (SELECT {0}, list(found ORDER BY place)[1:{2}] AS firsts, min(place) AS came FROM "
      "(SELECT found.{0}, row_number() OVER () AS place, found FROM {3} found) GROUP BY {0}) ORDER BY "
      "came{4}",
      key, columns, per_customer, table, limit < 0 ? "" : fmt::format(" LIMIT {}", limit));
}

std::string with_labels(const std::string& table, const std::string& select, int64_t per_customer,
                        Language language) {
  const TableInfo* info = declared(table);
  if (!info) return select;
  std::string labels;
  for (const Words* words : {writer_of(table)->words, &shared_words()})
    for (const WordEntry& entry : words->entries)
      if (constexpr std::string_view of_labels = "label."; entry.key.starts_with(of_labels))
        labels +=
            fmt::format(" WHEN {} THEN {}", store::literal(std::string(entry.key.substr(of_labels.size()))),
                        store::literal(std::string(entry.texts[static_cast<size_t>(language)])));
  if (labels.empty()) return select;
  std::string told;
  auto tell = [&](const std::string& column) {
    told += fmt::format("{0}CASE {1}{2} ELSE {1} END AS {1}", told.empty() ? "" : ", ",
                        store::identifier(column), labels);
  };
  for (const ColumnInfo& column : info->columns) {
    bool is_the_shops = column.name.ends_with("_id") || column.name.ends_with("_name");
    if (column.type != Type::text || is_the_shops) continue;
    if (per_customer <= 0) tell(column.name);
    for (int64_t i = 1; i <= per_customer; ++i) tell(fmt::format("{}_{}", column.name, i));
  }
  return told.empty() ? select : fmt::format("SELECT * REPLACE ({}) FROM ({})", told, select);
}

void put_headings(const std::string& table, Language language, Table& rows) {
  if (const TableInfo* info = declared(table))
    for (ColumnData& column : rows.columns) column.name = heading(*info, column.name, language);
}

}  // namespace danggol::engine
