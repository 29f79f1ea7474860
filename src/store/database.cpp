#include "store/database.h"

#include <duckdb.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <thread>
#include <utility>

namespace danggol::store {
namespace {

// The oldest DuckDB that shall read a store. 1.4 brought the compression of texts that makes a store a
// quarter smaller and its writing a quarter cheaper.
constexpr const char* oldest_reader = "v1.4.0";
constexpr const char* memory_limit = "2GB";  // beyond it DuckDB spills to disk beside the store

std::string first_line(const char* message) {
  std::string_view text = message ? message : "unknown error";
  return std::string(text.substr(0, text.find('\n')));
}

// Some calls, preparing among them, tell an interrupt by the message alone.
Error sql_error(const char* message, duckdb_error_type type = DUCKDB_ERROR_INVALID,
                Code otherwise = Code::bad_input) {
  std::string line = first_line(message);
  if (type == DUCKDB_ERROR_INTERRUPT || line.starts_with("INTERRUPT"))
    return {Code::cancelled, "stopped: nothing was changed"};
  return {otherwise, line};
}

// RAII for the C handles; each is destroyed by the function DuckDB names for it.
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

void bind_value(duckdb_prepared_statement statement, idx_t index, const Value& value) {
  struct {
    duckdb_prepared_statement s;
    idx_t i;
    void operator()(std::monostate) { duckdb_bind_null(s, i); }
    void operator()(bool v) { duckdb_bind_boolean(s, i, v); }
    void operator()(int64_t v) { duckdb_bind_int64(s, i, v); }
    void operator()(double v) { duckdb_bind_double(s, i, v); }
    void operator()(const std::string& v) { duckdb_bind_varchar_length(s, i, v.data(), v.size()); }
    void operator()(Date v) { duckdb_bind_date(s, i, {v.days}); }
    void operator()(Timestamp v) { duckdb_bind_timestamp(s, i, {v.micros}); }
  } binder{statement, index};
  std::visit(binder, value);
}

Type type_of(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN: return Type::boolean;
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT: return Type::integer;
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE: return Type::real;
    case DUCKDB_TYPE_DECIMAL: return Type::money;
    case DUCKDB_TYPE_DATE: return Type::date;
    case DUCKDB_TYPE_TIMESTAMP: return Type::timestamp;
    case DUCKDB_TYPE_BLOB: return Type::blob;
    default: return Type::text;
  }
}

double to_double(duckdb_hugeint value) { return duckdb_hugeint_to_double(value); }

template <class From, class To>
void copy(const void* data, idx_t rows, std::vector<To>& out) {
  const From* from = static_cast<const From*>(data);
  for (idx_t i = 0; i < rows; ++i) out.push_back(static_cast<To>(from[i]));
}

void read_decimal(duckdb_logical_type logical, const void* data, idx_t rows, std::vector<double>& out) {
  double scale = 1;
  for (int digit = duckdb_decimal_scale(logical); digit > 0; --digit) scale *= 10;
  size_t start = out.size();
  switch (duckdb_decimal_internal_type(logical)) {
    case DUCKDB_TYPE_SMALLINT: copy<int16_t>(data, rows, out); break;
    case DUCKDB_TYPE_INTEGER: copy<int32_t>(data, rows, out); break;
    case DUCKDB_TYPE_BIGINT: copy<int64_t>(data, rows, out); break;
    default:
      for (idx_t i = 0; i < rows; ++i) out.push_back(to_double(static_cast<const duckdb_hugeint*>(data)[i]));
  }
  for (size_t i = start; i < out.size(); ++i) out[i] /= scale;
}

Status read_column(duckdb_vector vector, duckdb_logical_type logical, idx_t rows, ColumnData& column) {
  const void* data = duckdb_vector_get_data(vector);
  const uint64_t* valid = duckdb_vector_get_validity(vector);
  size_t before = column.size();
  switch (duckdb_get_type_id(logical)) {
    case DUCKDB_TYPE_BOOLEAN: copy<bool>(data, rows, column.integers); break;
    case DUCKDB_TYPE_TINYINT: copy<int8_t>(data, rows, column.integers); break;
    case DUCKDB_TYPE_SMALLINT: copy<int16_t>(data, rows, column.integers); break;
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_DATE: copy<int32_t>(data, rows, column.integers); break;
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_TIMESTAMP: copy<int64_t>(data, rows, column.integers); break;
    case DUCKDB_TYPE_UTINYINT: copy<uint8_t>(data, rows, column.integers); break;
    case DUCKDB_TYPE_USMALLINT: copy<uint16_t>(data, rows, column.integers); break;
    case DUCKDB_TYPE_UINTEGER: copy<uint32_t>(data, rows, column.integers); break;
    case DUCKDB_TYPE_UBIGINT: copy<uint64_t>(data, rows, column.integers); break;
    case DUCKDB_TYPE_HUGEINT:  // a sum of BIGINT; we keep none that needs more than 64 bits
      for (idx_t i = 0; i < rows; ++i)
        column.integers.push_back(static_cast<int64_t>(static_cast<const duckdb_hugeint*>(data)[i].lower));
      break;
    case DUCKDB_TYPE_FLOAT: copy<float>(data, rows, column.reals); break;
    case DUCKDB_TYPE_DOUBLE: copy<double>(data, rows, column.reals); break;
    case DUCKDB_TYPE_DECIMAL: read_decimal(logical, data, rows, column.reals); break;
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_BLOB: {
      auto* strings = static_cast<duckdb_string_t*>(const_cast<void*>(data));
      for (idx_t i = 0; i < rows; ++i) {
        bool null = valid && !duckdb_validity_row_is_valid(const_cast<uint64_t*>(valid), i);
        if (null) column.texts.emplace_back();
        else column.texts.emplace_back(duckdb_string_t_data(&strings[i]), duckdb_string_t_length(strings[i]));
      }
      break;
    }
    default:
      return Error{Code::bad_input,
                   fmt::format("column {}: this SQL type is not read here; cast it to VARCHAR", column.name)};
  }
  if (valid) {
    for (idx_t i = 0; i < rows; ++i) {
      bool null = !duckdb_validity_row_is_valid(const_cast<uint64_t*>(valid), i);
      if (!null && column.null.empty()) continue;
      column.null.resize(before + i, false);
      column.null.push_back(null);
    }
  }
  if (!column.null.empty()) column.null.resize(column.size(), false);
  return {};
}

}  // namespace

