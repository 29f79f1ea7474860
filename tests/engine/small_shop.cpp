#include "small_shop.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace danggol {
namespace {

const std::string& imported_store() {
  static const TempFolder folder;
  static const std::string path = [] {
    must(Engine::simulate("shop", {{"customers", "300"}, {"seed", "5"}}, folder.path("shop"), silent));
    Engine engine = must(Engine::open(folder.path("shop.duckdb"), Engine::Access::write));
    must(engine.import({.preset = "events", .paths = {folder.path("shop/events.csv")}}, silent));
    return folder.path("shop.duckdb");
  }();
  return path;
}

}  // namespace

SmallShop::SmallShop() : store_(folder_.path("store.duckdb")) {
  std::filesystem::copy_file(imported_store(), store_);
}

std::string SmallShop::more_events(int number, const char* day) const {
  std::string rows = "customer_id,ts,action,amount,receipt_id\n";
  for (int i = 0; i < 3; ++i)
    rows += fmt::format("late{0},{1} 10:0{2}:00,purchase,{3},l{0}-{2}\n", number, day, i, 1'000 + number);
  return folder_.write(fmt::format("more{}.csv", number), rows);
}

std::string rows(Engine& engine, const std::string& select) {
  std::ostringstream out;
  must(engine.sql(select, {.format = Format::csv, .plain = true, .for_spreadsheet = false}, {}, out));
  std::string text = out.str();
  return text.substr(std::min(text.find('\n') + 1, text.size()));
}

void expect_same_results(Engine& one, Engine& other) {
  constexpr const char* views =
      "SELECT view_name FROM duckdb_views() WHERE database_name = 'danggol' AND schema_name = 'result' ORDER "
      "BY ALL";
  std::string there = rows(one, views);
  EXPECT_NE(there, "");
  EXPECT_EQ(rows(other, views), there);
  std::istringstream names(there);
  for (std::string name; std::getline(names, name);) {
    std::string select = fmt::format("FROM result.{} ORDER BY ALL", name);
    EXPECT_EQ(rows(one, select), rows(other, select)) << name;
  }
}

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

int64_t count_rows(Cursor& cursor) {
  int64_t count = 0;
  ArrowArray chunk;
  while (must(cursor.next(chunk))) {
    count += chunk.length;
    chunk.release(&chunk);
  }
  return count;
}

}  // namespace danggol
