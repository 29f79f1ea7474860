// The only place that knows DuckDB. A store is one ordinary DuckDB file; one process writes it, and any
// number read it while nobody writes. A process opens it once, whoever asks. Errors are one line; the
// library's exceptions stay here, and its types of error become our codes: what is wrong with SQL of ours is
// Code::internal, with SQL from outside
// ::bad_input.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contract/table.h"
#include "danggol/arrow.h"
#include "danggol/result.h"
#include "store/store_file.h"

namespace danggol::store {

// How much DuckDB may hold in memory; beyond it a store that is written spills beside itself, and one that is
// read gives up (Code::memory).
inline constexpr int64_t usual_memory_bytes = int64_t{2} << 30;

// Whose statement it is: a misspelt column is our bug or somebody else's bad input.
enum class Author { danggol, outside };

class Connection;
enum class Format;  // store/layout.h

// A store beside DuckDB's own catalogue in memory. SQL finds DuckDB's functions first, then the tables of the
// store's schemas by "schema.table", then the views that its connection has made in a schema `result` of its
// own: nothing that a file brings along (its views, its macros) is run unless somebody writes out its
// catalogue, `danggol`. SQL reaches no other file. Any thread may call any function.
class Database {
 public:
  // Opens the file, for read_write making it and the tables every store has; ":memory:" is a store without a
  // file. Where this process has it open already the same database is given out again: a second one would
  // give up the first one's lock. For read_write a store of an older release becomes one of this.
  // Code::not_found, ::conflict (another process has it, this one only reads it, or another version made it),
  // ::refused (another program's), ::corrupt.
  static Result<Database> open(const std::string& path, Access access,
                               int64_t memory_bytes = usual_memory_bytes);
  // Without a store; its SQL reads and writes files.
  static Result<Database> in_memory(int64_t memory_bytes = usual_memory_bytes);

  // Makes the file anew from the rows of its tables, so that no byte stays of what was deleted. This process
  // must not have it open.
  static Status rewrite(const std::string& path, int64_t memory_bytes = usual_memory_bytes);

  Result<Connection> connect() const;
  FileId file() const;         // of the store
  std::string folder() const;  // where the store is
  std::string key_file() const;
  // A new file is taken away again at the end unless it is kept.
  void keep() const;
  // From now on no commit begins, for a process that ends without waiting. False, and nothing done, while one
  // is under way.
  bool end() const;

 private:
  friend class Connection;
  struct Handle;
  struct Opened;
  // `fill` copies from the file, attached as danggol, into a new one, attached as fresh, which takes its
  // place.
  static Status make_anew(const std::string& path, int64_t memory_bytes,
                          const std::function<Status(Connection&)>& fill);
  std::shared_ptr<Handle> handle_;
};

// The rows of an answer, some thousand at a time.
class Rows {
 public:
  const Table& columns() const;     // the columns, without rows
  Result<bool> next(Table& chunk);  // replaces `chunk`; false at the end
  // The same for other programs, by the Arrow C data interface; what is filled in is the caller's to release.
  Status schema(ArrowSchema& schema) const;
  Result<bool> next(ArrowArray& chunk);

 private:
  friend class Connection;
  friend struct Export;
  friend Status write_parquet(Rows& rows, const std::string& path);
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
// The column vectors of some thousand rows of an answer, where DuckDB has them.
class Vectors {
 public:
  // int32_t for INTEGER and DATE, int64_t for BIGINT, TIMESTAMP and DECIMAL(18, x), uint64_t for UBIGINT, the
  // position as uint8_t for an ENUM of up to 256.
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

// One thread at a time, but for interrupt().
class Connection {
 public:
  // The catalogue in memory with this connection's schema `result`.
  const std::string& own_catalogue() const;

  // Runs one or several statements; "$name" takes the value bound to that name where it stands.
  Status execute(std::string_view sql, const Bindings& bindings = {});
  // The rows of the last statement.
  Result<Table> query(std::string_view sql, const Bindings& bindings = {});
  // The same, to be taken a chunk at a time.
  Result<Rows> rows(std::string_view sql, const Bindings& bindings = {});
  // The rows of one statement, made while they are taken, so that memory does not grow with them; nothing
  // else may be asked of this connection meanwhile.
  Result<Rows> stream(std::string_view sql, Author author = Author::danggol);
  // Of SQL from outside: exactly one statement is taken, and that a SELECT (Code::refused otherwise). What
  // has passed may be streamed.
  Status check_select(std::string_view sql);
  // The same as texts, exactly as SQL writes each value; `types` are those of the columns before that.
  struct Texts {
    Table types;
    Rows rows;
  };
  // It may be SQL from outside, as for check_select().
  Result<Texts> texts(std::string_view select, Author author);
  // Rows that are there already.
  Rows rows_of(Table table);
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

  // Of the whole database, from now on.
  Status limit_memory(int64_t bytes);

  Status begin() { return execute("BEGIN TRANSACTION"); }
  // Done when it is in the file itself: no write-ahead file is written, and none that lies there is read.
  Status commit();
  // The same in two: the transaction is over and seen, and gone with the process; then everything is in the
  // file. That waits for readers who see what was there before and hold on to it.
  Status commit_in_memory();
  Status checkpoint();
  Status rollback();
  // Within a transaction of its own: all that `work` does, or nothing of it.
  Status together(const std::function<Status()>& work, Status (Connection::*finish)() = &Connection::commit);
  // A flag that, while it is set, lets no statement begin; nullptr for none.
  void stop_by(const std::atomic<bool>* flag);
  // From another thread: the running statement ends with Code::cancelled. What comes between two statements
  // is lost. Does nothing to a commit or rollback, which could otherwise be done and yet said to be stopped.
  void interrupt();
  // What `work` asks is not stopped, neither by the flag nor by an interrupt.
  Status undisturbed(const std::function<Status()>& work);

 private:
  friend class Database;
  friend class Rows;
  friend class Appender;
  friend Status write_parquet(Rows& rows, const std::string& path);
  struct Handle;
  std::shared_ptr<Handle> handle_;
};

// Writes rows to a Parquet file, from a place that knows nothing but them.
Status write_parquet(Rows& rows, const std::string& path);

// Fast insertion into one table, a row at a time into column vectors. Values are set by column number; a
// column not set in a row is null. Nothing is visible before close().
class Appender {
 public:
  // A table of the store by schema and name, or with schema "temp" one of the connection's own.
  static Result<Appender> open(Connection& connection, std::string_view schema, std::string_view table);
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

// 'text' as an SQL literal, and "name" as an SQL identifier.
std::string literal(std::string_view text);
std::string identifier(std::string_view name);
std::string identifier(std::string_view schema, std::string_view name);

}  // namespace danggol::store
