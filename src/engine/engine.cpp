#include "danggol/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <ostream>

#include "base/clock.h"
#include "base/output_file.h"
#include "base/part.h"
#include "engine/data_ends.h"
#include "engine/forget.h"
#include "engine/import_files.h"
#include "engine/job_queue.h"
#include "engine/reader.h"
#include "engine/results.h"
#include "engine/run.h"
#include "engine/said.h"
#include "engine/settings.h"
#include "engine/suppress.h"
#include "engine/table_rows.h"
#include "engine/time_frame.h"
#include "engine/words.h"
#include "features/frame.h"
#include "ingest/calendar.h"
#include "ingest/input_file.h"
#include "report/html.h"
#include "report/rows_out.h"
#include "rooms/registry.h"

namespace danggol {
namespace {

using engine::find_room;
using engine::Reader;

Result<const Room*> room_named(const std::string& name, Kind kind) {
  const Room* room = find_room(name);
  if (!room) return engine::no_such_room(name);
  if (room->info.kind != kind)
    return Error{Code::bad_input, fmt::format("{}: is a {}", name,
                                              kind == Kind::job ? "query, not a job" : "job, not a query")};
  return room;
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

// Where memory ran out, in DuckDB or beyond it, the message says of how much.
Error bounded(Error error, int64_t memory_bytes) {
  if (error.code != Code::memory) return error;
  return {Code::memory, fmt::format("not enough memory: --memory is {} MB; ask for less, or raise it",
                                    memory_bytes / 1'000'000)};
}

}  // namespace

// What all engines of one store share.
struct Engine::State {
  std::string path;
  Settings settings;
  store::Database database;
  std::shared_ptr<engine::Keeper> keeper = std::make_shared<engine::Keeper>();
  JobQueue queue{keeper};  // ends first

  Result<std::shared_ptr<Reader>> reader(std::optional<double> seconds = {}) {
    return Reader::open(database, *keeper, seconds);
  }
  Result<std::shared_ptr<Reader>> begun_reader(std::optional<double> seconds = {}) {
    auto reader = TRY(this->reader(seconds));
    TRY(reader->begin());
    return reader;
  }

  // Never onto the store, nor onto a file that was loaded into it, by whatever name.
  Status check_output(const std::string& to) {
    auto whole = [](const std::string& name) {
      std::error_code ignored;
      return std::filesystem::weakly_canonical(std::filesystem::absolute(name, ignored), ignored).string();
    };
    for (const char* end : {".wal", ".wal.checkpoint", ".wal.recovery", ".key", ".tmp", ".new"})
      if (whole(to) == whole(path) + end)
        return Error{Code::refused,
                     fmt::format("{}: is a name for files of the store; name another file", to)};
    auto target = file_id(to);
    if (target && *target == database.file())
      return Error{Code::refused, fmt::format("{}: is the store; name another file", to)};
    if (auto key = file_id(database.key_file()); target && key && *target == *key)
      return Error{Code::refused, fmt::format("{}: is the store's key; name another file", to)};
    std::error_code error;
    if (target && std::filesystem::is_regular_file(to, error)) {
      auto connection = TRY(database.connect());
      auto inside = ingest::Inputs::open({to}, {});
      if (!inside && inside.error().code == Code::io) return inside.error();
      for (size_t i = 0; inside && i < inside->size(); ++i) {
        auto file = TRY(inside->open(i));
        std::string digest = TRY(file.digest({}));
        if (TRY(connection.integer("SELECT count(*) FROM raw.load WHERE digest = $digest",
                                   {{"digest", digest}})) > 0)
          return Error{Code::refused, fmt::format("{}: holds data that were loaded; name another file", to)};
      }
    }
    return {};
  }
  Result<OutputFile> output(const std::string& to) {
    TRY(check_output(to));
    return OutputFile::create(to);
  }

  // An input is not the store: to open that a second time would also give up its lock.
  Status is_no_store(const std::string& file) const {
    if (auto id = file_id(file); !id || *id != database.file()) return {};
    return Error{Code::bad_input, fmt::format("{}: is the store itself; name a file of rows", file)};
  }

