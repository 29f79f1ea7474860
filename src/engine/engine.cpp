#include "danggol/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <ostream>
#include <thread>

#include "base/clock.h"
#include "base/output_file.h"
#include "base/part.h"
#include "engine/results.h"
#include "engine/run.h"
#include "engine/suppress.h"
#include "engine/time_frame.h"
#include "features/frame.h"
#include "ingest/import.h"
#include "ingest/input_file.h"
#include "report/html.h"
#include "report/rows_out.h"
#include "rooms/registry.h"

namespace danggol {
namespace {

const Room* find_room(const std::string& name) {
  for (const Room& room : rooms::all())
    if (room.info.name == name) return &room;
  return nullptr;
}

Result<const Room*> room_named(const std::string& name, Kind kind) {
  const Room* room = find_room(name);
  if (!room)
    return Error{Code::not_found, fmt::format("{}: no such analysis; danggol list names them", name)};
  if (room->info.kind != kind)
    return Error{Code::bad_input, fmt::format("{}: is a {}", name,
                                              kind == Kind::job ? "query, not a job" : "job, not a query")};
  return room;
}

Result<ingest::Mapping> mapping_of(const ImportRequest& request) {
  ingest::Mapping mapping = ingest::guessing();
  if (!request.preset.empty()) mapping = TRY(ingest::preset(request.preset));
  if (!request.map_file.empty()) TRY(ingest::override_from_file(request.map_file, mapping));
  TRY(ingest::override_columns(request.columns, mapping));
  return mapping;
}

FileSummary summary_of(const ingest::FileReport& report) {
  FileSummary file;
  file.path = report.facts.path;
  file.format = report.facts.format;
  file.encoding = report.facts.encoding;
  for (size_t role = 0; role < ingest::role_count; ++role)
    if (int column = report.facts.roles[role]; column >= 0)
      file.roles.emplace_back(ingest::name(static_cast<ingest::Role>(role)),
                              report.facts.header[static_cast<size_t>(column)]);
  file.table = report.facts.table;
  file.kind = ingest::name(report.facts.kind);
  for (ingest::Kind kind : report.unchecked) file.unchecked.emplace_back(ingest::name(kind));
  file.rows_read = report.rows_read();
  file.rows_loaded = report.rows_loaded;
  file.rows_rejected = report.rows_rejected;
  for (const auto& [reason, rows] : report.rejects) {
    std::string words = reason;
    for (const auto& known : ingest::reject_reasons())
      if (known.name == reason) words = known.en;
    file.rejects.emplace_back(words, rows);
  }
  file.warnings = report.warnings;
  if (report.first_day) file.first = to_text(*report.first_day), file.last = to_text(*report.last_day);
  return file;
}

// The room that should have written what `room` reads, if this pipeline has been at it without success.
std::string missing_input(const Room& room, const PipelineSummary& summary) {
  for (const auto& table : room.info.reads) {
    const Room* writer = engine::writer_of(table);
    if (!writer) continue;
    for (const auto& [skipped, why] : summary.skipped)
      if (writer->info.name == skipped) return skipped + ", which was skipped";
    for (const auto& [failed, why] : summary.failed)
      if (writer->info.name == failed) return failed + ", which failed";
  }
  return {};
}

}  // namespace

struct Engine::State {
  std::string path;
  Access access;
  Settings settings;
  store::Database database;
  std::atomic<bool> stop = false;
  std::mutex running_mutex;
  store::Connection* running = nullptr;

  // A connection that interrupt() can reach while it lives.
  struct Session {
    State& state;
    store::Connection connection;
    Session(State& s, store::Connection c) : state(s), connection(std::move(c)) {
      std::lock_guard lock(state.running_mutex);
      state.running = &connection;
    }
    ~Session() {
      std::lock_guard lock(state.running_mutex);
      state.running = nullptr;
    }
  };

