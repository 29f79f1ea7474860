#include "engine/suppress.h"

#include <fmt/format.h>

#include <algorithm>

#include "contract/room.h"
#include "ingest/suppression.h"
#include "rooms/registry.h"

namespace danggol::engine {
namespace {

// The rows of suppressed customers, and of those who may be meant, in a table of all kept runs go; answers
// how many there were.
Result<int64_t> withdraw(store::Connection& connection, const TableInfo& table) {
  std::string name = table.name.substr(table.name.find('.') + 1);
  Table there =
      TRY(connection.query("SELECT column_name FROM duckdb_columns() WHERE database_name = 'danggol' "
                           "AND schema_name = 'history' AND table_name = $name",
                           {{"name", name}}));
  const auto& columns = there.texts("column_name");
  int64_t removed = 0;
  for (const auto& column : table.columns) {
    if (!column.subject || std::find(columns.begin(), columns.end(), column.name) == columns.end()) continue;
    std::string whose = fmt::format(
        "FROM {0} WHERE folded_id({1}) IN (SELECT folded_id(customer_id) FROM raw.suppression) "
        "OR {1} IN (SELECT customer_id FROM near_suppression)",
        store::identifier("history", name), store::identifier(column.name));
    removed += TRY(connection.integer("SELECT count(*) " + whose));
    TRY(connection.execute("DELETE " + whose));
  }
  return removed;
}

Status change(store::Connection& connection, const SuppressRequest& request, const std::string& key_file,
              SuppressSummary& summary) {
  using Change = ingest::SuppressionChange;
  auto kind = request.remove ? Change::Kind::remove : Change::Kind::add;
  for (const Change& part :
       {Change{kind, request.ids, "", key_file}, Change{kind, "", request.file, key_file}}) {
    if (part.ids.empty() && part.file.empty()) continue;
    auto report = TRY(ingest::suppress(connection, part));
    (request.remove ? summary.removed : summary.added) += report.changed;
    summary.unknown += report.unknown;
    summary.warnings.insert(summary.warnings.end(), report.warnings.begin(), report.warnings.end());
  }
  for (const Room& room : rooms::all())
    for (const auto& table : room.info.writes)
      if (room.info.contacts) summary.rows_removed += TRY(withdraw(connection, table));
  summary.ids_on_list = TRY(connection.integer("SELECT count(*) FROM raw.suppression"));
  summary.customers = TRY(connection.integer("SELECT count(*) FROM suppression"));
  return {};
}

}  // namespace

ParamTable<SuppressRequest> suppress_params() {
  ParamTable<SuppressRequest> table;
  table.text("suppress", &SuppressRequest::ids).text("suppress-file", &SuppressRequest::file);
  return table;
}

Result<SuppressSummary> suppress(store::Connection& connection, const SuppressRequest& request,
                                 const std::string& key_file) {
  SuppressSummary summary;
  TRY(connection.together([&] { return change(connection, request, key_file, summary); }));
  return summary;
}

}  // namespace danggol::engine