  Result<SuppressSummary> suppress(store::Connection& connection, const SuppressRequest& request) const {
    TRY(is_no_store(request.file));
    return engine::suppress(connection, request, database.key_file());
  }

  Result<engine::ShopSettings> shop_settings() const { return engine::ShopSettings::read(path); }

  // The store's calendar is the shop's.
  Status keep_calendar(store::Connection& connection, const ingest::CalendarSources& settled) const {
    for (const std::string& file : settled.files) TRY(is_no_store(file));
    return connection.together([&] { return ingest::keep_calendar(connection, settled); });
  }

  // What is to be said before anything else. A calendar that cannot be read changes nothing, and stops
  // nothing either: that of before counts.
  Result<std::vector<Sentence>> doubts(store::Connection& connection, const engine::ShopSettings& shop,
                                       const TimeFrame& time) const {
    std::vector<Sentence> out;
    if (auto kept = keep_calendar(connection, TRY(shop.calendar())); !kept) {
      const Error& error = kept.error();
      if (error.code == Code::cancelled || error.code == Code::memory || error.code == Code::internal)
        return error;
      out.push_back(engine::calendar_not_read(error.message, time.as_of));
    }
    auto ends = TRY(engine::early_ends(connection, time));
    out.insert(out.end(), ends.begin(), ends.end());
    return out;
  }

  // The shop's own list joins the store's.
  Status suppress_as_settled(store::Connection& connection, const engine::ShopSettings& shop) const {
    if (std::string file = shop.suppress_file(); !file.empty())
      (void)TRY(suppress(connection, {.file = file}));
    return {};
  }

  // The dates and the seed of what is to run, and the connection showing nothing beyond them. Dates that are
  // not given are those of the data or, for a query, of what is shown.
  Result<engine::RunSettings> settle(store::Connection& connection, ParamTexts& params, Kind kind) {
    engine::RunParams given;
    TRY(engine::run_params().read(params, given));
    Table span = TRY(connection.query(
        "SELECT coalesce(min(ts) FILTER (action IN ('purchase', 'partner_use')), min(ts))::DATE AS first, "
        "max(ts)::DATE AS last FROM raw.event"));
    if (span.columns[0].is_null(0))
      return Error{Code::no_data, fmt::format("store {}: no events yet; run danggol import first", path)};
    Date first{static_cast<int32_t>(span.integers("first")[0])},
        last{static_cast<int32_t>(span.integers("last")[0])};
    if (kind == Kind::query && !given.as_of && !given.from && !given.split && !given.until)
      if (auto shown = TRY(engine::shown_frame(connection)))
        given.as_of = shown->as_of, given.from = shown->from, given.split = shown->split,
        given.until = shown->until;
    TimeFrame time = TRY(engine::settle(given, first, last));
    TRY(engine::create_visible(connection, time));
    if (kind == Kind::job) TRY(connection.limit_memory(settings.memory_bytes));
    return engine::RunSettings{
        .time = time,
        .seed = static_cast<uint64_t>(given.seed),
        .key_file = database.key_file(),
        .workbench = std::make_shared<engine::Workbench>(time.as_of, settings.memory_bytes)};
  }

  // Of a query-kind analysis, and the reading it came from.
  Result<std::pair<std::shared_ptr<Reader>, engine::QueryAnswer>> answer(const std::string& name,
                                                                         ParamTexts params) {
    const Room* room = TRY(room_named(name, Kind::query));
    auto shop = TRY(shop_settings());
    params = shop.with_room(*room, std::move(params));
    auto reader = TRY(this->reader());
    TRY(reader->connection().begin());
    auto run_settings = TRY(settle(reader->connection(), params, Kind::query));
    auto answer = TRY(engine::run_query(reader->connection(), *room, params, run_settings));
    return std::pair(std::move(reader), std::move(answer));
  }
  static Cursor cursor(std::shared_ptr<State> state, std::shared_ptr<Reader> reader,
                       std::function<Result<store::Rows>(store::Connection&)> start,
                       std::optional<SqlLimits> limits);