struct Database::Handle {
  duckdb_database database{};
  ~Handle() { duckdb_close(&database); }
};

struct Connection::Handle {
  std::shared_ptr<void> keeps_open;
  duckdb_database database{};
  duckdb_connection connection{};
  std::mutex interrupting;
  bool undisturbed = false;
  ~Handle() { duckdb_disconnect(&connection); }
};

struct Rows::Handle {
  std::shared_ptr<void> connection;  // keeps it open
  duckdb_result result{};
  Table columns;
  std::vector<std::unique_ptr<LogicalType>> types;
  ~Handle() {
    types.clear();
    duckdb_destroy_result(&result);
  }
};

Result<Database> Database::open(const std::string& path, Access access) {
  if (access != Access::read_write && !std::filesystem::exists(path))
    return Error{Code::not_found, fmt::format("store {}: no such file; run danggol import first", path)};
  duckdb_config config{};
  duckdb_create_config(&config);
  auto set = [&](const char* key, const std::string& value) {
    duckdb_set_config(config, key, value.c_str());
  };
  set("access_mode", access == Access::read_write ? "READ_WRITE" : "READ_ONLY");
  set("autoinstall_known_extensions", "false");
  set("autoload_known_extensions", "false");
  set("storage_compatibility_version", oldest_reader);
  set("memory_limit", memory_limit);
  set("temp_directory", path + ".tmp");
  if (access == Access::sandboxed) {
    set("enable_external_access", "false");
    set("lock_configuration", "true");
  }
  auto handle = std::make_shared<Handle>();
  char* message = nullptr;
  duckdb_state state = duckdb_open_ext(path.c_str(), &handle->database, config, &message);
  duckdb_destroy_config(&config);
  if (state == DuckDBError) {
    std::string why = first_line(message);
    duckdb_free(message);
    std::string words = why;  // without the path, for that may hold any words
    for (size_t at; !path.empty() && (at = words.find(path)) != std::string::npos;)
      words.erase(at, path.size());
    auto says = [&](const char* text) { return words.find(text) != std::string::npos; };
    if (says("lock"))
      return Error{Code::conflict,
                   fmt::format("store {}: another process has it open; wait for it to end", path)};
    if (says("valid DuckDB") || says("Corrupt") || says("Could not read enough bytes") || says("checksum") ||
        says("Serialization"))
      return Error{Code::corrupt,
                   fmt::format("store {}: not a danggol store (a DuckDB file): {}", path, why)};
    return Error{Code::io, fmt::format("store {}: {}", path, why)};
  }
  Database database;
  database.handle_ = std::move(handle);
  return database;
}

