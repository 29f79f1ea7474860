#include "engine/suppress.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/clock.h"
#include "contract/room.h"
#include "ingest/consent.h"
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
    std::string by_medium =
        std::find(columns.begin(), columns.end(), "medium") == columns.end()
            ? ""
            : fmt::format(" OR ({}, medium) IN (FROM unreachable)", store::identifier(column.name));
    std::string whose = fmt::format(
        "FROM {0} WHERE folded_id({1}) IN (SELECT folded_id(customer_id) FROM raw.suppression) "
        "OR {1} IN (SELECT customer_id FROM near_suppression){2}",
        store::identifier("history", name), store::identifier(column.name), by_medium);
    removed += TRY(connection.integer("SELECT count(*) " + whose));
    TRY(connection.execute("DELETE " + whose));
  }
  return removed;
}

// The same of all tables that say whom to contact.
Result<int64_t> withdraw(store::Connection& connection) {
  TRY(connection.execute(
      "CREATE OR REPLACE TEMP TABLE unreachable AS SELECT customer_id, medium FROM ("
      "UNPIVOT (SELECT customer_no, sms, push, email, kakao FROM reachable) ON sms, push, email, kakao INTO "
      "NAME "
      "medium VALUE is_reachable) JOIN raw.customer USING (customer_no) WHERE NOT is_reachable"));
  int64_t removed = 0;
  for (const Room& room : rooms::all())
    for (const auto& table : room.info.writes)
      if (room.info.contacts) removed += TRY(withdraw(connection, table));
  TRY(connection.execute("DROP TABLE unreachable"));
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
  summary.rows_removed = TRY(withdraw(connection));
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

namespace {

Result<Date> day_of(const ConsentRequest& request) {
  std::optional<Date> day;
  TRY(param_text::parse({.name = "date", .type = ParamType::date}, request.date, day));
  return day.value_or(to_date(now_utc()));
}

Status change(store::Connection& connection, const ConsentRequest& request, const std::string& key_file,
              ConsentSummary& summary) {
  Date day = TRY(day_of(request));
  if (!request.file.empty()) {
    auto kept = TRY(ingest::keep_consents(connection, request.file, day, key_file));
    summary.added += kept.added, summary.columns = std::move(kept.columns);
  }
  if (!request.ids.empty())
    summary.added +=
        TRY(ingest::keep_consents(connection, request.ids, request.media, request.given, day, key_file));
  summary.rows_removed = TRY(withdraw(connection));
  return {};
}

}  // namespace

Result<ConsentSummary> consents_of(store::Connection& connection) {
  TRY(ingest::create_suppression(connection));
  ConsentSummary summary;
  summary.is_kept = TRY(connection.integer("SELECT count(*) FROM raw.consent")) > 0;
  summary.unknown =
      TRY(connection.integer("SELECT count(DISTINCT folded_id(customer_id)) FROM raw.consent WHERE "
                             "customer_id <> '' AND folded_id(customer_id) "
                             "NOT IN (SELECT folded_id(customer_id) FROM raw.customer)"));
  Table counts =
      TRY(connection.query("SELECT count(*) AS customers, count(*) FILTER (sms) AS sms, count(*) FILTER "
                           "(push) AS push, count(*) FILTER (email) AS email, count(*) FILTER (kakao) AS "
                           "kakao, count(*) FILTER (night) AS night FROM reachable"));
  summary.customers = counts.integers("customers")[0];
  for (std::string_view medium : ingest::media)
    summary.reachable.emplace_back(medium, counts.integers(std::string(medium))[0]);
  return summary;
}

Result<ConsentSummary> consent(store::Connection& connection, const ConsentRequest& request,
                               const std::string& key_file) {
  if (!request.ids.empty() && request.media.empty())
    return Error{Code::bad_input, fmt::format("consent: through which media? give --media, some of {}",
                                              fmt::join(ingest::media, ", "))};
  if (request.ids.empty() && (request.file.empty() || !request.media.empty() || !request.given))
    return Error{Code::bad_input, "consent: no customer named; give ids with --media, or --file FILE alone"};
  ConsentSummary changed;
  TRY(connection.together([&] { return change(connection, request, key_file, changed); }));
  ConsentSummary summary = TRY(consents_of(connection));
  summary.added = changed.added, summary.rows_removed = changed.rows_removed;
  summary.columns = std::move(changed.columns);
  return summary;
}

}  // namespace danggol::engine
