#include "ingest/forgotten.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/clock.h"
#include "base/signature.h"
#include "ingest/suppression.h"
#include "store/store_key.h"

namespace danggol::ingest {
namespace {

// Signatures of one kind are none of another: of an id however it is written, and as it is written.
std::string digest_of_folded(const std::string& secret, const std::string& folded_id) {
  return sign(secret, "forgotten customer\n" + folded_id);
}
std::string digest_of_written(const std::string& secret, std::string_view id) {
  return sign(secret, "forgotten customer as written\n" + std::string(id));
}
std::string mark_of(const std::string& secret) { return sign(secret, "key of raw.forgotten"); }

// Of what is kept of a reject, `name=value, name="a, value"`, whom the values may name: RejectText writes it.
constexpr const char* fields_of_text =
    R"(flatten([[whole, 'device:' || whole] FOR whole IN
       [CASE WHEN starts_with(field, '"') THEN replace(field[2:-2], '""', '"') ELSE field END
        FOR field IN regexp_extract_all(text, '=("(?:[^"]|"")*"|[^,]*)(?:, |$)', 1)]]))";

}  // namespace

Result<Forgotten> Forgotten::read(store::Connection& connection, const std::string& key_file) {
  Forgotten out;
  Table rows = TRY(connection.query("SELECT digest, made_with FROM raw.forgotten ORDER BY digest"));
  if (rows.rows() == 0) return out;
  out.secret_ = TRY(store::read_key(key_file)).secret;
  out.digests_ = rows.texts("digest");
  const auto& marks = rows.texts("made_with");
  if (std::any_of(marks.begin(), marks.end(),
                  [mark = mark_of(out.secret_)](const auto& m) { return m != mark; }))
    return Error{Code::conflict,
                 fmt::format("{}: not the key by which this store knows whom it has forgotten; put that key "
                             "there again, or import into a new store",
                             key_file)};
  return out;
}

Result<std::vector<bool>> Forgotten::among(store::Connection& connection,
                                           const std::vector<std::string_view>& ids) const {
  std::vector<bool> out(ids.size());
  if (empty()) return out;
  TRY(create_suppression(connection));
  TRY(connection.execute("CREATE OR REPLACE TEMP TABLE coming (place BIGINT, id VARCHAR)"));
  auto coming = TRY(store::Appender::open(connection, "temp", "coming"));
  for (size_t i = 0; i < ids.size(); ++i) {
    coming.set(0, static_cast<int64_t>(i));
    coming.set(1, ids[i]);
    TRY(coming.end_row());
  }
  TRY(coming.close());
  auto has = [&](const std::string& digest) {
    return std::binary_search(digests_.begin(), digests_.end(), digest);
  };
  store::Rows rows = TRY(connection.rows("SELECT place, folded_id(id) FROM coming"));
  Table some;
  while (TRY(rows.next(some)))
    for (size_t i = 0; i < some.rows(); ++i) {
      size_t place = static_cast<size_t>(some.columns[0].integers[i]);
      out[place] = has(digest_of_folded(secret_, some.columns[1].texts[i])) ||
                   has(digest_of_written(secret_, ids[place]));
    }
  TRY(connection.execute("DROP TABLE coming"));
  return out;
}

Result<int64_t> blank_rejects(store::Connection& connection, std::string_view table) {
  TRY(create_suppression(connection));
  std::string those = fmt::format(
      "text IS NOT NULL AND list_has_any([folded_id(field) FOR field IN {}], (SELECT list(DISTINCT "
      "folded_id(id)) FROM asked))",
      fields_of_text);
  int64_t rows = TRY(connection.integer(fmt::format("SELECT count(*) FROM {} WHERE {}", table, those)));
  if (rows > 0) TRY(connection.execute(fmt::format("UPDATE {} SET text = NULL WHERE {}", table, those)));
  return rows;
}

Status Forgotten::blank_rejects(store::Connection& connection, std::string_view table) const {
  Table fields = TRY(connection.query(
      fmt::format("SELECT DISTINCT unnest({}) AS id FROM {} WHERE text IS NOT NULL", fields_of_text, table)));
  std::vector<std::string_view> ids(fields.texts("id").begin(), fields.texts("id").end());
  auto is_forgotten = TRY(among(connection, ids));
  TRY(connection.execute("CREATE OR REPLACE TEMP TABLE asked (id VARCHAR)"));
  for (size_t i = 0; i < ids.size(); ++i)
    if (is_forgotten[i])
      TRY(connection.execute("INSERT INTO asked VALUES ($id)", {{"id", std::string(ids[i])}}));
  (void)TRY(ingest::blank_rejects(connection, table));
  return connection.execute("DROP TABLE asked");
}

Result<std::vector<std::string>> unknown_people(store::Connection& connection, const std::string& key_file) {
  TRY(create_suppression(connection));
  Table rows = TRY(connection.query(fmt::format(
      "SELECT DISTINCT id FROM asked ANTI JOIN (SELECT folded_id(customer_id) AS known FROM raw.customer "
      "UNION ALL "
      "SELECT folded_id(customer_id) FROM raw.suppression UNION ALL "
      "SELECT folded_id(customer_id) FROM raw.consent UNION ALL "
      "SELECT unnest([folded_id(field) FOR field IN {}]) FROM raw.reject) ON folded_id(id) = known ORDER BY "
      "id",
      fields_of_text)));
  const auto& ids = rows.texts("id");
  Forgotten forgotten = TRY(Forgotten::read(connection, key_file));
  auto is_forgotten = TRY(forgotten.among(connection, {ids.begin(), ids.end()}));
  std::vector<std::string> unknown;
  for (size_t i = 0; i < ids.size(); ++i)
    if (!is_forgotten[i]) unknown.push_back(ids[i]);
  return unknown;
}

Status keep_forgotten(store::Connection& connection, const std::string& key_file) {
  TRY(create_suppression(connection));
  Forgotten known = TRY(Forgotten::read(connection, key_file));
  std::string secret = TRY(store::secret_in(key_file));
  Table ids =
      TRY(connection.query("SELECT DISTINCT is_alone, CASE WHEN is_alone THEN folded_id(id) ELSE id END AS "
                           "id FROM asked ORDER BY ALL"));
  for (size_t i = 0; i < ids.rows(); ++i) {
    const std::string& id = ids.texts("id")[i];
    bool is_alone = ids.integers("is_alone")[i] != 0;
    TRY(connection.execute(
        "INSERT INTO raw.forgotten SELECT $digest, $made_with, $today WHERE NOT EXISTS "
        "(FROM raw.forgotten WHERE digest = $digest)",
        {{"digest", is_alone ? digest_of_folded(secret, id) : digest_of_written(secret, id)},
         {"made_with", mark_of(secret)},
         {"today", to_date(now_utc())}}));
  }
  return {};
}

}  // namespace danggol::ingest
