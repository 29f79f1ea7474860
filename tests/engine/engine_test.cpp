// What engine.h promises: one database a process, jobs in their order, readers who see one set and wait for
// nobody, stops that stop what there is.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <latch>
#include <thread>

#include "small_shop.h"

namespace danggol {
namespace {

using Access = Engine::Access;

int status_of_program(const std::string& words) {
  int status = std::system((DANGGOL_PROGRAM " " + words + " >/dev/null 2>&1").c_str());
  return WEXITSTATUS(status);
}

// A job that waits until it is let go.
class Held {
 public:
  explicit Held(Engine& engine) {
    job_ = engine.start(RunRequest{"sales_trend", {}}, {[this](double, std::string_view) {
                          begun_.test_and_set(), begun_.notify_all();
                          released_.wait(false);
                          return Status();
                        }});
    begun_.wait(false);
  }
  const Job& job() const { return *job_; }
  void release() { released_.test_and_set(), released_.notify_all(); }
  ~Held() { release(), (void)job_->wait(); }

 private:
  std::atomic_flag begun_, released_;
  std::optional<Job> job_;
};

TEST(Database, ASecondEngineOfAStoreIsTheSameAndKeepsItsLock) {
  SmallShop shop;
  Engine first = shop.open(Access::write);
  {
    Engine second = shop.open(Access::write), reader = shop.open(Access::read);
    EXPECT_EQ(rows(reader, "SELECT count(*) > 0 FROM raw.event"), "true\n");
    std::filesystem::create_hard_link(shop.store(), shop.folder().path("other.duckdb"));
    Engine third = must(Engine::open(shop.folder().path("other.duckdb"), Access::read));
  }
  EXPECT_EQ(status_of_program("run rfm --store " + shop.store()), exit_status(Code::conflict));
  must(first.run("rfm", {}, silent));
}

TEST(Database, WhoReadsDoesNotLetTheProcessWrite) {
  SmallShop shop;
  std::optional<Engine> reader = shop.open(Access::read);
  EXPECT_EQ(code(Engine::open(shop.store(), Access::write)), Code::conflict);
  EXPECT_EQ(status_of_program("run rfm --store " + shop.store()), exit_status(Code::conflict));
  EXPECT_EQ(code(reader->run("rfm", {}, silent)), Code::conflict);
  reader.reset();
  EXPECT_EQ(status_of_program("run rfm --store " + shop.store()), 0);
}

TEST(Jobs, AreDoneInTheirOrder) {
  SmallShop shop;
  Engine engine = shop.open(Access::write);
  std::vector<std::string> told;
  std::vector<Job> jobs;
  for (const char* room : {"rfm", "grade_change", "sales_trend", "rfm"})
    jobs.push_back(engine.start(RunRequest{room, {}}, {nullptr, [&](const Job& job) {
                                                         told.push_back(fmt::format("{} {}", job.id(),
                                                                                    name(job.state())));
                                                       }}));
  EXPECT_LE(engine.jobs().size(), 4u);
  for (size_t i = 0; i < jobs.size(); ++i) {
    EXPECT_EQ(jobs[i].id(), static_cast<int64_t>(i) + 1);
    EXPECT_EQ(std::get<RunSummary>(must(jobs[i].wait())).run_id, static_cast<int64_t>(i) + 1);
    EXPECT_EQ(jobs[i].state(), Job::State::done);
    EXPECT_GE(jobs[i].step().done, 0);
  }
  EXPECT_EQ(told, (std::vector<std::string>{"1 running", "1 done", "2 running", "2 done", "3 running",
                                            "3 done", "4 running", "4 done"}));
  EXPECT_TRUE(engine.jobs().empty());
}

TEST(Jobs, WhatIsWrongWithARequestIsItsError) {
  SmallShop shop;
  Engine engine = shop.open(Access::write);
  EXPECT_EQ(code(engine.start(RunRequest{"no_such_room", {}}).wait()), Code::not_found);
  EXPECT_EQ(code(engine.start(RunRequest{"customer", {}}).wait()), Code::bad_input);
  EXPECT_EQ(code(engine.start(ImportRequest{.paths = {"/nowhere.csv"}}).wait()), Code::not_found);
  Job job =
      engine.start(RunRequest{"rfm", {}},
                   {[](double, std::string_view) -> Status { throw std::runtime_error("of the listener"); }});
  EXPECT_EQ(code(job.wait()), Code::internal);
  EXPECT_EQ(job.state(), Job::State::failed);
  must(engine.run("rfm", {}, silent));
}

TEST(Jobs, CancelStopsTheOneThatRunsAndThoseThatWait) {
  SmallShop shop;
  Engine engine = shop.open(Access::write);
  Held held(engine);
  Job waiting = engine.start(RunRequest{"rfm", {}}), last = engine.start(RunRequest{"order_frequency", {}});
  EXPECT_EQ(engine.jobs().size(), 3u);
  EXPECT_EQ(waiting.state(), Job::State::queued);
  EXPECT_FALSE(waiting.wait_for(0.01));
  waiting.cancel();
  EXPECT_EQ(code(waiting.wait()), Code::cancelled) << "at once, for it never began";
  held.job().cancel();
  held.release();
  EXPECT_EQ(code(held.job().wait()), Code::cancelled);
  EXPECT_EQ(held.job().state(), Job::State::cancelled);
  must(last.wait());
  last.cancel();
  EXPECT_EQ(last.state(), Job::State::done) << "what is over stays as it is";
  EXPECT_EQ(rows(engine, "SELECT room, state FROM run.log ORDER BY run_id"),
            "sales_trend,cancelled\norder_frequency,done\n");
}

TEST(Jobs, CancelReachesAStatementThatTellsNothing) {
  SmallShop shop;
  Engine engine = shop.open(Access::write);
  std::string many = "customer_id,ts,action,amount\n";
  for (int i = 0; i < 400'000; ++i) many += fmt::format("m{},2024-03-01 10:00:00,purchase,{}\n", i, i);
  Job job = engine.start(ImportRequest{"events", {shop.folder().write("many.csv", many)}});
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  auto asked = std::chrono::steady_clock::now();
  job.cancel();
  auto outcome = job.wait();
  EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(8));
  if (outcome) GTEST_SKIP() << "it was over before";
  EXPECT_EQ(code(outcome), Code::cancelled);
  EXPECT_EQ(rows(engine, "SELECT count(*) FROM raw.load"), "1\n");
}

TEST(Jobs, AnIdleInterruptStopsNothingThatBeginsLater) {
  SmallShop shop;
  Engine engine = shop.open(Access::write);
  auto interrupt = engine.interrupter();
  EXPECT_TRUE(interrupt(false));
  EXPECT_TRUE(interrupt(false));
  must(engine.run("rfm", {}, silent));
  {
    Held held(engine);
    Job waiting = engine.start(RunRequest{"rfm", {}});
    interrupt(false);
    held.release();
    EXPECT_EQ(code(held.job().wait()), Code::cancelled);
    EXPECT_EQ(code(waiting.wait()), Code::cancelled);
  }
  must(engine.run("sales_trend", {}, silent));
  EXPECT_TRUE(interrupt(true)) << "for good";
  EXPECT_EQ(code(engine.run("sales_trend", {}, silent)), Code::cancelled);
  engine = Engine();
  EXPECT_TRUE(interrupt(false)) << "after the engine";
}

TEST(Jobs, WhatIsNotOverWhenTheEngineClosesIsCancelled) {
  SmallShop shop;
  std::optional<Job> running, waiting;
  {
    Engine engine = shop.open(Access::write);
    running = engine.start(PipelineRequest{});
    waiting = engine.start(RunRequest{"rfm", {}});
  }
  EXPECT_EQ(code(waiting->wait()), Code::cancelled);
  EXPECT_TRUE(running->wait_for(0));
  EXPECT_EQ(status_of_program("run rfm --store " + shop.store()), 0) << "it is closed";
}

TEST(Jobs, TheLastOneToLetGoMayBeTheJobItself) {
  SmallShop shop;
  std::latch over(1);
  {
    auto engine = std::make_shared<std::optional<Engine>>(shop.open(Access::write));
    (*engine)->start(RunRequest{"rfm", {}}, {nullptr, [engine, &over](const Job& job) {
                                               if (job.state() != Job::State::running) over.count_down();
                                             }});
  }
  over.wait();
}

TEST(Jobs, WhatIsDoneIsInTheFileThoughSomebodyReads) {
  SmallShop shop;
  Engine engine = shop.open(Access::write);
  must(engine.run("rfm", {}, silent));
  Cursor cursor = must(engine.table("run.log"));
  for (int i = 0; i < 7; ++i) must(engine.run("rfm", {{"seed", std::to_string(i)}}, silent));
  std::string copy = shop.folder().path("copy.duckdb");
  std::filesystem::copy_file(shop.store(), copy);
  Engine copied = must(Engine::open(copy, Access::read));
  EXPECT_EQ(rows(copied, "SELECT count(*) FROM run.log"), "8\n");
  EXPECT_EQ(count_rows(cursor), 1) << "as it was";
}

TEST(Report, SaysWhatIsOfOtherDatesOrData) {
  SmallShop shop;
  Engine engine = shop.open(Access::write);
  must(engine.pipeline({.rooms = {"sales_trend", "rfm", "grade_change"}}, silent));
  auto report = [&] {
    must(engine.report(shop.folder().path("r.html"), Language::en));
    return shop.folder().read("r.html");
  };
  auto says = [&](const std::string& text) { return report().find(text) != std::string::npos; };
  EXPECT_FALSE(says("Left out, for")) << "nothing is";
  EXPECT_FALSE(says("loaded after these results"));
  must(engine.import({.preset = "events", .paths = {shop.more_events(1)}}, silent));
  EXPECT_TRUE(says("1 file was loaded after these results; run danggol pipeline."));
  must(engine.import({.preset = "events", .paths = {shop.more_events(2)}}, silent));
  EXPECT_TRUE(says("2 files were loaded after these results"));
  EXPECT_TRUE(says("이 결과 이후에 불러온 파일이 2개"));
  must(engine.run("rfm", {}, silent));
  EXPECT_TRUE(
      says("Left out, for they last ran on other dates or data: “Month by month”, “Who rose, fell, left and "
           "came”; run danggol pipeline."));
  EXPECT_TRUE(says("표시하지 않은 분석: ‘월별 추이’, ‘등급 변화와 이탈’."));
  EXPECT_FALSE(says("loaded after these results"));
}

// A dozen marks, not more, and notes before sales.
TEST(Report, MarksNotesBeforeSales) {
  SmallShop shop;
  std::string days = "name,first_day,kind\nTill broken,2024-01-05,note\n";
  for (int32_t i = 10; i < 30; ++i) days += fmt::format("Sale {0},2024-02-{0},sale\n", i);
  shop.folder().write("days.csv", days);
  must(Engine::set(shop.store(), {{"shop", "calendar", "days.csv"}}));
  Engine engine = shop.open(Access::write);
  must(engine.run("sales_trend", {}, silent));
  must(engine.report(shop.folder().path("r.html"), Language::en));
  std::string html = shop.folder().read("r.html");
  EXPECT_NE(html.find("Till broken"), std::string::npos);
  EXPECT_NE(html.find("Sale 29"), std::string::npos);
  EXPECT_NE(html.find("Sale 19"), std::string::npos);
  EXPECT_EQ(html.find("Sale 18"), std::string::npos);
}

// Which sections a report has, by the ids of their analyses.
std::vector<std::string> sections_of(const std::string& html) {
  std::vector<std::string> out;
  for (const AnalysisInfo& info : Engine::analyses())
    if (html.find(fmt::format("{{\"id\":\"{}\",\"title\"", info.name)) != std::string::npos)
      out.push_back(info.name);
  return out;
}

TEST(Report, HoldsResultsOfOneSetOfDates) {
  SmallShop shop;
  Engine engine = shop.open(Access::write);
  std::vector<std::string> all = {"sales_trend", "rfm", "grade_change"};
  auto sections = [&] {
    must(engine.report(shop.folder().path("r.html"), Language::en));
    return sections_of(shop.folder().read("r.html"));
  };
  auto as_of = [&] { return rows(engine, "SELECT as_of FROM run.frame"); };
  must(engine.pipeline({.rooms = all}, silent));
  EXPECT_EQ(sections(), all);
  std::string first = as_of();
  std::string split = rows(engine, "SELECT period_split FROM run.frame");
  std::string earlier = split.substr(0, 10);
  must(engine.run("rfm", {{"as-of", earlier}}, silent));
  EXPECT_NE(as_of(), first);
  EXPECT_EQ(sections(), std::vector<std::string>{"rfm"}) << "the others are of later days";
  must(engine.pipeline({.rooms = all}, silent));
  EXPECT_EQ(as_of(), first);
  EXPECT_EQ(sections(), all) << "whole again, and the earlier run is not among them";
}

TEST(Retention, RowsModelsAndWordsOfOlderRunsGoButNotOfWhatIsShown) {
  SmallShop shop;
  Engine engine = shop.open(Access::write);
  for (int i = 0; i < 7; ++i)
    must(engine.run("grade_forecast.train", {{"rounds", "5"}, {"seed", std::to_string(i)}}, silent));
  EXPECT_EQ(rows(engine, "SELECT count(*), count(DISTINCT run_id), min(run_id) FROM model.manifest"),
            "5,5,3\n");
  EXPECT_EQ(rows(engine, "SELECT count(*) FROM model.blob ANTI JOIN model.manifest USING (digest)"), "0\n");
  EXPECT_EQ(rows(engine, "SELECT count(DISTINCT run_id) FROM history.forecast_importance"), "5\n");
  for (int i = 0; i < 106; ++i) must(engine.run("rfm", {{"seed", std::to_string(i)}}, silent));
  for (const char* table : {"run.fact", "run.sentence"})
    EXPECT_EQ(rows(engine,
                   fmt::format("SELECT count(DISTINCT run_id) FROM {} JOIN run.log USING (run_id) WHERE room "
                               "= 'rfm'",
                               table)),
              "102\n")
        << table << ": a hundred besides the shown one and the new one";
  EXPECT_EQ(rows(engine, "SELECT count(*) FROM run.log WHERE room = 'rfm'"), "106\n") << "the log stays";
}

TEST(Cursor, GivesWhatATableHasInArrow) {
  SmallShop shop;
  Engine engine = shop.open(Access::read);
  Cursor cursor =
      must(engine.select("SELECT i::BIGINT AS i, 'customer ' || i AS t, CASE WHEN i % 3 > 0 THEN i / 2 END "
                         "AS r FROM range(5000) n(i) ORDER BY i",
                         {}));
  ArrowSchema schema;
  must(cursor.schema(schema));
  ASSERT_EQ(schema.n_children, 3);
  EXPECT_STREQ(schema.children[0]->name, "i");
  EXPECT_STREQ(schema.children[0]->format, "l");
  EXPECT_STREQ(schema.children[1]->format, "u");
  EXPECT_STREQ(schema.children[2]->format, "g");
  schema.release(&schema);
  std::vector<ArrowArray> chunks(1);
  while (must(cursor.next(chunks.back()))) chunks.emplace_back();
  chunks.pop_back();
  cursor.close();
  int64_t expected = 0;
  for (ArrowArray& chunk : chunks) {  // they outlive it
    ASSERT_EQ(chunk.n_children, 3);
    auto* i = static_cast<const int64_t*>(chunk.children[0]->buffers[1]);
    auto* ends = static_cast<const int32_t*>(chunk.children[1]->buffers[1]);
    auto* texts = static_cast<const char*>(chunk.children[1]->buffers[2]);
    auto* valid = static_cast<const uint8_t*>(chunk.children[2]->buffers[0]);
    auto* r = static_cast<const double*>(chunk.children[2]->buffers[1]);
    for (int64_t row = 0; row < chunk.length; ++row, ++expected) {
      EXPECT_EQ(i[row], expected);
      EXPECT_EQ(std::string(texts + ends[row], texts + ends[row + 1]), fmt::format("customer {}", expected));
      bool is_valid = !valid || (valid[row / 8] >> row % 8 & 1);
      ASSERT_EQ(is_valid, expected % 3 > 0);
      if (is_valid) {
        EXPECT_EQ(r[row], static_cast<double>(expected) / 2);
      }
    }
    chunk.release(&chunk);
  }
  EXPECT_EQ(expected, 5'000);
}

TEST(Cursor, GivesTheAnswerOfAQuery) {
  SmallShop shop;
  Engine engine = shop.open(Access::read);
  Cursor cursor = must(engine.query("customer", {{"id", "C000001"}}));
  ArrowArray chunk;
  ASSERT_TRUE(must(cursor.next(chunk)));
  ASSERT_EQ(chunk.length, 6);  // one of them what was taken back
  auto* ends = static_cast<const int32_t*>(chunk.children[0]->buffers[1]);
  auto* texts = static_cast<const char*>(chunk.children[0]->buffers[2]);
  EXPECT_EQ(std::string(texts, texts + ends[1]), "last purchase");
  chunk.release(&chunk);
  EXPECT_FALSE(must(cursor.next(chunk)));
}

TEST(Cursor, SeesWhatWasThereThoughRunsGoOn) {
  SmallShop shop;
  Engine engine = shop.open(Access::write);
  must(engine.run("rfm", {}, silent));
  std::string before = rows(engine, "SELECT count(*) FROM result.rfm");
  Cursor cursor = must(engine.table("result.rfm"));
  for (int i = 0; i < 7; ++i)
    must(engine.run("rfm", {{"as-of", "2024-10-01"}, {"seed", std::to_string(i)}}, silent));
  EXPECT_NE(rows(engine, "SELECT count(*) FROM result.rfm"), before);
  EXPECT_EQ(std::to_string(count_rows(cursor)) + "\n", before) << "of a run whose rows are gone";
}

TEST(Cursor, HoldsOnToNothingAtItsEnd) {
  SmallShop shop;
  Engine engine = shop.open(Access::write);
  Cursor cursor = must(engine.table("raw.customer"));
  EXPECT_GT(count_rows(cursor), 0);
  Job job = engine.start(
      RunRequest{"rfm", {}});  // makes its tables, and is in the file when no older reading is left
  EXPECT_TRUE(job.wait_for(20));
  ArrowArray chunk;
  EXPECT_FALSE(must(cursor.next(chunk))) << "still at its end";
}

TEST(Cursor, StreamsWhileAJobRuns) {
  SmallShop shop;
  Engine engine = shop.open(Access::write);
  Held held(engine);
  Cursor cursor = must(engine.table("raw.event"));
  EXPECT_EQ(std::to_string(count_rows(cursor)) + "\n", rows(engine, "SELECT count(*) FROM raw.event"));
  EXPECT_EQ(held.job().state(), Job::State::running);
}

TEST(Cursor, AnIdleOneIsClosed) {
  SmallShop shop;
  Engine engine = must(Engine::open(shop.store(), Access::write, {.idle_seconds = 1}));
  Cursor idle = must(engine.table("raw.event")), busy = must(engine.table("raw.event"));
  ArrowArray chunk;
  for (int i = 0; i < 10; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    ASSERT_TRUE(must(busy.next(chunk)));
    chunk.release(&chunk);
  }
  EXPECT_EQ(code(idle.next(chunk)), Code::conflict);
  ArrowSchema schema;
  EXPECT_EQ(code(idle.schema(schema)), Code::conflict);
}

TEST(Cursor, CancelEndsWhatIsBeingWaitedFor) {
  SmallShop shop;
  Engine engine = shop.open(Access::read);
  Cursor cursor = must(engine.select(
      "SELECT a.i FROM range(3000000) a(i), range(3000000) b(j) WHERE (a.i * b.j) % 1000000007 = 3", {}));
  std::jthread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    cursor.cancel();
  });
  Code ended = Code::internal;
  ArrowArray chunk;
  for (bool more = true; more;) {
    auto next = cursor.next(chunk);
    if (!next) ended = next.error().code;
    more = next && *next;
    if (more) chunk.release(&chunk);
  }
  EXPECT_EQ(ended, Code::cancelled);
  EXPECT_EQ(rows(engine, "SELECT 3"), "3\n") << "nothing else";
}

TEST(Cursor, ASelectHasItsLimits) {
  SmallShop shop;
  Engine engine = shop.open(Access::write);
  ArrowArray chunk;
  Cursor many = must(engine.select("FROM range(10000)", {.rows = 3'000}));
  ASSERT_TRUE(must(many.next(chunk)));
  chunk.release(&chunk);
  EXPECT_EQ(code(many.next(chunk)), Code::refused);
  Cursor slow = must(
      engine.select("SELECT count(*) FROM range(3000000) a(i), range(3000000) b(j) WHERE (a.i * b.j) % 7 = 3",
                    {.seconds = 1}));
  EXPECT_EQ(code(slow.next(chunk)), Code::refused);
  for (const char* bad : {"DELETE FROM raw.event", "SELECT 1; SELECT 2", "FROM read_text('/etc/passwd')",
                          "FROM '/etc/passwd'", "FROM 'x.csv'", "FROM \"x.parquet\"", "DROP TABLE raw.event"})
    EXPECT_EQ(code(engine.select(bad, {})), Code::refused) << bad;
  EXPECT_EQ(code(engine.select("SELECT no_such_column FROM raw.event", {})), Code::bad_input);
}

}  // namespace
}  // namespace danggol
