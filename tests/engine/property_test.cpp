// Whatever is imported, run, imported late and asked, in whatever order: what is shown together is what a
// fresh store shows that has the same files and is asked the same.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "base/random.h"
#include "small_shop.h"

namespace danggol {
namespace {

constexpr const char* rooms[] = {"sales_trend", "order_frequency", "rfm", "grade_change",
                                 "channel_divergence"};

// A line of the log that says how a shown run came to be.
struct Recorded {
  std::string room;
  ParamTexts params;
};

std::vector<nlohmann::json> json_rows(Engine& engine, const std::string& select) {
  std::ostringstream out;
  must(engine.sql(select, {.format = Format::json}, {}, out));
  return nlohmann::json::parse(out.str()).get<std::vector<nlohmann::json>>();
}

class World {
 public:
  explicit World(uint64_t seed) : random_(seed), engine_(shop_.open(Engine::Access::write)) {
    note("rfm", engine_.run("rfm", {}, silent));
  }

  void step() {
    switch (random_.below(6)) {
      case 0: return import();
      case 1: return pipeline();
      case 2: return ask();
      default: return run();
    }
  }

  void check() {
    auto shown = json_rows(engine_,
                           "SELECT s.room, s.run_id, r.params, r.seed, r.as_of::VARCHAR AS as_of, "
                           "period_from::VARCHAR AS f, period_split::VARCHAR AS s, "
                           "period_until::VARCHAR AS u FROM run.shown s JOIN run.log r USING (run_id)");
    if (shown.empty()) return;
    EXPECT_EQ(rows(engine_, contradictions), "") << story_;
    auto frame = json_rows(engine_, "FROM run.frame").at(0);
    size_t loads = 0;
    std::map<std::string, Recorded> recorded;
    for (const auto& row : shown) {
      loads = std::max(loads, loads_at_[row["run_id"].get<int64_t>()]);
      Recorded run{row["room"], nlohmann::json::parse(row["params"].get<std::string>()).get<ParamTexts>()};
      run.params["seed"] = std::to_string(row["seed"].get<int64_t>());
      for (auto [param, column] : {std::pair("as-of", "as_of"),
                                   {"from", "period_from"},
                                   {"split", "period_split"},
                                   {"until", "period_until"}})
        run.params[param] = frame[column];
      recorded[run.room] = run;
    }
    loads = std::max(loads, loads_shown_);
    Engine fresh = replay(loads, recorded);
    for (const AnalysisInfo& info : Engine::analyses())
      for (const TableInfo& table : info.writes)
        if (recorded.count(info.name)) {
          EXPECT_EQ(csv(engine_, table.name), csv(fresh, table.name)) << table.name << story_;
        }
  }
  const std::string& story() const { return story_; }

 private:
  static std::string csv(Engine& engine, const std::string& table) {
    std::ostringstream out;
    must(engine.show(table, -1, {.format = Format::csv}, out));
    return out.str();
  }

  // The loads there were, and the same runs in the same order.
  Engine replay(size_t loads, const std::map<std::string, Recorded>& recorded) {
    fresh_.emplace();
    Engine fresh = fresh_->open(Engine::Access::write);
    for (size_t i = 0; i < loads; ++i) must(fresh.import({.preset = "events", .paths = {files_[i]}}, silent));
    for (const AnalysisInfo& info : Engine::analyses())
      if (auto run = recorded.find(info.name); run != recorded.end())
        must(fresh.run(info.name, run->second.params, silent));
    return fresh;
  }

  void import() {
    static const char* days[] = {"2024-03-05", "2024-11-05", "2024-12-20", "2023-05-01"};
    const char* day = days[random_.below(4)];
    files_.push_back(shop_.more_events(static_cast<int>(files_.size()), day));
    must(engine_.import({.preset = "events", .paths = {files_.back()}}, silent));
    tell("import of " + std::string(day));
  }

  ParamTexts some_dates() {
    if (random_.below(3) == 0) return {{"as-of", "2024-12-10"}};
    if (random_.below(3) == 0) return {{"as-of", "2024-12-28"}, {"until", "2024-12-01"}};
    return {};
  }

  void run() {
    std::string room = rooms[random_.below(5)];
    ParamTexts params = some_dates();
    if (room == "rfm" && random_.below(2) == 0) params["bands"] = "90,60,30";
    if (random_.below(4) == 0) params["seed"] = "7";
    note(room, engine_.run(room, params, silent));
  }

  void note(const std::string& room, const Result<RunSummary>& outcome) {
    tell(room + ": " + (outcome ? fmt::format("run {}", outcome->run_id) : outcome.error().message));
    if (!outcome) return;
    loads_at_[outcome->run_id] = loads_shown_ = files_.size();
  }

  void pipeline() {
    PipelineRequest request{.params = some_dates()};
    for (const char* room : rooms)
      if (random_.below(4) > 0) request.rooms.push_back(room);
    auto outcome = engine_.pipeline(request, silent);
    tell(fmt::format("pipeline: {}", outcome ? fmt::format("{} run, {} unchanged", outcome->runs.size(),
                                                           outcome->unchanged.size())
                                             : outcome.error().message));
    if (!outcome) return;
    for (const auto& run : outcome->runs) loads_at_[run.run_id] = files_.size();
    loads_shown_ = files_.size();
    std::vector<std::string> stands;
    for (const auto& run : outcome->runs) stands.push_back(run.room);
    for (const auto& [room, run_id] : outcome->unchanged) stands.push_back(room);
    for (const std::string& room : stands)
      EXPECT_EQ(rows(engine_,
                     fmt::format("SELECT seed, params NOT LIKE '%90,60,30%' FROM run.log SEMI JOIN run.shown "
                                 "USING (run_id) WHERE room = '{}'",
                                 room)),
                "1,true\n")
          << room << " was asked for with its defaults" << story_;
  }

  // What is asked of one customer is said by results of the same dates and data, or not at all.
  void ask() {
    std::ostringstream out;
    auto lacks = engine_.answer("customer", {{"id", "C000001"}}, {.format = Format::csv}, out);
    ASSERT_TRUE(lacks) << message(lacks) << story_;
    bool stale = loads_shown_ != files_.size();
    if (out.str().find("grade in") != std::string::npos) {
      EXPECT_EQ(rows(engine_, "SELECT count(*) FROM run.shown WHERE room = 'rfm'"), "1\n") << story_;
    }
    tell(fmt::format("asked: {} left out{}", lacks->size(), stale ? ", data newer" : ""));
  }

  void tell(const std::string& what) { story_ += "\n  " + what; }

  Random random_;
  SmallShop shop_;
  Engine engine_;
  std::optional<SmallShop> fresh_;
  std::vector<std::string> files_;
  std::map<int64_t, size_t> loads_at_;  // by run, the files there were
  size_t loads_shown_ = 0;              // when what is shown was settled
  std::string story_;
};

TEST(Property, WhatIsShownIsWhatAFreshStoreShows) {
  const char* asked = std::getenv("DANGGOL_PROPERTY_SEEDS");
  uint64_t seeds = asked ? std::strtoull(asked, nullptr, 10) : 3;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    World world(seed);
    for (int step = 0; step < 12; ++step) {
      world.step();
      world.check();
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace danggol
