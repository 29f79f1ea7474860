#include "known_shop.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "copy_store.h"
#include "store/database.h"

namespace danggol::test {
namespace {

const Progress silent = [](double, std::string_view) { return Status(); };

template <class T>
T must(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "{}\n", result.error().message);
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// Removed when the test program ends.
struct Folder {
  std::string path =
      fmt::format("{}/danggol-rooms-{}", std::filesystem::temp_directory_path().string(), ::getpid());
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};
const std::string& folder() {
  static Folder folder;
  return folder.path;
}

}  // namespace

const KnownShop& known_shop() {
  static const KnownShop shop = [] {
    KnownShop made{folder() + "/shop", folder() + "/shop.duckdb"};
    if (auto simulated =
            Engine::simulate("shop", {{"customers", "6000"}, {"seed", "11"}}, made.folder, silent);
        !simulated)
      std::abort();
    Engine engine = must(Engine::open(made.store, Engine::Access::write));
    ImportRequest request;
    request.preset = "events";
    request.paths = {made.folder + "/events.csv"};
    must(engine.import(request, silent));
    must(engine.pipeline({}, silent));
    return made;
  }();
  return shop;
}

std::string copy_of_store() {
  static int number = 0;
  std::string copy = fmt::format("{}/copy{}.duckdb", folder(), ++number);
  copy_store(known_shop().store, copy);
  return copy;
}

std::string marketplace() {
  static const std::string made = [] {
    std::string store = folder() + "/marketplace.duckdb", file = folder() + "/marketplace.csv";
    std::ofstream rows(file);
    rows << "customer_id,ts,amount,receipt_id,partner,channel\n";
    int sale = 0;
    for (int seller = 1; seller <= marketplace_sellers; ++seller)
      for (int k = 0; k < seller; ++k, ++sale) {
        int customer = seller % 400, months = customer < 100 ? 18 : 24, month = sale * 7 % months;
        rows << fmt::format("c{:03},{}-{:02}-{:02},10,r{},s{:04},app\n", customer, 2023 + month / 12,
                            1 + month % 12, 1 + sale % 28, sale, seller);
      }
    rows.close();
    Engine engine = must(Engine::open(store, Engine::Access::write));
    ImportRequest request;
    request.preset = "events";
    request.paths = {file};
    must(engine.import(request, silent));
    return store;
  }();
  static int number = 0;
  std::string copy = fmt::format("{}/marketplace{}.duckdb", folder(), ++number);
  copy_store(made, copy);
  return copy;
}

Table query(const std::string& store, const std::string& sql) {
  auto database = must(store::Database::open(store, store::Access::read_only));
  auto connection = must(database.connect());
  must(connection.execute("USE danggol"));  // as another program sees it, with its views
  return must(connection.query(sql));
}

void execute(const std::string& store, const std::string& sql) {
  auto database = must(store::Database::open(store, store::Access::read_write));
  must(must(database.connect()).execute(sql));
}

RunSummary run(const std::string& store, const std::string& room, ParamTexts params) {
  Engine engine = must(Engine::open(store, Engine::Access::write));
  return must(engine.run(room, std::move(params), silent));
}

Status try_run(const std::string& store, const std::string& room, ParamTexts params) {
  Engine engine = must(Engine::open(store, Engine::Access::write));
  auto outcome = engine.run(room, std::move(params), silent);
  if (!outcome) return outcome.error();
  return {};
}

}  // namespace danggol::test