  // Never onto the store, nor onto a file that was loaded into it, by whatever name.
  Status check_output(const std::string& to) {
    auto target = file_id(to);
    if (target && *target == database.file())
      return Error{Code::refused, fmt::format("{}: is the store; name another file", to)};
    if (auto key = file_id(database.key_file()); target && key && *target == *key)
      return Error{Code::refused, fmt::format("{}: is the store's key; name another file", to)};
    std::error_code error;
    if (target && std::filesystem::is_regular_file(to, error)) {
      auto connection = TRY(database.connect());
      auto file = TRY(ingest::InputFile::open(to));
      std::string digest = TRY(file.digest({}));
      if (TRY(connection.integer("SELECT count(*) FROM raw.load WHERE digest = $digest",
                                 {{"digest", digest}})) > 0)
        return Error{Code::refused, fmt::format("{}: holds data that were loaded; name another file", to)};
    }
    return {};
  }
  Result<OutputFile> output(const std::string& to) {
    TRY(check_output(to));
    return OutputFile::create(to);
  }

  Progress stoppable(const Progress& progress) {
    return [this, progress](double done, std::string_view what) -> Status {
      if (stop) return Error{Code::cancelled, "stopped: nothing was changed"};
      return progress ? progress(done, what) : Status();
    };
  }

  // An input is not the store: to open that a second time would also give up its lock.
  Status is_no_store(const std::string& file) const {
    if (auto id = file_id(file); !id || *id != database.file()) return {};
    return Error{Code::bad_input, fmt::format("{}: is the store itself; name a file of rows", file)};
  }

  Result<SuppressSummary> suppress(store::Connection& connection, const SuppressRequest& request) const {
    TRY(is_no_store(request.file));
    return engine::suppress(connection, request);
  }

