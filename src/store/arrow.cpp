// Rows for other programs, by the Arrow C data interface.
#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "store/duckdb_c.h"

namespace danggol::store {
namespace {

using ArrowOptions = Owned<duckdb_arrow_options, duckdb_destroy_arrow_options>;
using ErrorData = Owned<duckdb_error_data, duckdb_destroy_error_data>;

Status told(const ErrorData& error) {
  if (!error.value || !duckdb_error_data_has_error(error)) return {};
  return failure(duckdb_error_data_message(error));
}

duckdb_type sql_type(Type type) {
  switch (type) {
    case Type::integer: return DUCKDB_TYPE_BIGINT;
    case Type::real:
    case Type::money: return DUCKDB_TYPE_DOUBLE;
    case Type::text: return DUCKDB_TYPE_VARCHAR;
    case Type::date: return DUCKDB_TYPE_DATE;
    case Type::timestamp: return DUCKDB_TYPE_TIMESTAMP;
    case Type::boolean: return DUCKDB_TYPE_BOOLEAN;
    case Type::blob: return DUCKDB_TYPE_BLOB;
  }
  return DUCKDB_TYPE_VARCHAR;
}

// Some rows of a column, into a vector of its type.
void put(const ColumnData& column, size_t from, size_t rows, duckdb_vector vector) {
  void* data = duckdb_vector_get_data(vector);
  for (size_t i = 0; i < rows; ++i) {
    size_t row = from + i;
    if (column.is_null(row)) {
      duckdb_vector_ensure_validity_writable(vector);
      duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector), i);
    } else if (column.is_real()) static_cast<double*>(data)[i] = column.reals[row];
    else if (column.type == Type::date)
      static_cast<int32_t*>(data)[i] = static_cast<int32_t>(column.integers[row]);
    else if (column.type == Type::boolean) static_cast<bool*>(data)[i] = column.integers[row] != 0;
    else if (column.is_integral()) static_cast<int64_t*>(data)[i] = column.integers[row];
    else
      duckdb_vector_assign_string_element_len(vector, i, column.texts[row].data(), column.texts[row].size());
  }
}

}  // namespace

Rows Connection::rows_of(Table table) {
  Rows rows;
  rows.handle_ = std::make_shared<Rows::Handle>();
  rows.handle_->connection = handle_;
  rows.handle_->columns = table.without_rows();
  for (const auto& column : table.columns) {
    rows.handle_->types.push_back(std::make_unique<LogicalType>());
    rows.handle_->types.back()->value = duckdb_create_logical_type(sql_type(column.type));
  }
  rows.handle_->kept = std::move(table);
  return rows;
}

// The next rows of `kept`; without rows at the end.
duckdb_data_chunk Rows::Handle::next_kept() {
  std::vector<duckdb_logical_type> all;
  for (const auto& type : types) all.push_back(*type);
  duckdb_data_chunk chunk = duckdb_create_data_chunk(all.data(), all.size());
  size_t rows = std::min<size_t>(duckdb_vector_size(), kept->rows() - at);
  for (size_t c = 0; c < all.size(); ++c)
    put(kept->columns[c], at, rows, duckdb_data_chunk_get_vector(chunk, c));
  duckdb_data_chunk_set_size(chunk, rows);
  at += rows;
  return chunk;
}

Status Rows::schema(ArrowSchema& schema) const {
  ArrowOptions options;
  duckdb_connection_get_arrow_options(handle_->connection->connection, &options);
  std::vector<duckdb_logical_type> all;
  std::vector<const char*> names;
  for (size_t c = 0; c < handle_->types.size(); ++c) {
    all.push_back(*handle_->types[c]);
    names.push_back(handle_->columns.columns[c].name.c_str());
  }
  ErrorData error;
  error.value = duckdb_to_arrow_schema(options, all.data(), names.data(), all.size(), &schema);
  return told(error);
}

Result<bool> Rows::next(ArrowArray& out) {
  DataChunk chunk;
  chunk.value = TRY(handle_->next());
  if (!chunk.value || duckdb_data_chunk_get_size(chunk) == 0) return false;
  ArrowOptions options;
  duckdb_connection_get_arrow_options(handle_->connection->connection, &options);
  ErrorData error;
  error.value = duckdb_data_chunk_to_arrow(options, chunk, &out);
  TRY(told(error));
  return true;
}

}  // namespace danggol::store
