#include "features/frame.h"

#include <algorithm>
#include <map>

#include "features/customer.sql.h"
#include "features/receipt.sql.h"
#include "features/rfm.sql.h"

namespace danggol::features {
namespace {

int32_t grade_number(const std::string& grade) {
  auto at = std::find(std::begin(grade_names), std::end(grade_names), grade);
  DANGGOL_ASSERT(at != std::end(grade_names));
  return static_cast<int32_t>(at - std::begin(grade_names));
}

// `rows` (customer_no, name, value) becomes one column a name, 0 where a customer has none.
void add_mix(const Table& rows, Frame& frame) {
  std::map<std::string, size_t> column_of;
  for (const auto& name : rows.texts("name")) column_of.emplace(name, 0);
  size_t fixed = frame.features.columns(), next = fixed;
  for (auto& [name, column] : column_of) column = next++;
  Matrix wide;
  wide.names = frame.features.names;
  for (const auto& [name, column] : column_of) wide.names.push_back(name);
  wide.values.assign(frame.customer_no.size() * wide.columns(), 0);
  for (size_t i = 0; i < frame.customer_no.size(); ++i)
    std::copy_n(frame.features.row(i), fixed, wide.values.begin() + static_cast<int64_t>(i * wide.columns()));
  const auto& customers = rows.integers("customer_no");
  size_t row = 0;
  for (size_t i = 0; i < customers.size(); ++i) {  // both sides ascend by customer_no
    while (frame.customer_no[row] < customers[i]) ++row;
    wide.values[row * wide.columns() + column_of[rows.texts("name")[i]]] = rows.reals("value")[i];
  }
  frame.features = std::move(wide);
}

Status add_labels(store::Connection& connection, Date label_until, const Grading& grading, Frame& frame) {
  TRY(grade_window(connection, frame.cutoff, label_until, grading));
  Table later = TRY(connection.query("SELECT customer_no, grade FROM graded ORDER BY customer_no"));
  frame.label_until = label_until;
  frame.label.assign(frame.customer_no.size(), inactive_grade);
  const auto& customers = later.integers("customer_no");
  size_t at = 0;
  for (size_t i = 0; i < frame.customer_no.size(); ++i) {
    while (at < customers.size() && customers[at] < frame.customer_no[i]) ++at;
    if (at < customers.size() && customers[at] == frame.customer_no[i])
      frame.label[i] = grade_number(later.texts("grade")[at]);
  }
  return {};
}

}  // namespace

Status add_receipts(store::Connection& connection, int64_t first_load) {
  return connection.execute(sql::receipt, {{"first_load", first_load}});
}

Status grade_window(store::Connection& connection, Date from, Date until, const Grading& grading) {
  return connection.execute(sql::rfm, {{"window_from", to_timestamp(from)},
                                       {"window_until", to_timestamp(until)},
                                       {"net_cancellations", grading.net_cancellations},
                                       {"by_rank", grading.rule == "rank"},
                                       {"w_recency", grading.w_recency},
                                       {"w_frequency", grading.w_frequency},
                                       {"w_monetary", grading.w_monetary},
                                       {"band_top", grading.bands[0]},
                                       {"band_good", grading.bands[1]},
                                       {"band_regular", grading.bands[2]},
                                       {"share_top", grading.shares[0]},
                                       {"share_good", grading.shares[1]},
                                       {"share_regular", grading.shares[2]}});
}

Result<Frame> build(store::Connection& connection, Date cutoff, int32_t window_months,
                    std::optional<Date> label_until, const Grading& grading) {
  Date window_from = add_months(cutoff, -window_months),
       previous_from = add_months(cutoff, -2 * window_months);
  TRY(grade_window(connection, window_from, cutoff, grading));
  Bindings bindings = {{"cutoff", to_timestamp(cutoff)},
                       {"window_from", to_timestamp(window_from)},
                       {"previous_from", to_timestamp(previous_from)}};
  TRY(connection.execute(sql::customer, bindings));
  Frame frame;
  frame.cutoff = cutoff;
  Table rows = TRY(connection.query("SELECT * FROM customer_feature ORDER BY customer_no"));
  for (int64_t customer : rows.integers("customer_no"))
    frame.customer_no.push_back(static_cast<int32_t>(customer));
  for (const auto& grade : rows.texts("grade")) frame.grade.push_back(grade_number(grade));
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
      TRY(connection.query("SELECT customer_no, name, value FROM customer_mix ORDER BY customer_no, name")),
      frame);

  TRY(connection.execute(R"(
    CREATE TABLE IF NOT EXISTS feature.customer AS
      SELECT $cutoff::DATE AS cutoff, $window_from::DATE AS window_from, * FROM customer_feature LIMIT 0;
    CREATE TABLE IF NOT EXISTS feature.customer_mix AS
      SELECT $cutoff::DATE AS cutoff, $window_from::DATE AS window_from, * FROM customer_mix LIMIT 0;
    DELETE FROM feature.customer WHERE cutoff = $cutoff::DATE AND window_from = $window_from::DATE;
    DELETE FROM feature.customer_mix WHERE cutoff = $cutoff::DATE AND window_from = $window_from::DATE;
    INSERT INTO feature.customer SELECT $cutoff::DATE, $window_from::DATE, * FROM customer_feature;
    INSERT INTO feature.customer_mix SELECT $cutoff::DATE, $window_from::DATE, * FROM customer_mix)",
                         bindings));
  if (label_until) TRY(add_labels(connection, *label_until, grading, frame));
  return frame;
}

}  // namespace danggol::features