Result<Connection> Database::connect() const {
  auto handle = std::make_shared<Connection::Handle>();
  handle->keeps_open = handle_;
  handle->database = handle_->database;
  if (duckdb_connect(handle->database, &handle->connection) == DuckDBError)
    return Error{Code::io, "store: no connection could be made"};
  Connection connection;
  connection.handle_ = std::move(handle);
  return connection;
}

const Table& Rows::columns() const { return handle_->columns; }

Result<bool> Rows::next(Table& out) {
  DataChunk chunk;
  chunk.value = duckdb_fetch_chunk(handle_->result);
  idx_t rows = chunk.value ? duckdb_data_chunk_get_size(chunk) : 0;
  if (rows == 0) {
    if (const char* message = duckdb_result_error(&handle_->result); message && *message)
      return sql_error(message, duckdb_result_error_type(&handle_->result));
    return false;
  }
  out = handle_->columns;
  for (idx_t c = 0; c < out.columns.size(); ++c)
    TRY(read_column(duckdb_data_chunk_get_vector(chunk, c), *handle_->types[c], rows, out.columns[c]));
  return true;
}

Result<Rows> Connection::rows(std::string_view sql, const Bindings& bindings) {
  Extracted statements;
  idx_t count = duckdb_extract_statements(handle_->connection, std::string(sql).c_str(), &statements);
  if (count == 0) return sql_error(duckdb_extract_statements_error(statements));
  Rows rows;
  for (idx_t s = 0; s < count; ++s) {
    Prepared prepared;
    if (duckdb_prepare_extracted_statement(handle_->connection, statements, s, &prepared) == DuckDBError)
      return sql_error(duckdb_prepare_error(prepared));
    for (const auto& [name, value] : bindings) {
      idx_t index = 0;
      if (duckdb_bind_parameter_index(prepared, &index, name.c_str()) == DuckDBSuccess)
        bind_value(prepared, index, value);
    }
    rows.handle_ = std::make_shared<Rows::Handle>();
    rows.handle_->connection = handle_;
    duckdb_result& result = rows.handle_->result;
    if (duckdb_execute_prepared(prepared, &result) == DuckDBError)
      return sql_error(duckdb_result_error(&result), duckdb_result_error_type(&result));
  }
  Rows::Handle& last = *rows.handle_;
  for (idx_t c = 0; c < duckdb_column_count(&last.result); ++c) {
    last.types.push_back(std::make_unique<LogicalType>());
    last.types.back()->value = duckdb_column_logical_type(&last.result, c);
    last.columns.columns.push_back(
        {duckdb_column_name(&last.result, c), type_of(duckdb_get_type_id(*last.types.back()))});
  }
  return rows;
}

Status Connection::execute(std::string_view sql, const Bindings& bindings) {
  TRY(rows(sql, bindings));
  return {};
}

Result<Table> Connection::query(std::string_view sql, const Bindings& bindings) {
  Rows answer = TRY(rows(sql, bindings));
  Table all = answer.columns(), chunk;
  while (TRY(answer.next(chunk))) all.append_rows(chunk);
  return all;
}

