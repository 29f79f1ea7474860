// The only place that knows DuckDB. A store is one ordinary DuckDB file; one process writes it, and any
// number read it while nobody writes. Errors are one line; the library's exceptions and codes stay here.
#pragma once

#include <memory>
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

  Status begin() { return execute("BEGIN TRANSACTION"); }
  Status commit() { return execute("COMMIT"); }
  Status rollback() { return execute("ROLLBACK"); }
  void interrupt();  // from another thread or a signal's flag: the running statement ends with Code::cancelled

 private:
  friend class Database;
  friend class Appender;
  struct Handle;
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
  Status close();

 private:
  struct Handle;
  std::shared_ptr<Handle> handle_;
};

// 'text' as an SQL literal, and "name" as an SQL identifier ("schema.table" is quoted by its parts).
std::string literal(std::string_view text);
std::string identifier(std::string_view name);

}  // namespace danggol::store
