#include "engine/forget.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/ids.h"
#include "contract/room.h"
#include "engine/forget.sql.h"
#include "engine/forget_whom.sql.h"
#include "engine/forget_whose.sql.h"
#include "engine/identity.h"
#include "engine/results.h"
#include "features/frame.h"
#include "features/visible.h"
#include "ingest/byte_source.h"
#include "ingest/forgotten.h"
#include "ingest/removal.h"
#include "ingest/suppression.h"
#include "rooms/registry.h"

namespace danggol::engine {
namespace {

// The temporary tables `going` (number), the customers of these ids, `going_event` (event_id), their rows and
// those of their devices, and `asked` (id, is_alone): the ids, as the store writes them and of their devices;
// `is_alone` where no other customer's differs by letter case alone, so that every way of writing it is
// theirs. The macro is_asked(id) follows.
Status ask(store::Connection& connection, const std::vector<std::string>& ids, const std::string& key_file) {
  TRY(ingest::create_suppression(connection));
  TRY(connection.execute("CREATE OR REPLACE TEMP TABLE asked (id VARCHAR, is_alone BOOLEAN)"));
  for (const std::string& id : ids) {
    Table like = TRY(
        connection.query("SELECT customer_id FROM raw.customer WHERE folded_id(customer_id) = folded_id($id) "
                         "ORDER BY customer_id <> $id, customer_id",
                         {{"id", id}}));
    const auto& written = like.texts("customer_id");
    bool is_written_so = !written.empty() && written[0] == id;
    if (written.size() > 1 && !is_written_so)
      return Error{Code::bad_input,
                   fmt::format("forget: {}: may be {}; name one as it is written, nothing was changed", id,
                               fmt::join(written, " or "))};
    for (const std::string& each : {id, written.empty() ? id : written[0]})
      TRY(connection.execute("INSERT INTO asked VALUES ($id, $alone)",
                             {{"id", each}, {"alone", written.size() < 2}}));
  }
  TRY(connection.execute(sql::forget_whom));
  TRY(ingest::expect_none_unknown(connection, "forget", TRY(ingest::unknown_people(connection, key_file))));

  (void)TRY(features::join_devices(connection, *checked_date(9999, 12, 31)));
  TRY(connection.execute(sql::forget_whose));
  Table of_others = TRY(connection.query("FROM of_others"));
  if (of_others.rows() == 0) return {};
  return Error{Code::bad_input,
               fmt::format("forget: {}: a device of {}; forget them, and it is forgotten with them, "
                           "nothing was changed",
                           of_others.texts("device")[0], of_others.texts("customer")[0])};
}

// The temporary table `dropped` (run_id): the runs that could see a load of theirs, or name them; where the
// list of the suppressed changes, those that say whom to contact, too.
Status choose_runs(store::Connection& connection) {
  TRY(connection.execute(sql::forget));
  for (const Room& room : rooms::all())
    if (room.info.contacts)
      TRY(connection.execute(
          "INSERT INTO dropped SELECT run_id FROM run.log WHERE room = $room AND run_id NOT IN (FROM "
          "dropped) "
          "AND EXISTS (FROM (SELECT customer_id FROM raw.suppression UNION ALL SELECT customer_id FROM "
          "raw.consent) WHERE is_asked(customer_id))",
          {{"room", room.info.name}}));
  return {};
}

// The shown runs of `dropped`.
Result<std::vector<RunRequest>> shown_runs(store::Connection& connection) {
  Table rows = TRY(connection.query(
      "SELECT run_id, room, params, seed, as_of, period_from, period_split, period_until FROM run.log SEMI "
      "JOIN "
      "run.shown USING (run_id) WHERE run_id IN (FROM dropped) AND run_id NOT IN (FROM naming)"));
  std::vector<RunRequest> out;
  for (const Room& room : rooms::all())
    for (size_t i = 0; i < rows.rows(); ++i) {
      if (rows.texts("room")[i] != room.info.name) continue;
      RunRequest run{room.info.name,
                     TRY(recorded_params(rows.texts("params")[i], rows.integers("run_id")[i]))};
      for (auto [param, column] : {std::pair("as-of", "as_of"), std::pair("from", "period_from"),
                                   std::pair("split", "period_split"), std::pair("until", "period_until")})
        run.params[param] = to_text(Date{static_cast<int32_t>(rows.integers(column)[i])});
      run.params["seed"] = std::to_string(rows.integers("seed")[i]);
      out.push_back(std::move(run));
    }
  return out;
}

Status drop_runs(store::Connection& connection, ForgetSummary& summary) {
  summary.runs = TRY(connection.integer("SELECT count(*) FROM run.kept WHERE run_id IN (FROM dropped)"));
  Table models = TRY(connection.query(
      "SELECT name || ' of run ' || run_id AS model FROM model.manifest WHERE run_id IN (FROM dropped) ORDER "
      "BY run_id, name"));
  summary.models = models.texts("model");
  Table histories =
      TRY(connection.query("SELECT table_name AS name FROM duckdb_tables() WHERE database_name = "
                           "'danggol' AND schema_name = 'history'"));
  std::vector<std::string> tables = {"model.manifest", "run.kept", "run.shown",
                                     "run.input",      "run.fact", "run.sentence"};
  for (const std::string& name : histories.texts("name"))
    tables.push_back(store::identifier("history", name));
  for (const std::string& table : tables)
    TRY(connection.execute(fmt::format("DELETE FROM {} WHERE run_id IN (FROM dropped)", table)));
  // what was known of each buyer at a cutoff: whoever needs it makes it anew
  Table known = TRY(
      connection.query("SELECT table_name AS name FROM duckdb_tables() WHERE database_name = 'danggol' AND "
                       "schema_name = 'feature' AND table_name <> 'receipt'"));
  for (const std::string& name : known.texts("name"))
    TRY(connection.execute("DROP TABLE " + store::identifier("feature", name)));
  return connection.execute(
      "DELETE FROM run.input WHERE read_run_id IN (FROM dropped);"
      "DELETE FROM run.log WHERE run_id IN (FROM naming);"
      "DELETE FROM run.frame WHERE NOT EXISTS (FROM run.shown);"
      "DELETE FROM model.blob WHERE digest NOT IN (SELECT digest FROM model.manifest)");
}

// What is left of them beside rows: texts of rejects and errors, names of files, places on lists.
Status blank(store::Connection& connection, ForgetSummary& summary) {
  summary.rejects = TRY(ingest::blank_rejects(connection, "raw.reject"));
  TRY(connection.execute(
      "INSERT INTO raw.consent SELECT '', 'sms', false, DATE '1970-01-01', '', NULL WHERE EXISTS "
      "(FROM raw.consent) AND NOT EXISTS (FROM raw.consent WHERE customer_id = '')"));
  for (const char* list : {"raw.suppression", "raw.consent"})
    TRY(connection.execute(fmt::format(
        "DELETE FROM {0} WHERE is_asked(customer_id); UPDATE {0} SET source = '' WHERE is_named(source)",
        list)));
  for (const char* table : {"raw.load", "raw.reject"})
    TRY(connection.execute(
        fmt::format("UPDATE {} SET file = 'load ' || load_no WHERE is_named(file)", table)));
  return connection.execute("UPDATE run.log SET error = '' WHERE error <> '' AND is_named(error)");
}

}  // namespace

Result<std::pair<ForgetSummary, std::vector<RunRequest>>> forget(store::Connection& connection,
                                                                 const ForgetRequest& request,
                                                                 const std::string& key_file) {
  std::vector<std::string> ids;
  for (const std::string& id : request.ids)
    if (std::string known = cleaned(std::string(customer_id(ingest::as_text(id)))); !known.empty())
      ids.push_back(std::move(known));
  if (ids.empty()) return Error{Code::bad_input, "forget: no id in what was given; name a customer"};
  ForgetSummary summary{.dry_run = request.dry_run};
  std::vector<RunRequest> again;
  auto work = [&]() -> Status {
    TRY(ask(connection, ids, key_file));
    TRY(choose_runs(connection));
    again = TRY(shown_runs(connection));
    summary.customers = TRY(connection.integer(
        "SELECT count(*) FROM going WHERE number NOT IN (SELECT stand_in_no FROM joined)"));
    summary.events = TRY(connection.integer("SELECT count(*) FROM going_event"));
    summary.exposures =
        TRY(connection.integer("SELECT count(*) FROM raw.exposure WHERE customer_no IN (FROM going)"));
    TRY(drop_runs(connection, summary));
    TRY(ingest::remove_customers(connection, features::renew_receipts));
    TRY(blank(connection, summary));
    if (!request.dry_run) TRY(ingest::keep_forgotten(connection, key_file));
    return connection.execute(
        "UPDATE run.store SET rewrite = true;"
        "DROP TABLE going; DROP TABLE going_event; DROP TABLE of_others; DROP TABLE asked; DROP TABLE "
        "dropped; DROP TABLE naming");
  };
  auto finish = request.dry_run ? &store::Connection::rollback : &store::Connection::commit;
  TRY(connection.together(work, finish));
  return std::pair(std::move(summary), std::move(again));
}

Result<bool> is_to_be_rewritten(const store::Database& database) {
  auto connection = TRY(database.connect());
  return TRY(connection.integer("SELECT count(*) FROM run.store WHERE rewrite")) > 0;
}

Status end_rewriting(const store::Database& database) {
  auto connection = TRY(database.connect());
  return connection.together([&]() -> Status {
    TRY(show_to_others(connection));
    return connection.execute("UPDATE run.store SET rewrite = false");
  });
}

}  // namespace danggol::engine
