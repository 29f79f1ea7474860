// Who is forgotten leaves nothing: results are those of a store without them, no import brings them back, and
// no byte of the file or beside it says who they were.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <set>
#include <sstream>

#include "base/random.h"
#include "danggol/engine.h"
#include "must.h"
#include "small_shop.h"
#include "temp_folder.h"

namespace danggol {
namespace {

using Ids = std::set<std::string>;

// A simulated shop's events, without some people's.
std::string without(const std::string& events, const Ids& gone) {
  std::string out;
  std::istringstream lines(events);
  for (std::string line; std::getline(lines, line);)
    if (!gone.contains(line.substr(0, line.find(',')))) out += line + "\n";
  return out;
}

Engine open(const std::string& path) { return must(Engine::open(path, Engine::Access::write)); }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) out.push_back(line);
  return out;
}

// What other programs see as result.NAME.
constexpr const char* views =
    "SELECT view_name FROM duckdb_views() WHERE database_name = 'danggol' AND schema_name = 'result' ORDER "
    "BY ALL";

// How often a text stands in the files of a folder, byte by byte.
size_t count_in_files(const std::string& folder, const std::string& text) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::string bytes = text_of(entry.path());
    for (size_t at = bytes.find(text); at != bytes.npos; at = bytes.find(text, at + 1)) ++count;
  }
  return count;
}

// What a store of 40 customers has of one of them, each text another one that nobody else has.
struct Traces {
  std::string id = "Zoë-세종7731", region = "region-of-zoe", receipt = "receipt-of-zoe",
              product = "thing-of-zoe", review = "words-of-zoe";
  std::vector<std::string> all() const { return {id, region, receipt, product, review}; }
  std::string events() const {
    std::string out = "customer_id,ts,region,product_id,amount,receipt_id,partner,review_text\n";
    auto add = [&](auto who, int month, int day, auto region, auto product, auto receipt, int number) {
      out += fmt::format("{},2023-{:02}-{:02},{},{},{}.5,{}-{},{},{}\n", who, month, day, region, product,
                         number, receipt, month, number % 2 == 0 ? "app" : "shop", who == id ? review : "");
    };
    for (int month = 1; month <= 12; ++month)
      for (int c = 0; c < 40; ++c)
        add(fmt::format("c{}", c), month, 1 + c % 27, "Busan", fmt::format("p{}", c % 5),
            fmt::format("r{}", c), c);
    for (int month : {1, 5, 11}) add(id, month, 3, region, product, receipt, 12);
    return out + fmt::format("{},never,{},{},1,{},app,\n", id, region, product, receipt);
  }
};

class Forget : public testing::Test {
 protected:
  TempFolder folder_;
  std::string events_ = [&] {
    must(Engine::simulate("shop", {{"customers", "150"}, {"months", "18"}}, folder_.path("shop"), silent));
    return text_of(folder_.path("shop/events.csv"));
  }();
  PipelineRequest at_once_{.params = {{"as-of", "2024-06-15"}}};
};

TEST_F(Forget, ResultsAreThoseOfAStoreWithoutThem) {
  Random random(1);
  for (int round = 0; round < 3; ++round) {
    std::string name = folder_.path(fmt::format("{}.duckdb", round));
    Engine with = open(name);
    must(with.import({.paths = {folder_.write("all.csv", events_)}}, silent));
    must(with.pipeline(at_once_, silent));
    std::vector<std::string> ids = lines_of(rows(with, "SELECT customer_id FROM raw.customer ORDER BY ALL"));
    Ids gone;
    while (gone.size() < 1 + static_cast<size_t>(2 * round)) gone.insert(ids[random.below(ids.size())]);
    auto summary = must(with.forget({.ids = {gone.begin(), gone.end()}}, silent));
    EXPECT_EQ(summary.customers, static_cast<int64_t>(gone.size()));
    EXPECT_TRUE(summary.failed.empty());
    EXPECT_FALSE(summary.models.empty());

    Engine never = open(folder_.path(fmt::format("never{}.duckdb", round)));
    must(never.import({.paths = {folder_.write("fewer.csv", without(events_, gone))}}, silent));
    must(never.pipeline(at_once_, silent));
    expect_same_results(with, never);
  }
}

