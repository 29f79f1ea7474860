#include "danggol/engine.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <ostream>

#include "engine/run.h"
#include "engine/time_frame.h"
#include "features/frame.h"
#include "ingest/import.h"
#include "report/html.h"
#include "report/rows_out.h"
#include "rooms/registry.h"
#include "store/layout.h"

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

// A folder stands for the CSV and Parquet files in it, in the order of their names.
Result<std::vector<std::string>> files_of(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const auto& path : paths) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(path, ignored)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> inside;
    for (const auto& entry : std::filesystem::directory_iterator(path, ignored)) {
      std::string name = entry.path().string();
      if (name.ends_with(".csv") || name.ends_with(".csv.gz") || name.ends_with(".parquet"))
        inside.push_back(name);
    }
    if (inside.empty())
      return Error{Code::not_found,
                   fmt::format("{}: no .csv, .csv.gz or .parquet file in this folder", path)};
    std::sort(inside.begin(), inside.end());
    files.insert(files.end(), inside.begin(), inside.end());
  }
  if (files.empty()) return Error{Code::bad_input, "no file given; name at least one"};
  return files;
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
  if (report.rows_loaded > 0 && !ingest::is_dimension(report.facts.kind)) {
    file.first = to_text(to_date(report.first));
    file.last = to_text(to_date(report.last));
  }
  return file;
}

// The room that should have written what `room` reads, if this pipeline skipped it.
std::string skipped_input(const Room& room, const PipelineSummary& summary) {
  for (const auto& table : room.info.reads) {
    const Room* writer = engine::writer_of(table);
    for (const auto& [skipped, why] : summary.skipped)
      if (writer && writer->info.name == skipped) return skipped;
  }
  return {};
}

// Written beside the target and renamed over it: whole or not at all. A device or pipe is written itself.
Status write_file(const std::string& path, const std::string& content) {
  bool is_other = std::filesystem::exists(path) && !std::filesystem::is_regular_file(path);
  std::string part = is_other ? path : fmt::format("{}.part{}", path, ::getpid());
  {
    std::ofstream out(part, std::ios::binary);
    out << content;
    if (!out.flush()) {
      std::error_code ignored;
      if (!is_other) std::filesystem::remove(part, ignored);
      return Error{Code::io, fmt::format("{}: cannot be written", path)};
    }
  }
  if (is_other) return {};
  std::error_code error;
  std::filesystem::rename(part, path, error);
  if (error) return Error{Code::io, fmt::format("{}: cannot be written: {}", path, error.message())};
  return {};
}

}  // namespace

struct Engine::State {
  std::string path;
  Access access;
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

