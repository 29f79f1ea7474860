// What is refused of a file, when reading it stops, and what of it is not kept.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <set>
#include <thread>

#include "base/clock.h"
#include "base/digest.h"
#include "base/random.h"
#include "gzip.h"
#include "ingest/byte_source.h"
#include "ingest/import.h"
#include "ingest/watch.h"
#include "must.h"
#include "temp_folder.h"

namespace danggol::ingest {
namespace {

Result<TableReader> table_of(const std::string& path) {
  InputFile file = TRY(InputFile::open(path));
  return TableReader::open(std::move(file), guessing());
}

Result<std::vector<std::string>> customers_of(TableReader& reader) {
  std::vector<std::string> out;
  while (auto batch = TRY(reader.next()))
    for (const auto& row : batch->events) out.emplace_back(row.customer);
  return out;
}

const Progress silent = [](double, std::string_view) { return Status(); };

class Input : public testing::Test {
 protected:
  TempFolder folder;
  store::Connection connection = [this] {
    auto made =
        must(must(store::Database::open(folder.path("s.duckdb"), store::Access::read_write)).connect());
    return made;
  }();
  int64_t integer(const std::string& sql) { return must(connection.integer(sql)); }
  Result<std::vector<FileReport>> load(const std::vector<std::string>& paths,
                                       const ImportOptions& options = {}) {
    return import(connection, paths, guessing(), options, silent);
  }
  void write_parquet(const std::string& select, const std::string& path) {
    auto writer = must(must(store::Database::in_memory()).connect());
    must(writer.execute("COPY (" + select + ") TO " + store::literal(path) + " (FORMAT parquet)"));
  }
  void expect_empty_store() {
    for (const char* table : {"raw.event", "raw.customer", "raw.reject", "raw.load"})
      EXPECT_EQ(integer(std::string("SELECT count(*) FROM ") + table), 0) << table;
  }
};

// --- a name is a name

TEST_F(Input, APatternInANameIsNone) {
  write_parquet("SELECT 'the other' AS customer_id, DATE '2021-01-01' AS ts", folder.path("sales1.parquet"));
  for (const char* name :
       {"sales[1].parquet", "sales?.parquet", "*.parquet", "{sales1}.parquet", "s' OR '.parquet"}) {
    EXPECT_EQ(code(load({folder.path(name)})), Code::not_found) << name;
    write_parquet("SELECT 'mine' AS customer_id, DATE '2021-01-01' AS ts", folder.path("x"));
    std::filesystem::rename(folder.path("x"), folder.path(name));
    TableReader reader = must(table_of(folder.path(name)));
    EXPECT_EQ(must(customers_of(reader)), std::vector<std::string>{"mine"}) << name;
  }
}

TEST_F(Input, AFolderOfAParquetFileSaysNothingOfItsRows) {
  std::filesystem::create_directories(folder.path("customer_id=X/country=KR"));
  std::string path = folder.path("customer_id=X/country=KR/e.parquet");
  write_parquet("SELECT 'mine' AS customer_id, DATE '2021-01-01' AS ts", folder.path("x"));
  std::filesystem::rename(folder.path("x"), path);
  TableReader reader = must(table_of(path));
  EXPECT_EQ(reader.facts().header, (std::vector<std::string>{"customer_id", "ts"}));
  EXPECT_EQ(must(customers_of(reader)), std::vector<std::string>{"mine"});
}

TEST_F(Input, ColumnsOfAParquetFileMayHaveAnyName) {
  write_parquet(
      "SELECT 'c' AS \"customer_id\", 1 AS \"a.b\", DATE '2021-01-01' AS \"ts\", 2 AS \"say \"\"hi\"\"\", "
      "[1, 2] AS many, 'A' AS \"x.y\"",
      folder.path("e.parquet"));
  Mapping mapping = guessing();
  must(override_columns({{"region", "x.y"}}, mapping));
  auto reports = must(import(connection, {folder.path("e.parquet")}, mapping, {}, silent));
  EXPECT_EQ(reports[0].rows_loaded, 1);
  EXPECT_EQ(must(connection.text("SELECT region FROM raw.customer")), "A");
}

// Each object of a list is a row; what stands beside the list is the order's, and no line's money.
TEST_F(Input, WhatIsNestedInParquetIsLaidOutFlat) {
  std::string path = folder.path("nested.parquet");
  write_parquet(
      "SELECT {'id': 'kim'} AS customer, TIMESTAMP '2024-01-05 10:00:00' AS ts, 50 AS total, "
      "[{'sku': 'M1', 'price': 20.0, 'qty': 1}, {'sku': 'C1', 'price': 10.0, 'qty': 3}] AS lines "
      "UNION ALL SELECT {'id': 'lee'}, TIMESTAMP '2024-01-06 10:00:00', 0, []",
      path);
  TableReader reader = must(table_of(path));
  EXPECT_EQ(reader.facts().header, (std::vector<std::string>{"customer.id", "ts", "total", "lines.sku",
                                                             "lines.price", "lines.qty"}));
  std::vector<std::string> seen, rejects;
  while (auto batch = must(reader.next())) {
    for (const auto& row : batch->events)
      seen.push_back(
          fmt::format("{} {} {}", row.customer, row.product, row.amount.ten_thousandths / Money::scale));
    for (const auto& row : batch->rejects) rejects.emplace_back(row.reason);
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"kim M1 20", "kim C1 30"}));
  EXPECT_EQ(rejects, (std::vector<std::string>{"no_amount"})) << "an order without lines";
}

