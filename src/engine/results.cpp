#include "engine/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "rooms/registry.h"

namespace danggol::engine {
namespace {

std::string name_of(const TableInfo& info) { return info.name.substr(info.name.find('.') + 1); }
std::string history_of(const TableInfo& info) { return store::identifier("history", name_of(info)); }
bool is_result(const TableInfo& info) { return info.name.starts_with("result."); }

const char* sql_type(Type type) {
  switch (type) {
    case Type::integer: return "BIGINT";
    case Type::real: return "DOUBLE";
    case Type::text: return "VARCHAR";
    case Type::date: return "DATE";
    case Type::timestamp: return "TIMESTAMP";
    case Type::money: return "DECIMAL(18,4)";
    case Type::boolean: return "BOOLEAN";
    case Type::blob: return "BLOB";
  }
  return "VARCHAR";
}

// "run_id" BIGINT, "customer_id" VARCHAR, ...
std::string columns_of(const TableInfo& info) {
  std::string out = "\"run_id\" BIGINT";
  for (const auto& column : info.columns)
    out += fmt::format(", {} {}", store::identifier(column.name), sql_type(column.type));
  return out;
}

// The same as definitions() tells it.
std::string definition(const TableInfo& info) {
  std::string out = columns_of(info);
  std::erase(out, '"');
  return out;
}

// What stands in the store, by name of the table in the schema history, as DuckDB writes it out but without
// quotes.
Result<std::map<std::string, std::string>> definitions(store::Connection& connection) {
  Table rows =
      TRY(connection.query("SELECT table_name, replace(sql, '\"', '') AS sql FROM duckdb_tables() WHERE "
                           "database_name = 'danggol' AND schema_name = 'history'"));
  std::map<std::string, std::string> out;
  for (size_t i = 0; i < rows.rows(); ++i) {
    const std::string& sql = rows.texts("sql")[i];
    size_t from = sql.find('(') + 1, until = sql.rfind(')');
    out.emplace(rows.texts("table_name")[i], sql.substr(from, until - std::min(from, until)));
  }
  return out;
}

std::string create_view(const TableInfo& info, const std::string& catalogue, const std::string& history,
                        int64_t run_id) {
  std::string columns;
  for (const auto& column : info.columns)
    columns += (columns.empty() ? "" : ", ") + store::identifier(column.name);
  return fmt::format("CREATE OR REPLACE VIEW {}.{} AS SELECT {} FROM {} WHERE run_id = {};", catalogue,
                     store::identifier("result", name_of(info)), columns, history, run_id);
}

}  // namespace

const Room* writer_of(const std::string& table) {
  for (const Room& room : rooms::all()) {
    if (std::find(room.info.trains.begin(), room.info.trains.end(), table) != room.info.trains.end())
      return &room;
    for (const auto& write : room.info.writes)
      if (write.name == table) return &room;
  }
  return nullptr;
}

Result<int64_t> newest_run(store::Connection& connection, const std::string& result_table) {
  const Room* writer = writer_of(result_table);
  DANGGOL_ASSERT(writer);
  return connection.integer("SELECT max(run_id) FROM run.log WHERE room = $room AND state = 'done'",
                            {{"room", writer->info.name}});
}

Result<bool> is_shown(store::Connection& connection, const std::string& result_table) {
  return TRY(connection.integer("SELECT count(*) FROM duckdb_views() WHERE database_name = 'memory' AND "
                                "schema_name || '.' || view_name = $name",
                                {{"name", result_table}})) > 0;
}

Status show_results(store::Connection& connection) {
  auto found = TRY(definitions(connection));
  Table newest = TRY(
      connection.query("SELECT room, max(run_id) AS run_id FROM run.log WHERE state = 'done' GROUP BY room"));
  std::map<std::string, int64_t> run_of;
  for (size_t i = 0; i < newest.rows(); ++i)
    run_of.emplace(newest.texts("room")[i], newest.integers("run_id")[i]);
  std::string views;
  for (const Room& room : rooms::all()) {
    auto run = run_of.find(room.info.name);
    for (const auto& table : room.info.writes)
      if (run != run_of.end() && is_result(table) && found[name_of(table)] == definition(table))
        views += create_view(table, "memory", "danggol." + history_of(table), run->second);
  }
  return views.empty() ? Status() : connection.execute(views);
}

Status show_results(store::Connection& connection, const Room& room, int64_t run_id) {
  std::string views;
  for (const auto& table : room.info.writes)
    if (is_result(table)) views += create_view(table, "memory", "danggol." + history_of(table), run_id);
  return views.empty() ? Status() : connection.execute(views);
}

Status prepare_tables(store::Connection& connection, const Room& room) {
  auto found = TRY(definitions(connection));
  for (const auto& table : room.info.writes) {
    auto there = found.find(name_of(table));
    bool is_there = there != found.end();
    if (!is_result(table) || (is_there && there->second == definition(table))) continue;
    if (is_there) TRY(connection.execute("DROP TABLE " + history_of(table)));
    TRY(connection.execute(fmt::format("CREATE TABLE {} ({})", history_of(table), columns_of(table))));
  }
  return {};
}

Result<int64_t> publish(store::Connection& connection, const TableInfo& info, int64_t run_id,
                        int64_t oldest_run) {
  std::string history = history_of(info);
  TRY(connection.execute(create_view(info, "danggol", history, run_id)));
  if (oldest_run > 0)
    TRY(connection.execute(fmt::format("DELETE FROM {} WHERE run_id < {}", history, oldest_run)));
  return connection.integer(fmt::format("SELECT count(*) FROM {} WHERE run_id = {}", history, run_id));
}

Result<int64_t> oldest_kept(store::Connection& connection, const Room& room, int64_t run_id) {
  if (run_id <= kept_runs) return 0;  // of all rooms together
  return connection.integer(
      "SELECT run_id FROM run.log WHERE room = $room AND state = 'done' ORDER BY run_id DESC LIMIT 1 OFFSET "
      "$n",
      {{"room", room.info.name}, {"n", kept_runs - 2}});
}

}  // namespace danggol::engine
