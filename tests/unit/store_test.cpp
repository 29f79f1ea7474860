#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <thread>

#include "base/random.h"
#include "must.h"
#include "store/database.h"
#include "temp_folder.h"

namespace danggol::store {
namespace {

Database open_new(const TempFolder&) { return must(Database::in_memory()); }

Database open_store(const TempFolder& folder) {
  Database database = must(Database::open(folder.path("s.duckdb"), Access::read_write));
  database.keep();
  return database;
}

TEST(Database, EveryTypeComesBackAsItWent) {
  TempFolder folder;
  Connection connection = must(open_new(folder).connect());
  must(
      connection.execute("CREATE TABLE t (i INTEGER, b BIGINT, d DOUBLE, f BOOLEAN, day DATE, ts TIMESTAMP, "
                         "m DECIMAL(18, 4), s VARCHAR, bytes BLOB)"));
  // More than one of DuckDB's vectors of 2,048, so that what is null in one says nothing about the next.
  constexpr int64_t rows = 5'000;
  const std::array<std::string, 4> texts = {"", "단골 고객", "it's \"quoted\", with\nlines",
                                            std::string(1'000, 'x')};
  const std::string bytes = {'\0', '\xff', '\n', '\0'};
  auto is_null = [](int64_t i, int64_t column) { return i > 2'500 && (i + column) % 3 == 0; };
  {
    Appender appender = must(Appender::open(connection, "main", "t"));
    for (int64_t i = 0; i < rows; ++i) {
      if (!is_null(i, 0)) appender.set(0, static_cast<int32_t>(-i));
      if (!is_null(i, 1)) appender.set(1, (int64_t{1} << 60) + i);
      if (!is_null(i, 2)) appender.set(2, 0.1 * static_cast<double>(i));
      if (!is_null(i, 3)) appender.set(3, i % 2 == 0);
      if (!is_null(i, 4)) appender.set(4, Date{static_cast<int32_t>(i - 2'500)});
      if (!is_null(i, 5)) appender.set(5, Timestamp{(i - 2'500) * 1'234'567'891});
      if (!is_null(i, 6)) appender.set(6, Money{-12'345 * i});
      if (!is_null(i, 7)) appender.set(7, std::string_view(texts[static_cast<size_t>(i) % 4]));
      if (!is_null(i, 8)) appender.set_blob(8, bytes);
      must(appender.end_row());
    }
    must(appender.close());
  }
  Table table = must(connection.query("SELECT * FROM t ORDER BY rowid"));
  ASSERT_EQ(table.rows(), static_cast<size_t>(rows));
  const Type types[] = {Type::integer,   Type::integer, Type::real, Type::boolean, Type::date,
                        Type::timestamp, Type::money,   Type::text, Type::blob};
  for (size_t c = 0; c < 9; ++c) ASSERT_EQ(table.columns[c].type, types[c]) << c;
  for (size_t i = 0; i < static_cast<size_t>(rows); ++i) {
    auto n = static_cast<int64_t>(i);
    for (size_t c = 0; c < 9; ++c)
      ASSERT_EQ(table.columns[c].is_null(i), is_null(n, static_cast<int64_t>(c))) << i << ", column " << c;
    auto is_set = [&](size_t c) { return !table.columns[c].is_null(i); };
    if (is_set(0)) {
      ASSERT_EQ(table.integers("i")[i], -n);
    }
    if (is_set(1)) {
      ASSERT_EQ(table.integers("b")[i], (int64_t{1} << 60) + n);
    }
    if (is_set(2)) {
      ASSERT_EQ(table.reals("d")[i], 0.1 * static_cast<double>(n));
    }
    if (is_set(3)) {
      ASSERT_EQ(table.integers("f")[i], n % 2 == 0);
    }
    if (is_set(4)) {
      ASSERT_EQ(table.integers("day")[i], n - 2'500);
    }
    if (is_set(5)) {
      ASSERT_EQ(table.integers("ts")[i], (n - 2'500) * 1'234'567'891);
    }
    if (is_set(6)) {
      ASSERT_DOUBLE_EQ(table.reals("m")[i], -1.2345 * static_cast<double>(n));
    }
    if (is_set(7)) {
      ASSERT_EQ(table.texts("s")[i], texts[i % 4]);
    }
    if (is_set(8)) {
      ASSERT_EQ(table.texts("bytes")[i], bytes);
    }
  }
}

TEST(Database, WholeNumbersOfEveryWidthAreExact) {
  TempFolder folder;
  Connection connection = must(open_new(folder).connect());
  Table table = must(connection.query(
      "SELECT (-128)::TINYINT a, (-32768)::SMALLINT b, 255::UTINYINT c, 65535::USMALLINT d, "
      "4294967295::UINTEGER e, "
      "9007199254740993::UBIGINT f, 9007199254740993::HUGEINT g, (-9007199254740993)::HUGEINT h, "
      "sum(i) s FROM (VALUES (9007199254740992::BIGINT), (1)) AS v(i)"));
  EXPECT_EQ(table.integers("a")[0], -128);
  EXPECT_EQ(table.integers("b")[0], -32'768);
  EXPECT_EQ(table.integers("c")[0], 255);
  EXPECT_EQ(table.integers("d")[0], 65'535);
  EXPECT_EQ(table.integers("e")[0], 4'294'967'295);
  EXPECT_EQ(table.integers("f")[0], 9'007'199'254'740'993);
  EXPECT_EQ(table.integers("g")[0], 9'007'199'254'740'993);
  EXPECT_EQ(table.integers("h")[0], -9'007'199'254'740'993);
  EXPECT_EQ(table.integers("s")[0], 9'007'199'254'740'993) << "a sum of BIGINT is a HUGEINT";
}

TEST(Database, MoneyOfEveryWidthIsRead) {
  TempFolder folder;
  Connection connection = must(open_new(folder).connect());
  Table table = must(connection.query(
      "SELECT 1.5::DECIMAL(4, 1) a, -12345.67::DECIMAL(9, 2) b, 123456789.0001::DECIMAL(18, 4) c, "
      "-123456789.25::DECIMAL(38, 4) d, NULL::DECIMAL(18, 4) e"));
  EXPECT_EQ(table.reals("a")[0], 1.5);
  EXPECT_EQ(table.reals("b")[0], -12'345.67);
  EXPECT_EQ(table.reals("c")[0], 123'456'789.0001);
  EXPECT_EQ(table.reals("d")[0], -123'456'789.25);
  EXPECT_TRUE(table["e"].is_null(0));
  for (const auto& column : table.columns) EXPECT_EQ(column.type, Type::money);
}

TEST(Database, ATypeThatIsNotReadSaysSo) {
  TempFolder folder;
  Connection connection = must(open_new(folder).connect());
  auto answer = connection.query("SELECT [1, 2] AS pair");
  EXPECT_EQ(code(answer), Code::bad_input);
  EXPECT_NE(message(answer).find("pair"), std::string::npos);
}

TEST(Bindings, AreFoundByNameWhereverTheyStand) {
  TempFolder folder;
  Connection connection = must(open_new(folder).connect());
  Bindings bindings = {{"unused", int64_t{9}},
                       {"b", std::string("it's; DROP TABLE t --")},
                       {"a", int64_t{-3}},
                       {"day", Date{18'000}},
                       {"ts", Timestamp{-1}},
                       {"x", 0.1},
                       {"yes", true},
                       {"none", std::monostate{}},
                       {"korean", std::string("취소")}};
  Table table =
      must(connection.query("SELECT $a AS a, $b AS b, $a + 1 AS again, $day AS day, $ts AS ts, $x AS x, $yes "
                            "AS yes, $none AS none, $korean AS korean",
                            bindings));
  EXPECT_EQ(table.integers("a")[0], -3);
  EXPECT_EQ(table.texts("b")[0], "it's; DROP TABLE t --");
  EXPECT_EQ(table.integers("again")[0], -2);
  EXPECT_EQ(table.integers("day")[0], 18'000);
  EXPECT_EQ(table.integers("ts")[0], -1);
  EXPECT_EQ(table.reals("x")[0], 0.1);
  EXPECT_EQ(table.integers("yes")[0], 1);
  EXPECT_TRUE(table["none"].is_null(0));
  EXPECT_EQ(table.texts("korean")[0], "취소");

  must(connection.execute(
      "CREATE TABLE t AS SELECT $a AS v; INSERT INTO t SELECT v + $x FROM t; INSERT INTO t VALUES ($a)",
      bindings));
  EXPECT_EQ(must(connection.integer("SELECT count(*) FROM t WHERE v = $a", bindings)), 3);
}

TEST(Bindings, OneThatIsMissingIsAnErrorOfOneLine) {
  TempFolder folder;
  Connection connection = must(open_new(folder).connect());
  auto answer = connection.query("SELECT $a", {{"b", int64_t{1}}});
  EXPECT_EQ(code(answer), Code::internal) << "it is SQL of ours";
  EXPECT_EQ(message(answer).find('\n'), std::string::npos);
  EXPECT_EQ(must(connection.integer("SELECT 1")), 1);
}

TEST(Connection, SqlThatIsWrongIsAnErrorAndNothingMore) {
  TempFolder folder;
  Connection connection = must(open_new(folder).connect());
  for (const char* sql : {"", ";", "-- nothing", "SELEC 1", "SELECT", "SELECT * FROM absent",
                          "SELECT 1 FROM (", "SELECT 'a'::INTEGER"}) {
    auto answer = connection.query(sql);
    EXPECT_EQ(code(answer), Code::internal) << sql << ": it is SQL of ours";
    EXPECT_FALSE(message(answer).empty()) << sql;
    EXPECT_EQ(message(answer).find('\n'), std::string::npos) << sql;
  }
  EXPECT_EQ(must(connection.integer("SELECT 2")), 2);
}

TEST(Connection, OneValueOfNothingIsNothing) {
  TempFolder folder;
  Connection connection = must(open_new(folder).connect());
  EXPECT_EQ(must(connection.integer("SELECT 5")), 5);
  EXPECT_EQ(must(connection.integer("SELECT NULL::BIGINT")), 0);
  EXPECT_EQ(must(connection.integer("SELECT 1 WHERE false")), 0);
  EXPECT_EQ(must(connection.text("SELECT 'a'")), "a");
  EXPECT_EQ(must(connection.text("SELECT NULL::VARCHAR")), "");
}

TEST(Connection, ChunksTogetherAreTheAnswer) {
  TempFolder folder;
  Connection connection = must(open_new(folder).connect());
  Rows rows = must(connection.rows(
      "SELECT i, CASE WHEN i % 5 <> 0 THEN i::VARCHAR END AS t FROM range(10000) r(i) ORDER BY i"));
  EXPECT_EQ(rows.columns().rows(), 0u);
  Table chunk;
  int64_t seen = 0;
  while (must(rows.next(chunk)))
    for (size_t i = 0; i < chunk.rows(); ++i, ++seen) {
      ASSERT_EQ(chunk.integers("i")[i], seen);
      ASSERT_EQ(chunk["t"].is_null(i), seen % 5 == 0);
    }
  EXPECT_EQ(seen, 10'000);
}

TEST(Connection, RollbackTakesEverythingBack) {
  TempFolder folder;
  Database database = open_new(folder);
  Connection writer = must(database.connect()), reader = must(database.connect());
  must(writer.execute("CREATE TABLE t (i INTEGER)"));
  must(writer.begin());
  Appender appender = must(Appender::open(writer, "main", "t"));
  for (int32_t i = 0; i < 3'000; ++i) appender.set(0, i), must(appender.end_row());
  must(appender.close());
  EXPECT_EQ(must(writer.integer("SELECT count(*) FROM t")), 3'000);
  EXPECT_EQ(must(reader.integer("SELECT count(*) FROM t")), 0) << "not yet committed";
  must(writer.rollback());
  EXPECT_EQ(must(writer.integer("SELECT count(*) FROM t")), 0);
}

// Interrupts the connection again and again while it is on: one that comes between statements is lost.
class Interrupter {
 public:
  Interrupter(Connection& connection, std::chrono::microseconds pause, bool at_once)
      : on_(at_once), thread_([this, &connection, pause](std::stop_token stop) {
          while (!stop.stop_requested()) {
            std::this_thread::sleep_for(pause);
            std::lock_guard lock(mutex_);
            if (on_) connection.interrupt();
          }
        }) {}
  void set(bool on) {  // after set(false) no interrupt is under way
    std::lock_guard lock(mutex_);
    on_ = on;
  }

 private:
  std::mutex mutex_;
  bool on_;
  std::jthread thread_;
};

TEST(Connection, InterruptStopsARunningStatementAndTheNextOneRuns) {
  TempFolder folder;
  Connection connection = must(open_new(folder).connect());
  Interrupter interrupter(connection, std::chrono::milliseconds(50), true);
  auto answer = connection.query(
      "SELECT count(*) FROM range(3000000) a(i), range(3000000) b(j) WHERE (a.i * b.j) % 7 = 3");
  interrupter.set(false);
  EXPECT_EQ(code(answer), Code::cancelled);
  EXPECT_EQ(must(connection.integer("SELECT 3")), 3);
}

// An interrupt may come at any moment: in preparing, in running, in between. Whatever it hits says the same.
TEST(Connection, InterruptAtAnyMomentIsCancelledOrNothing) {
  TempFolder folder;
  Connection connection = must(open_new(folder).connect());
  must(connection.execute("CREATE TABLE t AS SELECT i, i % 7 AS g FROM range(20000) r(i)"));
  Interrupter interrupter(connection, std::chrono::microseconds(300), true);
  int cancelled = 0;
  for (int i = 0; i < 1'500; ++i) {
    auto status = connection.execute(
        "SELECT g, count(*), sum(i) FROM t GROUP BY g ORDER BY g; SELECT g FROM t WHERE i = 5");
    if (status) continue;
    ++cancelled;
    EXPECT_EQ(code(status), Code::cancelled) << message(status);
  }
  EXPECT_GT(cancelled, 0);
}

// A commit that is done must not be said to be stopped, nor one that is not done to be done.
TEST(Connection, InterruptOfACommitNeverLies) {
  TempFolder folder;
  Connection connection = must(open_new(folder).connect());
  must(connection.execute("CREATE TABLE t (round INTEGER, i INTEGER)"));
  Interrupter interrupter(connection, std::chrono::microseconds(100), false);
  for (int64_t round = 0; round < 60; ++round) {
    must(connection.begin());
    must(connection.execute("INSERT INTO t SELECT $round, i FROM range(30000) r(i)", {{"round", round}}));
    interrupter.set(true);
    auto committed = connection.commit();
    interrupter.set(false);
    ASSERT_TRUE(committed) << message(committed);
    ASSERT_EQ(must(connection.integer("SELECT count(*) FROM t WHERE round = $round", {{"round", round}})),
              30'000);
  }
}

TEST(Appender, ToATableThatIsNotThereIsAnError) {
  TempFolder folder;
  Connection connection = must(open_new(folder).connect());
  EXPECT_FALSE(Appender::open(connection, "main", "absent"));
}

TEST(Appender, ShowsNothingBeforeClose) {
  TempFolder folder;
  Connection connection = must(open_new(folder).connect());
  must(connection.execute("CREATE TABLE t (i INTEGER, s VARCHAR)"));
  Appender appender = must(Appender::open(connection, "main", "t"));
  for (int32_t i = 0; i < 10; ++i) appender.set(0, i), must(appender.end_row());
  EXPECT_EQ(must(connection.integer("SELECT count(*) FROM t")), 0);
  must(appender.close());
  EXPECT_EQ(must(connection.integer("SELECT count(*) FROM t WHERE s IS NULL")), 10);
}

// --- rows from several threads

struct CountedFeed : RowFeed {  // numbers below `end`, every feed some of them
  std::atomic<int64_t>& next;
  int64_t end, fails_at;
  std::deque<std::string> texts;
  CountedFeed(std::atomic<int64_t>& n, int64_t e, int64_t f) : next(n), end(e), fails_at(f) {}
  static std::string text(int64_t i) {
    return i % 2 ? "짧은 글" + std::to_string(i)
                 : std::string(static_cast<size_t>(i % 40), 'x') + std::to_string(i);
  }
  Result<size_t> fill(Chunk& chunk) override {
    texts.clear();
    size_t rows = 0;
    for (; rows < chunk.capacity(); ++rows) {
      int64_t i = next++;
      if (i >= end) break;
      if (i == fails_at) return Error{Code::corrupt, "the feed broke"};
      chunk.values<int32_t>(0)[rows] = static_cast<int32_t>(i);
      if (i % 3 == 0) chunk.set_null(1, rows);
      else chunk.values<int64_t>(1)[rows] = i * 1'000'000'007;
      if (i % 5 == 0) chunk.set_null(2, rows);
      else chunk.set_text(2, rows, texts.emplace_back(text(i)));
    }
    return rows;
  }
};

TEST(Insert, TakesEveryRowOfEveryFeedOnce) {
  TempFolder folder;
  Connection connection = must(open_new(folder).connect());
  must(connection.execute("CREATE TABLE t (i INTEGER, b BIGINT, s VARCHAR)"));
  for (int64_t rows : {int64_t{0}, int64_t{1}, int64_t{2'048}, int64_t{300'001}}) {
    must(connection.execute("DELETE FROM t"));
    std::atomic<int64_t> next = 0;
    must(connection.insert("main.t", [&] { return std::make_unique<CountedFeed>(next, rows, -1); }));
    Table table = must(connection.query("SELECT * FROM t ORDER BY i"));
    ASSERT_EQ(table.rows(), static_cast<size_t>(rows));
    for (int64_t i = 0; i < rows; ++i) {
      auto row = static_cast<size_t>(i);
      ASSERT_EQ(table.integers("i")[row], i);
      ASSERT_EQ(table["b"].is_null(row), i % 3 == 0);
      ASSERT_EQ(table["s"].is_null(row), i % 5 == 0);
      if (i % 3) {
        ASSERT_EQ(table.integers("b")[row], i * 1'000'000'007);
      }
      if (i % 5) {
        ASSERT_EQ(table.texts("s")[row], CountedFeed::text(i));
      }
    }
  }
}

TEST(Insert, OfAFeedThatBreaksLeavesNothing) {
  TempFolder folder;
  Connection connection = must(open_new(folder).connect());
  must(connection.execute("CREATE TABLE t (i INTEGER, b BIGINT, s VARCHAR)"));
  std::atomic<int64_t> next = 0;
  auto broken =
      connection.insert("main.t", [&] { return std::make_unique<CountedFeed>(next, 200'000, 150'000); });
  EXPECT_NE(message(broken).find("the feed broke"), std::string::npos);
  EXPECT_EQ(must(connection.integer("SELECT count(*) FROM t")), 0);
  EXPECT_FALSE(connection.insert("main.absent", [&] { return std::make_unique<CountedFeed>(next, 1, -1); }));
  next = 0;
  must(connection.insert("main.t", [&] { return std::make_unique<CountedFeed>(next, 10, -1); }));
  EXPECT_EQ(must(connection.integer("SELECT count(*) FROM t")), 10);
}

TEST(Open, OfAFileThatIsNotThere) {
  TempFolder folder;
  EXPECT_EQ(code(Database::open(folder.path("absent.duckdb"), Access::read_only)), Code::not_found);
  EXPECT_FALSE(std::filesystem::exists(folder.path("absent.duckdb")));
  EXPECT_EQ(code(Database::open(folder.path("no/such/folder/s.duckdb"), Access::read_write)), Code::io);
}

TEST(Open, OfAFileThatIsNoStore) {
  TempFolder folder;
  // The words are those that DuckDB's own messages hold: a path must not be taken for one.
  for (const char* name : {"s.duckdb", "clock.duckdb", "Corrupt checksum.duckdb"}) {
    std::string path = folder.write(name, std::string(20'000, 'x'));
    for (Access access : {Access::read_write, Access::read_only}) {
      auto opened = Database::open(path, access);
      EXPECT_EQ(code(opened), Code::corrupt) << message(opened);
      EXPECT_EQ(message(opened).find('\n'), std::string::npos);
    }
  }
  EXPECT_EQ(code(Database::open(folder.path("clock/valid DuckDB/s.duckdb"), Access::read_write)), Code::io);
}

TEST(Open, OfAStoreThatBreaksOffOrIsDamagedIsAnErrorNeverACrash) {
  TempFolder folder;
  std::string path = folder.path("s.duckdb");
  {
    Connection connection = must(open_store(folder).connect());
    must(connection.begin());
    must(connection.execute(
        "CREATE TABLE history.t AS SELECT i, md5(i::VARCHAR) AS s FROM range(20000) r(i)"));
    must(connection.commit());
  }
  std::string bytes(std::filesystem::file_size(path), '\0');
  std::ifstream(path, std::ios::binary).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  ASSERT_GT(bytes.size(), 100'000u);
  auto total = [](const std::string& file) -> Result<int64_t> {
    auto database = Database::open(file, Access::read_only);
    if (!database) return database.error();
    return TRY(database->connect()).integer("SELECT sum(i)::BIGINT FROM history.t WHERE length(s) = 32");
  };
  ASSERT_EQ(must(total(path)), 20'000 * 19'999 / 2);
  for (size_t size : {size_t{100}, size_t{4'096}, size_t{8'192}, size_t{12'288}, bytes.size() / 2})
    EXPECT_FALSE(total(folder.write("short.duckdb", bytes.substr(0, size)))) << size;
  Random random(1);
  for (int i = 0; i < 20; ++i) {
    std::string damaged = bytes;
    size_t from = random.below(bytes.size() - 4'096);
    for (size_t at = from; at < from + 4'096; ++at) damaged[at] = static_cast<char>(~damaged[at]);
    auto answer = total(folder.write("damaged.duckdb", damaged));
    if (answer) {
      EXPECT_EQ(*answer, 20'000 * 19'999 / 2) << "silently wrong after damage at " << from;
    }
  }
}

TEST(Open, ReadOnlyDoesNotWrite) {
  TempFolder folder;
  must(must(open_store(folder).connect()).execute("CREATE TABLE history.t AS SELECT 1 AS i"));
  Connection connection = must(must(Database::open(folder.path("s.duckdb"), Access::read_only)).connect());
  EXPECT_EQ(must(connection.integer("SELECT i FROM history.t")), 1);
  for (const char* sql :
       {"INSERT INTO history.t VALUES (2)", "CREATE TABLE history.u (i INTEGER)", "DROP TABLE history.t"})
    EXPECT_FALSE(connection.execute(sql)) << sql;
}

TEST(Open, ANewFileIsTakenAwayUnlessItIsKept) {
  TempFolder folder;
  std::string path = folder.path("s.duckdb");
  { Database dropped = must(Database::open(path, Access::read_write)); }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path("")));
  { open_store(folder); }
  { Database kept = must(Database::open(path, Access::read_write)); }
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
}

// DuckDB replays whatever lies beside a database into it. We write no such file, and open no store that has
// one.
TEST(Open, AWriteAheadFileIsNeitherWrittenNorRead) {
  TempFolder folder;
  std::string path = folder.path("s.duckdb"), wal = path + ".wal", beside = folder.path("other.duckdb");
  {
    Database database = open_store(folder);
    Connection connection = must(database.connect());
    must(connection.begin());
    must(connection.execute("CREATE TABLE history.t AS SELECT 1 AS i"));
    EXPECT_FALSE(std::filesystem::exists(wal));
    must(connection.commit());
    EXPECT_FALSE(std::filesystem::exists(wal));
    std::filesystem::copy_file(path, beside);  // as it would be found after a kill
  }
  {
    Connection connection = must(must(Database::open(beside, Access::read_only)).connect());
    EXPECT_EQ(must(connection.integer("SELECT i FROM history.t")), 1) << "a commit is in the file itself";
  }
  {
    Database program = must(Database::in_memory());  // another program, killed before it had closed the file
    Connection connection = must(program.connect());
    must(connection.execute("ATTACH " + literal(path) + " AS s; INSERT INTO s.history.t VALUES (2)"));
    std::filesystem::copy_file(wal, beside + ".wal");
  }
  std::string before = folder.read("other.duckdb");
  for (Access access : {Access::read_only, Access::read_write}) {
    auto opened = Database::open(beside, access);
    EXPECT_EQ(code(opened), Code::refused);
    EXPECT_NE(message(opened).find("other.duckdb.wal"), std::string::npos) << message(opened);
  }
  EXPECT_EQ(folder.read("other.duckdb"), before);
  std::filesystem::remove(beside + ".wal");
  EXPECT_EQ(must(must(must(Database::open(beside, Access::read_only)).connect())
                     .integer("SELECT count(*) FROM history.t")),
            1);
}

TEST(Open, OfWhatIsNoFileIsRefusedAtOnce) {
  TempFolder folder;
  ASSERT_EQ(mkfifo(folder.path("pipe").c_str(), 0600), 0);
  for (const std::string& path :
       {folder.path("pipe"), folder.path(""), std::string("/dev/null"), std::string("/dev/zero")})
    for (Access access : {Access::read_only, Access::read_write}) {
      auto opened = Database::open(path, access);
      EXPECT_TRUE(code(opened) == Code::bad_input || code(opened) == Code::io) << path << message(opened);
    }
  EXPECT_EQ(code(Database::open(folder.path(std::string(300, 'x')), Access::read_write)), Code::io);
}

// --- stores from elsewhere

// Alters a store as any DuckDB program could.
void alter(const TempFolder& folder, const std::string& sql) {
  Database program = must(Database::in_memory());
  Connection connection = must(program.connect());
  must(connection.execute("ATTACH " + literal(folder.path("s.duckdb")) + " AS s; USE s"));
  must(connection.execute(sql));
}

TEST(Elsewhere, AnotherProgramsFileIsLeftAlone) {
  TempFolder folder;
  {
    Connection connection = must(open_new(folder).connect());
    must(connection.execute("ATTACH " + literal(folder.path("s.duckdb")) +
                            " AS s; CREATE TABLE s.t (i INTEGER)"));
  }
  for (Access access : {Access::read_only, Access::read_write})
    EXPECT_EQ(code(Database::open(folder.path("s.duckdb"), access)), Code::refused);
  Connection connection = must(open_new(folder).connect());
  must(connection.execute("ATTACH " + literal(folder.path("s.duckdb")) + " AS s"));
  EXPECT_EQ(must(connection.integer("SELECT count(*) FROM duckdb_tables() WHERE database_name = 's'")), 1);
}

TEST(Elsewhere, WhatWasAlteredIsNamed) {
  for (auto [sql, named] : std::vector<std::pair<const char*, const char*>>{
           {"ALTER TABLE raw.event ALTER customer_no TYPE VARCHAR", "raw.event"},
           {"ALTER TABLE raw.event ADD COLUMN more INTEGER", "raw.event"},
           {"DROP TABLE run.fact", "run.fact"},
           {"DROP TABLE raw.product; CREATE VIEW raw.product AS SELECT 1 AS i", "raw.product"},
           {"CREATE VIEW raw.more AS SELECT 1 AS i", "raw.more"},
           {"CREATE TABLE result.rfm (i INTEGER)", "result.rfm"},
           {"INSERT INTO raw.customer (customer_no, customer_id) VALUES (1, 'a')", "raw.customer"},
           {"INSERT INTO raw.customer (customer_no, customer_id) VALUES (0, 'a'), (0, 'b')", "raw.customer"},
           {"INSERT INTO raw.customer (customer_no, customer_id) VALUES (0, 'a'), (1, 'a')", "raw.customer"},
           {"INSERT INTO raw.customer (customer_no) VALUES (0)", "raw.customer"},
           {"INSERT INTO raw.store (store_no, store_id) VALUES (2147483647, 'a')", "raw.store"},
           {"INSERT INTO raw.event (customer_no, ts, action) VALUES (0, '2024-01-01', 'purchase')",
            "raw.event"},
           {"INSERT INTO raw.event (customer_no, ts, action) VALUES (-1, '2024-01-01', 'purchase')",
            "raw.event"},
           {"INSERT INTO raw.event (ts, action) VALUES ('2024-01-01', 'purchase')", "raw.event"},
           {"INSERT INTO feature.receipt (customer_no, action, day, receipt, lines) VALUES "
            "(5, 'purchase', '2024-01-01', 1, 1)",
            "feature.receipt"},
           {"INSERT INTO run.log (run_id) VALUES (9223372036854775807)", "run.log"}}) {
    TempFolder folder;
    { open_store(folder); }
    alter(folder, sql);
    auto opened = Database::open(folder.path("s.duckdb"), Access::read_only);
    EXPECT_EQ(code(opened), Code::corrupt) << sql;
    EXPECT_NE(message(opened).find(named), std::string::npos) << message(opened);
  }
}

TEST(Elsewhere, ItsViewsAndMacrosAreNotRun) {
  TempFolder folder;
  { open_store(folder); }
  alter(folder,
        "CREATE MACRO sum(x) AS 42; CREATE MACRO raw.count(x) AS 43; CREATE MACRO run.max(x) AS 44; CREATE "
        "VIEW "
        "duckdb_tables AS SELECT 'raw' AS schema_name; CREATE VIEW result.rfm AS SELECT sum(1) AS s");
  Connection connection = must(must(Database::open(folder.path("s.duckdb"), Access::read_only)).connect());
  Table table =
      must(connection.query("SELECT sum(i)::BIGINT AS s, count(i) AS c, max(i) AS m FROM range(4) r(i)"));
  EXPECT_EQ(table.integers("s")[0], 6);
  EXPECT_EQ(table.integers("c")[0], 4);
  EXPECT_EQ(table.integers("m")[0], 3);
  EXPECT_FALSE(connection.query("FROM result.rfm"));
  for (const char* sql : {"FROM danggol.result.rfm", "SELECT danggol.main.sum(1)", "SELECT raw.count(1)"})
    EXPECT_EQ(code(connection.texts(sql, Author::outside)), Code::refused) << sql;
}

// --- SQL from outside

TEST(Outside, OneSelectAndNothingElse) {
  TempFolder folder;
  must(must(open_store(folder).connect()).execute("CREATE TABLE history.t AS SELECT 1 AS i"));
  std::string path = folder.path("s.duckdb"), secret = folder.write("secret.csv", "a,b\n1,2\n"),
              out = folder.path("out");
  Connection connection = must(must(Database::open(path, Access::read_only)).connect());
  for (const std::string& sql : std::vector<std::string>{
           "SELECT 1; SELECT 2",
           "SELECT 1; COPY history.t TO " + literal(out),
           "SELECT 1) ; COPY (SELECT 42) TO " + literal(path) +
               " (FORMAT csv, USE_TMP_FILE false) ; SELECT (1",
           "SELECT * FROM read_csv(" + literal(secret) + ")",
           "SELECT * FROM " + literal(secret),
           "SELECT * FROM read_text(" + literal(secret) + ")",
           "SELECT * FROM read_blob(" + literal(path) + ")",
           "SELECT (SELECT content FROM read_text(" + literal(secret) + "))",
           "WITH a AS (SELECT 1), b AS (FROM read_blob(" + literal(path) + ")) SELECT * FROM b",
           "SELECT * FROM glob(" + literal(folder.path("*")) + ")",
           "SELECT * FROM query('SELECT 1')",
           "SELECT * FROM query_table('history.t')",
           "FROM checkpoint()",
           "FROM force_checkpoint()",
           "CALL force_checkpoint()",
           "CALL enable_logging(storage = 'file')",
           "FROM enable_logging()",
           "FROM duckdb_settings()",
           "ATTACH " + literal(out) + " AS o",
           "DETACH danggol",
           "USE danggol",
           "COPY history.t TO " + literal(out),
           "EXPORT DATABASE " + literal(out),
           "IMPORT DATABASE " + literal(folder.path("")),
           "INSERT INTO history.t VALUES (2)",
           "CREATE TEMP TABLE u (i INTEGER)",
           "DROP TABLE history.t",
           "SET enable_external_access = true",
           "RESET memory_limit",
           "LOAD 'httpfs'",
           "INSTALL httpfs",
           "PRAGMA enable_profiling",
           "PREPARE p AS SELECT 1",
           "EXECUTE p",
           "EXPLAIN ANALYZE SELECT 1",
           "VACUUM",
           "BEGIN",
           "CHECKPOINT",
           "SELECT $1",
           "",
           ";",
           "--",
           "/*",
           "SELEC",
           "SELECT nosuch",
           "FROM nosuch",
           std::string("SELECT 1\0", 9),
           std::string(2 << 20, '('),
           std::string(100'000, '(')}) {
    auto answer = connection.texts(sql, Author::outside);
    auto got = code(answer);
    EXPECT_TRUE(got == Code::refused || got == Code::bad_input)
        << sql.substr(0, 200) << ": " << message(answer);
    EXPECT_FALSE(message(answer).empty());
    EXPECT_EQ(message(answer).find('\n'), std::string::npos);
  }
  EXPECT_FALSE(std::filesystem::exists(out));
  EXPECT_EQ(must(connection.integer("SELECT count(*) FROM history.t")), 1);
}

std::vector<std::vector<std::string>> texts_of(Connection& connection, const std::string& sql) {
  auto answer = must(connection.texts(sql, Author::outside));
  std::vector<std::vector<std::string>> rows;
  Table chunk;
  while (must(answer.rows.next(chunk)))
    for (size_t i = 0; i < chunk.rows(); ++i) {
      rows.emplace_back();
      for (const auto& column : chunk.columns)
        rows.back().push_back(column.is_null(i) ? "null" : column.texts[i]);
    }
  return rows;
}

TEST(Outside, EveryValueIsAText) {
  TempFolder folder;
  Database database = open_store(folder);
  Connection connection = must(database.connect());
  using Rows = std::vector<std::vector<std::string>>;
  EXPECT_EQ(texts_of(connection, "SELECT 1 AS a, 2.50::DECIMAL(9, 2) AS a, 'x' AS b, NULL AS c;"),
            (Rows{{"1", "2.50", "x", "null"}}));
  EXPECT_EQ(texts_of(connection,
                     "SELECT [1, 2], {'a': 1}, MAP {1: 2}, 170141183460469231731687303715884105727::"
                     "HUGEINT, INTERVAL 1 DAY, 'a'::BLOB -- end"),
            (Rows{{"[1, 2]", "{'a': 1}", "{1=2}", "170141183460469231731687303715884105727", "1 day", "a"}}));
  EXPECT_EQ(texts_of(connection, "FROM range(3) r(i) ORDER BY i DESC"), (Rows{{"2"}, {"1"}, {"0"}}));
  EXPECT_EQ(texts_of(connection, "SELECT count(*) FROM raw.event"), (Rows{{"0"}}));
  EXPECT_TRUE(texts_of(connection, "SELECT 1 WHERE false").empty());
}

TEST(Outside, AnErrorAmongTheRowsIsNotTheEnd) {
  TempFolder folder;
  Database database = open_store(folder);
  Connection connection = must(database.connect());
  auto answer = must(connection.texts(
      "SELECT CASE WHEN i = 150000 THEN error('boom') ELSE i::VARCHAR END FROM range(200000) r(i)",
      Author::outside));
  Table chunk;
  Status outcome;
  while (outcome) {
    auto more = answer.rows.next(chunk);
    if (!more) outcome = more.error();
    else ASSERT_TRUE(*more) << "the rows ended as if all were there";
  }
  EXPECT_EQ(code(outcome), Code::bad_input);
  EXPECT_TRUE(message(outcome) == "boom" ||
              message(outcome).starts_with("the statement failed among its rows"))
      << message(outcome);
}

// --- two processes

struct Holder {  // another process that has the store open to write
  explicit Holder(const std::string& path)
      : pipe(popen((std::string(UNIT_CHILD) + " hold " + path + " 2>&1 < " + path + ".until").c_str(), "r")) {
  }
  ~Holder() { pclose(pipe); }
  std::FILE* pipe;
};

TEST(Lock, AStoreThatAnotherProcessWritesIsAConflict) {
  TempFolder folder;
  std::string path = folder.path("s.duckdb"), fifo = path + ".until";
  { open_store(folder); }
  ASSERT_EQ(std::system(("mkfifo " + fifo).c_str()), 0);
  {
    Holder holder(path);
    std::ofstream until(fifo);  // the child reads it; closing it ends the child
    char line[512] = {};
    ASSERT_TRUE(std::fgets(line, sizeof line, holder.pipe));
    ASSERT_EQ(std::string(line), "open\n");
    for (Access access : {Access::read_write, Access::read_only}) {
      auto opened = Database::open(path, access);
      EXPECT_EQ(code(opened), Code::conflict) << message(opened);
      EXPECT_NE(message(opened).find(path), std::string::npos);
    }
  }
  EXPECT_TRUE(Database::open(path, Access::read_write)) << "free again when the other has ended";
}

// --- names and texts in SQL

TEST(Quoting, NoTextEscapes) {
  TempFolder folder;
  Connection connection = must(open_new(folder).connect());
  for (const std::string& text :
       {std::string(), std::string("a"), std::string("'"), std::string("''; DROP TABLE t"),
        std::string("\\'"), std::string("김'치\n"), std::string("\"")}) {
    EXPECT_EQ(must(connection.text("SELECT " + literal(text))), text);
    if (text.empty()) continue;
    EXPECT_EQ(must(connection.query("SELECT 1 AS " + identifier(text))).columns[0].name, text);
  }
  EXPECT_EQ(identifier("result", "r.fm"), "\"result\".\"r.fm\"");
}

TEST(Layout, StandsOnceAndAgain) {
  TempFolder folder;
  must(must(open_store(folder).connect())
           .execute("INSERT INTO raw.customer (customer_no, customer_id) VALUES (0, 'a')"));
  Connection connection = must(open_store(folder).connect());
  EXPECT_EQ(must(connection.integer("SELECT count(*) FROM raw.customer")), 1);
  EXPECT_EQ(must(connection.integer("SELECT count(DISTINCT schema_name) FROM duckdb_schemas() WHERE "
                                    "database_name = 'danggol' AND schema_name IN "
                                    "('raw', 'feature', 'model', 'history', 'result', 'run')")),
            6);
}

TEST(Layout, OfAnotherVersionIsRefusedAndLeftAsItIs) {
  TempFolder folder;
  { open_store(folder); }
  alter(folder, "UPDATE run.store SET layout = layout + 1");
  auto refused = Database::open(folder.path("s.duckdb"), Access::read_write);
  EXPECT_EQ(code(refused), Code::conflict);
  EXPECT_NE(message(refused).find("s.duckdb"), std::string::npos);
  alter(folder,
        "DROP TABLE run.store; CREATE TABLE run.store (layout INTEGER); INSERT INTO run.store VALUES (2)");
  EXPECT_EQ(code(Database::open(folder.path("s.duckdb"), Access::read_write)), Code::corrupt)
      << "says that it is of 0.1.0, and has other tables";
  alter(folder, "UPDATE run.store SET layout = 3");
  EXPECT_EQ(code(Database::open(folder.path("s.duckdb"), Access::read_write)), Code::conflict)
      << "of between releases";
}

}  // namespace
}  // namespace danggol::store