Result<int64_t> Connection::integer(std::string_view sql, const Bindings& bindings) {
  Table table = TRY(query(sql, bindings));
  if (table.rows() == 0 || table.columns[0].is_null(0)) return int64_t{0};
  DANGGOL_ASSERT(table.columns[0].is_integral());
  return table.columns[0].integers[0];
}

Result<std::string> Connection::text(std::string_view sql, const Bindings& bindings) {
  Table table = TRY(query(sql, bindings));
  if (table.rows() == 0 || table.columns[0].is_null(0)) return std::string();
  return table.columns[0].texts.at(0);
}

void Connection::interrupt() {
  std::lock_guard lock(handle_->interrupting);
  if (!handle_->undisturbed) duckdb_interrupt(handle_->connection);
}

Status Connection::undisturbed(std::string_view sql) {
  auto set = [&](bool value) {
    std::lock_guard lock(handle_->interrupting);
    handle_->undisturbed = value;
  };
  set(true);
  auto outcome = execute(sql);
  set(false);
  return outcome;
}

// One Connection::insert(): a table function that DuckDB calls for rows in several threads. The C API cannot
// take a function back, so each has a name of its own and outlives its statement, with nothing left to give.
struct Insertion {
  const std::function<std::unique_ptr<RowFeed>()>* make_feed = nullptr;
  std::vector<std::string> names;
  std::vector<duckdb_logical_type> types;
  ~Insertion() {
    for (auto& type : types) duckdb_destroy_logical_type(&type);
  }

  struct Local {
    std::unique_ptr<RowFeed> feed;
    std::vector<void*> data;
    std::vector<uint64_t*> valid;
  };

  template <class T>
  static void destroy(void* object) {
    delete static_cast<T*>(object);
  }
  static Insertion& of(void* extra_info) { return **static_cast<std::shared_ptr<Insertion>*>(extra_info); }

  static void bind(duckdb_bind_info info) {
    Insertion& insertion = of(duckdb_bind_get_extra_info(info));
    if (!insertion.make_feed) return duckdb_bind_set_error(info, "these rows were inserted before");
    for (size_t c = 0; c < insertion.types.size(); ++c)
      duckdb_bind_add_result_column(info, insertion.names[c].c_str(), insertion.types[c]);
  }
  static void init(duckdb_init_info info) {
    duckdb_init_set_max_threads(info, std::max(1u, std::thread::hardware_concurrency()));
  }
  static void init_thread(duckdb_init_info info) {
    Insertion& insertion = of(duckdb_init_get_extra_info(info));
    auto local = std::make_unique<Local>();
    local->feed = (*insertion.make_feed)();
    local->data.resize(insertion.types.size());
    local->valid.resize(insertion.types.size());
    duckdb_init_set_init_data(info, local.release(), destroy<Local>);
  }
  static void fill(duckdb_function_info info, duckdb_data_chunk out) {
    Local& local = *static_cast<Local*>(duckdb_function_get_local_init_data(info));
    for (size_t c = 0; c < local.data.size(); ++c) {
      duckdb_vector vector = duckdb_data_chunk_get_vector(out, c);
      duckdb_vector_ensure_validity_writable(vector);
      local.data[c] = duckdb_vector_get_data(vector);
      local.valid[c] = duckdb_vector_get_validity(vector);
    }
    Chunk chunk;
    chunk.data_ = local.data;
    chunk.valid_ = local.valid;
    chunk.capacity_ = duckdb_vector_size();
    auto rows = local.feed->fill(chunk);
    if (!rows) return duckdb_function_set_error(info, rows.error().message.c_str());
    duckdb_data_chunk_set_size(out, *rows);
  }
};

void Chunk::set_text(int column, size_t row, std::string_view text) {
  duckdb_string_t& out = values<duckdb_string_t>(column)[row];
  out = {};
  out.value.inlined.length = static_cast<uint32_t>(text.size());
  if (text.size() <= sizeof out.value.inlined.inlined) {
    if (!text.empty()) std::memcpy(out.value.inlined.inlined, text.data(), text.size());
  } else {
    std::memcpy(out.value.pointer.prefix, text.data(), sizeof out.value.pointer.prefix);
    out.value.pointer.ptr = const_cast<char*>(text.data());
  }
}

