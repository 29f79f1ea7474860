// The only place that knows DuckDB. A store is one ordinary DuckDB file; one process writes it, and any
// number read it while nobody writes. Errors are one line; the library's exceptions and codes stay here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contract/table.h"
#include "danggol/result.h"

namespace danggol::store {

enum class Access {
  read_write,
  read_only,
  sandboxed  // read-only, and SQL can reach no file but the store: for SQL from outside
};

class Connection;

class Database {
 public:
  // Opens the file, creating it for read_write. Code::not_found, ::conflict (another process has it),
  // ::corrupt (not a DuckDB file).
  static Result<Database> open(const std::string& path, Access access);
  Result<Connection> connect() const;

 private:
  struct Handle;
  std::shared_ptr<Handle> handle_;
};

// The rows of an answer, some thousand at a time.
class Rows {
 public:
  const Table& columns() const;     // the columns, without rows
  Result<bool> next(Table& chunk);  // replaces `chunk`; false at the end

 private:
  friend class Connection;
  struct Handle;
  std::shared_ptr<Handle> handle_;
};

// The column vectors of some thousand rows, to be filled for insertion. What is not set null has a value.
class Chunk {
 public:
  // The column's memory, capacity() values of the type that SQL's type is kept as: int32_t for INTEGER,
  // int64_t for BIGINT, TIMESTAMP and DECIMAL(18, x), for texts the next function.
  template <class T>
  T* values(int column) {
    return static_cast<T*>(data_[static_cast<size_t>(column)]);
  }
  // UTF-8 without NUL. Not copied: the text must stay where it is until the same feed is asked for more rows.
  void set_text(int column, size_t row, std::string_view text);
  void set_null(int column, size_t row) {
    valid_[static_cast<size_t>(column)][row / 64] &= ~(uint64_t{1} << row % 64);
  }
  size_t capacity() const { return capacity_; }

 private:
  friend struct Insertion;
  std::span<void*> data_;
  std::span<uint64_t*> valid_;
  size_t capacity_ = 0;
};

// Rows to be inserted, asked for by one thread.
class RowFeed {
 public:
  virtual ~RowFeed() = default;
  virtual Result<size_t> fill(Chunk& chunk) = 0;  // the number of rows; 0 ends this feed
};

// A text where DuckDB has it: up to twelve bytes in place, longer ones elsewhere.
struct VectorText {
  uint32_t bytes;
  char first[4];
  union {
    char rest[8];
    const char* elsewhere;
  };
  std::string_view view() const {
    constexpr uint32_t in_place = sizeof first + sizeof rest;
    return {bytes <= in_place ? reinterpret_cast<const char*>(this) + sizeof bytes : elsewhere, bytes};
  }
};

// The column vectors of some thousand rows of an answer, where DuckDB has them.
class Vectors {
 public:
  // VectorText for VARCHAR, int32_t for INTEGER and DATE, int64_t for BIGINT, TIMESTAMP and DECIMAL(18, x),
  // uint64_t for UBIGINT.
  template <class T>
  std::span<const T> values(int column) const {
    return {static_cast<const T*>(data_[static_cast<size_t>(column)]), rows_};
  }
  bool is_null(int column, size_t row) const {
    const uint64_t* valid = valid_[static_cast<size_t>(column)];
    return valid && !(valid[row / 64] >> row % 64 & 1);
  }
  size_t rows() const { return rows_; }

 private:
  friend struct Scan;
  std::span<void*> data_;
  std::span<uint64_t*> valid_;  // nullptr where nothing is null
  size_t rows_ = 0;
};

class Connection {
 public:
  // Runs one or several statements; "$name" takes the value bound to that name where it stands.
  Status execute(std::string_view sql, const Bindings& bindings = {});
  // The rows of the last statement.
  Result<Table> query(std::string_view sql, const Bindings& bindings = {});
  // The same, to be taken a chunk at a time.
  Result<Rows> rows(std::string_view sql, const Bindings& bindings = {});
  // The one value of a one-row answer; null reads as 0 or "".
  Result<int64_t> integer(std::string_view sql, const Bindings& bindings = {});
  Result<std::string> text(std::string_view sql, const Bindings& bindings = {});

  // INSERT INTO table from as many threads as there are cores, each with a feed of its own from `make_feed`,
  // which they call at once. Rows of different feeds come in no order.
  Status insert(std::string_view table, const std::function<std::unique_ptr<RowFeed>()>& make_feed);

  // Shows the rows of a SELECT to `use` in as many threads as there are cores, at once and in no order; none
  // of them is kept. Its columns are numbers and never null.
  Status scan(std::string_view select, const Bindings& bindings,
              const std::function<void(const Vectors&)>& use);

  Status begin() { return execute("BEGIN TRANSACTION"); }
  Status commit() { return undisturbed("COMMIT"); }
  Status rollback() { return undisturbed("ROLLBACK"); }
  // From another thread: the running statement ends with Code::cancelled. Does nothing to a commit or
  // rollback, which could otherwise be done and yet said to be stopped.
  void interrupt();

 private:
  friend class Database;
  friend class Appender;
  struct Handle;
  Status undisturbed(std::string_view sql);
  std::shared_ptr<Handle> handle_;
};

// Fast insertion into one table, a row at a time into column vectors. Values are set by column number; a
// column not set in a row is null. Nothing is visible before close().
class Appender {
 public:
  static Result<Appender> open(Connection& connection, std::string_view catalog, std::string_view schema,
                               std::string_view table);
  void set(int column, int32_t value);
  void set(int column, int64_t value);
  void set(int column, double value);
  void set(int column, bool value);
  void set(int column, Date value);
  void set(int column, Timestamp value);
  void set(int column, Money value);
  void set(int column, std::string_view value);
  void set_blob(int column, std::string_view bytes);
  Status end_row();
  // Rows of a Table whose types are those of the columns, after a first column that is the same for all of
  // them.
  Status append(int64_t first, const Table& rows);
  Status close();

 private:
  struct Handle;
  std::shared_ptr<Handle> handle_;
};

// 'text' as an SQL literal, and "name" as an SQL identifier ("schema.table" is quoted by its parts).
std::string literal(std::string_view text);
std::string identifier(std::string_view name);

}  // namespace danggol::store