// What a name stands for may be another file by the time it is read: the open one counts.
TEST_F(Input, TheRowsAreThoseOfTheFileThatWasOpened) {
  std::string path = folder.path("e.parquet");
  write_parquet("SELECT 'first' AS customer_id, DATE '2021-01-01' AS ts", path);
  write_parquet("SELECT 'second' AS customer_id, DATE '2021-01-01' AS ts", folder.path("other"));
  InputFile file = must(InputFile::open(path));
  std::filesystem::rename(folder.path("other"), path);
  EXPECT_EQ(code(InputFile::open(path, file.version())), Code::conflict);
  std::string bytes_digest = must(file.digest({}));
  TableReader reader = must(TableReader::open(std::move(file), guessing()));
  EXPECT_EQ(must(customers_of(reader)), std::vector<std::string>{"first"});
  EXPECT_NE(must(must(InputFile::open(path)).digest({})), bytes_digest);
  std::filesystem::remove(path);
  EXPECT_EQ(code(InputFile::open(path)), Code::not_found);
}

TEST_F(Input, TheDigestIsThatOfTheBytes) {
  for (size_t size :
       {size_t{1}, (size_t{1} << 20) - 1, size_t{1} << 20, (size_t{1} << 20) + 1, size_t{3'000'000}}) {
    std::string bytes(size, '\0');
    Random random(size);
    for (char& c : bytes) c = static_cast<char>(random());
    InputFile file = must(InputFile::open(folder.write("bytes", bytes)));
    EXPECT_EQ(must(file.digest({})), digest(bytes)) << size;
    std::string read(size, '\0');
    ASSERT_EQ(must(file.read(read.data(), read.size())), size);
    EXPECT_EQ(file.digest_of_read(), digest(bytes)) << size;
  }
}

// --- what changes while it is read

