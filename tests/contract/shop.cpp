#include "shop.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>
#include <stdexcept>

#include "base/random.h"
#include "simulate/shop.h"

namespace danggol::contract {
namespace {

namespace fs = std::filesystem;

// A step of the suite itself that fails: nothing can be said about the rooms then.
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

class Folder {
 public:
  Folder() : path_((fs::temp_directory_path() / "danggol-contract-XXXXXX").string()) {
    if (!mkdtemp(path_.data())) throw std::runtime_error(path_ + ": cannot be made");
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  fs::path path() const { return path_; }

 private:
  std::string path_;
};

const fs::path& folder() {
  static const Folder folder;
  static const fs::path path = folder.path();
  return path;
}

std::string write_rows(const std::string& name, const std::string& header,
                       const std::vector<std::string>& rows) {
  std::string path = folder() / name;
  std::ofstream file(path, std::ios::binary);
  file << header << '\n';
  for (const auto& row : rows) file << row << '\n';
  if (!file.flush()) throw std::runtime_error(path + ": cannot be written");
  return path;
}

std::vector<std::string> split(const std::string& row) {
  std::vector<std::string> fields(1);
  for (char c : row)
    if (c == ',') fields.emplace_back();
    else fields.back() += c;
  return fields;
}

// The simulated shop knows neither a payment service nor affiliates. With them: some customers pay with it
// where they buy, and some of their days also hold a stay, a film, or a payment where nobody has a receipt.
void add_payments(const std::string& header, std::vector<std::string>& rows) {
  std::vector<std::string> columns = split(header), added;
  auto at = [&](const char* name) {
    return static_cast<size_t>(std::find(columns.begin(), columns.end(), name) - columns.begin());
  };
  for (const auto& row : rows) {
    auto purchase = split(row);
    if (purchase[at("action")] != "purchase") continue;
    auto add = [&](const char* action, const char* partner, const std::string& receipt) {
      auto event = purchase;
      event[at("action")] = action, event[at("receipt_id")] = receipt;
      if (*partner) event[at("partner")] = partner;
      for (const char* name : {"product_id", "product_name", "quantity", "price"}) event[at(name)].clear();
      added.push_back(fmt::format("{}", fmt::join(event, ",")));
    };
    std::string receipt = purchase[at("receipt_id")];
    std::hash<std::string> lot;
    if (lot(receipt) % 100 < lot(purchase[at("customer_id")]) % 3 * 40) add("pay", "", receipt);
    if (lot(receipt) % 17 == 0) add("partner_use", lot(receipt) % 2 ? "호텔" : "영화관", "u" + receipt);
    if (lot(receipt) % 23 == 0) add("pay", "송금", "p" + receipt);
  }
  rows.insert(rows.end(), added.begin(), added.end());
}

// On the first day of every month each customer there was gets a coupon, a gift or nothing, by known chances.
void add_exposures(const std::vector<std::string>& events, ShopFiles& files) {
  std::map<std::string, std::string> first_day;  // by customer; events are by time
  for (const auto& row : events) first_day.emplace(split(row)[0], split(row)[1].substr(0, 10));
  std::vector<std::string> before, after;
  for (const char* day : {"2024-07-01", "2024-08-01", "2024-09-01", "2024-10-01", "2024-11-01", "2024-12-01",
                          "2025-01-01", as_of}) {
    for (const auto& [customer, first] : first_day) {
      if (first >= day) continue;
      uint64_t lot = mix(std::hash<std::string>()(customer + day)) % 10;
      (day == std::string(as_of) ? after : before)
          .push_back(fmt::format("{},{},{}", customer, day,
                                 lot < 4   ? "none,0.4"
                                 : lot < 7 ? "coupon,0.3"
                                           : "gift,0.3"));
    }
  }
  const char* header = "customer_id,ts,offer,propensity";
  files.exposures = write_rows("exposures.csv", header, before);
  files.later_exposures = write_rows("later_exposures.csv", header, after);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

void run_all(const Store& store, const char* day, Finished* record) {
  auto before = record ? store.snapshot() : std::map<std::string, std::string>();
  for (const AnalysisInfo& info : Engine::analyses()) {
    if (info.kind != Kind::job) continue;
    RunSummary run = must(store.run(info.name, {{"as-of", day}}));
    if (!record) continue;
    record->runs[info.name] = run;
    auto now = store.snapshot();
    for (const auto& [table, content] : now)
      if (before[table] != content) record->wrote[info.name].insert(table);
    for (const auto& [table, content] : before)
      if (!now.count(table)) record->wrote[info.name].insert(table + " is gone");
    before = std::move(now);
  }
}

// The program itself, on the first processor it may use.
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
  std::string out = folder() / "program.out";
  pid_t child = fork();
  if (child == 0) {
    sched_setaffinity(0, sizeof one, &one);
    int file = open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || dup2(file, STDOUT_FILENO) < 0) _exit(126);
    execv(DANGGOL_PROGRAM, pointers.data());
    _exit(127);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
    throw std::runtime_error(fmt::format("danggol {}: ends with {}", fmt::join(words, " "), status));
}

}  // namespace

const ShopFiles& shop_files() {
  static const ShopFiles files = [] {
    ShopOptions options;
    options.customers = 260;
    options.months = 26;
    must(simulate_shop(options, (folder() / "shop").string(), nullptr));
    std::ifstream stream(folder() / "shop" / "events.csv");
    std::string header;
    std::getline(stream, header);
    std::vector<std::string> before, after, all;
    for (std::string row; std::getline(stream, row);) all.push_back(row);
    ShopFiles out;
    add_exposures(all, out);
    add_payments(header, all);
    for (const auto& row : all) (split(row)[1] < as_of ? before : after).push_back(row);
    if (before.empty() || after.empty())
      throw std::runtime_error("the shop has no events on one side of as_of");
    out.before = write_rows("before.csv", header, before);
    out.after = write_rows("after.csv", header, after);
    out.all = write_rows("all.csv", header, all);
    Random random(7);
    for (size_t i = before.size(); i > 1; --i) std::swap(before[i - 1], before[random.below(i)]);
    out.shuffled = write_rows("shuffled.csv", header, before);
    return out;
  }();
  return files;
}

ParamTexts needed_params(const AnalysisInfo& info) {
  ParamTexts params;
  for (const auto& param : info.params)
    if (info.name == "customer" && param.name == "id")
      params["id"] = finished().store.text("SELECT min(customer_id) FROM result.rfm WHERE grade = 'top'");
  return params;
}

Store new_store() {
  static std::atomic<int> made = 0;
  return Store(folder() / fmt::format("store{}.duckdb", made++));
}

Result<std::vector<FileSummary>> Store::import(const std::string& file, const std::string& preset) const {
  Engine engine = TRY(open(Engine::Access::write));
  ImportRequest request;
  request.preset = preset;
  request.paths = {file};
  return engine.import(request, [](double, std::string_view) { return Status(); });
}

Result<RunSummary> Store::run(const std::string& room, ParamTexts params, const Progress& progress) const {
  return TRY(open(Engine::Access::write)).run(room, std::move(params), progress);
}

Result<std::string> Store::answer(const std::string& room, ParamTexts params) const {
  Engine engine = TRY(open(Engine::Access::read));
  std::ostringstream out;
  TRY(engine.answer(room, std::move(params), Format::csv, out));
  return out.str();
}

std::string Store::csv(const std::string& table) const {
  Engine engine = must(Engine::open(path_, Engine::Access::read));
  std::ostringstream out;
  must(engine.show(table, -1, Format::csv, out));
  return out.str();
}

std::vector<std::string> Store::texts(const std::string& select) const {
  Engine engine = must(Engine::open(path_, Engine::Access::read));
  std::ostringstream out;
  auto outcome = engine.sql(select, Format::csv, out);
  if (!outcome) throw std::runtime_error(select + ": " + outcome.error().message);
  std::vector<std::string> lines = lines_of(out.str());
  return {lines.begin() + 1, lines.end()};
}

std::string Store::text(const std::string& select) const {
  auto answer = texts(select);
  if (answer.size() != 1) throw std::runtime_error(select + ": not one row");
  return answer[0];
}

double Store::number(const std::string& select) const { return std::stod(text(select)); }

Store Store::copy() const {
  Store other = new_store();
  fs::copy_file(path_, other.path());
  return other;
}

std::vector<double> Store::numbers(const std::string& select) const {
  std::vector<double> out;
  std::istringstream row(text(select));
  for (std::string cell; std::getline(row, cell, ',');) out.push_back(std::stod(cell));
  return out;
}

std::map<std::string, std::string> Store::snapshot() const {
  // one statement, for every one opens the store anew
  std::string select;
  for (const auto& table : texts("SELECT table_schema || '.' || table_name FROM information_schema.tables"))
    select += fmt::format(
        "{1}SELECT '{0} ' || (SELECT string_agg(column_name || ':' || data_type, ' ' ORDER BY "
        "ordinal_position) FROM "
        "information_schema.columns WHERE table_schema || '.' || table_name = '{0}') || ' ' || "
        "(SELECT count(*) || ' rows, hash ' || coalesce(sum(hash(t)::HUGEINT), 0) FROM {0} AS t)",
        table, select.empty() ? "" : " UNION ALL ");
  std::map<std::string, std::string> out;
  for (const auto& line : texts(select)) {
    std::string table =
        line.substr(line.find_first_not_of('"'), line.find(' ') - line.find_first_not_of('"'));
    out[table] = line;
  }
  return out;
}

const Finished& finished() {
  static const Finished done = [] {
    Finished out{new_store(), {}, {}};
    must(out.store.import(shop_files().before));
    must(out.store.import(shop_files().exposures, "exposures"));
    run_all(out.store, as_of, &out);
    return out;
  }();
  return done;
}

const Finished& finished_twice() {
  static const Finished done = [] {
    Finished out{finished().store.copy(), {}, {}};
    run_all(out.store, earlier_as_of, &out);
    return out;
  }();
  return done;
}

const Store& finished_by(Way way) {
  static std::map<Way, Store> known;
  if (auto at = known.find(way); at != known.end()) return at->second;
  Store store = new_store();
  const ShopFiles& files = shop_files();
  if (way == Way::one_core) {
    run_program({"import", "events", files.before, "--store", store.path()});
    run_program({"import", "exposures", files.exposures, "--store", store.path()});
    for (const AnalysisInfo& info : Engine::analyses())
      if (info.kind == Kind::job) run_program({"run", info.name, "--as-of", as_of, "--store", store.path()});
  } else {
    must(store.import(way == Way::shuffled   ? files.shuffled
                      : way == Way::one_load ? files.all
                                             : files.before));
    if (way == Way::later_load) must(store.import(files.after));
    must(store.import(files.exposures, "exposures"));
    if (way == Way::later_load || way == Way::one_load)
      must(store.import(files.later_exposures, "exposures"));
    run_all(store, as_of, nullptr);
  }
  return known.emplace(way, store).first->second;
}

}  // namespace danggol::contract
