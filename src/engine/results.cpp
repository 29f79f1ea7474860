#include "engine/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "danggol/nearest.h"
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

// A view of the rows of one run: its number, or a query for it.
std::string create_view(const TableInfo& info, const std::string& catalogue, const std::string& history,
                        const std::string& run_id) {
  std::string columns;
  for (const auto& column : info.columns)
    columns += (columns.empty() ? "" : ", ") + store::identifier(column.name);
  return fmt::format("CREATE OR REPLACE VIEW {}.{} AS SELECT {} FROM {} WHERE run_id = {};", catalogue,
                     store::identifier("result", name_of(info)), columns, history, run_id);
}

// That of what is shown, in the store itself.
std::string view_of_others(const TableInfo& info, const Room& room) {
  return create_view(
      info, "danggol", history_of(info),
      fmt::format("(SELECT run_id FROM run.shown WHERE room = {})", store::literal(room.info.name)));
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

const Room* find_room(const std::string& name) {
  for (const Room& room : rooms::all())
    if (room.info.name == name) return &room;
  return nullptr;
}

Error no_such_room(const std::string& name) {
  std::vector<std::string> names;
  for (const Room& room : rooms::all()) names.push_back(room.info.name);
  return {Code::not_found,
          fmt::format("{}: no such analysis{}; danggol list names them", name, nearest_hint(name, names))};
}

Result<Shown> read_shown(store::Connection& connection) {
  Table rows = TRY(connection.query("SELECT room, run_id FROM run.shown ORDER BY room"));
  Shown shown;
  for (size_t i = 0; i < rows.rows(); ++i) shown.emplace(rows.texts("room")[i], rows.integers("run_id")[i]);
  return shown;
}

Result<std::vector<const Room*>> stale_rooms(store::Connection& connection) {
  std::vector<const Room*> out;
  auto frame = TRY(shown_frame(connection));
  if (!frame) return out;
  Ledger ledger = TRY(Ledger::read(connection, *frame));
  for (const auto& [name, run_id] : TRY(read_shown(connection))) {
    const Room* room = find_room(name);
    if (!room) continue;
    const KeptRun* current = ledger.current(*room);
    if (!current || current->run_id != run_id) out.push_back(room);
  }
  return out;
}

Result<std::optional<TimeFrame>> shown_frame(store::Connection& connection) {
  Table rows = TRY(connection.query("FROM run.frame"));
  if (rows.rows() == 0) return std::optional<TimeFrame>();
  auto date = [&](const char* name) { return Date{static_cast<int32_t>(rows.integers(name)[0])}; };
  return std::optional(TimeFrame{.as_of = date("as_of"),
                                 .from = date("period_from"),
                                 .split = date("period_split"),
                                 .until = date("period_until")});
}

Status write_shown(store::Connection& connection, const Shown& shown, const TimeFrame& time) {
  std::string change =
      "DELETE FROM run.shown; DELETE FROM run.frame; "
      "INSERT INTO run.frame VALUES ($as_of, $from, $split, $until);";
  for (const auto& [room, run_id] : shown)
    change += fmt::format("INSERT INTO run.shown VALUES ({}, {});", store::literal(room), run_id);
  return connection.execute(
      change, {{"as_of", time.as_of}, {"from", time.from}, {"split", time.split}, {"until", time.until}});
}

namespace {

// The schema `result` of the connection's own, with the views that `add(view of)` asks for.
template <class Add>
Status make_views(store::Connection& connection, const Add& add) {
  auto found = TRY(definitions(connection));
  const std::string& own = connection.own_catalogue();
  std::string views = fmt::format("DROP SCHEMA {0}.result CASCADE; CREATE SCHEMA {0}.result;", own);
  add([&](const TableInfo& table, int64_t run_id) {
    if (is_result(table) && found[name_of(table)] == definition(table))
      views += create_view(table, own, "danggol." + history_of(table), std::to_string(run_id));
  });
  return connection.execute(views);
}

}  // namespace

Status show_results(store::Connection& connection) {
  return show_results(connection, TRY(read_shown(connection)));
}

Status show_results(store::Connection& connection, const Shown& shown) {
  return make_views(connection, [&](const auto& add) {
    for (const auto& [name, run_id] : shown)
      if (const Room* room = find_room(name))
        for (const auto& table : room->info.writes) add(table, run_id);
  });
}

Status show_inputs(store::Connection& connection, const std::vector<Input>& inputs) {
  if (std::none_of(inputs.begin(), inputs.end(), [](const Input& input) { return input.run != nullptr; }))
    return connection.execute(
        fmt::format("DROP SCHEMA {0}.result CASCADE; CREATE SCHEMA {0}.result", connection.own_catalogue()));
  return make_views(connection, [&](const auto& add) {
    for (const Input& input : inputs)
      for (const auto& table : input.writer->info.writes)
        if (input.run && table.name == input.table) add(table, input.run->run_id);
  });
}

Result<std::vector<const Room*>> rooms_without_tables(store::Connection& connection) {
  auto found = TRY(definitions(connection));
  std::vector<const Room*> out;
  for (const Room& room : rooms::all())
    if (std::any_of(room.info.writes.begin(), room.info.writes.end(), [&](const TableInfo& table) {
          return is_result(table) && found[name_of(table)] != definition(table);
        }))
      out.push_back(&room);
  return out;
}

Result<bool> is_shown(store::Connection& connection, const std::string& result_table) {
  return TRY(connection.integer("SELECT count(*) FROM duckdb_views() WHERE database_name = $own AND "
                                "schema_name || '.' || view_name = $name",
                                {{"own", connection.own_catalogue()}, {"name", result_table}})) > 0;
}

Status prepare_tables(store::Connection& connection, const Room& room) {
  auto found = TRY(definitions(connection));
  for (const auto& table : room.info.writes) {
    auto there = found.find(name_of(table));
    bool is_there = there != found.end();
    if (!is_result(table) || (is_there && there->second == definition(table))) continue;
    if (is_there) {
      TRY(connection.execute("DROP TABLE " + history_of(table)));
      TRY(connection.execute(
          "DELETE FROM run.kept WHERE run_id IN (SELECT run_id FROM run.log WHERE room = $room); "
          "DELETE FROM run.shown WHERE room = $room",
          {{"room", room.info.name}}));
    }
    TRY(connection.execute(fmt::format("CREATE TABLE {} ({}); {}", history_of(table), columns_of(table),
                                       view_of_others(table, room))));
  }
  return {};
}

Status show_to_others(store::Connection& connection) {
  auto found = TRY(definitions(connection));
  for (const Room& room : rooms::all())
    for (const auto& table : room.info.writes)
      if (is_result(table) && found[name_of(table)] == definition(table))
        TRY(connection.execute(view_of_others(table, room)));
  return {};
}

Result<int64_t> keep_rows(store::Connection& connection, const TableInfo& info, int64_t run_id,
                          int64_t oldest_run) {
  std::string history = history_of(info);
  if (oldest_run > 0)
    TRY(connection.execute(
        fmt::format("DELETE FROM {} WHERE run_id < {} AND run_id NOT IN (SELECT run_id FROM run.shown)",
                    history, oldest_run)));
  return connection.integer(fmt::format("SELECT count(*) FROM {} WHERE run_id = {}", history, run_id));
}

Result<int64_t> oldest_kept(store::Connection& connection, const Room& room, int64_t run_id) {
  if (run_id <= kept_runs) return 0;  // of all rooms together
  return connection.integer(
      "SELECT run_id FROM run.log WHERE room = $room AND state = 'done' ORDER BY run_id DESC LIMIT 1 OFFSET "
      "$n",
      {{"room", room.info.name}, {"n", kept_runs - 2}});
}

Status forget_runs(store::Connection& connection, const Room& room, int64_t before) {
  Bindings of_room = {{"room", room.info.name}, {"before", before}, {"words", kept_words}};
  TRY(connection.execute(
      "DELETE FROM run.kept WHERE run_id < $before AND run_id IN (SELECT run_id FROM run.log WHERE room = "
      "$room) AND run_id NOT IN (SELECT run_id FROM run.shown)",
      of_room));
  for (const char* words : {"run.fact", "run.sentence"})
    TRY(connection.execute(
        fmt::format(
            "DELETE FROM {} WHERE run_id IN (SELECT run_id FROM run.log WHERE room = $room AND state = "
            "'done' AND run_id NOT IN (SELECT run_id FROM run.shown) ORDER BY run_id DESC OFFSET $words)",
            words),
        of_room));
  if (room.info.trains.empty()) return {};
  return connection.execute(
      "DELETE FROM model.manifest WHERE run_id < $before AND run_id NOT IN (SELECT run_id FROM run.kept); "
      "DELETE FROM model.blob WHERE digest NOT IN (SELECT digest FROM model.manifest)",
      of_room);
}

}  // namespace danggol::engine