std::string many_rows(int64_t rows) {
  std::string text = "customer_id,ts,price\n";
  for (int64_t i = 0; i < rows; ++i) text += "c" + std::to_string(i % 1'000) + ",2021-01-01,1\n";
  return text;
}

TEST_F(Input, AFileThatGrowsOrShrinksWhileItIsReadIsRefused) {
  std::string text = many_rows(400'000), zipped = gzip(text + text);
  for (const char* name : {"e.csv", "e.csv.gz"}) {
    std::string content = std::string(name) == "e.csv" ? text : zipped;
    for (int64_t change : {int64_t{1}, -static_cast<int64_t>(content.size() / 4)}) {
      std::string path = folder.write(name, content);
      TableReader reader = must(table_of(path));
      must(reader.next());
      std::filesystem::resize_file(path, content.size() + static_cast<size_t>(change));
      auto rows = customers_of(reader);
      EXPECT_EQ(code(rows), Code::conflict) << name << ' ' << change << ' ' << message(rows);
      EXPECT_NE(message(rows).find("changed while it was read; try again"), std::string::npos)
          << message(rows);
    }
  }
}

// The clock of a file is no proof: somebody sets it back, or writes twice within a tick of it. The digest of
// the bytes that became rows is.
TEST_F(Input, AFileRewrittenBehindItsClockIsRefused) {
  std::string text = many_rows(3'000'000), path = folder.write("e.csv", text);
  struct stat before;
  ASSERT_EQ(::stat(path.c_str(), &before), 0);
  bool rewritten = false;
  auto rewrite = [&](double, std::string_view what) -> Status {
    if (rewritten || what.find("rows") == what.npos) return {};
    rewritten = true;
    int file = ::open(path.c_str(), O_WRONLY);
    EXPECT_EQ(::pwrite(file, "9\n", 2, static_cast<int64_t>(text.size()) - 2), 2);
    timespec times[2] = {before.st_atim, before.st_mtim};
    EXPECT_EQ(::futimens(file, times), 0);
    ::close(file);
    return {};
  };
  auto outcome = import(connection, {path}, guessing(), {}, rewrite);
  EXPECT_TRUE(rewritten);
  EXPECT_EQ(code(outcome), Code::conflict) << message(outcome);
  expect_empty_store();
}

// --- what is no ordinary file

class Special : public Input {
 protected:
  // Whether all that takes a file says the same of this one, at once.
  void expect_refused(const std::string& path, const std::string& what) {
    Stopwatch watch;
    std::string expected = path + ": a " + what + ", not a file; give an ordinary file";
    auto checked = check({path}, guessing(), silent);
    EXPECT_EQ(code(checked), Code::bad_input) << path;
    EXPECT_EQ(message(checked), expected);
    EXPECT_EQ(message(load({path})), expected);
    Mapping mapping = guessing();
    EXPECT_EQ(message(override_from_file(path, mapping)), expected);
    EXPECT_LT(watch.seconds(), 1) << path;
  }
};

TEST_F(Special, PipesDevicesSocketsAndFoldersAreRefusedAtOnce) {
  std::string pipe = folder.path("pipe.csv"), socket = folder.path("socket.csv");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  int listening = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  ASSERT_LT(socket.size(), sizeof address.sun_path);
  socket.copy(address.sun_path, socket.size());
  ASSERT_EQ(::bind(listening, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  expect_refused(pipe, "pipe");
  expect_refused(socket, "socket");
  expect_refused("/dev/zero", "device");
  Mapping mapping = guessing();
  EXPECT_EQ(message(override_from_file(folder.path("."), mapping)),
            folder.path(".") + ": a folder, not a file; give an ordinary file");
  std::filesystem::create_symlink(pipe, folder.path("link.csv"));
  expect_refused(folder.path("link.csv"), "pipe");
  ::close(listening);
}

TEST_F(Special, AMappingHasABound) {
  Mapping mapping = guessing();
  std::string start = "[columns]\ncustomer = \"c\"\n#", path = folder.path("m.toml");
  must(override_from_file(folder.write("m.toml", start + std::string(65'536 - start.size(), 'x')), mapping));
  auto outcome =
      override_from_file(folder.write("m.toml", start + std::string(65'537 - start.size(), 'x')), mapping);
  EXPECT_EQ(code(outcome), Code::bad_input);
  EXPECT_EQ(message(outcome), path + ": larger than 65536 bytes, the most that a mapping may have");
}

TEST_F(Special, NamesThatCannotBe) {
  std::string long_name(300, 'x');
  EXPECT_EQ(code(load({folder.path(long_name)})), Code::io);
  EXPECT_EQ(code(check({folder.path(long_name)}, guessing(), silent)), Code::io);
  Mapping mapping = guessing();
  EXPECT_EQ(code(override_from_file(folder.path(long_name), mapping)), Code::io);
  EXPECT_EQ(code(Inputs::open({folder.path(long_name)}, {})), Code::io);
}

TEST_F(Special, AFolderThatCannotBeReadIsNotCalledEmpty) {
  folder.write("a.csv", "customer_id,ts\n");
  std::filesystem::create_directory(folder.path("a folder.csv"));
  Inputs inside = must(Inputs::open({folder.path("")}, {}));
  ASSERT_EQ(inside.size(), 1u);
  EXPECT_EQ(inside.path(0), folder.path("a.csv"));
  rlimit limit, few;
  ::getrlimit(RLIMIT_NOFILE, &limit);
  few = limit;
  few.rlim_cur = 3;
  ::setrlimit(RLIMIT_NOFILE, &few);
  auto files = Inputs::open({folder.path("")}, {});
  ::setrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_EQ(code(files), Code::io);
  EXPECT_NE(message(files).find("the folder cannot be read: Too many open files"), std::string::npos)
      << message(files);
}

TEST_F(Special, MoreFilesThanMayBeOpenAreRead) {
  std::vector<std::string> paths;
  for (int i = 0; i < 200; ++i)
    paths.push_back(
        folder.write(std::to_string(i) + ".csv", "customer_id,ts\nc" + std::to_string(i) + ",2021-01-01\n"));
  rlimit limit, few;
  ::getrlimit(RLIMIT_NOFILE, &limit);
  few = limit;
  few.rlim_cur = 100;
  ::setrlimit(RLIMIT_NOFILE, &few);
  auto loaded = load(paths);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_TRUE(loaded) << message(loaded);
  EXPECT_EQ(integer("SELECT count(*) FROM raw.event"), 200);
}

// --- bounds

TEST_F(Input, AGzipThatHoldsFarTooMuchIsRefused) {
  std::string rows = "customer_id,ts\n", path = folder.path("bomb.csv.gz");
  std::string member = gzip(std::string(8 << 20, 'a'), 3), bomb = gzip(rows);
  for (int i = 0; i < 40; ++i) bomb += member;  // 320 MiB, a thousandth of it
  folder.write("bomb.csv.gz", bomb);
  auto outcome = load({path});
  EXPECT_EQ(code(outcome), Code::bad_input);
  EXPECT_EQ(
      message(outcome),
      path +
          ": the gzip holds more than 250 times its own bytes, the most that is read of one; if it is a "
          "table all the same, unpack it and give that");
  expect_empty_store();

  auto inflated = [&](std::string_view text, UnpackLimits limits) -> Result<size_t> {
    ByteSource source =
        TRY(ByteSource::open(must(InputFile::open(folder.write("t.gz", gzip(text)))), {}, limits));
    std::string out;
    while (TRY(source.read(out))) continue;
    return out.size();
  };
  std::string text(10'000, 'a');
  EXPECT_EQ(must(inflated(text, {.bytes = 10'000, .ratio = 250, .free_bytes = 10'000})), 10'000u);
  EXPECT_EQ(code(inflated(text, {.bytes = 9'999, .ratio = 250, .free_bytes = 0})), Code::bad_input);
  EXPECT_NE(
      message(inflated(text, {.bytes = 9'999, .ratio = 250, .free_bytes = 0})).find("more than 9,999 bytes"),
      std::string::npos);
  EXPECT_EQ(code(inflated(text, {.bytes = 10'000, .ratio = 10, .free_bytes = 9'999})), Code::bad_input);
  EXPECT_EQ(must(inflated(text, {.bytes = 10'000, .ratio = 10, .free_bytes = 10'000})), 10'000u);
}

// Of 30,000 bad rows in two files the first ones of each are kept, in whichever thread they were read, the
// first of these with what they say, and all are counted.
TEST_F(Input, OfManyRejectsTheFirstAreKept) {
  std::vector<std::string> paths;
  for (int f = 0; f < 2; ++f) {
    std::string text = "customer_id,ts,qty\n";
    for (int i = 0; i < 30'000; ++i)
      text += (i % 2 ? "c" : "") + std::to_string(f) + (i % 2 ? ",2021-01-01,1\n" : ",never,1\n");
    paths.push_back(folder.write(std::to_string(f) + ".csv", text));
  }
  int64_t load_no = 0;
  for (RejectLimits limits : {RejectLimits{.rows = 9'000, .texts = 1'000},
                              {.rows = 14'999, .texts = 14'998},
                              {.rows = 0, .texts = 0},
                              {.rows = 15'000, .texts = 0},
                              RejectLimits()}) {
    auto reports = must(load(paths, {.on_overlap = OnOverlap::keep, .before_commit = {}, .rejects = limits}));
    for (const FileReport& report : reports) {
      EXPECT_EQ(report.rows_loaded, 15'000);
      EXPECT_EQ(report.rejects, (std::vector<std::pair<std::string, int64_t>>{{"bad_time", 15'000}}));
      std::vector<std::string> warnings;
      if (limits.rows < 15'000)
        warnings = {"raw.reject keeps the first " + grouped(limits.rows) + " of its rejects, not the other " +
                    grouped(15'000 - limits.rows) + "."};
      std::vector<std::string> said;
      for (const Text& warning : report.warnings) said.push_back(warning.in(Language::en));
      EXPECT_EQ(said, warnings);
      std::string of_load = " FROM raw.reject WHERE load_no = " + std::to_string(load_no++);
      int64_t rows = std::min(limits.rows, int64_t{15'000}), texts = std::min(limits.texts, rows);
      EXPECT_EQ(integer("SELECT count(*)" + of_load), rows);
      EXPECT_EQ(integer("SELECT max(line)" + of_load), 2 * rows);
      EXPECT_EQ(integer("SELECT count(text)" + of_load), texts);
      EXPECT_EQ(integer("SELECT max(line)" + of_load + " AND text LIKE 'customer_id=%, ts=never, qty=1'"),
                2 * texts);
    }
  }
  EXPECT_EQ(integer("SELECT count(*) FROM raw.load WHERE rows_read = 30000 AND rows_loaded = 15000 AND "
                    "rows_rejected = 15000"),
            10);
}

// Rows of all kinds of damage, with a telephone and a card in columns that play no role: neither comes into
// the store, in whatever way a row is broken.
TEST_F(Input, WhatPlaysNoRoleIsNotKept) {
  std::string opened = "customer_id,ts,description,phone\nc,never,\"kim,SECRET," + std::string(5'000, ' ') +
                       "\nd,never,lee\",SECRET\n";
  EXPECT_EQ(must(check({folder.write("e.csv", opened)}, guessing(), silent))[0].rows_rejected, 1);
  folder.write("e.csv", opened + "a,2021-01-01,tea,SECRET\n");
  must(load({folder.path("e.csv")}));
  for (char delimiter : {',', ';', '|', '\t'}) {
    Random random(5, static_cast<uint64_t>(delimiter));
    std::string text, row = "customer_id,phone,ts,card,price,name,receipt\n";
    std::replace(row.begin(), row.end(), ',', delimiter);
    text = row;
    for (int i = 0; i < 20'000; ++i) {
      row = "c" + std::to_string(i) + ",SECRET-010,2021-01-01,SECRET-4" +
            (random.below(2) ? "111," : "222,") + (random.below(2) ? "5," : "five,") +
            (random.below(3) ? "kim" : "\"SECRET kim\"") + ",r1\n";
      std::replace(row.begin(), row.end(), ',', delimiter);
      if (uint64_t damage = random.below(6); damage > 0) {
        const std::vector<std::string> parts = {"\"", std::string(1, delimiter), "\n", "\xff", "\r\n"};
        if (damage == 1) row.erase(random.below(row.size() - 1), 1);
        else if (damage == 2) row.insert(random.below(row.size()), parts[random.below(parts.size())]);
        else if (damage == 3) row.insert(row.rfind('r'), "\"");   // a quote that is left open ...
        else if (damage == 4) row.insert(row.rfind('\n'), "\"");  // ... and closed by another row
      }
      text += row;
    }
    auto reports = must(load({folder.write("e.csv", text)}, {.on_overlap = OnOverlap::keep}));
    EXPECT_GT(reports[0].rows_rejected, 10'000);
    EXPECT_EQ(reports[0].rows_read(), reports[0].rows_loaded + reports[0].rows_rejected);
  }
  EXPECT_GT(integer("SELECT count(text) FROM raw.reject"), 4 * 5'000);
  EXPECT_GT(integer("SELECT count(DISTINCT reason) FROM raw.reject WHERE text IS NULL"), 3);
  EXPECT_EQ(integer("SELECT count(*) FROM raw.reject WHERE text LIKE '%SECRET%'"), 0)
      << must(connection.text("SELECT text FROM raw.reject WHERE text LIKE '%SECRET%' LIMIT 1"));
}

// --- nothing could be loaded

TEST_F(Input, AnImportOfNothingIsNone) {
  std::string none = folder.write("none.csv", "customer_id,ts,price\na,soon,1\nb,later,1\n,2021-01-01,1\n");
  std::string path = folder.path("none.csv");
  auto outcome = load({none});
  EXPECT_EQ(code(outcome), Code::bad_input);
  EXPECT_EQ(
      message(outcome),
      path +
          ": none of its rows could be loaded (2 of 3: not a date and time), such as line 2: "
          "customer_id=a, ts=soon, price=1; line 3: customer_id=b, ts=later, price=1; name the column with "
          "--time=COLUMN");
  expect_empty_store();
  auto checked = must(check({none}, guessing(), silent));
  ASSERT_EQ(checked[0].warnings.size(), 1u);
  EXPECT_EQ(checked[0].warnings[0].in(Language::en),
            "None of its rows could be loaded (2 of 3: not a date and time), such as those in line 2: "
            "customer_id=a, ts=soon, price=1; 3: customer_id=b, ts=later, price=1; name the column with "
            "--time=COLUMN.");
  std::string empty = folder.write("empty.csv", "customer_id,ts,price\n");
  EXPECT_EQ(message(load({empty, none})), message(outcome)) << "a file without rows is not what is wrong";
  auto with_another = load({none, folder.write("a.csv", "customer_id,ts,price\na,2021-01-01,1\n")});
  EXPECT_EQ(message(with_another), message(outcome)) << "nor is it loaded beside another";
  must(load({empty}));
  EXPECT_EQ(integer("SELECT count(*) FROM raw.load"), 1);
}

// What the rows of one file tell of a customer or product is known whichever file comes first.
TEST_F(Input, TheOrderOfTwoImportsDoesNotSayWhatIsKnown) {
  std::string plain = folder.write("plain.csv",
                                   "customer_id,ts,price,product\na,2021-01-01,1,p\nb,2021-01-01,1,q\n"),
              telling =
                  folder.write("telling.csv",
                               "customer_id,ts,price,product,product_name,country\na,2021-01-02,1,p,tea,KR\n"
                               "a,2021-01-02,1,p,tea,KR\nc,2021-01-02,1,q,,JP\n"),
              other = folder.write("other.csv", "customer_id,ts,price,country\na,2021-01-03,1,US\n");
  auto known = [&](const std::vector<std::string>& order) {
    std::string path =
        folder.path(std::to_string(Random(order[0].size())()) + order[0].substr(order[0].rfind('/') + 1));
    auto made = must(must(store::Database::open(path, store::Access::read_write)).connect());
    for (const auto& file : order) must(import(made, {file}, guessing(), {}, silent));
    return must(made.text(
        "SELECT string_agg(customer_id || coalesce(region, '-'), ' ' ORDER BY customer_id) || ', ' || "
        "(SELECT string_agg(product_id || coalesce(product_name, '-'), ' ' ORDER BY product_id) FROM "
        "raw.product) FROM raw.customer"));
  };
  EXPECT_EQ(known({plain, telling}), "aKR b- cJP, ptea q-");
  EXPECT_EQ(known({telling, plain}), "aKR b- cJP, ptea q-");
  EXPECT_EQ(known({other, telling}).substr(0, 3), "aKR") << "of two regions the one that more rows tell";
  EXPECT_EQ(known({telling, other}).substr(0, 3), "aKR");
}

// --- stopping

// Seconds from the wish to stop until the work has ended. The wish comes once `at` is in what the progress
// says, `delay` seconds later.
double seconds_to_stop(const std::function<bool(const Progress&)>& work, std::string_view at, double delay) {
  Stopwatch watch;
  double seen = -1, wished = -1;
  bool cancelled = work([&](double, std::string_view what) -> Status {
    if (seen < 0 && (what.find(at) != what.npos || watch.seconds() > 60)) seen = watch.seconds();
    if (seen < 0 || watch.seconds() < seen + delay) return {};
    if (wished < 0) wished = watch.seconds();
    return Error{Code::cancelled, "stopped by the test"};
  });
  EXPECT_TRUE(cancelled);
  EXPECT_GE(wished, 0) << "it was over before";
  return watch.seconds() - wished;
}

class Stopping : public Input {
 protected:
  void expect_stops(const std::string& path, bool by_import, std::string_view at = "", double delay = 0.2) {
    double seconds = seconds_to_stop(
        [&](const Progress& progress) {
          auto outcome = by_import ? import(connection, {path}, guessing(), {}, progress)
                                   : check({path}, guessing(), progress);
          EXPECT_EQ(message(outcome), "stopped by the test");
          return code(outcome) == Code::cancelled;
        },
        at, delay);
    EXPECT_LT(seconds, 1) << path << (by_import ? ", import" : ", check");
    expect_empty_store();
  }
};

// A file of 16 GB, which is nearly all hole: one record of zeros after 2 MB of rows.
TEST_F(Stopping, InTheDigestAndInARecordWithoutEnd) {
  std::string path = folder.write("e.csv", many_rows(100'000));
  std::filesystem::resize_file(path, int64_t{16} << 30);
  expect_stops(path, false);
  expect_stops(path, true);
}

// What a record is, whatever its length, is known from its first MiB: the rest is not gathered.
TEST_F(Input, ARecordWithoutEndTakesNoMemory) {
  std::string path = folder.write("e.csv", many_rows(100'000));
  std::filesystem::resize_file(path, int64_t{1} << 30);
  auto most_kb = [] {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
    return 0L;
  };
  must(check({folder.write("small.csv", many_rows(100'000))}, guessing(), silent));
  std::ofstream("/proc/self/clear_refs") << 5;  // the most is from now on
  int64_t before = most_kb();
  auto reports = must(check({path}, guessing(), silent));
  EXPECT_EQ(reports[0].rejects, (std::vector<std::pair<std::string, int64_t>>{{"too_long", 1}}));
  EXPECT_LT(most_kb() - before, 100'000);
}

// 100 MB of members that hold nothing: the text that is to be looked at never comes.
TEST_F(Stopping, InAGzipThatHoldsNothing) {
  std::string empty = gzip(""), bytes;
  while (bytes.size() < 100 << 20) bytes += empty;
  std::string path = folder.write("e.csv.gz", bytes);
  expect_stops(path, false, "", 0.1);
  expect_stops(path, true, "", 0.1);
}

TEST_F(Stopping, InAParquetFile) {
  std::string path = folder.path("e.parquet");
  write_parquet(
      "SELECT 'c' || i AS customer_id, TIMESTAMP '2021-01-01' AS ts, 'p' || md5(i::VARCHAR) AS product_id "
      "FROM "
      "range(4000000) t(i)",
      path);
  expect_stops(path, false);
  expect_stops(path, true);
}

TEST_F(Stopping, WhileIdsAreNumberedAndRowsInserted) {
  std::string text = "customer_id,ts\n";
  for (uint64_t i = 0; i < 4'000'000; ++i) text += std::to_string(mix(i)) + ",2021-01-01\n";
  std::string path = folder.write("e.csv", text);
  for (double delay : {0.0, 1.0, 2.0}) expect_stops(path, true, "numbering", delay);
}

// A statement of the load's own that would take hours.
TEST_F(Stopping, InAStatementOfTheStore) {
  std::string path = folder.write("e.csv", many_rows(10));
  auto endless = [](store::Connection& to, int64_t) {
    return to.execute("SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = 1");
  };
  double seconds = seconds_to_stop(
      [&](const Progress& progress) {
        return code(import(connection, {path}, guessing(), {.before_commit = endless}, progress)) ==
               Code::cancelled;
      },
      "looking", 0.5);
  EXPECT_LT(seconds, 1);
  expect_empty_store();
}

// --- exceptions

TEST_F(Input, WhatALibraryThrowsIsAnError) {
  EXPECT_EQ(code(caught("x", []() -> Status { throw std::bad_alloc(); })), Code::memory);
  EXPECT_EQ(code(caught("x", []() -> Status { throw std::length_error("x"); })), Code::internal);
  EXPECT_EQ(code(caught("x", []() -> Status { throw std::system_error(EAGAIN, std::generic_category()); })),
            Code::io);
  EXPECT_EQ(code(caught("x",
                        []() -> Status {
                          (void)std::filesystem::file_size("/no/such/file");
                          return {};
                        })),
            Code::io);
}

// However work ends, and whoever throws, its threads have ended with it and nothing is loaded.
TEST_F(Input, AnExceptionWithinEndsTheImportAlone) {
  std::string path = folder.write("e.csv", many_rows(200'000));
  auto throws = [](store::Connection&, int64_t) -> Status { throw std::bad_alloc(); };
  EXPECT_EQ(code(load({path}, {.before_commit = throws})), Code::memory);
  int calls = 0;
  auto outcome = import(connection, {path}, guessing(), {}, [&](double, std::string_view) -> Status {
    if (++calls > 1) throw std::runtime_error("no terminal");
    return {};
  });
  EXPECT_EQ(code(outcome), Code::internal);
  EXPECT_NE(message(outcome).find("no terminal"), std::string::npos);
  expect_empty_store();
  must(load({path}));
  EXPECT_EQ(integer("SELECT count(*) FROM raw.event"), 200'000);
}

}  // namespace
}  // namespace danggol::ingest
