#include "features/frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "features/customer.sql.h"
#include "features/receipt.sql.h"
#include "features/rfm.h"
#include "features/visible.h"

namespace danggol::features {
namespace {

// `rows` (place, name, value), place being the customer's row, becomes one column a name, 0 where a customer
// has none.
void add_mix(const Table& rows, Frame& frame) {
  std::map<std::string, size_t> column_of;
  for (const auto& name : rows.texts("name")) column_of.emplace(name, 0);
  size_t fixed = frame.features.columns(), next = fixed;
  for (auto& [name, column] : column_of) column = next++;
  Matrix wide;
  wide.names = frame.features.names;
  for (const auto& [name, column] : column_of) wide.names.push_back(name);
  wide.values.assign(frame.customer_id.size() * wide.columns(), 0);
  for (size_t i = 0; i < frame.customer_id.size(); ++i)
    std::copy_n(frame.features.row(i), fixed, wide.values.begin() + static_cast<int64_t>(i * wide.columns()));
  const auto& places = rows.integers("place");
  for (size_t i = 0; i < places.size(); ++i)
    wide.values[static_cast<size_t>(places[i]) * wide.columns() + column_of[rows.texts("name")[i]]] =
        rows.reals("value")[i];
  frame.features = std::move(wide);
}

// Of the devices that were customers at the cutoff, who logged in on them since.
Result<std::map<std::string, std::string>> joined_since(store::Connection& connection, Date cutoff) {
  std::map<std::string, std::string> out;
  if (!TRY(has_joined(connection))) return out;
  Table rows =
      TRY(connection.query("SELECT d.customer_id AS device, min(c.customer_id) AS customer FROM joined j "
                           "JOIN raw.event USING (event_id) "
                           "JOIN raw.customer d ON d.customer_no = stand_in_no JOIN raw.customer c ON "
                           "c.customer_no = j.customer_no "
                           "WHERE ts < $cutoff GROUP BY ALL",
                           {{"cutoff", to_timestamp(cutoff)}}));
  for (size_t i = 0; i < rows.rows(); ++i) out.emplace(rows.texts("device")[i], rows.texts("customer")[i]);
  return out;
}

Status add_labels(store::Connection& connection, Date label_until, const Grading& grading, Frame& frame) {
  Graded later = TRY(graded(connection, frame.cutoff, label_until, grading));
  auto became = TRY(joined_since(connection, frame.cutoff));
  frame.label_until = label_until;
  for (const std::string& id : frame.customer_id) {
    auto since = became.find(id);
    const std::string& who = since == became.end() ? id : since->second;
    auto at = std::lower_bound(later.customer_id.begin(), later.customer_id.end(), who);
    bool is_there = at != later.customer_id.end() && *at == who;
    frame.label.push_back(is_there ? later.grade[static_cast<size_t>(at - later.customer_id.begin())]
                                   : inactive_grade);
  }
  return {};
}

// The buyers of the window before the cutoff, as customer.sql wants them, each with his place among them.
Status create_graded(store::Connection& connection, const Graded& buyers) {
  TRY(connection.execute(
      "CREATE OR REPLACE TEMP TABLE graded (customer_no INTEGER, place INTEGER, recency_days INTEGER, "
      "frequency INTEGER, "
      "monetary DECIMAL(18, 4), r_score INTEGER, f_score INTEGER, m_score INTEGER, rfm_score DOUBLE, "
      "grade VARCHAR)"));
  auto rows = TRY(store::Appender::open(connection, "temp", "graded"));
  for (size_t i = 0; i < buyers.size(); ++i) {
    rows.set(0, buyers.customer_no[i]);
    rows.set(1, static_cast<int32_t>(i));
    rows.set(2, buyers.recency_days[i]);
    rows.set(3, buyers.frequency[i]);
    rows.set(4, buyers.monetary[i]);
    rows.set(5, buyers.r_score[i]);
    rows.set(6, buyers.f_score[i]);
    rows.set(7, buyers.m_score[i]);
    rows.set(8, buyers.rfm_score[i]);
    rows.set(9, grade_names[buyers.grade[i]]);
    TRY(rows.end_row());
  }
  return rows.close();
}

// What was made is kept as feature.customer of that cutoff.
Status keep(store::Connection& connection, const Bindings& bindings) {
  TRY(
      connection.execute("CREATE OR REPLACE TEMP TABLE shape AS SELECT $cutoff::DATE AS cutoff, "
                         "$window_from::DATE AS window_from, * FROM temp.customer_feature LIMIT 0",
                         bindings));
  // what another version made has other columns
  int64_t shapes = TRY(connection.integer(
      "SELECT count(DISTINCT substr(sql, strpos(sql, '('))) FROM duckdb_tables() WHERE (database_name = "
      "'danggol' AND schema_name = 'feature' AND table_name = 'customer') OR (database_name = 'temp' AND "
      "table_name = 'shape')"));
  if (shapes > 1) TRY(connection.execute("DROP TABLE feature.customer"));
  return connection.execute(
      "CREATE TABLE IF NOT EXISTS feature.customer AS FROM shape;"
      "DELETE FROM feature.customer WHERE cutoff = $cutoff::DATE AND window_from = $window_from::DATE;"
      "INSERT INTO feature.customer SELECT $cutoff::DATE, $window_from::DATE, * FROM temp.customer_feature;"
      // of the newest cutoffs, and this one
      "DELETE FROM feature.customer WHERE cutoff <> $cutoff::DATE AND cutoff NOT IN (SELECT DISTINCT cutoff "
      "FROM "
      "feature.customer ORDER BY cutoff DESC LIMIT 24)",
      bindings);
}

Status add_features(store::Connection& connection, int32_t window_months, const Grading& grading,
                    Frame& frame) {
  Date window_from = add_months(frame.cutoff, -window_months),
       previous_from = add_months(frame.cutoff, -2 * window_months);
  Graded buyers = TRY(graded(connection, window_from, frame.cutoff, grading));
  TRY(create_graded(connection, buyers));
  Bindings bindings = {{"cutoff", to_timestamp(frame.cutoff)},
                       {"window_from", to_timestamp(window_from)},
                       {"previous_from", to_timestamp(previous_from)}};
  TRY(connection.execute(sql::customer, bindings));
  Table rows = TRY(connection.query(
      "SELECT f.* FROM customer_feature f JOIN graded USING (customer_no) ORDER BY graded.place"));
  DANGGOL_ASSERT(rows.rows() == buyers.size());
  frame.customer_id = std::move(buyers.customer_id);
  frame.grade = std::move(buyers.grade);
  std::vector<const ColumnData*> columns;
  for (const auto& column : rows.columns) {
    if (column.name == "customer_no" || column.name == "grade") continue;
    columns.push_back(&column);
    frame.features.names.push_back(column.name);
  }
  frame.features.values.reserve(rows.rows() * columns.size());
  for (size_t i = 0; i < rows.rows(); ++i)
    for (const ColumnData* column : columns) frame.features.values.push_back(column->number(i));
  add_mix(
      TRY(connection.query("SELECT place, name, value FROM customer_mix JOIN graded USING (customer_no)")),
      frame);
  return keep(connection, bindings);
}

}  // namespace

Status add_receipts(store::Connection& connection, int64_t first_load) {
  bool any = TRY(connection.integer("SELECT count(*) FROM (FROM feature.receipt LIMIT 1)")) > 0;
  // what a load brings of a receipt that is there already is added to it
  constexpr const char* merge = R"(
    MERGE INTO feature.receipt AS known USING ({}) AS fresh
    ON known.customer_no = fresh.customer_no AND known.action = fresh.action AND known.day = fresh.day
       AND known.receipt = fresh.receipt
    WHEN MATCHED THEN UPDATE SET
      last_ts = greatest(known.last_ts, fresh.last_ts),
      amount = coalesce(known.amount + fresh.amount, known.amount, fresh.amount),
      lines = known.lines + fresh.lines
    WHEN NOT MATCHED THEN INSERT BY NAME)";
  constexpr const char* insert = "INSERT INTO feature.receipt BY NAME {}";  // in half the time
  TRY(connection.execute(fmt::format(
      "CREATE OR REPLACE TEMP VIEW receipt_event AS FROM raw.event WHERE source >= {}", first_load)));
  return connection.execute(fmt::format(fmt::runtime(any ? merge : insert), sql::receipt));
}

