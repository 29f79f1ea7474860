// Many threads on one store: whatever they ask, in whatever order, each result rests on what it says it rests
// on.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

#include "base/random.h"
#include "small_shop.h"

namespace danggol {
namespace {

class Caller {
 public:
  Caller(Engine engine, const SmallShop& shop, int number)
      : engine_(std::move(engine)),
        shop_(shop),
        number_(number),
        random_(17, static_cast<uint64_t>(number)) {}

  // One of the things that callers do; answers with the run's number, 0 where it was no run.
  int64_t work(int round) {
    static const char* rooms[] = {"sales_trend", "order_frequency", "rfm", "grade_change",
                                  "channel_divergence"};
    switch (random_.below(8)) {
      case 0: {
        Job job = engine_.start(ImportRequest{"events", {shop_.more_events(number_ * 1'000 + round)}});
        EXPECT_TRUE(job.wait()) << message(job.wait());
        return 0;
      }
      case 1: {
        auto outcome = engine_.suppress({.ids = fmt::format("C{:06}", 1 + random_.below(200))});
        EXPECT_TRUE(outcome || outcome.error().code == Code::not_found) << message(outcome);
        return 0;
      }
      case 2: {
        auto outcome = engine_.pipeline({.rooms = {"rfm", "grade_change", "sales_trend"}}, silent);
        EXPECT_TRUE(outcome) << message(outcome);
        return 0;
      }
      case 3: {
        Job job = engine_.start(RunRequest{"rfm", {{"bands", "90,60,30"}}});
        job.cancel();
        auto outcome = job.wait();
        EXPECT_TRUE(outcome || outcome.error().code == Code::cancelled) << message(outcome);
        return outcome ? std::get<RunSummary>(*outcome).run_id : 0;
      }
      default: {
        ParamTexts params;
        if (random_.below(3) == 0) params["as-of"] = "2024-10-01";
        auto outcome = engine_.run(rooms[random_.below(5)], params, silent);
        bool is_fine = outcome || outcome.error().code == Code::conflict ||
                       outcome.error().code == Code::not_found || outcome.error().code == Code::no_data;
        EXPECT_TRUE(is_fine) << message(outcome);
        return outcome ? outcome->run_id : 0;
      }
    }
  }

  void read() {
    EXPECT_EQ(rows(engine_, contradictions), "");
    std::ostringstream out;
    switch (random_.below(4)) {
      case 0: {
        auto cursor = engine_.table("raw.event");
        ASSERT_TRUE(cursor) << message(cursor);
        EXPECT_GT(count_rows(*cursor), 1'000);
        break;
      }
      case 1: {
        auto answer = engine_.answer("customer", {{"id", "C000001"}}, {}, out);
        EXPECT_TRUE(answer) << message(answer);
        break;
      }
      case 2: {
        auto shown = engine_.show("result.rfm", 10, {.format = Format::json}, out);
        EXPECT_TRUE(shown || shown.error().code == Code::not_found) << message(shown);
        break;
      }
      default: {
        auto written = engine_.report(shop_.folder().path(fmt::format("r{}.html", number_)), Language::ko);
        EXPECT_TRUE(written || written.error().code == Code::not_found) << message(written);
      }
    }
  }

 private:
  Engine engine_;
  const SmallShop& shop_;
  int number_;
  Random random_;
};

TEST(Threads, FourWithAHundredJobsAndReadersContradictNothing) {
  constexpr int threads = 4, rounds = 25;
  SmallShop shop;
  Engine engine = shop.open(Engine::Access::write);
  must(engine.run("rfm", {}, silent));
  std::mutex mutex;
  std::vector<int64_t> runs;
  std::atomic<bool> done = false;
  std::vector<std::jthread> readers, workers;
  for (int r = 0; r < 2; ++r)
    readers.emplace_back([&, r] {
      Caller caller(shop.open(Engine::Access::read), shop, 100 + r);
      while (!done) caller.read();
    });
  for (int t = 0; t < threads; ++t)
    workers.emplace_back([&, t] {
      Caller caller(engine, shop, t);
      for (int round = 0; round < rounds; ++round)
        if (int64_t run = caller.work(round)) {
          std::lock_guard lock(mutex);
          runs.push_back(run);
        }
    });
  workers.clear();
  done = true;
  readers.clear();
  EXPECT_GT(runs.size(), 20u);
  EXPECT_EQ(std::set<int64_t>(runs.begin(), runs.end()).size(), runs.size())
      << "two finished as the same run";
  EXPECT_EQ(rows(engine, "SELECT count(*) - count(DISTINCT run_id) FROM run.log"), "0\n");
  EXPECT_EQ(rows(engine, contradictions), "");
  for (int64_t run : runs)
    EXPECT_EQ(rows(engine, fmt::format("SELECT state FROM run.log WHERE run_id = {}", run)), "done\n");
}

}  // namespace
}  // namespace danggol
