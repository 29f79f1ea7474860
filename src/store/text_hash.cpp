// text_hash(VARCHAR) in SQL: a hash that is kept in stores, where DuckDB's own changes from version to
// version.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "store/duckdb_c.h"

namespace danggol::store {
namespace {

void text_hash(duckdb_function_info, duckdb_data_chunk in, duckdb_vector out) {
  duckdb_vector texts = duckdb_data_chunk_get_vector(in, 0);
  auto* text = static_cast<duckdb_string_t*>(duckdb_vector_get_data(texts));
  uint64_t* valid = duckdb_vector_get_validity(texts);
  auto* hash = static_cast<uint64_t*>(duckdb_vector_get_data(out));
  for (idx_t i = 0, rows = duckdb_data_chunk_get_size(in); i < rows; ++i) {
    bool is_null = valid && !duckdb_validity_row_is_valid(valid, i);
    hash[i] = is_null ? 0 : XXH3_64bits(duckdb_string_t_data(&text[i]), duckdb_string_t_length(text[i]));
  }
}

}  // namespace

Status register_text_hash(duckdb_connection connection) {
  Owned<duckdb_scalar_function, duckdb_destroy_scalar_function> function;
  function.value = duckdb_create_scalar_function();
  duckdb_scalar_function_set_name(function, "text_hash");
  LogicalType text, hash;
  text.value = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
  hash.value = duckdb_create_logical_type(DUCKDB_TYPE_UBIGINT);
  duckdb_scalar_function_add_parameter(function, text);
  duckdb_scalar_function_set_return_type(function, hash);
  duckdb_scalar_function_set_special_handling(function);  // NULL has a hash, too
  duckdb_scalar_function_set_function(function, text_hash);
  if (duckdb_register_scalar_function(connection, function) == DuckDBError)
    return Error{Code::internal, "store: no function text_hash could be made"};
  return {};
}

}  // namespace danggol::store
