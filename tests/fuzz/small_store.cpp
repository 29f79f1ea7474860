#include "small_store.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "must.h"
#include "shop.h"
#include "store/database.h"
#include "temp_folder.h"

namespace danggol {

namespace fs = std::filesystem;

const SmallStore& small_store() {
  static const TempFolder home;
  static const SmallStore made = [] {
    TempFolder shop;
    contract::write_shop_files(shop.path("files"));
    contract::ShopFiles files = contract::shop_files(shop.path("files"));
    SmallStore out{home.path(""), home.path("shop.duckdb"),
                   home.write("secret.csv", fmt::format("a\n{}\n", elsewhere))};
    auto silent = [](double, std::string_view) { return Status(); };
    Engine engine = must(Engine::open(out.path, Engine::Access::write));
    for (const auto& [preset, file] : {std::pair("events", files.before), {"exposures", files.exposures}}) {
      ImportRequest request;
      request.preset = preset, request.paths = {file};
      must(engine.import(request, silent));
    }
    PipelineSummary ran = must(engine.pipeline({.params = {{"as-of", contract::as_of}}}, silent));
    for (const auto& [room, error] : ran.failed) throw std::runtime_error(room + ": " + error.message);
    store::Connection sql = must(must(store::Database::open(out.path, store::Access::read_write)).connect());
    for (const char* change :
         {"INSERT INTO raw.reject SELECT 0, 'f', i, 'no_time', $elsewhere FROM range(5000) AS t(i)",
          "DELETE FROM raw.reject WHERE text = $elsewhere"}) {
      must(sql.begin());
      must(sql.execute(change, {{"elsewhere", std::string(elsewhere)}}));
      must(sql.commit());
    }
    return out;
  }();
  return made;
}

std::string bytes_of(const std::string& path) {
  std::stringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

std::string traces() {
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(small_store().folder)) {
    struct stat facts {};
    stat(entry.path().c_str(), &facts);
    out.push_back(fmt::format("{} {} {} {}.{}", entry.path().string(), facts.st_ino, facts.st_size,
                              facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec));
  }
  std::sort(out.begin(), out.end());
  return fmt::format("{}", fmt::join(out, "\n"));
}

}  // namespace danggol
