// What the files of this folder share of DuckDB's C API: its handles, owned, and its errors as ours. Included
// by no header.
#pragma once

#include <duckdb.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "store/database.h"

namespace danggol::store {

// Each handle is destroyed by the function DuckDB names for it.
template <class T, void (*destroy)(T*)>
struct Owned {
  T value{};
  Owned() = default;
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() { destroy(&value); }
  T* operator&() { return &value; }
  operator T() const { return value; }
};
using Prepared = Owned<duckdb_prepared_statement, duckdb_destroy_prepare>;
using Extracted = Owned<duckdb_extracted_statements, duckdb_destroy_extracted>;
using LogicalType = Owned<duckdb_logical_type, duckdb_destroy_logical_type>;
using DataChunk = Owned<duckdb_data_chunk, duckdb_destroy_data_chunk>;

inline constexpr const char* catalogue = "danggol";  // the store's, beside DuckDB's own in memory

// DuckDB tells its errors as JSON (errors_as_json): the type decides the code, and of what the disk says
// whether the system's own number of the error stands beside it: without one it is the bytes that are wrong.
Error failure(const char* message, Author author = Author::danggol);

struct Database::Handle {
  StoreFile file;  // let go of after DuckDB has closed it
  bool has_store = false;
  std::string opened_as;  // the file's state
  Access access = Access::read_only;
  duckdb_database database{};
  std::atomic<int64_t> connections = 0;  // made so far
  std::mutex ending;
  int committing = 0;
  bool ended = false;

  ~Handle();
  bool is_as_left() const;
  void remember() const;
};

struct Connection::Handle : std::enable_shared_from_this<Connection::Handle> {
  std::shared_ptr<Database::Handle> database;
  duckdb_connection connection{};
  std::string own_catalogue;  // "" where there is no store
  std::mutex interrupting;
  bool undisturbed = false;
  std::atomic<bool> interrupted = false;                 // since a stream began
  std::atomic<const std::atomic<bool>*> stop = nullptr;  // of stop_by()

  Status may_begin() const;
  Result<Rows> stream(std::string_view sql, Author author);
  Status look_at_select(std::string_view sql);
  // Prepares what is exactly one SELECT.
  Status prepare_select(std::string_view sql, Author author, Prepared& prepared);
  ~Handle();
};

struct Rows::Handle {
  std::shared_ptr<Connection::Handle> connection;  // keeps it open
  Author author = Author::danggol;
  duckdb_result result{};
  Table columns;
  std::vector<std::unique_ptr<LogicalType>> types;
  std::optional<Table> kept;  // rows that are there already, and the next of them
  size_t at = 0;

  void describe();
  duckdb_data_chunk next_kept();
  // The caller's to destroy; nullptr or without rows at the end.
  Result<duckdb_data_chunk> next();
  ~Handle() {
    types.clear();
    duckdb_destroy_result(&result);
  }
};

Type type_of(duckdb_type type);

// Makes text_hash(VARCHAR) -> UBIGINT known to all connections of the database: XXH3 of 64 bits (Collet), 0
// for NULL.
Status register_text_hash(duckdb_connection connection);

}  // namespace danggol::store
