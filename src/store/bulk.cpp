// Rows by the thousand: into a table, out of one, and into a file.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

#include "store/database.h"
#include "store/duckdb_c.h"

namespace danggol::store {
namespace {

// No exception may pass through DuckDB's C code.
template <class Call>
auto caught(const Call& call) -> decltype(call()) {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return Error{Code::memory, "not enough memory"};
  } catch (const std::exception& error) {
    return Error{Code::internal, error.what()};
  }
}

}  // namespace

// One Connection::insert(): a table function that DuckDB calls for rows in several threads. The C API cannot
// take a function back, so each has a name of its own and outlives its statement, with nothing left to give.
struct Insertion {
  const std::function<std::unique_ptr<RowFeed>()>* make_feed = nullptr;
  std::mutex failing;
  std::optional<Error> failed;  // the first that a feed told, with its code
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
    auto made = caught([&]() -> Status {
      auto local = std::make_unique<Local>();
      local->feed = (*insertion.make_feed)();
      local->data.resize(insertion.types.size());
      local->valid.resize(insertion.types.size());
      duckdb_init_set_init_data(info, local.release(), destroy<Local>);
      return {};
    });
    if (!made) duckdb_init_set_error(info, insertion.fail(made.error()));
  }
  const char* fail(const Error& error) {
    std::lock_guard lock(failing);
    if (!failed) failed = error;
    return failed->message.c_str();
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
    auto rows = caught([&] { return local.feed->fill(chunk); });
    if (!rows)
      return duckdb_function_set_error(info, of(duckdb_function_get_extra_info(info)).fail(rows.error()));
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
  Rows target = TRY(rows(fmt::format("FROM {} LIMIT 0", table)));
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
  duckdb_connect(handle_->database->database, &settings);
  duckdb_query(settings, "SET preserve_insertion_order = false", nullptr);
  auto outcome = execute(fmt::format("INSERT INTO {} FROM {}()", table, name));
  duckdb_query(settings, "RESET preserve_insertion_order", nullptr);
  insertion->make_feed = nullptr;
  if (!outcome && outcome.error().code != Code::cancelled && insertion->failed) return *insertion->failed;
  return outcome;
}

// One Connection::scan(): a scalar function that DuckDB calls with the rows in several threads. As with
// Insertion, it has a name of its own and outlives its statement.
struct Scan {
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
    auto used = caught([&]() -> Status {
      (*scan.use)(vectors);
      return {};
    });
    if (!used) return duckdb_scalar_function_set_error(info, used.error().message.c_str());
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
    Error out = failure(duckdb_error_data_message(error));
    if (out.code != Code::cancelled) out.message = fmt::format("writing {}: {}", table, out.message);
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

Result<Appender> Appender::open(Connection& connection, std::string_view schema, std::string_view table) {
  auto handle = std::make_shared<Handle>();
  handle->connection = connection.handle_;
  handle->table = table;
  bool is_own = schema == "temp";
  std::string of_store(schema);
  if (duckdb_appender_create_ext(connection.handle_->connection,
                                 is_own                                    ? "temp"
                                 : connection.handle_->database->has_store ? catalogue
                                                                           : nullptr,
                                 is_own ? "main" : of_store.c_str(), handle->table.c_str(),
                                 &handle->appender) == DuckDBError)
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

// The chunks of an answer, handed to a COPY of another DuckDB as they come.
struct Export {
  Rows::Handle* rows = nullptr;
  std::optional<Error> failed;

  static Export& of(void* extra_info) { return *static_cast<Export*>(extra_info); }
  static void bind(duckdb_bind_info info) {
    Rows::Handle& rows = *of(duckdb_bind_get_extra_info(info)).rows;
    for (size_t c = 0; c < rows.types.size(); ++c)
      duckdb_bind_add_result_column(info, rows.columns.columns[c].name.c_str(), *rows.types[c]);
  }
  static void init(duckdb_init_info info) { duckdb_init_set_max_threads(info, 1); }
  static void hand_on(duckdb_function_info info, duckdb_data_chunk out) {
    Export& from = of(duckdb_function_get_extra_info(info));
    auto chunk = from.rows->next();
    if (!chunk) {
      from.failed = chunk.error();
      return duckdb_function_set_error(info, from.failed->message.c_str());
    }
    DataChunk owned;
    owned.value = *chunk;
    idx_t rows = owned.value ? duckdb_data_chunk_get_size(owned) : 0;
    for (idx_t c = 0; rows > 0 && c < from.rows->types.size(); ++c)
      duckdb_vector_reference_vector(duckdb_data_chunk_get_vector(out, c),
                                     duckdb_data_chunk_get_vector(owned, c));
    duckdb_data_chunk_set_size(out, rows);
  }
};

Status write_parquet(Rows& rows, const std::string& path) {
  Database elsewhere = TRY(Database::in_memory());
  Connection connection = TRY(elsewhere.connect());
  Export from;
  from.rows = rows.handle_.get();
  Owned<duckdb_table_function, duckdb_destroy_table_function> function;
  function.value = duckdb_create_table_function();
  duckdb_table_function_set_name(function, "rows");
  duckdb_table_function_set_extra_info(function, &from, nullptr);
  duckdb_table_function_set_bind(function, Export::bind);
  duckdb_table_function_set_init(function, Export::init);
  duckdb_table_function_set_function(function, Export::hand_on);
  if (duckdb_register_table_function(connection.handle_->connection, function) == DuckDBError)
    return Error{Code::internal, "store: no function could be made of the rows"};
  auto outcome = connection.execute(
      fmt::format("COPY (FROM rows()) TO {} (FORMAT parquet, USE_TMP_FILE false)", literal(path)));
  if (from.failed) return *from.failed;
  return outcome;
}

}  // namespace danggol::store