Status Connection::insert(std::string_view table,
                          const std::function<std::unique_ptr<RowFeed>()>& make_feed) {
  static std::atomic<int64_t> count = 0;
  auto insertion = std::make_shared<Insertion>();
  Rows target = TRY(rows(fmt::format("FROM {} LIMIT 0", identifier(table))));
  for (const auto& column : target.columns().columns) insertion->names.push_back(column.name);
  for (const auto& type : target.handle_->types)
    insertion->types.push_back(std::exchange(type->value, nullptr));
  insertion->make_feed = &make_feed;

  std::string name = fmt::format("danggol_rows_{}", count++);
  Owned<duckdb_table_function, duckdb_destroy_table_function> function;
  function.value = duckdb_create_table_function();
  duckdb_table_function_set_name(function, name.c_str());
  duckdb_table_function_set_extra_info(function, new std::shared_ptr<Insertion>(insertion),
                                       Insertion::destroy<std::shared_ptr<Insertion>>);
  duckdb_table_function_set_bind(function, Insertion::bind);
  duckdb_table_function_set_init(function, Insertion::init);
  duckdb_table_function_set_local_init(function, Insertion::init_thread);
  duckdb_table_function_set_function(function, Insertion::fill);
  if (duckdb_register_table_function(handle_->connection, function) == DuckDBError)
    return Error{Code::internal, fmt::format("store: no function {} could be made", name)};

  // Keeping the order of the rows would leave the insertion to a single thread. The setting is the whole
  // database's; it is changed from outside the transaction, so that it can be changed back if that fails.
  Owned<duckdb_connection, duckdb_disconnect> settings;
  duckdb_connect(handle_->database, &settings);
  duckdb_query(settings, "SET preserve_insertion_order = false", nullptr);
  auto outcome = execute(fmt::format("INSERT INTO {} FROM {}()", identifier(table), name));
  duckdb_query(settings, "RESET preserve_insertion_order", nullptr);
  insertion->make_feed = nullptr;
  return outcome;
}

// One Connection::scan(): a scalar function that DuckDB calls with the rows in several threads. As with
// Insertion, it has a name of its own and outlives its statement.
struct Scan {
  static_assert(sizeof(VectorText) == sizeof(duckdb_string_t) &&
                offsetof(VectorText, elsewhere) == offsetof(duckdb_string_t, value.pointer.ptr));
  const std::function<void(const Vectors&)>* use = nullptr;

  static void take(duckdb_function_info info, duckdb_data_chunk in, duckdb_vector out) {
    const Scan& scan = **static_cast<std::shared_ptr<Scan>*>(duckdb_scalar_function_get_extra_info(info));
    if (!scan.use) return duckdb_scalar_function_set_error(info, "these rows were scanned before");
    std::array<void*, most_columns> data;
    std::array<uint64_t*, most_columns> valid;
    Vectors vectors;
    idx_t columns = duckdb_data_chunk_get_column_count(in);
    for (idx_t c = 0; c < columns; ++c) {
      duckdb_vector vector = duckdb_data_chunk_get_vector(in, c);
      data[c] = duckdb_vector_get_data(vector), valid[c] = duckdb_vector_get_validity(vector);
    }
    vectors.data_ = {data.data(), columns}, vectors.valid_ = {valid.data(), columns};
    vectors.rows_ = duckdb_data_chunk_get_size(in);
    try {
      (*scan.use)(vectors);
    } catch (const std::bad_alloc&) {
      return duckdb_scalar_function_set_error(info, "not enough memory");
    }
    std::fill_n(static_cast<int32_t*>(duckdb_vector_get_data(out)), vectors.rows_, 1);
  }
  static constexpr size_t most_columns = 16;
};