  // The dates and the seed of what is to run, and the connection showing nothing beyond them.
  Result<engine::RunSettings> settle(store::Connection& connection, ParamTexts& params) {
    engine::RunParams given;
    TRY(engine::run_params().read(params, given));
    Table span = TRY(connection.query("SELECT min(ts)::DATE AS first, max(ts)::DATE AS last FROM raw.event"));
    if (span.columns[0].is_null(0))
      return Error{Code::no_data, fmt::format("store {}: no events yet; run danggol import first", path)};
    Date first{static_cast<int32_t>(span.integers("first")[0])},
        last{static_cast<int32_t>(span.integers("last")[0])};
    TimeFrame time = TRY(engine::settle(given, first, last));
    TRY(engine::create_visible(connection, time));
    TRY(connection.limit_memory(settings.memory_bytes));
    return engine::RunSettings{.time = time,
                               .seed = static_cast<uint64_t>(given.seed),
                               .memory_bytes = settings.memory_bytes,
                               .key_file = database.key_file()};
  }
};

std::vector<AnalysisInfo> Engine::analyses() {
  std::vector<AnalysisInfo> out;
  for (const Room& room : rooms::all()) out.push_back(room.info);
  return out;
}

Result<AnalysisInfo> Engine::analysis(const std::string& name) {
  const Room* room = find_room(name);
  if (!room)
    return Error{Code::not_found, fmt::format("{}: no such analysis; danggol list names them", name)};
  return room->info;
}

std::vector<ParamInfo> Engine::run_params() { return engine::run_params().info(); }
std::vector<ParamInfo> Engine::suppress_params() { return engine::suppress_params().info(); }
std::vector<std::string> Engine::presets() { return ingest::preset_names(); }
std::vector<std::string> Engine::column_roles() { return ingest::role_names(); }

Result<std::vector<FileSummary>> Engine::check(const ImportRequest& request, const Progress& progress) {
  auto mapping = TRY(mapping_of(request));
  auto files = TRY(ingest::files_of(request.paths));
  Progress silent = [](double, std::string_view) { return Status(); };
  std::vector<FileSummary> out;
  for (const auto& report : TRY(ingest::check(files, mapping, progress ? progress : silent)))
    out.push_back(summary_of(report));
  return out;
}

Result<Engine> Engine::open(const std::string& store_path, Access access) {
  return open(store_path, access, Settings());
}

Result<Engine> Engine::open(const std::string& store_path, Access access, const Settings& settings) {
  auto state = std::make_shared<State>();
  state->path = store_path;
  state->access = access;
  state->settings = settings;
  if (store_path.empty() || store_path.starts_with(":memory:"))
    return Error{Code::bad_input, fmt::format("store {}: must be the name of a file", store_path)};
  state->database = TRY(store::Database::open(
      store_path, access == Access::write ? store::Access::read_write : store::Access::read_only,
      settings.memory_bytes));
  auto connection = TRY(state->database.connect());
  TRY(engine::show_results(connection));
  Engine engine;
  engine.state_ = std::move(state);
  return engine;
}

Result<std::vector<FileSummary>> Engine::import(const ImportRequest& request, const Progress& progress) {
  auto mapping = TRY(mapping_of(request));
  auto files = TRY(ingest::files_of(request.paths));
  for (const auto& file : files) TRY(state_->is_no_store(file));
  State::Session session(*state_, TRY(state_->database.connect()));
  auto reports = TRY(ingest::import(session.connection, files, mapping,
                                    {request.again, features::add_receipts}, state_->stoppable(progress)));
  state_->database.keep();
  std::vector<FileSummary> out;
  for (const auto& report : reports) out.push_back(summary_of(report));
  return out;
}

Result<RunSummary> Engine::run(const std::string& name, ParamTexts params, const Progress& progress) {
  const Room* room = TRY(room_named(name, Kind::job));
  State::Session session(*state_, TRY(state_->database.connect()));
  auto settings = TRY(state_->settle(session.connection, params));
  SuppressRequest suppressed;
  if (room->info.contacts) TRY(engine::suppress_params().read(params, suppressed));
  (void)TRY(room->check(params));
  std::vector<Text> warnings;
  if (!suppressed.ids.empty() || !suppressed.file.empty())
    warnings = TRY(state_->suppress(session.connection, suppressed)).warnings;
  auto run = TRY(engine::run_job(session.connection, *room, params, settings, state_->stoppable(progress)));
  run.warnings.insert(run.warnings.begin(), warnings.begin(), warnings.end());
  return run;
}

Result<SuppressSummary> Engine::suppress(const SuppressRequest& request) {
  State::Session session(*state_, TRY(state_->database.connect()));
  return state_->suppress(session.connection, request);
}

Result<PipelineSummary> Engine::pipeline(const std::vector<std::string>& names, ParamTexts params,
                                         const Progress& progress) {
  State::Session session(*state_, TRY(state_->database.connect()));
  auto settings = TRY(state_->settle(session.connection, params));
  if (!params.empty())
    return Error{Code::bad_input,
                 fmt::format("pipeline: no parameter --{}; it takes as-of, from, split, until and seed",
                             params.begin()->first)};
  std::vector<const Room*> chosen;
  for (const auto& name : names) (void)TRY(room_named(name, Kind::job));
  for (const Room& room : rooms::all())  // the registry is in dependency order
    if (room.info.kind == Kind::job &&
        (names.empty() || std::find(names.begin(), names.end(), room.info.name) != names.end()))
      chosen.push_back(&room);
  // To the file when a second has passed, and in the end: a run of milliseconds does not wait for the disk.
  settings.is_part = true;
  Stopwatch since_written;
  auto write = [&]() -> Status {
    since_written = Stopwatch();
    return session.connection.checkpoint();
  };
  PipelineSummary summary;
  for (size_t i = 0; i < chosen.size(); ++i) {
    if (since_written.seconds() > 1) TRY(write());
    auto part = [&](double done, std::string_view what) -> Status {
      double n = static_cast<double>(chosen.size());
      return progress ? progress((static_cast<double>(i) + std::max(0.0, done)) / n, what) : Status();
    };
    const std::string& room = chosen[i]->info.name;
    if (auto missing = missing_input(*chosen[i], summary); !missing.empty()) {
      summary.skipped.emplace_back(room, fmt::format("{}: needs {}", room, missing));
      continue;
    }
    auto run = engine::run_job(session.connection, *chosen[i], {}, settings, state_->stoppable(part));
    if (run) summary.runs.push_back(std::move(*run));
    else if (run.error().code == Code::cancelled) {
      (void)write();
      return run.error();
    } else if (run.error().code == Code::no_data) summary.skipped.emplace_back(room, run.error().message);
    else summary.failed.emplace_back(room, run.error());
  }
  TRY(write());
  if (summary.runs.empty() && !summary.failed.empty()) return summary.failed[0].second;
  if (summary.runs.empty())
    return Error{Code::no_data, "pipeline: nothing could run: " + summary.skipped[0].second};
  return summary;
}

Status Engine::answer(const std::string& name, ParamTexts params, const RowStyle& style, std::ostream& out) {
  const Room* room = TRY(room_named(name, Kind::query));
  State::Session session(*state_, TRY(state_->database.connect()));
  auto settings = TRY(state_->settle(session.connection, params));
  Table rows = TRY(engine::run_query(session.connection, *room, params, settings));
  return report::write_rows(rows, style, out);
}

namespace {

// A SELECT of the first rows of a table there is.
Result<std::string> select_from(store::Connection& connection, const std::string& table, int64_t limit) {
  Table tables = TRY(connection.query(
      "SELECT schema_name AS schema, table_name AS name FROM duckdb_tables() WHERE database_name = 'danggol' "
      "AND "
      "schema_name IN ('raw', 'feature', 'model', 'run') UNION ALL SELECT schema_name, view_name FROM "
      "duckdb_views() WHERE database_name = 'memory' AND schema_name = 'result' ORDER BY ALL"));
  std::string known;
  for (size_t i = 0; i < tables.rows(); ++i) {
    const std::string &schema = tables.texts("schema")[i], &name = tables.texts("name")[i];
    if (schema + "." + name == table)
      return fmt::format("SELECT * FROM {}{}", store::identifier(schema, name),
                         limit < 0 ? "" : fmt::format(" LIMIT {}", limit));
    known += (i > 0 ? ", " : "") + schema + "." + name;
  }
  if (const Room* writer = engine::writer_of(table))
    return Error{Code::not_found,
                 fmt::format("{}: no rows yet; run danggol run {} first", table, writer->info.name)};
  return Error{Code::not_found, fmt::format("{}: no such table; there are {}", table, known)};
}

// Calls `stop` if it still lives after so many seconds.
class Deadline {
 public:
  Deadline(double seconds, std::function<void()> stop)
      : thread_([this, seconds, stop = std::move(stop)] {
          std::unique_lock lock(mutex_);
          passed_ = !over_.wait_for(lock, std::chrono::duration<double>(seconds), [&] { return done_; });
          while (!done_) {  // again: what comes between two statements is lost
            stop();
            over_.wait_for(lock, std::chrono::milliseconds(20), [&] { return done_; });
          }
        }) {}
  bool passed() {  // ends the watch
    {
      std::lock_guard lock(mutex_);
      done_ = true;
    }
    over_.notify_all();
    if (thread_.joinable()) thread_.join();
    return passed_;
  }
  ~Deadline() { passed(); }

