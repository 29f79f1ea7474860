// Whatever is imported, corrected and taken out again, in whatever order: the store is what a fresh one is
// that has the loads that stayed, and says the same.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/random.h"
#include "small_shop.h"

namespace danggol {
namespace {

// All that a store holds, by ids and by the order of its loads, whatever its numbers are.
constexpr const char* all_there_is[] = {
    "WITH load AS (SELECT load_no AS source, rank() OVER (ORDER BY load_no) AS load FROM raw.load), "
    "rows AS (SELECT *, 'counts' AS how FROM raw.event UNION ALL SELECT *, 'aside' FROM raw.repeated) "
    "SELECT how, load, customer_id, ts, action, product_id, partner, channel, receipt_id, amount, quantity, "
    "count(*) "
    "FROM rows JOIN load USING (source) JOIN raw.customer USING (customer_no) LEFT JOIN raw.product USING "
    "(product_no) "
    "JOIN raw.outlet USING (outlet_no) GROUP BY ALL ORDER BY ALL",
    "WITH load AS (SELECT load_no AS source, rank() OVER (ORDER BY load_no) AS load FROM raw.load), "
    "rows AS (FROM raw.event UNION ALL FROM raw.repeated) "
    "SELECT load, customer_id, ts, name, value, count(*) FROM raw.detail d JOIN load USING (source) JOIN "
    "rows e "
    "USING (event_id) JOIN raw.customer USING (customer_no) GROUP BY ALL ORDER BY ALL",
    "SELECT count(*) FROM raw.detail", "SELECT customer_id, region FROM raw.customer ORDER BY ALL",
    "SELECT product_id, product_name FROM raw.product ORDER BY ALL",
    "SELECT partner, channel FROM raw.outlet ORDER BY ALL",
    "SELECT customer_id, action, day, receipt, last_ts, amount, lines FROM feature.receipt JOIN raw.customer "
    "USING "
    "(customer_no) ORDER BY ALL",
    "SELECT rank() OVER (ORDER BY load_no) AS load, file, rows_loaded, first_day, last_day FROM raw.load "
    "ORDER BY load_no",
    "SELECT file, reason, text FROM raw.reject WHERE reason <> 'forgotten' ORDER BY ALL",
    // numbers without gaps
    "SELECT count(*) - max(customer_no) FROM raw.customer",
    "SELECT count(*) - max(product_no) FROM raw.product", "SELECT count(*) - max(outlet_no) FROM raw.outlet"};

// And of whom rows are that a device stood for.
constexpr const char* what_follows[] = {"FROM result.rfm ORDER BY ALL",
                                        "FROM result.order_frequency ORDER BY ALL",
                                        "FROM result.sales_trend ORDER BY ALL"};

class Loads {
 public:
  Loads(uint64_t seed, bool forgets) : forgets_(forgets), random_(seed), engine_(open("shop")) {
    for (int i = 0; i < 3; ++i) import({});
  }

  void step() {
    if (forgets_ && random_.below(3) == 0) return forget();
    switch (random_.below(5)) {
      case 0:
      case 1: return unload();
      case 2:
        return loads_.empty() ? import({}) : import({static_cast<int64_t>(random_.below(loads_.size()))});
      default: return import({});
    }
  }

  void check(bool with_results) {
    EXPECT_EQ(
        rows(engine_, "SELECT floor(amount)::INTEGER, count(*) FROM raw.event GROUP BY ALL ORDER BY ALL"),
        expected_counts())
        << story_;
    if (loads_.empty()) {
      EXPECT_EQ(rows(engine_, "SELECT count(*) FROM raw.event"), "0\n") << story_;
      return;
    }
    std::string name = fmt::format("fresh{}", stores_++);
    Engine fresh = open(name);
    for (Load load : loads_) {
      for (std::string& path : load.request.paths) path = without_forgotten(path);
      must(fresh.import(load.request, silent));
    }
    for (const char* select : all_there_is)
      EXPECT_EQ(rows(engine_, select), rows(fresh, select)) << story_ << select;
    if (!with_results) return;
    for (Engine* engine : {&engine_, &fresh})
      must(engine->pipeline({.rooms = {"sales_trend", "order_frequency", "rfm"}}, silent));
    for (const char* select : what_follows)
      EXPECT_EQ(rows(engine_, select), rows(fresh, select)) << story_ << select;
  }

 private:
  struct Load {
    int64_t number;
    ImportRequest request;
    std::map<uint64_t, uint64_t> copies = {};  // of each event
  };

  // Load by load: one that keeps its overlap adds all it has, another what it has more than there is.
  std::string expected_counts() const {
    std::map<uint64_t, uint64_t> count;
    for (const Load& load : loads_)
      for (auto [event, copies] : load.copies)
        if (!forgotten_.contains(customer(event)))
          count[event] =
              load.request.on_overlap == "keep" ? count[event] + copies : std::max(count[event], copies);
    std::string out;
    for (auto [event, n] : count) out += fmt::format("{},{}\n", event, n);
    return out;
  }