TEST_F(Forget, NoByteIsLeftAndNoImportBringsThemBack) {
  Traces traces;
  TempFolder beside;
  std::string store = beside.path("store.duckdb"), file = folder_.write("year.csv", traces.events());
  {
    Engine engine = open(store);
    must(engine.import({.paths = {file}}, silent));
    must(engine.suppress({.ids = traces.id}));
    must(engine.pipeline({}, silent));
    must(engine.run("channel_divergence", {{"group", "raw.customer:customer_id=" + traces.id}}, silent));
  }
  for (const auto& text : traces.all()) EXPECT_GT(count_in_files(beside.path(""), text), 0U) << text;
  {
    Engine engine = open(store);
    auto summary = must(engine.forget({.ids = {traces.id}}, silent));
    EXPECT_EQ(summary.customers, 1);
    EXPECT_EQ(summary.events, 3);
    EXPECT_EQ(summary.rejects, 1);
    EXPECT_EQ(rows(engine, "SELECT count(*) FROM raw.reject WHERE text IS NULL"), "1\n");
  }
  { Engine engine = open(store); }  // which makes the file anew
  for (const auto& text : traces.all()) EXPECT_EQ(count_in_files(beside.path(""), text), 0U) << text;

  Engine engine = open(store);
  EXPECT_EQ(rows(engine, "SELECT rewrite FROM run.store"), "false\n");
  auto reports = must(engine.import({.paths = {file}, .replace = {0}}, silent));
  EXPECT_EQ(reports[0].rows_loaded, 480);
  EXPECT_EQ(reports[0].rows_rejected, 4);
  EXPECT_EQ(rows(engine, "SELECT count(*), count(text) FROM raw.reject"), "4,0\n");
  EXPECT_EQ(rows(engine, "SELECT count(*) FROM raw.customer"), "40\n");
  EXPECT_EQ(rows(engine, "SELECT count(*) FROM raw.product"), "5\n");
  engine = Engine();
  for (const auto& text : traces.all()) EXPECT_EQ(count_in_files(beside.path(""), text), 0U) << text;
}

// Quotes that a reject's text doubles, and a device in the name of a file.
TEST_F(Forget, HoweverTheyAreWrittenElsewhere) {
  std::string store = folder_.path("store/s.duckdb");
  std::filesystem::create_directory(folder_.path("store"));
  std::string id = "Kim \"JJ\" Min", file = Traces().events() +
                                            "\"Kim \"\"JJ\"\" Min\",2023-05-05,Busan,p1,1,r1,app,\n" +
                                            "\"Kim \"\"JJ\"\" Min\",never,Busan,p1,1,r1,app,\n";
  {
    Engine engine = open(store);
    must(engine.import({.paths = {folder_.write("year.csv", file)}}, silent));
    must(engine.import(
        {.paths = {folder_.write("log_devyy010a.csv",
                                 "customer_id,device_id,ts,action\nc7,devyy010a,2023-05-05,view\n"
                                 ",devyy010a,2023-05-06,view\n,devyy010a,never,view\n")}},
        silent));
    must(engine.forget({.ids = {id, "c7"}}, silent));
  }
  { Engine engine = open(store); }
  for (const char* text : {"JJ", "devyy010a"})
    EXPECT_EQ(count_in_files(folder_.path("store"), text), 0U) << text;
}