Status Connection::scan(std::string_view select, const Bindings& bindings,
                        const std::function<void(const Vectors&)>& use) {
  static std::atomic<int64_t> count = 0;
  auto scan = std::make_shared<Scan>();
  scan->use = &use;
  Rows shape = TRY(rows(fmt::format("FROM ({}) LIMIT 0", select), bindings));
  DANGGOL_ASSERT(shape.handle_->types.size() <= Scan::most_columns);

  std::string name = fmt::format("danggol_scan_{}", count++), columns;
  Owned<duckdb_scalar_function, duckdb_destroy_scalar_function> function;
  function.value = duckdb_create_scalar_function();
  duckdb_scalar_function_set_name(function, name.c_str());
  for (size_t c = 0; c < shape.handle_->types.size(); ++c) {
    duckdb_scalar_function_add_parameter(function, *shape.handle_->types[c]);
    columns += (c > 0 ? ", " : "") + identifier(shape.columns().columns[c].name);
  }
  LogicalType integer;
  integer.value = duckdb_create_logical_type(DUCKDB_TYPE_INTEGER);
  duckdb_scalar_function_set_return_type(function, integer);
  duckdb_scalar_function_set_volatile(function);
  duckdb_scalar_function_set_special_handling(function);  // rows with a null are rows, too
  duckdb_scalar_function_set_extra_info(function, new std::shared_ptr<Scan>(scan),
                                        Insertion::destroy<std::shared_ptr<Scan>>);
  duckdb_scalar_function_set_function(function, Scan::take);
  if (duckdb_register_scalar_function(handle_->connection, function) == DuckDBError)
    return Error{Code::internal, fmt::format("store: no function {} could be made", name)};
  auto outcome = execute(fmt::format("SELECT sum({}({})) FROM ({})", name, columns, select), bindings);
  scan->use = nullptr;
  return outcome;
}

struct Appender::Handle {
  std::shared_ptr<void> connection;  // keeps it open
  duckdb_appender appender{};
  duckdb_data_chunk chunk{};
  std::vector<duckdb_vector> vectors;
  std::vector<void*> data;
  std::vector<uint64_t*> valid;
  std::vector<uint8_t> set_in_row;
  idx_t row = 0, capacity = duckdb_vector_size();
  std::string table;

  ~Handle() {
    duckdb_destroy_data_chunk(&chunk);
    duckdb_appender_destroy(&appender);
  }
  Error failed() {
    duckdb_error_data error = duckdb_appender_error_data(appender);
    Error out = sql_error(duckdb_error_data_message(error), duckdb_error_data_error_type(error), Code::io);
    if (out.code == Code::io) out.message = fmt::format("writing {}: {}", table, out.message);
    duckdb_destroy_error_data(&error);
    return out;
  }
  void prepare() {  // pointers move with every reset
    for (size_t c = 0; c < vectors.size(); ++c) {
      vectors[c] = duckdb_data_chunk_get_vector(chunk, c);
      data[c] = duckdb_vector_get_data(vectors[c]);
      duckdb_vector_ensure_validity_writable(vectors[c]);
      valid[c] = duckdb_vector_get_validity(vectors[c]);
    }
    row = 0;
  }
  Status flush() {
    if (row == 0) return {};
    duckdb_data_chunk_set_size(chunk, row);
    if (duckdb_append_data_chunk(appender, chunk) == DuckDBError) return failed();
    duckdb_data_chunk_reset(chunk);
    prepare();
    return {};
  }
  template <class T>
  void put(int column, T value) {
    static_cast<T*>(data[column])[row] = value;
    set_in_row[column] = 1;
  }
};

