// Rows that a device stood for are of whoever logged in on it: a shop whose rows say so in every line gives
// the same results, and what was known at a cutoff knows of no login after it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <vector>

#include "base/random.h"
#include "small_shop.h"

namespace danggol {
namespace {

struct Line {
  std::string customer, device, ts, rest;
};

class Devices : public testing::Test {
 protected:
  // The lines of a simulated shop, in the order of time, on devices that two or three people share; a part of
  // them does not say whose they are.
  Devices() {
    must(Engine::simulate("shop", {{"customers", "300"}, {"months", "18"}}, folder_.path("shop"), silent));
    std::istringstream in(text_of(folder_.path("shop/events.csv")));
    std::getline(in, header_);
    Random random(7);
    for (std::string line; std::getline(in, line);) {
      size_t first = line.find(','), second = line.find(',', first + 1);
      std::string customer = line.substr(0, first);
      int number = std::stoi(customer.substr(1));
      lines_.push_back({random.below(3) == 0 ? "" : customer, fmt::format("d{}", number / 2 % 60),
                        line.substr(first + 1, second - first - 1), line.substr(second)});
    }
    std::stable_sort(lines_.begin(), lines_.end(), [](const Line& a, const Line& b) { return a.ts < b.ts; });
  }

  std::string as_file(const char* name, const std::vector<Line>& lines, bool has_devices) const {
    std::string text = header_.substr(0, header_.find(',')) + (has_devices ? ",device_id" : "") +
                       header_.substr(header_.find(',')) + "\n";
    for (const Line& line : lines)
      text += line.customer + (has_devices ? "," + line.device : "") + "," + line.ts + line.rest + "\n";
    return folder_.write(name, text);
  }

  // Whose each line is, said plainly: minute by minute, for those who log in at one time are told by their
  // ids.
  std::vector<Line> resolved() const {
    std::map<std::string, std::map<std::string, std::string>> logins;
    for (const Line& line : lines_)
      if (!line.customer.empty()) {
        auto [at, is_new] = logins[line.device].emplace(line.ts, line.customer);
        if (!is_new) at->second = std::min(at->second, line.customer);
      }
    std::vector<Line> out = lines_;
    for (Line& line : out) {
      if (!line.customer.empty()) continue;
      const auto& on = logins[line.device];
      if (on.empty()) {
        line.customer = "device:" + line.device;
        continue;
      }
      auto after = on.upper_bound(line.ts);
      line.customer = after == on.begin() ? after->second : std::prev(after)->second;
    }
    return out;
  }

  Engine shop(const char* name, const std::string& file) {
    Engine engine = must(Engine::open(folder_.path(name), Engine::Access::write));
    must(engine.import({.paths = {file}}, silent));
    return engine;
  }

  TempFolder folder_;
  std::string header_;
  std::vector<Line> lines_;
};

TEST_F(Devices, ResultsAreThoseOfWhoLoggedIn) {
  // each device's first line says whose it is, so that every login was known at every cutoff
  std::set<std::string> seen;
  for (Line& line : lines_)
    if (seen.insert(line.device).second && line.customer.empty()) line.customer = "C000001";
  Engine by_device = shop("device.duckdb", as_file("device.csv", lines_, true)),
         said = shop("said.duckdb", as_file("said.csv", resolved(), false));
  int64_t strangers =
      std::count_if(lines_.begin(), lines_.end(), [](const Line& l) { return l.customer.empty(); });
  EXPECT_EQ(rows(by_device,
                 "SELECT count(*) FROM raw.event JOIN raw.customer USING (customer_no) WHERE customer_id "
                 "LIKE 'device:%'"),
            fmt::format("{}\n", strangers));
  EXPECT_GT(strangers, 1000);
  for (Engine* engine : {&by_device, &said}) EXPECT_TRUE(must(engine->pipeline({}, silent)).failed.empty());
  expect_same_results(by_device, said);
}

TEST_F(Devices, NothingIsKnownOfALaterLogin) {
  auto of_device = [](const Line& line) {
    return line.device == "d1" || line.device == "d2" || line.device == "d3";
  };
  for (Line& line : lines_)  // nobody says who they are before 2024
    if (of_device(line) && line.ts < "2024-01-01") line.customer.clear();
  std::vector<Line> earlier;
  std::copy_if(lines_.begin(), lines_.end(), std::back_inserter(earlier),
               [](const Line& line) { return line.ts < "2024-01-01"; });
  Engine all = shop("all.duckdb", as_file("all.csv", lines_, true)),
         before = shop("before.duckdb", as_file("before.csv", earlier, true));
  for (Engine* engine : {&all, &before})
    EXPECT_TRUE(must(engine->pipeline({.params = {{"horizon-months", "3"},
                                                  {"as-of", engine == &all ? "2024-07-01" : "2024-01-01"}}},
                                      silent))
                    .failed.empty());
  const char* known =
      "SELECT customer_id, f.* EXCLUDE (customer_no) FROM feature.customer f JOIN raw.customer USING "
      "(customer_no) WHERE cutoff = '2024-01-01' AND window_from = '2023-10-01' ORDER BY customer_id";
  std::string then = rows(before, known);
  EXPECT_NE(then.find("device:d1,"), std::string::npos);
  EXPECT_EQ(rows(all, known), then);
  EXPECT_EQ(rows(all, "SELECT count(*) FROM result.rfm WHERE customer_id LIKE 'device:%'"), "0\n");
}

}  // namespace
}  // namespace danggol