  Progress stoppable(const Progress& progress) {
    return [this, progress](double done, std::string_view what) -> Status {
      if (stop) return Error{Code::cancelled, "stopped: nothing was changed"};
      return progress ? progress(done, what) : Status();
    };
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
    return engine::RunSettings{.time = time, .seed = static_cast<uint64_t>(given.seed)};
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
std::vector<std::string> Engine::presets() { return ingest::preset_names(); }
std::vector<std::string> Engine::column_roles() { return ingest::role_names(); }

Result<std::vector<FileSummary>> Engine::check(const ImportRequest& request, const Progress& progress) {
  auto mapping = TRY(mapping_of(request));
  auto files = TRY(files_of(request.paths));
  Progress silent = [](double, std::string_view) { return Status(); };
  std::vector<FileSummary> out;
  for (const auto& report : TRY(ingest::check(files, mapping, progress ? progress : silent)))
    out.push_back(summary_of(report));
  return out;
}

Result<Engine> Engine::open(const std::string& store_path, Access access) {
  auto state = std::make_shared<State>();
  state->path = store_path;
  state->access = access;
  if (store_path.empty() || store_path.starts_with(":memory:"))  // DuckDB would keep it nowhere
    return Error{Code::bad_input, fmt::format("store {}: must be the name of a file", store_path)};
  bool is_new = !std::filesystem::exists(store_path);
  state->database = TRY(store::Database::open(
      store_path, access == Access::write ? store::Access::read_write : store::Access::read_only));
  auto connection = TRY(state->database.connect());
  if (access == Access::write) {
    TRY(store::create_layout(connection, store_path));
  } else if (!is_new && TRY(connection.integer("SELECT count(*) FROM information_schema.tables WHERE "
                                               "table_schema = 'raw' AND table_name = 'event'")) == 0) {
    return Error{Code::corrupt, fmt::format("store {}: a DuckDB file, but not a danggol store", store_path)};
  }
  Engine engine;
  engine.state_ = std::move(state);
  return engine;
}

Result<std::vector<FileSummary>> Engine::import(const ImportRequest& request, const Progress& progress) {
  auto mapping = TRY(mapping_of(request));
  auto files = TRY(files_of(request.paths));
  State::Session session(*state_, TRY(state_->database.connect()));
  auto reports = TRY(ingest::import(session.connection, files, mapping,
                                    {request.again, features::add_receipts}, state_->stoppable(progress)));
  std::vector<FileSummary> out;
  for (const auto& report : reports) out.push_back(summary_of(report));
  return out;
}

Result<RunSummary> Engine::run(const std::string& name, ParamTexts params, const Progress& progress) {
  const Room* room = TRY(room_named(name, Kind::job));
  State::Session session(*state_, TRY(state_->database.connect()));
  auto settings = TRY(state_->settle(session.connection, params));
  return engine::run_job(session.connection, *room, params, settings, state_->stoppable(progress));
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
  PipelineSummary summary;
  for (size_t i = 0; i < chosen.size(); ++i) {
    auto part = [&](double done, std::string_view what) -> Status {
      double n = static_cast<double>(chosen.size());
      return progress ? progress((static_cast<double>(i) + std::max(0.0, done)) / n, what) : Status();
    };
    if (auto missing = skipped_input(*chosen[i], summary); names.empty() && !missing.empty()) {
      summary.skipped.emplace_back(chosen[i]->info.name, fmt::format("{}: needs {}, which was skipped",
                                                                     chosen[i]->info.name, missing));
      continue;
    }
    auto run = engine::run_job(session.connection, *chosen[i], {}, settings, state_->stoppable(part));
    if (run) {
      summary.runs.push_back(std::move(*run));
      continue;
    }
    // What the store has no data for is left out; anything else ends the pipeline.
    Code code = run.error().code;
    if (names.empty() && (code == Code::not_found || code == Code::bad_input))
      summary.skipped.emplace_back(chosen[i]->info.name, run.error().message);
    else return run.error();
  }
  if (summary.runs.empty())
    return Error{Code::not_found, "pipeline: nothing could run: " + summary.skipped[0].second};
  return summary;
}

Status Engine::answer(const std::string& name, ParamTexts params, Format format, std::ostream& out) {
  const Room* room = TRY(room_named(name, Kind::query));
  State::Session session(*state_, TRY(state_->database.connect()));
  auto settings = TRY(state_->settle(session.connection, params));
  Table rows = TRY(engine::run_query(session.connection, *room, params, settings));
  return report::write_rows(rows, format, out);
}

namespace {

Result<std::string> limited(store::Connection& connection, const std::string& table, int64_t limit) {
  size_t dot = table.find('.');
  std::string schema = table.substr(0, dot), name = dot == table.npos ? "" : table.substr(dot + 1);
  if (TRY(connection.integer("SELECT count(*) FROM information_schema.tables WHERE table_schema = $schema "
                             "AND table_name = $name",
                             {{"schema", schema}, {"name", name}})) == 0) {
    const Room* writer = engine::writer_of(table);
    if (writer)
      return Error{Code::not_found,
                   fmt::format("{}: no rows yet; run danggol run {} first", table, writer->info.name)};
    std::string known =
        TRY(connection.text("SELECT string_agg(table_schema || '.' || table_name, ', ' ORDER BY "
                            "table_schema, table_name) FROM information_schema.tables "
                            "WHERE table_schema IN ('raw', 'feature', 'model', 'result', 'run')"));
    return Error{Code::not_found, fmt::format("{}: no such table; there are {}", table, known)};
  }
  std::string from = store::identifier(schema) + "." + store::identifier(name);
  return limit < 0 ? from : fmt::format("(FROM {} LIMIT {})", from, limit);
}

}  // namespace

Status Engine::show(const std::string& table, int64_t limit, Format format, std::ostream& out) {
  State::Session session(*state_, TRY(state_->database.connect()));
  return report::write_rows(session.connection, TRY(limited(session.connection, table, limit)), format, out);
}

Status Engine::export_parquet(const std::string& table, int64_t limit, const std::string& path) {
  State::Session session(*state_, TRY(state_->database.connect()));
  std::string from = TRY(limited(session.connection, table, limit));
  auto copied = session.connection.execute(
      fmt::format("COPY (FROM {}) TO {} (FORMAT parquet)", from, store::literal(path)));
  if (!copied) return Error{Code::io, fmt::format("{}: {}", path, copied.error().message)};
  return {};
}

Status Engine::sql(const std::string& statement, Format format, std::ostream& out) {
  if (state_->access == Access::write)  // a second opening would drop the lock of the first
    return Error{Code::conflict, "sql: the store is open for writing here; open it for reading"};
  auto sandbox = TRY(store::Database::open(state_->path, store::Access::sandboxed));
  State::Session session(*state_, TRY(sandbox.connect()));
  std::string query = statement;
  while (!query.empty() && (query.back() == ';' || query.back() == ' ' || query.back() == '\n'))
    query.pop_back();
  return report::write_rows(session.connection, "(" + query + "\n)", format, out);
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
  return write_file(path, TRY(report::html(session.connection, analyses(), facts)));
}

std::function<void()> Engine::interrupter() const {
  return [weak = std::weak_ptr<State>(state_)] {
    auto state = weak.lock();
    if (!state) return;
    state->stop = true;
    std::lock_guard lock(state->running_mutex);
    if (state->running) state->running->interrupt();
  };
}

}  // namespace danggol