Status renew_receipts(store::Connection& connection) {
  bool has_customers = TRY(connection.integer(
      "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'danggol' AND schema_name = 'feature' AND "
      "table_name = 'customer'"));
  if (has_customers) TRY(connection.execute("DELETE FROM feature.customer"));
  return connection.execute(fmt::format(
      R"(DELETE FROM feature.receipt r USING receipt_key k
         WHERE r.customer_no = k.customer_no AND r.action = k.action AND r.day = k.day AND r.receipt = k.receipt;
         CREATE OR REPLACE TEMP VIEW receipt_event AS
         SELECT e.* FROM raw.event e SEMI JOIN receipt_key k ON e.customer_no = k.customer_no
           AND e.action = k.action AND e.ts::DATE = k.day AND text_hash(e.receipt_id) = k.receipt;
         INSERT INTO feature.receipt BY NAME {})",
      sql::receipt));
}

Result<Frame> build(store::Connection& connection, Date as_of, Date cutoff, int32_t window_months,
                    std::optional<Date> label_until, const Grading& grading) {
  Frame frame;
  frame.cutoff = cutoff;
  bool sees_more = TRY(has_joined(connection));
  if (sees_more) TRY(see(connection, cutoff));
  Status known = add_features(connection, window_months, grading, frame);
  if (sees_more) TRY(see(connection, as_of));
  TRY(std::move(known));
  if (label_until) TRY(add_labels(connection, *label_until, grading, frame));
  return frame;
}

}  // namespace danggol::features