  // The work of jobs, each with a connection of its own.
  Result<std::vector<FileSummary>> work(store::Connection& connection, const ImportRequest& request,
                                        const Progress& progress) {
    auto mapping = TRY(engine::mapping_of(request, TRY(shop_settings()).import()));
    ingest::ImportOptions options{.on_overlap = TRY(engine::on_overlap_of(request)),
                                  .replace = request.replace,
                                  .before_opening = [this](const auto& file) { return is_no_store(file); },
                                  .before_commit = features::add_receipts,
                                  .renew_receipts = features::renew_receipts,
                                  .key_file = database.key_file()};
    auto reports = TRY(ingest::import(connection, request.paths, mapping, options, progress));
    database.keep();
    return engine::summaries_of(reports);
  }
  Result<UnloadSummary> work(store::Connection& connection, const UnloadRequest& request, const Progress&) {
    return engine::unload(connection, request);
  }
  Result<ForgetSummary> work(store::Connection& connection, const ForgetRequest& request,
                             const Progress& progress) {
    (void)TRY(shop_settings());  // by which results are made anew
    auto [summary, again] = TRY(engine::forget(connection, request, database.key_file()));
    for (const RunRequest& lost : again) {
      summary.again.push_back(lost.room);
      if (request.dry_run) continue;
      auto run = work(connection, lost, progress);
      if (run) summary.reruns.push_back(*std::move(run));
      else summary.failed.emplace_back(lost.room, run.error());
    }
    return summary;
  }
  Result<SuppressSummary> work(store::Connection& connection, const SuppressRequest& request,
                               const Progress&) {
    return suppress(connection, request);
  }
  Result<ConsentSummary> work(store::Connection& connection, const ConsentRequest& request, const Progress&) {
    if (!request.file.empty()) TRY(is_no_store(request.file));
    return engine::consent(connection, request, database.key_file());
  }
  Result<RunSummary> work(store::Connection& connection, const RunRequest& request,
                          const Progress& progress) {
    const Room* room = TRY(room_named(request.room, Kind::job));
    auto shop = TRY(shop_settings());
    ParamTexts params = shop.with_run(shop.with_room(*room, request.params));
    auto run_settings = TRY(settle(connection, params, Kind::job));
    SuppressRequest suppressed;
    if (room->info.contacts) TRY(engine::suppress_params().read(params, suppressed));
    (void)TRY(room->check(params));
    std::vector<Text> warnings;
    auto doubtful = TRY(doubts(connection, shop, run_settings.time));
    if (room->info.contacts) TRY(suppress_as_settled(connection, shop));
    if (!suppressed.ids.empty() || !suppressed.file.empty())
      warnings = TRY(suppress(connection, suppressed)).warnings;
    auto run = TRY(engine::run_job(connection, *room, params, run_settings, progress));
    run.doubts = engine::said(doubtful);
    run.warnings.insert(run.warnings.begin(), warnings.begin(), warnings.end());
    return run;
  }
  Result<PipelineSummary> work(store::Connection& connection, const PipelineRequest& request,
                               const Progress& progress);
};

Result<PipelineSummary> Engine::State::work(store::Connection& connection, const PipelineRequest& request,
                                            const Progress& progress) {
  auto shop = TRY(shop_settings());
  ParamTexts params = shop.with_run(request.params);
  const auto& names = request.rooms;
  auto run_settings = TRY(settle(connection, params, Kind::job));
  if (!params.empty())
    return Error{Code::bad_input,
                 fmt::format("pipeline: no parameter --{}; it takes as-of, from, split, until and seed",
                             params.begin()->first)};
  std::vector<const Room*> chosen;
  for (const auto& name : names) (void)TRY(room_named(name, Kind::job));
  for (const Room& room : rooms::all())  // the registry is in dependency order
    if (room.info.kind == Kind::job &&
        (names.empty() ? !room.info.on_request
                       : std::find(names.begin(), names.end(), room.info.name) != names.end()))
      chosen.push_back(&room);
  for (const Room* room : chosen) run_settings.params_of_rooms[room->info.name] = shop.with_room(*room, {});
  auto doubtful = TRY(doubts(connection, shop, run_settings.time));
  if (std::any_of(chosen.begin(), chosen.end(), [](const Room* room) { return room->info.contacts; }))
    TRY(suppress_as_settled(connection, shop));
  // To the file when a second has passed, and in the end: a run of milliseconds does not wait for the disk.
  auto parts = TRY(engine::Parts::begin(connection, run_settings));
  Stopwatch since_written;
  bool has_written = false;
  auto write = [&]() -> Status {
    since_written = Stopwatch();
    if (!std::exchange(has_written, false)) return {};
    return connection.checkpoint();
  };
  auto finish = [&]() -> Status {
    has_written = TRY(parts.show()) || has_written;
    return write();
  };
  PipelineSummary summary;
  summary.doubts = engine::said(doubtful);
  for (size_t i = 0; i < chosen.size(); ++i) {
    if (since_written.seconds() > 1) TRY(write());
    auto part = [&](double done, std::string_view what) -> Status {
      double n = static_cast<double>(chosen.size());
      return progress((static_cast<double>(i) + std::max(0.0, done)) / n, what);
    };
    const std::string& room = chosen[i]->info.name;
    if (auto missing = missing_input(*chosen[i], summary); !missing.empty()) {
      summary.skipped.emplace_back(room, fmt::format("{}: needs {}", room, missing));
      continue;
    }
    auto outcome = parts.run(*chosen[i], request.force, part);
    if (!outcome || outcome->run) has_written = true;
    if (outcome) {
      if (outcome->run) summary.runs.push_back(*std::move(outcome->run));
      else summary.unchanged.emplace_back(room, outcome->unchanged);
    } else if (outcome.error().code == Code::cancelled) {
      (void)connection.undisturbed(finish);
      return outcome.error();
    } else if (outcome.error().code == Code::no_data)
      summary.skipped.emplace_back(room, outcome.error().message);
    else summary.failed.emplace_back(room, outcome.error());
  }
  TRY(finish());
  if (summary.runs.empty() && summary.unchanged.empty() && !summary.failed.empty())
    return summary.failed[0].second;
  if (summary.runs.empty() && summary.unchanged.empty())
    return Error{Code::no_data, "pipeline: nothing could run: " + summary.skipped[0].second};
  return summary;
}

std::vector<AnalysisInfo> Engine::analyses() {
  std::vector<AnalysisInfo> out;
  for (const Room& room : rooms::all()) out.push_back(room.info);
  return out;
}

Result<AnalysisInfo> Engine::analysis(const std::string& name) {
  const Room* room = find_room(name);
  if (!room) return engine::no_such_room(name);
  return room->info;
}

std::vector<ParamInfo> Engine::run_params() { return engine::with_help(engine::run_params().info()); }
std::vector<ParamInfo> Engine::suppress_params() {
  return engine::with_help(engine::suppress_params().info());
}
std::vector<std::string> Engine::presets() { return ingest::preset_names(); }
std::vector<std::string> Engine::column_roles() { return ingest::role_names(); }

Result<std::vector<Setting>> Engine::settings(const std::string& store_path) {
  return TRY(engine::ShopSettings::read(store_path)).all();
}

Status Engine::set(const std::string& store_path, const std::vector<Setting>& settings) {
  return engine::set(store_path, settings);
}

Result<std::vector<FileSummary>> Engine::check(const ImportRequest& request, const Progress& progress,
                                               const std::string& store_path) {
  ParamTexts settled;
  if (!store_path.empty()) settled = TRY(engine::ShopSettings::read(store_path)).import();
  auto mapping = TRY(engine::mapping_of(request, settled));
  Progress silent = [](double, std::string_view) { return Status(); };
  return engine::summaries_of(TRY(ingest::check(request.paths, mapping, progress ? progress : silent)));
}

Result<Engine> Engine::open(const std::string& store_path, Access access) {
  return open(store_path, access, Settings());
}

Result<Engine> Engine::open(const std::string& store_path, Access access, const Settings& settings) {
  static std::mutex mutex;
  static auto& opened = *new std::vector<std::weak_ptr<State>>;  // a store may be closed by other statics
  if (store_path.empty() || store_path.starts_with(":memory:"))
    return Error{Code::bad_input, fmt::format("store {}: must be the name of a file", store_path)};
  Engine engine;
  engine.access_ = access;
  auto open_database = [&] {
    return store::Database::open(
        store_path, access == Access::write ? store::Access::read_write : store::Access::read_only,
        settings.memory_bytes);
  };
  auto database = TRY(open_database());
  std::lock_guard lock(mutex);
  std::erase_if(opened, [](const auto& state) { return state.expired(); });
  for (const auto& known : opened)
    if (auto state = known.lock(); state && state->database.file() == database.file()) engine.state_ = state;
  if (engine.state_) return engine;
  if (access == Access::write && TRY(engine::is_to_be_rewritten(database))) {
    database = store::Database();  // lets go of the file
    TRY(store::Database::rewrite(store_path, settings.memory_bytes));
    database = TRY(open_database());
    TRY(engine::end_rewriting(database));
  }
  engine.state_ = std::make_shared<State>();
  engine.state_->path = store_path;
  engine.state_->settings = settings;
  engine.state_->database = std::move(database);
  opened.push_back(engine.state_);
  return engine;
}

Job Engine::start(JobRequest request, Events events) {
  if (access_ == Access::read)
    return state_->queue.refuse({Code::conflict, fmt::format("store {}: open for reading here; open it for "
                                                             "writing",
                                                             state_->path)});
  auto work = [state = state_.get(), request = std::move(request)](
                  engine::Stop& stop, const Progress& progress) -> Result<JobSummary> {
    auto connection = TRY(state->database.connect());
    engine::Stop::Busy busy(stop, connection);
    return std::visit(
        [&](const auto& asked) -> Result<JobSummary> {
          return JobSummary(TRY(state->work(connection, asked, stop.heeded_by(progress))));
        },
        request);
  };
  return state_->queue.add(std::move(work), std::move(events));
}

std::vector<Job> Engine::jobs() const { return state_->queue.jobs(); }

namespace {

template <class Summary>
Result<Summary> waited(const Job& job) {
  return std::get<Summary>(TRY(job.wait()));
}

}  // namespace

Result<std::vector<FileSummary>> Engine::import(const ImportRequest& request, const Progress& progress) {
  return waited<std::vector<FileSummary>>(start(request, {progress}));
}

Result<UnloadSummary> Engine::unload(const UnloadRequest& request) {
  return waited<UnloadSummary>(start(request));
}

Result<ForgetSummary> Engine::forget(const ForgetRequest& request, const Progress& progress) {
  return waited<ForgetSummary>(start(request, {progress}));
}

Result<ConsentSummary> Engine::consent(const ConsentRequest& request) {
  return waited<ConsentSummary>(start(request));
}

Result<ConsentSummary> Engine::consents() {
  auto reader = TRY(state_->begun_reader());
  return engine::consents_of(reader->connection());
}

Result<std::vector<LoadSummary>> Engine::loads() {
  auto reader = TRY(state_->begun_reader());
  return engine::loads_of(reader->connection());
}

Result<SuppressSummary> Engine::suppress(const SuppressRequest& request) {
  return waited<SuppressSummary>(start(request));
}

Result<RunSummary> Engine::run(const std::string& room, ParamTexts params, const Progress& progress) {
  return waited<RunSummary>(start(RunRequest{room, std::move(params)}, {progress}));
}

Result<PipelineSummary> Engine::pipeline(const PipelineRequest& request, const Progress& progress) {
  return waited<PipelineSummary>(start(request, {progress}));
}

Result<std::vector<Text>> Engine::show(const std::string& table, int64_t limit, const RowStyle& style,
                                       std::ostream& out) {
  std::vector<Text> lacks;
  auto outcome = [&]() -> Status {
    auto reader = TRY(state_->begun_reader());
    std::string select = TRY(engine::select_from(reader->connection(), table, limit));
    if (style.per_customer > 0) select = TRY(engine::side_by_side(table, style.per_customer, limit));
    if (const Room* writer = engine::writer_of(table))
      for (const Room* stale : TRY(engine::stale_rooms(reader->connection())))
        if (stale == writer) lacks = {engine::said(engine_words::stale({.table = {table}}))};
    bool is_told = style.format == Format::xlsx;
    if (is_told) select = engine::with_labels(table, select, style.per_customer, style.language);
    auto rows = TRY(reader->connection().texts(select, store::Author::danggol));
    if (is_told) engine::put_headings(table, style.language, rows.types);
    return report::write_rows(rows, style, {.rows = INT64_MAX}, out);
  }();
  if (!outcome) return bounded(outcome.error(), state_->settings.memory_bytes);
  return lacks;
}

Status Engine::export_parquet(const std::string& table, int64_t limit, const std::string& path) {
  OutputFile file = TRY(state_->output(path));
  if (!file.is_file())
    return Error{Code::bad_input, fmt::format("{}: Parquet is written to files only", path)};
  auto reader = TRY(state_->begun_reader());
  std::string select = TRY(engine::select_from(reader->connection(), table, limit));
  auto rows = TRY(reader->connection().stream(select));
  if (auto written = store::write_parquet(rows, file.path_now()); !written) {
    if (written.error().code != Code::io) return written;
    return Error{Code::io, fmt::format("{}: {}", path, written.error().message)};
  }
  return file.commit();
}

Error SqlLimits::too_many() const {
  return {Code::refused, fmt::format("rows={}: the answer has more; add a LIMIT, or raise --rows", rows)};
}

Error SqlLimits::too_slow() const {
  return {Code::refused, fmt::format("sql: stopped after {} s; ask for less, or raise --seconds", seconds)};
}

Status Engine::sql(const std::string& select, const RowStyle& style, const SqlLimits& limits,
                   std::ostream& out) {
  auto reader = TRY(state_->reader(limits.seconds));
  auto outcome = [&]() -> Status {
    TRY(reader->begin());
    auto rows = TRY(reader->connection().texts(select, store::Author::outside));
    return report::write_rows(rows, style, limits, out);
  }();
  if (!outcome && outcome.error().code == Code::cancelled && reader->is_late()) return limits.too_slow();
  return outcome ? outcome : bounded(outcome.error(), state_->settings.memory_bytes);
}

Result<std::vector<Text>> Engine::answer(const std::string& room, ParamTexts params, const RowStyle& style,
                                         std::ostream& out) {
  auto [reader, answer] = TRY(state_->answer(room, std::move(params)));
  bool is_told = style.format == Format::text;
  TRY(report::write_rows(is_told ? engine::told(answer.rows, *find_room(room), style.language) : answer.rows,
                         style, out));
  return answer.warnings;
}

Status Engine::report(const std::string& path, Language language) {
  auto reader = TRY(state_->begun_reader());
  report::ReportFacts facts;
  facts.store_name = std::filesystem::path(state_->path).filename().string();
  facts.language = language;
  facts.currency = TRY(state_->shop_settings()).shop("currency");
  facts.shown = TRY(engine::read_shown(reader->connection()));
  auto frame = TRY(engine::shown_frame(reader->connection()));
  if (!frame) return Error{Code::not_found, "report: nothing has run yet; run danggol pipeline first"};
  facts.as_of = to_text(frame->as_of);
  TRY(engine::create_visible(reader->connection(), *frame));
  facts.doubts = engine::said(TRY(engine::early_ends(reader->connection(), *frame)));
  facts.is_stale = !TRY(engine::stale_rooms(reader->connection())).empty();
  for (const auto& reason : ingest::reject_reasons())
    facts.reject_reasons.emplace_back(std::string(reason.name), reason.words());
  facts.said_again = engine::said_again;
  OutputFile file = TRY(state_->output(path));
  file.stream() << TRY(report::html(reader->connection(), analyses(), facts));
  return file.commit();
}

// The rows of a cursor, and the reading they come from, which stops when it does. The keeper closes it when
// nobody asks any more.
struct Cursor::Handle : engine::Kept {
  std::shared_ptr<void> engine;                                  // keeps the store open
  std::weak_ptr<Reader> reading;                                 // to be stopped while rows are waited for
  std::mutex mutex;                                              // of what follows
  std::shared_ptr<Reader> reader;                                // nullptr when closed
  std::function<Result<store::Rows>(store::Connection&)> start;  // asks for them, when they are wanted
  std::optional<store::Rows> rows;
  std::optional<SqlLimits> limits;
  int64_t rows_given = 0;
  Engine::Settings settings;
  Time asked = std::chrono::steady_clock::now();
  bool is_idle = false, is_ended = false;

