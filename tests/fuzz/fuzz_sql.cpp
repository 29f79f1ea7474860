// Any text as a statement for `sql`. Whatever it is: an answer of rows within the bounds or an error of one
// line, in time; nothing is written, and nothing comes out but what the store's tables hold.
#include <fmt/format.h>
#include <sys/resource.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "expect.h"
#include "must.h"
#include "small_store.h"
#include "store/database.h"

namespace danggol {
namespace {

constexpr SqlLimits limits = {.rows = 1'000, .seconds = 2};
// A statement is stopped where DuckDB looks whether it should, which is not within one text of 2 GB: that
// must be more than there is, as it is for the program's readers. Under sanitizers there is no such bound.
#ifdef __SANITIZE_ADDRESS__
constexpr double most_seconds = limits.seconds + 50;
void bound_memory() {}
#else
constexpr double most_seconds = limits.seconds + 8;
void bound_memory() {
  rlimit limit{1 << 30, 1 << 30};
  setrlimit(RLIMIT_DATA, &limit);
}
#endif
constexpr int64_t memory_bytes = 128'000'000;

// Where mutation starts: what people ask, and what was tried to break out.
constexpr const char* statements[] = {
    "SELECT count(*) AS n FROM raw.event",
    "SELECT grade, count(*) AS customers, avg(monetary) AS mean FROM result.rfm GROUP BY grade ORDER BY 1",
    "SELECT c.customer_id, r.* FROM history.rfm AS r JOIN raw.customer AS c USING (customer_no) LIMIT 5",
    "WITH e AS (SELECT customer_no, ts, lag(ts) OVER (PARTITION BY customer_no ORDER BY ts) AS before FROM "
    "raw.event) SELECT median(date_diff('day', before, ts)) FROM e",
    "SELECT * FROM run.log ORDER BY run_id DESC",
    "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'result'",
    "FROM result.campaign SELECT * EXCLUDE (customer_id) WHERE p > 0.5",
    "SELECT * FROM (VALUES (1, 'a'), (2, '단골')) AS t(n, word)",
    "SELECT unnest(range(10)) AS i, repeat('x', i) AS x",
    "SELECT a.ts FROM raw.event a, raw.event b, raw.event c",
    "SELECT list(ts ORDER BY ts) FROM raw.event GROUP BY ALL",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT sum(n) FROM t",
    "PIVOT raw.event ON action IN ('purchase', 'view') USING count(*)",
    "SELECT 1) ; COPY (SELECT 42) TO 'shop.duckdb' (FORMAT csv, USE_TMP_FILE false) ; SELECT (1",
    "SELECT * FROM read_csv('secret.csv')",
    "SELECT * FROM 'secret.csv'",
    "SELECT content FROM read_text('secret.csv')",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('raw.event')",
    "SELECT * FROM danggol.result.rfm",
    "SELECT getenv('HOME'), current_setting('temp_directory')",
    "CALL enable_logging(storage='file')",
    "ATTACH 'new.duckdb' AS new",
    "INSTALL httpfs",
    "PRAGMA database_list",
    "SET enable_external_access = true",
    "EXPLAIN ANALYZE SELECT 1",
    "SELECT repeat('x', 2000000000)",
    "SELECT nextval('raw.event_no')",
    "CREATE TEMP TABLE t AS SELECT 1",
    "SELECT 'a' || chr(27) || ']52;c;' AS \"=1+1\"",
    "DELETE FROM raw.event RETURNING *",
    "SELECT json_serialize_sql('SELECT 1'), json_execute_serialized_sql('{}')",
    "",
};

Engine open() {
  return must(Engine::open(small_store().path, Engine::Access::read, {.memory_bytes = memory_bytes}));
}

// What DuckDB knows by name, and what the store has.
const std::vector<std::string>& words() {
  static const std::vector<std::string> all = [] {
    store::Connection connection = must(must(store::Database::in_memory()).connect());
    std::vector<std::string> out =
        must(connection.query("SELECT DISTINCT function_name || '(' AS w FROM duckdb_functions() UNION "
                              "SELECT keyword_name FROM "
                              "duckdb_keywords() UNION SELECT name FROM duckdb_settings() UNION SELECT "
                              "type_name FROM duckdb_types() ORDER BY w"))
            .columns[0]
            .texts;
    std::ostringstream there;
    must(
        open().sql("SELECT DISTINCT unnest([schema_name || '.' || table_name, column_name]) AS w FROM "
                   "duckdb_columns() ORDER BY w",
                   {.format = Format::csv, .plain = true}, {}, there));
    std::istringstream lines(there.str());
    for (std::string line; std::getline(lines, line);)
      for (int times = 0; times < 4; ++times) out.push_back(line);
    for (const char* word : {"(",
                             ")",
                             ",",
                             ";",
                             "*",
                             "'",
                             "\"",
                             "$$",
                             "--",
                             "/*",
                             "*/",
                             "=",
                             "<",
                             "::",
                             "[",
                             "]",
                             "{",
                             "}",
                             ".",
                             "->",
                             "?",
                             "$1",
                             "0",
                             "1",
                             "-1",
                             "1e308",
                             "nan",
                             "1e999",
                             "9223372036854775808",
                             "0x",
                             "NULL",
                             "true",
                             "''",
                             "'1'",
                             "'x'",
                             "'단골'",
                             "'secret.csv'",
                             "'shop.duckdb'",
                             "'shop.duckdb.key'",
                             "'/etc/hostname'",
                             "'/dev/stdin'",
                             "'*'",
                             "'**/*'",
                             "'SELECT 1'",
                             "INTERVAL 1 DAY",
                             "DATE '2025-01-01'",
                             "TIMESTAMP 'infinity'",
                             "'\\x00'::BLOB",
                             "FROM raw.event",
                             "(SELECT 1)",
                             "ORDER BY ALL",
                             "COLUMNS(*)",
                             "danggol.",
                             "system.",
                             "memory.",
                             "temp.",
                             "main.",
                             "\xff",
                             "\xed\xa0\x80",
                             "\x1b[31m",
                             "\r"})
      for (int times = 0; times < 10; ++times) out.emplace_back(word);
    return out;
  }();
  return all;
}

// Words, numbers, texts in quotes, and single signs, each with the blanks after it.
std::vector<std::string> tokens(std::string_view text) {
  std::vector<std::string> out;
  auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80); };
  for (size_t at = 0; at < text.size();) {
    size_t end = at + 1;
    if (is_word(text[at]))
      while (end < text.size() && is_word(text[end])) ++end;
    else if (text[at] == '\'') end = std::min(text.find('\'', end), text.size() - 1) + 1;
    while (end < text.size() && text[end] == ' ') ++end;
    out.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

std::string any_statement(Random& random) { return statements[random.below(std::size(statements))]; }

std::string mutated(const std::string& text, Random& random) {
  std::vector<std::string> parts = tokens(text);
  size_t at = random.below(parts.size() + 1);
  auto place = parts.begin() + static_cast<int64_t>(at);
  std::string word = words()[random.below(words().size())] + (random.below(2) ? " " : "");
  switch (random.below(10)) {
    case 0:
      if (place != parts.end()) parts.erase(place);
      break;
    case 1:
      if (place != parts.end()) parts.insert(place, *place);
      break;
    case 2:
      if (!parts.empty()) parts.insert(place, parts[random.below(parts.size())]);
      break;
    case 3:
    case 4: parts.insert(place, word); break;
    case 5: return fmt::format("SELECT * FROM ({}) AS t, ({}) AS u", text, any_statement(random));
    case 6: return fmt::format("{} UNION ALL {}", text, any_statement(random));
    case 7: return fmt::format("SELECT ({})", text);
    default:
      if (place != parts.end()) *place = word;
  }
  return fmt::format("{}", fmt::join(parts, ""));
}

void try_statement(Engine& engine, const std::string& select, Format format) {
  std::ostringstream out;
  Stopwatch watch;
  Status outcome = engine.sql(select, {.format = format, .plain = true}, limits, out);
  EXPECT(watch.seconds() < most_seconds, "{} s", watch.seconds());
  EXPECT(out.str().find(elsewhere) == std::string::npos, "shows what is not the store's");
  if (!outcome) {
    const Error& error = outcome.error();
    expect_plain(error);
    EXPECT(error.message.find(elsewhere) == std::string::npos, "{}", error.message);
    EXPECT(error.code == Code::bad_input || error.code == Code::refused || error.code == Code::memory,
           "{}: {}", name(error.code), error.message);
  } else if (format == Format::json) {
    auto rows = nlohmann::json::parse(out.str(), nullptr, false);
    EXPECT(rows.is_array() && rows.size() <= static_cast<size_t>(limits.rows), "{}",
           out.str().substr(0, 200));
  }
}

}  // namespace
}  // namespace danggol

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  using namespace danggol;
  Random random(seed);
  std::string text(reinterpret_cast<const char*>(data), size);
  if (text.empty() || random.below(2)) text = any_statement(random);
  for (uint64_t n = 1 + random.below(5); n > 0; --n) text = mutated(text, random);
  text.resize(std::min(text.size(), most));
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace danggol;
  static const std::string before = (small_store(), traces());
  static auto& engine = *new Engine((bound_memory(), open()));  // never closed: after main() that is too late
  std::string select(reinterpret_cast<const char*>(data), size);
  try_statement(engine, select, mix(size) % 2 ? Format::json : Format::text);
  EXPECT(traces() == before, "{}", traces());
  return 0;
}