  Engine open(const std::string& name) const {
    return must(Engine::open(folder_.path(name + ".duckdb"), Engine::Access::write));
  }

  static std::string customer(uint64_t event) { return fmt::format("c{}", event % 37); }
  // Each customer has a device of his own; some rows say that alone.
  static std::string device(uint64_t event) { return fmt::format("d{}", event % 37); }
  static bool is_anonymous(uint64_t event) { return event % 5 == 1; }

  // A file beside the file, without the rows of those who were forgotten.
  std::string without_forgotten(const std::string& path) const {
    std::ostringstream out;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
      std::string id = line.substr(0, line.find(','));
      if (id.empty()) id = "c" + line.substr(2, line.find(',', 2) - 2);
      if (!forgotten_.contains(id)) out << line << "\n";
    }
    std::string name = std::filesystem::path(path).filename();
    std::filesystem::create_directory(folder_.path("fewer"));
    return folder_.write("fewer/" + name, out.str());
  }

  // Of a product's name there is one in a file where people are forgotten: else nobody knows whose word it
  // was.
  uint64_t name_of(uint64_t product) { return forgets_ ? (product + files_) % 3 : random_.below(3); }

  // Some of a hundred events that there may be, some of them twice; names and regions differ from file to
  // file.
  std::string file(std::map<uint64_t, uint64_t>& copies_of) {
    std::string text =
        "customer_id,device_id,ts,product_id,product_name,region,channel,amount,receipt_id,rating\n";
    uint64_t first = random_.below(80), last = first + 5 + random_.below(40);
    for (uint64_t event = first; event < last; ++event)
      for (uint64_t copies = random_.below(3); copies > 0; --copies, ++copies_of[event])
        text += fmt::format("{},{},2024-{:02}-{:02},p{},name {},region {},{},{}.5,r{},{}\n",
                            is_anonymous(event) ? "" : customer(event), device(event), 1 + event / 12,
                            1 + event % 28, event % 97, name_of(event % 97), random_.below(2),
                            event % 4 == 0 ? "online" : "offline", event, event / 2,
                            event % 3 == 0 ? std::to_string(event % 5) : "");
    text += fmt::format("nobody{},,never,p1,name,region,online,1,r0,\n", random_.below(13));
    return folder_.write(fmt::format("{}.csv", files_++), text);
  }

  void import(std::vector<int64_t> places) {
    Load load{next_++, {.on_overlap = random_.below(3) == 0 ? "keep" : "skip"}};
    load.request.paths = {file(load.copies)};
    ImportRequest request = load.request;
    for (int64_t place : places) request.replace.push_back(loads_[static_cast<size_t>(place)].number);
    note(fmt::format("import {} {} in place of [{}]", load.number, request.on_overlap,
                     fmt::join(request.replace, " ")));
    must(engine_.import(request, silent));
    for (int64_t place : places) loads_.erase(loads_.begin() + place);
    loads_.push_back(load);
  }

  void unload() {
    UnloadRequest request;
    for (size_t i = loads_.size(); i-- > 0;)
      if (random_.below(3) == 0)
        request.loads.push_back(loads_[i].number), loads_.erase(loads_.begin() + static_cast<int64_t>(i));
    if (request.loads.empty()) return;
    note(fmt::format("unload {}", fmt::join(request.loads, " ")));
    EXPECT_EQ(must(engine_.unload(request)).loads.size(), request.loads.size()) << story_;
  }

  void forget() {
    std::string known = rows(engine_, "SELECT customer_id FROM raw.customer ORDER BY ALL");
    ForgetRequest request;
    for (uint64_t c = 0; c < 37; ++c)
      if (std::string id = fmt::format("c{}", c);
          random_.below(8) == 0 && known.find(id + "\n") != known.npos)
        request.ids.push_back(id);
    if (request.ids.empty()) return;
    note(fmt::format("forget {}", fmt::join(request.ids, " ")));
    EXPECT_EQ(must(engine_.forget(request, silent)).customers, static_cast<int64_t>(request.ids.size()))
        << story_;
    forgotten_.insert(request.ids.begin(), request.ids.end());
  }

  void note(const std::string& what) { story_ += what + "\n"; }

  bool forgets_;
  std::set<std::string> forgotten_;
  TempFolder folder_;
  Random random_;
  Engine engine_;
  std::vector<Load> loads_;
  int64_t next_ = 0;
  uint64_t files_ = 0;
  int stores_ = 0;
  std::string story_;
};

TEST(Undo, IsAsIfItHadNeverCome) {
  constexpr int steps = 6;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    Loads loads(seed, seed % 2 == 1);
    for (int step = 1; step <= steps && !testing::Test::HasFailure(); ++step) {
      loads.step();
      loads.check(step == steps);
    }
  }
}

}  // namespace
}  // namespace danggol
