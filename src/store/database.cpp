#include "store/database.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>
#include <utility>

#include "danggol/progress.h"
#include "store/duckdb_c.h"
#include "store/layout.h"
#include "store/store_key.h"

namespace danggol::store {
namespace {

constexpr const char* no_file = ":memory:";  // a store that is gone with its Database

// The oldest DuckDB that shall read a store. 1.4 brought the compression of texts that makes a store a
// quarter smaller and its writing a quarter cheaper.
constexpr const char* oldest_reader = "v1.4.0";

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

// The texts that an ENUM numbers. Its values may be many, those of some thousand rows are few.
Status read_enum(duckdb_logical_type logical, const void* data, const uint64_t* valid, idx_t rows,
                 ColumnData& column) {
  std::vector<uint32_t> codes;
  switch (duckdb_enum_internal_type(logical)) {
    case DUCKDB_TYPE_UTINYINT: copy<uint8_t>(data, rows, codes); break;
    case DUCKDB_TYPE_USMALLINT: copy<uint16_t>(data, rows, codes); break;
    default: copy<uint32_t>(data, rows, codes);
  }
  uint32_t size = duckdb_enum_dictionary_size(logical);
  std::map<uint32_t, std::string> texts;
  for (idx_t i = 0; i < rows; ++i) {
    if (valid && !duckdb_validity_row_is_valid(const_cast<uint64_t*>(valid), i)) {
      column.texts.emplace_back();
      continue;
    }
    auto [at, is_new] = texts.try_emplace(codes[i]);
    if (is_new) {
      if (codes[i] >= size)
        return Error{Code::corrupt,
                     fmt::format("column {}: a value that its type does not have", column.name)};
      char* text = duckdb_enum_dictionary_value(logical, codes[i]);
      at->second = text;
      duckdb_free(text);
    }
    column.texts.push_back(at->second);
  }
  return {};
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
    case DUCKDB_TYPE_HUGEINT:  // a sum of BIGINT
      for (idx_t i = 0; i < rows; ++i) {
        const duckdb_hugeint& wide = static_cast<const duckdb_hugeint*>(data)[i];
        auto narrow = static_cast<int64_t>(wide.lower);
        bool fits = wide.upper == (narrow < 0 ? -1 : 0);
        if (!fits && !(valid && !duckdb_validity_row_is_valid(const_cast<uint64_t*>(valid), i)))
          return Error{Code::internal, fmt::format("column {}: a number beyond 64 bits", column.name)};
        column.integers.push_back(narrow);
      }
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
    case DUCKDB_TYPE_ENUM: TRY(read_enum(logical, data, valid, rows, column)); break;
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

Database::Handle::~Handle() {
  duckdb_close(&database);
  if (access == Access::read_write && file.is_kept() && file.state() != opened_as) remember();
}

bool Database::Handle::is_as_left() const {
  auto key = read_key(file.key_file());
  return key && key->left == file.state();
}

// That it is as we left it. Where that cannot be written the rows are looked at again next time.
void Database::Handle::remember() const {
  if (is_as_left() || !secret_in(file.key_file())) return;
  if (auto key = read_key(file.key_file())) (void)write_key(file.key_file(), {key->secret, file.state()});
}

namespace {

Status start(duckdb_database* database, int64_t memory_bytes) {
  duckdb_config config{};
  duckdb_create_config(&config);
  auto set = [&](const char* key, const std::string& value) {
    duckdb_set_config(config, key, value.c_str());
  };
  set("autoinstall_known_extensions", "false");
  set("autoload_known_extensions", "false");
  set("storage_compatibility_version", oldest_reader);
  set("memory_limit", fmt::format("{}B", memory_bytes));
  char* message = nullptr;
  duckdb_state state = duckdb_open_ext(nullptr, database, config, &message);
  duckdb_destroy_config(&config);
  if (state == DuckDBSuccess) return {};
  Error error = failure(message);
  duckdb_free(message);
  return error;
}

// What DuckDB cannot attach although the file is open and ours: its bytes are wrong, unless the disk or the
// memory says otherwise.
Error not_attached(Error error, const std::string& path) {
  if (error.code == Code::cancelled || error.code == Code::memory) return error;
  if (error.code == Code::io) return {Code::io, fmt::format("store {}: {}", path, error.message)};
  return {Code::corrupt, fmt::format("store {}: damaged, or no DuckDB file: {}", path, error.message)};
}

// What our own SQL fails over while it looks at a store from elsewhere is the store's fault.
Status looked_at(Status outcome, const std::string& path) {
  if (outcome || outcome.error().code != Code::internal) return outcome;
  return Error{Code::corrupt, fmt::format("store {}: damaged: {}", path, outcome.error().message)};
}

// What fails while all there is to do is to write, fails in writing, whatever DuckDB calls it.
Error not_written(Error error) {
  if (error.code == Code::internal || error.code == Code::corrupt) error.code = Code::io;
  return error;
}

}  // namespace

// The stores this process has open. Opening and closing take turns.
struct Database::Opened {
  struct Store {
    FileId id;
    std::weak_ptr<Handle> handle;
  };
  std::recursive_mutex turn;  // a migration opens what it has made
  std::vector<Store> stores;

  static Opened& instance() {
    static auto* opened = new Opened;  // a store may be closed by other statics
    return *opened;
  }
  static std::shared_ptr<Handle> new_handle() { return {new Handle, close}; }
  static void close(Handle* handle) {
    Opened& opened = instance();
    std::lock_guard lock(opened.turn);
    std::erase_if(opened.stores, [&](const Store& store) { return store.id == handle->file.id(); });
    delete handle;
  }
  // The one of a file, nullptr where it is not open; one that is just being closed is waited for.
  std::shared_ptr<Handle> find(const std::string& path, std::unique_lock<std::recursive_mutex>& lock) {
    for (;;) {
      auto id = file_id(path);
      auto at = std::find_if(stores.begin(), stores.end(), [&](const Store& s) { return id && s.id == *id; });
      if (at == stores.end()) return nullptr;
      if (auto handle = at->handle.lock()) return handle;
      lock.unlock();
      std::this_thread::yield();
      lock.lock();
    }
  }
};

Result<Database> Database::open(const std::string& path, Access access, int64_t memory_bytes) {
  Opened& opened = Opened::instance();
  Database database;  // let go of after the lock, if it cannot be opened
  std::unique_lock lock(opened.turn);
  database.handle_ = opened.find(path, lock);
  if (database.handle_) {
    if (access == Access::read_write && database.handle_->access == Access::read_only)
      return Error{Code::conflict,
                   fmt::format("store {}: open for reading in this process; close it first", path)};
    return database;
  }
  database.handle_ = Opened::new_handle();
  Handle& handle = *database.handle_;
  bool writes = access == Access::read_write;
  TRY(start(&handle.database, memory_bytes));
  Connection connection = TRY(database.connect());
  TRY(register_text_hash(connection.handle_->connection));
  auto attach = [&](const std::string& file) {
    return connection.execute(
        fmt::format("ATTACH {} AS {} ({})", literal(file), catalogue,
                    writes ? "READ_WRITE, RECOVERY_MODE 'no_wal_writes'" : "READ_ONLY"));
  };
  auto make = [&](const std::string& beside) -> Status {
    TRY(attach(beside));
    TRY(create_layout(connection));
    auto detached = connection.execute(fmt::format("DETACH {}", catalogue));
    return detached ? detached : not_written(detached.error());
  };
  bool is_new = path == no_file, is_known = is_new;
  if (is_new) {
    TRY(attach(path));
    TRY(create_layout(connection));
  } else {
    auto file = StoreFile::open(path, access);
    is_new = !file && file.error().code == Code::not_found && writes;
    if (is_new) file = StoreFile::create(path, make);
    handle.file = TRY(std::move(file));
    is_known = is_new || handle.is_as_left();
    if (auto attached = attach(handle.file.path()); !attached) return not_attached(attached.error(), path);
  }
  TRY(connection.execute(fmt::format("SET temp_directory = {}; SET enable_external_access = false",
                                     literal(writes && path != no_file ? handle.file.spill_folder() : ""))));
  // a reader opens nothing more, not even what this setting leaves allowed: the store's own bytes
  if (!writes) TRY(connection.execute("SET disabled_filesystems = 'LocalFileSystem'"));
  Format format = Format::current;
  if (!is_new) {
    auto found = format_of(connection, path);
    if (!found) return looked_at(found.error(), path).error();
    format = *found;
  }
  if (!is_known) TRY(looked_at(check_tables(connection, format, path), path));
  if (format != Format::current && !writes)
    return Error{Code::conflict,
                 fmt::format("store {}: made by an older version of danggol; open it for writing "
                             "once, such as by danggol pipeline, to bring it up to date",
                             path)};
  if (format != Format::current) {
    connection = Connection();
    database = Database();  // lets go of the file
    TRY(make_anew(path, memory_bytes, [&](Connection& both) { return store::migrate(both, format); }));
    return open(path, access, memory_bytes);
  }
  handle.has_store = true;
  connection = TRY(database.connect());
  if (!is_known) TRY(looked_at(check_rows(connection, path), path));
  handle.opened_as = handle.file.state();
  if (path == no_file) return database;
  handle.access = access;
  opened.stores.push_back({handle.file.id(), database.handle_});
  return database;
}

Status Database::rewrite(const std::string& path, int64_t memory_bytes) {
  return make_anew(path, memory_bytes, copy_rows);
}

Status Database::make_anew(const std::string& path, int64_t memory_bytes,
                           const std::function<Status(Connection&)>& fill) {
  StoreFile old = TRY(StoreFile::open(path, Access::read_write));
  // Closes the old file, and with that gives up its lock, when the new one has its name.
  Database both = TRY(in_memory(memory_bytes));
  Connection connection = TRY(both.connect());
  TRY(register_text_hash(connection.handle_->connection));
  TRY(connection.execute(fmt::format("ATTACH {} AS {} (READ_ONLY); SET temp_directory = {}",
                                     literal(old.path()), catalogue, literal(old.spill_folder()))));
  return old.replace([&](const std::string& beside) -> Status {
    TRY(connection.execute(
        fmt::format("ATTACH {} AS fresh (RECOVERY_MODE 'no_wal_writes'); SET enable_external_access = false",
                    literal(beside))));
    auto outcome = looked_at(fill(connection), path);
    if (outcome) outcome = connection.execute("CHECKPOINT fresh; DETACH fresh");
    return outcome;
  });
}

Result<Database> Database::in_memory(int64_t memory_bytes) {
  Database database;
  database.handle_ = Opened::new_handle();
  TRY(start(&database.handle_->database, memory_bytes));
  return database;
}

Result<Connection> Database::connect() const {
  auto handle = std::make_shared<Connection::Handle>();
  handle->database = handle_;
  if (duckdb_connect(handle_->database, &handle->connection) == DuckDBError)
    return Error{Code::memory, "store: no connection could be made"};
  Connection connection;
  connection.handle_ = handle;
  TRY(connection.execute("SET errors_as_json = true"));
  if (!handle_->has_store) return connection;
  std::string own = fmt::format("own_{}", ++handle_->connections);
  TRY(connection.execute(fmt::format("ATTACH ':memory:' AS {0}", own)));
  handle->own_catalogue = own;
  TRY(connection.execute(fmt::format(
      "CREATE SCHEMA {1}.result; "
      "SET search_path = 'system.main,{0}.raw,{0}.feature,{0}.model,{0}.history,{0}.run,{1}.result'",
      catalogue, own)));
  return connection;
}

Connection::Handle::~Handle() {
  if (!own_catalogue.empty()) {
    std::string leave = "SET search_path = 'system.main'; DETACH " + own_catalogue;
    duckdb_query(connection, "ROLLBACK", nullptr);
    duckdb_query(connection, leave.c_str(), nullptr);
  }
  duckdb_disconnect(&connection);
}

bool Database::end() const {
  std::lock_guard lock(handle_->ending);
  if (handle_->committing > 0) return false;
  handle_->ended = true;
  return true;
}

FileId Database::file() const { return handle_->file.id(); }
std::string Database::folder() const { return handle_->file.folder(); }
std::string Database::key_file() const { return handle_->file.key_file(); }
void Database::keep() const { handle_->file.keep(); }

const Table& Rows::columns() const { return handle_->columns; }

Result<duckdb_data_chunk> Rows::Handle::next() {
  if (kept) return next_kept();
  duckdb_data_chunk chunk = duckdb_fetch_chunk(result);
  if (chunk) return chunk;
  if (const char* message = duckdb_result_error(&result); message && *message) {
    Error error = failure(message, author);
    if (error.code != Code::cancelled || connection->interrupted) return error;
    // of threads that one's error stopped, one of the others was asked
    return Error{author == Author::outside ? Code::bad_input : Code::internal,
                 "the statement failed among its rows; ask for fewer of them to see why"};
  }
  // a stream that was interrupted may look like one that has ended
  if (connection->interrupted) return stopped();
  return chunk;
}

Result<bool> Rows::next(Table& out) {
  DataChunk chunk;
  chunk.value = TRY(handle_->next());
  idx_t rows = chunk.value ? duckdb_data_chunk_get_size(chunk) : 0;
  if (rows == 0) return false;
  out = handle_->columns;
  for (idx_t c = 0; c < out.columns.size(); ++c)
    TRY(read_column(duckdb_data_chunk_get_vector(chunk, c), *handle_->types[c], rows, out.columns[c]));
  return true;
}

void Rows::Handle::describe() {
  for (idx_t c = 0; c < duckdb_column_count(&result); ++c) {
    types.push_back(std::make_unique<LogicalType>());
    types.back()->value = duckdb_column_logical_type(&result, c);
    columns.columns.push_back({duckdb_column_name(&result, c), type_of(duckdb_get_type_id(*types.back()))});
  }
}

Status Connection::Handle::may_begin() const {
  const std::atomic<bool>* flag = stop;
  if (undisturbed || !flag || !*flag) return {};
  return stopped();
}

const std::string& Connection::own_catalogue() const { return handle_->own_catalogue; }
void Connection::stop_by(const std::atomic<bool>* flag) { handle_->stop = flag; }

Result<Rows> Connection::rows(std::string_view sql, const Bindings& bindings) {
  TRY(handle_->may_begin());
  handle_->interrupted = false;
  Extracted statements;
  idx_t count = duckdb_extract_statements(handle_->connection, std::string(sql).c_str(), &statements);
  if (count == 0) return failure(duckdb_extract_statements_error(statements));
  Rows rows;
  for (idx_t s = 0; s < count; ++s) {
    Prepared prepared;
    if (duckdb_prepare_extracted_statement(handle_->connection, statements, s, &prepared) == DuckDBError)
      return failure(duckdb_prepare_error(prepared));
    for (const auto& [name, value] : bindings) {
      idx_t index = 0;
      if (duckdb_bind_parameter_index(prepared, &index, name.c_str()) == DuckDBSuccess)
        bind_value(prepared, index, value);
    }
    rows.handle_ = std::make_shared<Rows::Handle>();
    rows.handle_->connection = handle_;
    duckdb_result& result = rows.handle_->result;
    if (duckdb_execute_prepared(prepared, &result) == DuckDBError)
      return failure(duckdb_result_error(&result));
  }
  rows.handle_->describe();
  return rows;
}

Result<Rows> Connection::stream(std::string_view sql, Author author) { return handle_->stream(sql, author); }

Result<Rows> Connection::Handle::stream(std::string_view sql, Author author) {
  TRY(may_begin());
  interrupted = false;
  Prepared prepared;
  if (duckdb_prepare(connection, std::string(sql).c_str(), &prepared) == DuckDBError)
    return failure(duckdb_prepare_error(prepared), author);
  Owned<duckdb_pending_result, duckdb_destroy_pending> pending;
  if (duckdb_pending_prepared_streaming(prepared, &pending) == DuckDBError)
    return failure(duckdb_pending_error(pending), author);
  Rows rows;
  rows.handle_ = std::make_shared<Rows::Handle>();
  rows.handle_->connection = shared_from_this();
  rows.handle_->author = author;
  if (duckdb_execute_pending(pending, &rows.handle_->result) == DuckDBError)
    return failure(duckdb_result_error(&rows.handle_->result), author);
  rows.handle_->describe();
  return rows;
}

Status Connection::Handle::prepare_select(std::string_view select, Author author, Prepared& prepared) {
  constexpr size_t most_bytes = 1 << 20;
  if (select.size() > most_bytes || select.find('\0') != select.npos)
    return Error{Code::bad_input,
                 fmt::format("sql: {} bytes: must be a text of at most {}", select.size(), most_bytes)};
  // One statement, and that a SELECT: found out by preparing what was given, as it was given.
  Extracted statements;
  idx_t count = duckdb_extract_statements(connection, std::string(select).c_str(), &statements);
  if (count == 0) {
    const char* message = duckdb_extract_statements_error(statements);
    if (!message) return Error{Code::bad_input, "sql: empty; must be one SELECT"};
    Error error = failure(message, author);
    return Error{error.code, fmt::format("sql: {}; must be one SELECT", error.message)};
  }
  if (count > 1) return Error{Code::refused, fmt::format("sql: {} statements; must be one SELECT", count)};
  if (author == Author::outside) TRY(look_at_select(select));
  if (duckdb_prepare_extracted_statement(connection, statements, 0, &prepared) == DuckDBError)
    return failure(duckdb_prepare_error(prepared), author);
  if (duckdb_prepared_statement_type(prepared) != DUCKDB_STATEMENT_TYPE_SELECT)
    return Error{Code::refused, "sql: only reads; must be one SELECT"};
  if (duckdb_nparams(prepared) > 0)
    return Error{Code::bad_input, "sql: a parameter without a value; write the value out"};
  constexpr idx_t most_columns = 2'000;
  if (idx_t columns = duckdb_prepared_statement_column_count(prepared); columns > most_columns)
    return Error{Code::bad_input, fmt::format("sql: {} columns: must be at most {}", columns, most_columns)};
  return {};
}

Status Connection::check_select(std::string_view sql) {
  Prepared prepared;
  return handle_->prepare_select(sql, Author::outside, prepared);
}

Result<Connection::Texts> Connection::texts(std::string_view select, Author author) {
  Prepared prepared;
  TRY(handle_->prepare_select(select, author, prepared));
  idx_t columns = duckdb_prepared_statement_column_count(prepared);
  Texts out;
  for (idx_t c = 0; c < columns; ++c) {
    const char* name = duckdb_prepared_statement_column_name(prepared, c);
    out.types.columns.push_back({name, type_of(duckdb_prepared_statement_column_type(prepared, c))});
    duckdb_free(const_cast<char*>(name));
  }
  // The text reaches DuckDB a second time as a value, whose rows are made texts.
  out.rows = TRY(handle_->stream(
      fmt::format("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM query({})", literal(select)), author));
  return out;
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
  if (handle_->undisturbed) return;
  handle_->interrupted = true;
  duckdb_interrupt(handle_->connection);
}

Status Connection::limit_memory(int64_t bytes) {
  return execute(fmt::format("SET memory_limit = '{}B'", bytes));
}

Status Connection::undisturbed(const std::function<Status()>& work) {
  auto begin = [&]() -> Status {
    std::scoped_lock lock(handle_->database->ending, handle_->interrupting);
    if (handle_->database->ended) return stopped();
    ++handle_->database->committing;
    handle_->undisturbed = true;
    return {};
  };
  if (handle_->undisturbed) return work();  // from within
  TRY(begin());
  Status outcome = work();
  std::scoped_lock lock(handle_->database->ending, handle_->interrupting);
  --handle_->database->committing;
  handle_->undisturbed = false;
  return outcome;
}

Status Connection::commit_in_memory() {
  auto outcome = undisturbed([&] { return execute("COMMIT"); });
  return outcome ? outcome : not_written(outcome.error());
}

Status Connection::checkpoint() {
  constexpr auto pause = std::chrono::milliseconds(10);
  constexpr int patience = 60'000;  // ten minutes
  auto outcome = undisturbed([&]() -> Status {
    for (int round = 0;; ++round) {
      auto written = execute(fmt::format("CHECKPOINT {}", catalogue));
      if (written || written.error().code != Code::conflict || round == patience) return written;
      std::this_thread::sleep_for(pause);
    }
  });
  return outcome ? outcome : not_written(outcome.error());
}

Status Connection::commit() {
  return undisturbed([&]() -> Status {
    TRY(commit_in_memory());
    return handle_->database->has_store ? checkpoint() : Status();
  });
}

Status Connection::rollback() {
  return undisturbed([&] { return execute("ROLLBACK"); });
}

Status Connection::together(const std::function<Status()>& work, Status (Connection::*finish)()) {
  TRY(begin());
  auto outcome = work();
  if (outcome) outcome = (this->*finish)();
  if (!outcome) (void)rollback();
  return outcome;
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
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

std::string identifier(std::string_view schema, std::string_view name) {
  return identifier(schema) + "." + identifier(name);
}

}  // namespace danggol::store