TEST_F(Forget, ADryRunChangesNothing) {
  std::string store = folder_.path("store.duckdb");
  Traces traces;
  {
    Engine engine = open(store);
    must(engine.import({.paths = {folder_.write("year.csv", traces.events())}}, silent));
    must(engine.pipeline({}, silent));
  }
  std::string before = text_of(store), key = text_of(store + ".key");
  {
    Engine engine = open(store);
    auto summary = must(engine.forget({.ids = {traces.id, "C7"}, .dry_run = true}, silent));
    EXPECT_EQ(summary.customers, 2);
    EXPECT_EQ(summary.events, 15);
    EXPECT_GT(summary.runs, 0);
    EXPECT_TRUE(summary.reruns.empty());
    auto unknown = engine.forget({.ids = {"c1", "c41"}}, silent);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, Code::bad_input);
    EXPECT_NE(unknown.error().message.find("c41: no customer"), std::string::npos) << unknown.error().message;
    EXPECT_EQ(rows(engine, "SELECT count(*) FROM raw.customer"), "41\n");
  }
  EXPECT_EQ(text_of(store), before);
  EXPECT_EQ(text_of(store + ".key"), key);
}

// The file is made anew when nobody else of the process has it open, and not before.
TEST_F(Forget, WhoReadsMeanwhileGoesOn) {
  std::string store = folder_.path("store.duckdb");
  Engine engine = open(store);
  Traces traces;
  must(engine.import({.paths = {folder_.write("year.csv", traces.events())}}, silent));
  must(engine.pipeline({.rooms = {"rfm"}}, silent));
  must(engine.forget({.ids = {traces.id}}, silent));
  {
    Engine another = open(store);
    EXPECT_EQ(rows(another, "SELECT rewrite FROM run.store"), "true\n");
  }
  EXPECT_EQ(rows(engine, "SELECT count(DISTINCT customer_id) FROM result.rfm"), "40\n");
  std::string seen = rows(engine, views);
  EXPECT_NE(seen, "");
  engine = Engine();
  Engine reader = must(Engine::open(store, Engine::Access::read));
  EXPECT_EQ(rows(reader, "SELECT rewrite FROM run.store"), "true\n");
  reader = Engine();
  engine = open(store);
  EXPECT_EQ(rows(engine, "SELECT rewrite FROM run.store"), "false\n");
  EXPECT_EQ(rows(engine, views), seen) << "by other programs";
}

TEST_F(Forget, WithoutTheKeyNothingIsImported) {
  std::string store = folder_.path("store.duckdb");
  Engine engine = open(store);
  Traces traces;
  std::string file = folder_.write("year.csv", traces.events());
  must(engine.import({.paths = {file}}, silent));
  must(engine.forget({.ids = {traces.id, "c7"}}, silent));
  EXPECT_EQ(must(engine.forget({.ids = {"c7"}}, silent)).customers, 0) << "again";
  engine = Engine();
  std::filesystem::rename(store + ".key", folder_.path("kept"));
  engine = open(store);
  auto imported = engine.import({.paths = {file}, .replace = {0}}, silent);
  ASSERT_FALSE(imported);
  EXPECT_EQ(imported.error().code, Code::conflict);
  engine = Engine();
  std::filesystem::rename(folder_.path("kept"), store + ".key");
  engine = open(store);
  EXPECT_EQ(must(engine.import({.paths = {file}, .replace = {0}}, silent))[0].rows_loaded, 468);
}

// A table of customers tells of them, too; where every row is theirs there is nothing to load.
TEST_F(Forget, TablesOfCustomersAndFilesOfOneAlone) {
  Engine engine = open(folder_.path("store.duckdb"));
  must(engine.import({.paths = {folder_.write("year.csv", Traces().events())}}, silent));
  must(engine.forget({.ids = {"c7"}}, silent));
  std::string alone = folder_.write("alone.csv", "customer_id,ts,amount\nc7,2023-05-05,5\nC7,2023-06-05,5\n");
  auto imported = engine.import({.paths = {alone}}, silent);
  ASSERT_FALSE(imported);
  EXPECT_EQ(imported.error().code, Code::bad_input);
  EXPECT_NE(imported.error().message.find("forgotten"), std::string::npos) << imported.error().message;
  EXPECT_EQ(rows(engine, "SELECT count(*) FROM raw.load"), "1\n");
}

}  // namespace
}  // namespace danggol