 private:
  std::mutex mutex_;
  std::condition_variable over_;
  bool done_ = false, passed_ = false;
  std::thread thread_;
};

}  // namespace

namespace {

// Where memory ran out, in DuckDB or beyond it, the message says of how much.
Status bounded(Status outcome, const Engine::Settings& settings) {
  if (outcome || outcome.error().code != Code::memory) return outcome;
  return Error{Code::memory, fmt::format("not enough memory: --memory is {} MB; ask for less, or raise it",
                                         settings.memory_bytes / 1'000'000)};
}

}  // namespace

Status Engine::show(const std::string& table, int64_t limit, const RowStyle& style, std::ostream& out) {
  State::Session session(*state_, TRY(state_->database.connect()));
  std::string select = TRY(select_from(session.connection, table, limit));
  auto rows = TRY(session.connection.texts(select, store::Author::danggol));
  return bounded(report::write_rows(rows, style, INT64_MAX, out), state_->settings);
}

Status Engine::export_parquet(const std::string& table, int64_t limit, const std::string& path) {
  OutputFile file = TRY(state_->output(path));
  if (!file.is_file())
    return Error{Code::bad_input, fmt::format("{}: Parquet is written to files only", path)};
  State::Session session(*state_, TRY(state_->database.connect()));
  std::string select = TRY(select_from(session.connection, table, limit));
  auto rows = TRY(session.connection.stream(select));
  if (auto written = store::write_parquet(rows, file.path_now()); !written) {
    if (written.error().code != Code::io) return written;
    return Error{Code::io, fmt::format("{}: {}", path, written.error().message)};
  }
  return file.commit();
}

Error SqlLimits::too_slow() const {
  return {Code::refused, fmt::format("sql: stopped after {} s; ask for less, or raise --seconds", seconds)};
}

Status Engine::sql(const std::string& select, const RowStyle& style, const SqlLimits& limits,
                   std::ostream& out) {
  if (state_->access == Access::write)
    return Error{Code::conflict, "sql: the store is open for writing here; open it for reading"};
  State::Session session(*state_, TRY(state_->database.connect()));
  Deadline deadline(limits.seconds, [&] { session.connection.interrupt(); });
  auto outcome = [&]() -> Status {
    auto rows = TRY(session.connection.texts(select, store::Author::outside));
    return report::write_rows(rows, style, limits.rows, out);
  }();
  if (!outcome && outcome.error().code == Code::cancelled && deadline.passed()) return limits.too_slow();
  return bounded(std::move(outcome), state_->settings);
}

Status Engine::report(const std::string& path, Language language) {
  State::Session session(*state_, TRY(state_->database.connect()));
  report::ReportFacts facts;
  facts.store_name = std::filesystem::path(state_->path).filename().string();
  facts.language = language;
  facts.as_of =
      TRY(session.connection.text("SELECT max(as_of)::VARCHAR FROM run.log WHERE run_id = (SELECT "
                                  "max(run_id) FROM run.log WHERE state = 'done')"));
  for (const auto& reason : ingest::reject_reasons())
    facts.reject_reasons.emplace_back(std::string(reason.name),
                                      Text{std::string(reason.en), std::string(reason.ko)});
  if (facts.as_of.empty())
    return Error{Code::not_found, "report: nothing has run yet; run danggol pipeline first"};
  OutputFile file = TRY(state_->output(path));
  file.stream() << TRY(report::html(session.connection, analyses(), facts));
  return file.commit();
}

struct Output::State {
  OutputFile file;
};
std::ostream& Output::stream() { return state_->file.stream(); }
Status Output::commit() { return state_->file.commit(); }

Result<Output> Engine::output(const std::string& path) const {
  Output output;
  output.state_ = std::make_shared<Output::State>(Output::State{TRY(state_->output(path))});
  return output;
}

Status Engine::check_output(const std::string& path) const { return state_->check_output(path); }

void Engine::abandon_outputs() { Part::abandon_all(); }

std::function<bool(bool for_good)> Engine::interrupter() const {
  return [weak = std::weak_ptr<State>(state_)](bool for_good) {
    auto state = weak.lock();
    if (!state) return true;
    state->stop = true;
    std::lock_guard lock(state->running_mutex);
    return !state->running || state->running->interrupt(for_good);
  };
}

}  // namespace danggol
