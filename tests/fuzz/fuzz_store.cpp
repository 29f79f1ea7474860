// Any file as a store: ours with bytes changed, its headers' checksums set right again or not, and with
// rows, columns and tables changed by another program. Whatever it is: it is turned down by an error of one
// line, or read, reported, and written to by a run, each of which ends well or by such an error.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "base/random.h"
#include "expect.h"
#include "must.h"
#include "small_store.h"
#include "store/database.h"
#include "temp_folder.h"

namespace danggol {
namespace {

std::string changes;  // what was done to the store, for who looks into a failure

// What may come of a store that is not as we left it. A checkpoint does not tell bytes that are wrong from a
// disk that is: only what writes may say Code::io.
void expect_outcome(const Status& outcome, const std::string& what, bool writes = false) {
  if (outcome) return;
  const Error& error = outcome.error();
  expect_plain(error);
  bool known =
      error.code != Code::internal && error.code != Code::cancelled && (writes || error.code != Code::io);
  EXPECT(known, "{}: {}: {}; after {}", what, name(error.code), error.message, changes);
}

template <class T>
Status status_of(const Result<T>& result) {
  if (result) return {};
  return result.error();
}

struct Column {
  std::string table, name, type;
};

// The store's columns, and those of tables that hold something.
const std::vector<Column>& columns() {
  static const std::vector<Column> all = [] {
    store::Connection connection =
        must(must(store::Database::open(small_store().path, store::Access::read_only)).connect());
    Table rows =
        must(connection.query("SELECT schema_name || '.' || table_name AS t, column_name AS c, data_type AS "
                              "d FROM duckdb_columns() "
                              "WHERE database_name = 'danggol' ORDER BY 1, column_index"));
    std::vector<Column> out;
    for (size_t i = 0; i < rows.rows(); ++i)
      out.push_back({rows.texts("t")[i], rows.texts("c")[i], rows.texts("d")[i]});
    return out;
  }();
  return all;
}

const std::string& a_customer() {
  static const std::string id =
      must(must(must(store::Database::open(small_store().path, store::Access::read_only)).connect())
               .text("SELECT min(customer_id) FROM raw.customer"));
  return id;
}

// What another program may have put where a value was.
std::string odd_value(const Column& column, Random& random) {
  if (random.below(4) == 0) return "NULL";
  if (random.below(4) == 0)  // another row's
    return fmt::format("(SELECT {0} FROM s.{1} ORDER BY hash({0}) LIMIT 1)", store::identifier(column.name),
                       column.table);
  auto one_of = [&](std::initializer_list<const char*> from) {
    return std::string(from.begin()[random.below(from.size())]);
  };
  if (column.type == "VARCHAR")
    return one_of({"''", "' '", "'x'", "'top'", "'done'", "'purchase'", "repeat('긴', 100000)", "chr(0)",
                   "chr(27) || ']52;c;x'", "'</script>'", "'=1+1'", "chr(8238)", "'{}'", "'run_id'"});
  if (column.type == "BLOB") return one_of({"''::BLOB", "'\\x00'::BLOB", "'tree'::BLOB"});
  if (column.type == "BOOLEAN") return one_of({"true", "false"});
  if (column.type == "DATE" || column.type.starts_with("TIMESTAMP"))
    return one_of({"'infinity'", "'-infinity'", "'0001-01-01'", "'294247-01-10'", "'1970-01-01'",
                   "'2024-06-31'::VARCHAR", "'9999-12-31'"});
  if (column.type == "DOUBLE" || column.type == "FLOAT")
    return one_of({"'nan'", "'inf'", "'-inf'", "0", "-1", "1e300", "-1e-300", "0.5"});
  return one_of({"0", "-1", "1", "2", "127", "128", "2147483647", "-2147483648", "9223372036854775807",
                 "-9223372036854775808", "99999999999999"});
}

std::string statement(Random& random) {
  const Column& column = columns()[random.below(columns().size())];
  const Column& other = columns()[random.below(columns().size())];
  std::string some = fmt::format("hash(rowid, {}) % {} = 0", random.below(1'000), 1 + random.below(40));
  std::string table = "s." + column.table, named = store::identifier(column.name);
  switch (random.below(16)) {
    case 0: return fmt::format("DELETE FROM {} WHERE {}", table, some);
    case 1: return fmt::format("INSERT INTO {0} FROM {0} WHERE {1}", table, some);
    case 2: return fmt::format("DROP TABLE {}", table);
    case 3: return fmt::format("ALTER TABLE {} DROP COLUMN {}", table, named);
    case 4: return fmt::format("ALTER TABLE {} ALTER {} TYPE {}", table, named, other.type);
    case 5: return fmt::format("ALTER TABLE {} RENAME {} TO other", table, named);
    case 6: return fmt::format("ALTER TABLE {} ADD COLUMN other {} DEFAULT 7", table, other.type);
    case 7:
      return fmt::format(
          "CREATE OR REPLACE TABLE s.t AS FROM {0}; DROP TABLE {0}; CREATE VIEW {0} AS SELECT * FROM s.t",
          table);
    case 8: return fmt::format("CREATE TABLE s.{}_2 AS FROM {}", column.table, table);
    default:
      return fmt::format("UPDATE {} SET {} = {} WHERE {}", table, named, odd_value(column, random), some);
  }
}

void change_rows(const std::string& path, Random& random) {
  store::Connection connection = must(must(store::Database::in_memory()).connect());
  must(connection.execute(fmt::format("ATTACH {} AS s", store::literal(path))));
  for (uint64_t n = 1 + random.below(3); n > 0; --n) {
    std::string change = statement(random);
    if (connection.execute(change)) changes += change + "; ";  // what DuckDB takes
  }
  must(connection.execute("CHECKPOINT s; DETACH s"));
}

// As DuckDB's headers and blocks have it in their first eight bytes: of the words after them.
uint64_t checksum_of(std::string_view block) {
  uint64_t out = 5381;
  for (size_t at = sizeof out; at + sizeof out <= block.size(); at += sizeof out) {
    uint64_t word;
    std::memcpy(&word, block.data() + at, sizeof word);
    out ^= word * 0xbf58476d1ce4e5b9U;
  }
  return out;
}

void change_bytes(std::string& bytes, Random& random, bool set_right) {
  constexpr size_t header = 4096, headers = 3, block = 262'144;
  auto block_of = [&](size_t at) -> std::pair<size_t, size_t> {
    if (at < headers * header) return {at / header * header, header};
    return {headers * header + (at - headers * header) / block * block, block};
  };
  for (uint64_t n = 1 + random.below(4); n > 0 && !bytes.empty(); --n) {
    size_t at =
        random.below(4) ? random.below(bytes.size()) : random.below(std::min(bytes.size(), headers * header));
    if (random.below(2))
      at = block_of(at).first + std::min<size_t>(random.below(512), bytes.size() - block_of(at).first - 1);
    switch (random.below(8)) {
      case 0: bytes.resize(at); break;
      case 1: bytes.append(random.below(block), static_cast<char>(random())); break;
      case 2: {
        size_t other = random.below(bytes.size()),
               length = random.below(std::min(bytes.size() - std::max(at, other), block) + 1);
        bytes.replace(at, length, bytes.substr(other, length));
        break;
      }
      case 3: bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8))); break;
      default: bytes[at] = static_cast<char>(random.below(2) ? random() : random.below(4) - 1);
    }
    auto [from, length] = block_of(std::min(at, bytes.size()));
    if (!set_right || from + length > headers * header) continue;
    uint64_t sum = checksum_of(std::string_view(bytes).substr(from, length));
    std::memcpy(bytes.data() + from, &sum, sizeof sum);
  }
}

void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void read_it(const std::string& path, Random& random) {
  auto engine = Engine::open(path, Engine::Access::read);
  expect_outcome(status_of(engine), "open to read");
  if (!engine) return;
  std::ostringstream out;
  const Column& column = columns()[random.below(columns().size())];
  expect_outcome(status_of(engine->show(column.table, 100, {.format = Format::json}, out)), column.table);
  expect_outcome(status_of(engine->answer("customer", {{"id", a_customer()}}, {}, out)), "customer");
  expect_outcome(engine->report(path + ".html", Language::en), "report");
  EXPECT(out.str().find(elsewhere) == std::string::npos &&
             bytes_of(path + ".html").find(elsewhere) == std::string::npos,
         "shows another file");
}

void write_it(const std::string& path, Random& random) {
  auto engine = Engine::open(path, Engine::Access::write);
  expect_outcome(status_of(engine), "open to write");
  if (!engine) return;
  std::vector<AnalysisInfo> rooms = Engine::analyses();
  const AnalysisInfo& room = rooms[random.below(rooms.size())];
  if (room.kind != Kind::job) return;
  auto silent = [](double, std::string_view) { return Status(); };
  expect_outcome(status_of(engine->run(room.name, {{"as-of", "2025-02-01"}}, silent)), room.name, true);
}

}  // namespace
}  // namespace danggol

// An input is a draw and nothing more; the bytes of a store would be too many.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t, size_t most, unsigned seed) {
  danggol::Random random(seed);
  uint64_t draw = random();
  size_t size = std::min(most, sizeof draw);
  std::memcpy(data, &draw, size);
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace danggol;
  static const std::string original = bytes_of(small_store().path);
  uint64_t draw = draw_of({reinterpret_cast<const char*>(data), size}, 1);
  Random random(draw);
  changes = "changed bytes";
  TempFolder folder;
  std::string path = folder.path("s.duckdb"), bytes = original;
  uint64_t way = random.below(4);
  if (way < 2) change_bytes(bytes, random, way == 0);
  write(path, bytes);
  if (way >= 2) changes.clear(), change_rows(path, random);
  if (random.below(2)) read_it(path, random);
  else write_it(path, random);
  return 0;
}
