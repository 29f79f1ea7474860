// What SQL from outside may name. DuckDB writes the statement out as a tree (json_serialize_sql, for SELECT
// only); each function and table in it is looked at before anything is run.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "store/duckdb_c.h"

namespace danggol::store {
namespace {

// Those that make rows of their arguments or tell what there is. Others read files, run text as SQL, or
// change how DuckDB behaves.
constexpr std::array<std::string_view, 11> table_functions = {
    "duckdb_columns", "duckdb_schemas",    "duckdb_tables", "duckdb_views", "generate_series", "json_each",
    "json_tree",      "pragma_table_info", "range",         "repeat",       "unnest"};

std::string text(const nlohmann::json& node, const char* key) {
  auto at = node.find(key);
  return at != node.end() && at->is_string() ? at->get<std::string>() : "";
}

Status look_at(const nlohmann::json& node) {
  std::string type = text(node, "type"), name = text(node, "function_name");
  if (type == "TABLE_FUNCTION") {
    std::string function = text(node.at("function"), "function_name");
    if (!std::binary_search(table_functions.begin(), table_functions.end(), function))
      return Error{Code::refused, fmt::format("sql: {}() is not for reading the store; there are {}",
                                              function, fmt::join(table_functions, ", "))};
  }
  // a table that is not there but whose name may be one of a file would be looked for on the disk
  if (std::string table = text(node, "table_name"); table.find_first_of("./\\:*?[") != table.npos)
    return Error{Code::refused, fmt::format("sql: {}: reaches no file but the store", table)};
  std::string schema = text(node, "schema");
  bool is_of_file = text(node, "catalog") == catalogue || text(node, "catalog_name") == catalogue ||
                    schema == catalogue || text(node, "schema_name") == catalogue;
  if (is_of_file || (!name.empty() && !schema.empty() && schema != "main"))
    return Error{Code::refused, fmt::format("sql: {}{}: views and functions that a file brings along are not "
                                            "run; name tables as schema.table, and DuckDB's own functions",
                                            name, text(node, "table_name"))};
  return {};
}

}  // namespace

Status Connection::Handle::look_at_select(std::string_view sql) {
  Rows tree =
      TRY(stream(fmt::format("SELECT json_serialize_sql({})::VARCHAR", literal(sql)), Author::outside));
  Table rows;
  bool any = TRY(tree.next(rows));
  auto json = nlohmann::json::parse(any ? rows.columns[0].texts[0] : "", nullptr, false);
  if (!json.is_object() || json.value("error", true))
    return Error{Code::refused, "sql: only reads; must be one SELECT"};
  std::vector<const nlohmann::json*> open = {&json};  // not by recursion: depth is the statement's
  while (!open.empty()) {
    const nlohmann::json& node = *open.back();
    open.pop_back();
    if (node.is_object()) TRY(look_at(node));
    if (node.is_structured())
      for (const auto& inner : node) open.push_back(&inner);
  }
  return {};
}

}  // namespace danggol::store
