#include "stores.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "copy_store.h"
#include "engine/results.h"
#include "must.h"
#include "shop.h"
#include "temp_folder.h"

namespace danggol::contract {
namespace {

namespace fs = std::filesystem;

const Progress silent = [](double, std::string_view) { return Status(); };

std::string shared_path(Way way) {
  for (const auto& [known, name] : ways())
    if (known == way) return fmt::format("{}/{}.duckdb", DANGGOL_CONTRACT_STORES, name);
  throw std::runtime_error("a way without a name");
}
std::string record_path() { return DANGGOL_CONTRACT_STORES "/written.txt"; }

void import(Engine& engine, const std::string& file, const std::string& preset) {
  ImportRequest request;
  request.preset = preset;
  request.paths = {file};
  must(engine.import(request, silent));
}

void run_all(Engine& engine, const std::string& day) {
  for (const AnalysisInfo& info : Engine::analyses())
    if (info.kind == Kind::job) must(engine.run(info.name, {{"as-of", day}}, silent));
}

// Every job that can with the dates of Way::once, but for one of them.
void run_moved(Engine& engine, const std::string& moved) {
  ParamTexts dates = {
      {"as-of", as_of}, {"from", "2024-02-01"}, {"split", "2024-08-01"}, {"until", "2025-02-01"}};
  const ParamTexts others = {
      {"as-of", "2025-02-20"}, {"from", "2024-03-01"}, {"split", "2024-09-01"}, {"until", "2025-01-01"}};
  dates[moved] = others.at(moved);
  for (const AnalysisInfo& info : Engine::analyses())
    if (info.kind == Kind::job) (void)engine.run(info.name, dates, silent);
}

// After every job it is looked at what is other than before, for the jobs' declarations to be held against.
void run_all_and_record(const std::string& path) {
  std::string record;
  Snapshot before = OpenStore(path).snapshot();
  for (const AnalysisInfo& info : Engine::analyses()) {
    if (info.kind != Kind::job) continue;
    must(must(Engine::open(path, Engine::Access::write)).run(info.name, {{"as-of", as_of}}, silent));
    Snapshot after = OpenStore(path).snapshot();
    auto note = [&](const Snapshot& these, const Snapshot& others) {
      for (const auto& [table, content] : these)
        if (auto other = others.find(table); other == others.end() || other->second != content)
          record += fmt::format("{} {}\n", info.name, table);
    };
    note(after, before), note(before, after);
    before = std::move(after);
  }
  std::ofstream file(record_path());
  file << record;
  file.close();
  if (!file) throw std::runtime_error(record_path() + ": cannot be written");
}

// The program itself, on the first processor it may use. What it has to complain of is to be seen.
void run_program(const std::vector<std::string>& words) {
  std::vector<std::string> arguments = {DANGGOL_PROGRAM};
  arguments.insert(arguments.end(), words.begin(), words.end());
  std::vector<char*> pointers;
  for (auto& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  cpu_set_t allowed, one;
  sched_getaffinity(0, sizeof allowed, &allowed);
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu)
    if (CPU_ISSET(cpu, &allowed)) CPU_SET(cpu, &one);
  pid_t child = fork();
  if (child == 0) {
    sched_setaffinity(0, sizeof one, &one);
    int nowhere = open("/dev/null", O_WRONLY);
    if (nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0) _exit(126);
    execv(DANGGOL_PROGRAM, pointers.data());
    _exit(127);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
    throw std::runtime_error(fmt::format("danggol {}: ends with {}", fmt::join(words, " "), status));
}

void fill(Way way, const std::string& path) {
  ShopFiles files = shop_files(DANGGOL_CONTRACT_STORES);
  if (way == Way::once || way == Way::twice) {
    copy_store(shared_path(way == Way::once ? Way::imported : Way::once), path);
    if (way == Way::once) return run_all_and_record(path);
    Engine engine = must(Engine::open(path, Engine::Access::write));
    return run_all(engine, earlier_as_of);
  }
  if (way == Way::one_core) {
    run_program({"import", "events", files.before, "--store", path});
    run_program({"import", files.goods, "--store", path});
    run_program({"import", "exposures", files.exposures, "--store", path});
    std::vector<std::string> jobs;  // by name, so that those on request are there, too
    for (const AnalysisInfo& info : Engine::analyses())
      if (info.kind == Kind::job) jobs.push_back(info.name);
    return run_program(
        {"pipeline", "--rooms", fmt::format("{}", fmt::join(jobs, ",")), "--as-of", as_of, "--store", path});
  }
  if (std::string moved = moved_date(way); !moved.empty()) {
    copy_store(shared_path(Way::later_load), path);
    Engine engine = must(Engine::open(path, Engine::Access::write));
    return run_moved(engine, moved);
  }
  Engine engine = must(Engine::open(path, Engine::Access::write));
  import(engine,
         way == Way::shuffled   ? files.shuffled
         : way == Way::one_load ? files.all
                                : files.before,
         "events");
  import(engine, files.goods, "");
  if (way == Way::later_load) import(engine, files.after, "events");
  import(engine, files.exposures, "exposures");
  if (way == Way::later_load || way == Way::one_load) import(engine, files.later_exposures, "exposures");
  if (way != Way::imported) run_all(engine, as_of);
}

bool is_fresh(const std::string& path) {
  return fs::exists(path) && fs::last_write_time(path) > fs::last_write_time("/proc/self/exe") &&
         fs::last_write_time(path) > fs::last_write_time(DANGGOL_PROGRAM);
}

void make_if_stale(Way way) {
  if (is_fresh(shared_path(way))) return;
  if (way != Way::imported) make_if_stale(Way::imported);
  if (way == Way::twice) make_if_stale(Way::once);
  if (!moved_date(way).empty()) make_if_stale(Way::later_load);
  make(way);
}

std::string new_path() {
  static const TempFolder folder;
  static int made = 0;
  return folder.path(fmt::format("store{}.duckdb", made++));
}

// DuckDB must be closed before the program's statics go: it has threads' memory of its own by then gone.
struct Shared : testing::Environment {
  std::map<Way, OpenStore> open;
  void TearDown() override { open.clear(); }
};
Shared& all_shared = *static_cast<Shared*>(testing::AddGlobalTestEnvironment(new Shared));

}  // namespace

Engine& OpenStore::engine() const {
  if (!engine_) engine_ = must(Engine::open(path_, Engine::Access::read));
  return *engine_;
}

Table OpenStore::rows(const std::string& select) const {
  if (!sql_) {
    sql_ = must(must(store::Database::open(path_, store::Access::read_only)).connect());
    must(engine::show_results(*sql_));
  }
  auto rows = sql_->query(select);
  if (!rows) throw std::runtime_error(select + ": " + rows.error().message);
  return *std::move(rows);
}

std::vector<std::string> OpenStore::texts(const std::string& select) const {
  return rows(select).columns.at(0).texts;
}

std::string OpenStore::text(const std::string& select) const {
  auto answer = texts(select);
  if (answer.size() != 1) throw std::runtime_error(select + ": not one row");
  return answer[0];
}

std::vector<double> OpenStore::numbers(const std::string& select) const {
  Table answer = rows(select);
  if (answer.rows() != 1) throw std::runtime_error(select + ": not one row");
  std::vector<double> out;
  for (const auto& column : answer.columns) out.push_back(column.number(0));
  return out;
}

double OpenStore::number(const std::string& select) const { return numbers(select).at(0); }

std::string OpenStore::csv(const std::string& table) const {
  std::ostringstream out;
  must(engine().show(table, -1, {Format::csv}, out));
  return out.str();
}

Result<std::string> OpenStore::answer(const std::string& room, ParamTexts params) const {
  std::ostringstream out;
  TRY(engine().answer(room, std::move(params), {Format::csv}, out));
  return out.str();
}

Snapshot OpenStore::snapshot() const {
  Snapshot out;
  Table there = rows(
      "SELECT schema_name || '.' || view_name AS name, sql, false AS has_rows FROM duckdb_views() WHERE "
      "database_name = 'danggol' AND NOT internal UNION ALL SELECT schema_name || '.' || table_name, sql, "
      "true "
      "FROM duckdb_tables() WHERE database_name = 'danggol'");
  std::string select;  // one, for every statement has its price
  for (size_t i = 0; i < there.rows(); ++i) {
    const std::string& name = there.texts("name")[i];
    out[name] = there.texts("sql")[i];
    if (there.integers("has_rows")[i] != 0)
      select += fmt::format(
          "{1}SELECT '{0}' AS name, count(*) || ' rows, hash ' || "
          "coalesce(sum(hash(t)::HUGEINT), 0) AS content FROM danggol.{0} AS t",
          name, select.empty() ? "" : " UNION ALL ");
  }
  Table contents = rows(select);
  for (size_t i = 0; i < contents.rows(); ++i)
    out[contents.texts("name")[i]] += ": " + contents.texts("content")[i];
  return out;
}

Store::Store() : path_(new_path()) {}
Store::Store(const std::string& original) : Store() { copy_store(original, path_); }

const std::vector<std::pair<Way, std::string>>& ways() {
  static const std::vector<std::pair<Way, std::string>> all = {{Way::imported, "imported"},
                                                               {Way::once, "once"},
                                                               {Way::again, "again"},
                                                               {Way::shuffled, "shuffled"},
                                                               {Way::one_core, "one_core"},
                                                               {Way::later_load, "later_load"},
                                                               {Way::one_load, "one_load"},
                                                               {Way::twice, "twice"},
                                                               {Way::moved_as_of, "moved_as_of"},
                                                               {Way::moved_from, "moved_from"},
                                                               {Way::moved_split, "moved_split"},
                                                               {Way::moved_until, "moved_until"}};
  return all;
}

std::string moved_date(Way way) {
  switch (way) {
    case Way::moved_as_of: return "as-of";
    case Way::moved_from: return "from";
    case Way::moved_split: return "split";
    case Way::moved_until: return "until";
    default: return "";
  }
}

void make(Way way) {
  std::string path = shared_path(way), part = fmt::format("{}.{}", path, ::getpid());
  if (way == Way::imported) write_shop_files(DANGGOL_CONTRACT_STORES);
  fs::remove(part);
  fill(way, part);
  if (fs::exists(part + ".key")) fs::rename(part + ".key", path + ".key");
  fs::rename(part, path);
}

const OpenStore& shared(Way way) {
  auto& open = all_shared.open;
  if (auto at = open.find(way); at != open.end()) return at->second;
  make_if_stale(way);
  return open.emplace(way, shared_path(way)).first->second;
}

Store copy_of(Way way) {
  make_if_stale(way);
  return Store(shared_path(way));
}

std::set<std::string> written_by(const std::string& room) {
  make_if_stale(Way::once);
  std::ifstream record(record_path());
  std::set<std::string> tables;
  for (std::string writer, table; record >> writer >> table;)
    if (writer == room) tables.insert(table);
  return tables;
}

ParamTexts needed_params(const AnalysisInfo& info) {
  ParamTexts params;
  for (const auto& param : info.params) {
    if (!param.required) continue;
    size_t colon = param.values.find(':');
    params[param.name] =
        shared(Way::imported)
            .text(fmt::format("SELECT min({})::VARCHAR FROM {}", param.values.substr(colon + 1),
                              param.values.substr(0, colon)));
  }
  return params;
}

}  // namespace danggol::contract