  void close() {
    rows.reset();
    reader.reset();
  }
  Error why_closed() const {
    if (!is_idle) return {Code::cancelled, "cursor: closed"};
    return {Code::conflict,
            fmt::format("cursor: nobody asked for {} s, so it was closed; ask again", settings.idle_seconds)};
  }
  void tend(Time now) override {
    std::unique_lock lock(mutex, std::try_to_lock);
    if (!lock || !reader || now - asked < std::chrono::duration<double>(settings.idle_seconds)) return;
    is_idle = true;
    close();
  }
  // Calls use(rows), which is what takes time.
  template <class Use>
  auto with_rows(const Use& use) -> decltype(use(*rows)) {
    if (reader->stop.is_requested()) return Error{Code::cancelled, "cursor: cancelled"};
    if (!rows) rows = TRY(start(reader->connection()));
    return use(*rows);
  }
  Status schema(ArrowSchema& out) {
    if (!reader) return why_closed();
    auto outcome = with_rows([&](store::Rows& all) { return all.schema(out); });
    asked = std::chrono::steady_clock::now();
    return outcome;
  }
  Result<bool> next(ArrowArray& out) {
    if (is_ended) return false;
    if (!reader) return why_closed();
    auto more = with_rows([&](store::Rows& all) { return all.next(out); });
    asked = std::chrono::steady_clock::now();
    if (!more && more.error().code == Code::cancelled && limits && reader->is_late())
      return limits->too_slow();
    if (!more) return bounded(more.error(), settings.memory_bytes);
    rows_given += *more ? out.length : 0;
    if (!*more) {
      is_ended = true;
      close();
    }
    if (!limits || rows_given <= limits->rows) return more;
    out.release(&out);
    return limits->too_many();
  }
};

Status Cursor::schema(ArrowSchema& schema) const {
  std::lock_guard lock(handle_->mutex);
  return handle_->schema(schema);
}

Result<bool> Cursor::next(ArrowArray& rows) {
  std::lock_guard lock(handle_->mutex);
  return handle_->next(rows);
}

void Cursor::cancel() {
  if (auto reader = handle_->reading.lock()) reader->stop.request();
}

void Cursor::close() {
  cancel();
  std::lock_guard lock(handle_->mutex);
  handle_->close();
}

Cursor Engine::State::cursor(std::shared_ptr<State> state, std::shared_ptr<Reader> reader,
                             std::function<Result<store::Rows>(store::Connection&)> start,
                             std::optional<SqlLimits> limits) {
  auto handle = std::make_shared<Cursor::Handle>();
  handle->settings = state->settings;
  handle->reading = reader;
  handle->reader = std::move(reader);
  handle->start = std::move(start);
  handle->limits = limits;
  handle->engine = state;
  state->keeper->keep(handle);
  return Cursor(std::move(handle));
}

Result<Cursor> Engine::table(const std::string& table, int64_t limit) {
  auto reader = TRY(state_->begun_reader());
  std::string select = TRY(engine::select_from(reader->connection(), table, limit));
  return State::cursor(state_, std::move(reader),
                       [select](store::Connection& connection) { return connection.stream(select); }, {});
}

Result<Cursor> Engine::select(const std::string& sql, const SqlLimits& limits) {
  auto reader = TRY(state_->reader(limits.seconds));
  auto begun = reader->begin();
  if (begun) begun = reader->connection().check_select(sql);
  if (!begun && begun.error().code == Code::cancelled && reader->is_late()) return limits.too_slow();
  TRY(std::move(begun));
  return State::cursor(
      state_, std::move(reader),
      [sql](store::Connection& connection) { return connection.stream(sql, store::Author::outside); },
      limits);
}

Result<Cursor> Engine::query(const std::string& room, ParamTexts params) {
  auto [reader, answer] = TRY(state_->answer(room, std::move(params)));
  auto start = [rows = std::move(answer.rows)](store::Connection& connection) -> Result<store::Rows> {
    return connection.rows_of(rows);
  };
  return State::cursor(state_, std::move(reader), std::move(start), {});
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
    state->queue.cancel_all();
    state->keeper->stop_all();
    return !for_good || state->database.end();
  };
}

}  // namespace danggol