Result<Appender> Appender::open(Connection& connection, std::string_view catalog, std::string_view schema,
                                std::string_view table) {
  auto handle = std::make_shared<Handle>();
  handle->connection = connection.handle_;
  handle->table = table;
  std::string catalog_text(catalog), schema_text(schema);
  if (duckdb_appender_create_ext(connection.handle_->connection,
                                 catalog.empty() ? nullptr : catalog_text.c_str(), schema_text.c_str(),
                                 handle->table.c_str(), &handle->appender) == DuckDBError)
    return handle->failed();
  idx_t columns = duckdb_appender_column_count(handle->appender);
  std::vector<duckdb_logical_type> types;
  for (idx_t c = 0; c < columns; ++c) types.push_back(duckdb_appender_column_type(handle->appender, c));
  handle->chunk = duckdb_create_data_chunk(types.data(), columns);
  for (auto& type : types) duckdb_destroy_logical_type(&type);
  handle->vectors.resize(columns);
  handle->data.resize(columns);
  handle->valid.resize(columns);
  handle->set_in_row.assign(columns, 0);
  handle->prepare();
  Appender appender;
  appender.handle_ = std::move(handle);
  return appender;
}

void Appender::set(int column, int32_t value) { handle_->put(column, value); }
void Appender::set(int column, int64_t value) { handle_->put(column, value); }
void Appender::set(int column, double value) { handle_->put(column, value); }
void Appender::set(int column, bool value) { handle_->put(column, value); }
void Appender::set(int column, Date value) { handle_->put(column, value.days); }
void Appender::set(int column, Timestamp value) { handle_->put(column, value.micros); }
void Appender::set(int column, Money value) { handle_->put(column, value.ten_thousandths); }
void Appender::set(int column, std::string_view value) {
  duckdb_vector_assign_string_element_len(handle_->vectors[column], handle_->row, value.data(), value.size());
  handle_->set_in_row[column] = 1;
}
void Appender::set_blob(int column, std::string_view bytes) { set(column, bytes); }

Status Appender::end_row() {
  Handle& h = *handle_;
  for (size_t c = 0; c < h.set_in_row.size(); ++c) {
    if (!h.set_in_row[c]) duckdb_validity_set_row_invalid(h.valid[c], h.row);
    h.set_in_row[c] = 0;
  }
  if (++h.row == h.capacity) return h.flush();
  return {};
}

Status Appender::append(int64_t first, const Table& table) {
  Handle& h = *handle_;
  TRY(h.flush());
  for (size_t from = 0; from < table.rows(); from += h.capacity) {
    size_t count = std::min<size_t>(h.capacity, table.rows() - from);
    std::fill_n(static_cast<int64_t*>(h.data[0]), count, first);
    for (size_t c = 0; c < table.columns.size(); ++c) {
      const ColumnData& column = table.columns[c];
      auto put = [&]<class T>(const auto& values, const auto& as) {
        for (size_t i = 0; i < count; ++i) static_cast<T*>(h.data[c + 1])[i] = as(values[from + i]);
      };
      auto same = [](auto value) { return value; };
      switch (column.type) {
        case Type::integer:
        case Type::timestamp: put.operator()<int64_t>(column.integers, same); break;
        case Type::date:
          put.operator()<int32_t>(column.integers, [](int64_t days) { return static_cast<int32_t>(days); });
          break;
        case Type::boolean:
          put.operator()<bool>(column.integers, [](int64_t value) { return value != 0; });
          break;
        case Type::real: put.operator()<double>(column.reals, same); break;
        case Type::money:
          put.operator()<int64_t>(column.reals,
                                  [](double value) { return std::llround(value * Money::scale); });
          break;
        case Type::text:
        case Type::blob:
          for (size_t i = 0; i < count; ++i) {
            const std::string& text = column.texts[from + i];
            duckdb_vector_assign_string_element_len(h.vectors[c + 1], i, text.data(), text.size());
          }
      }
      for (size_t i = 0; !column.null.empty() && i < count; ++i)
        if (column.is_null(from + i)) duckdb_validity_set_row_invalid(h.valid[c + 1], i);
    }
    h.row = count;
    TRY(h.flush());
  }
  return {};
}

Status Appender::close() {
  TRY(handle_->flush());
  if (duckdb_appender_close(handle_->appender) == DuckDBError) return handle_->failed();
  return {};
}

std::string literal(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

std::string identifier(std::string_view name) {
  std::string out = "\"";
  for (char c : name) {
    if (c == '.') out += "\".\"";
    else if (c == '"') out += "\"\"";
    else out += c;
  }
  return out + "\"";
}

}  // namespace danggol::store
