#include "engine/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/digest.h"
#include "base/signature.h"
#include "engine/results.h"
#include "features/frame.h"
#include "features/histories.h"
#include "features/rfm.h"
#include "ingest/suppression.h"
#include "store/store_key.h"

namespace danggol::engine {
namespace {

// Parameters of the run that wrote each table.
using Used = std::map<std::string, ParamTexts, std::less<>>;

// What a model's signature covers: its bytes, and what load_model() goes by.
std::string signed_text(std::string_view name, std::string_view feature_hash, Date label_until,
                        std::string_view blob) {
  return fmt::format("{}\n{}\n{}\n{}", name, feature_hash, to_text(label_until), blob);
}

class RunContext : public Context {
 public:
  RunContext(store::Connection& connection, const Room& room, int64_t run_id, const RunSettings& settings,
             const Progress& progress, Used used)
      : connection_(connection),
        room_(room),
        run_id_(run_id),
        settings_(settings),
        progress_(progress),
        used_(std::move(used)) {}

  const TimeFrame& time() const override { return settings_.time; }
  uint64_t seed() const override { return settings_.seed; }

  Result<Table> query(std::string_view sql, const Bindings& bindings) override {
    return connection_.query(sql, with_run(bindings));
  }
  Status execute(std::string_view sql, const Bindings& bindings) override {
    return connection_.execute(sql, with_run(bindings));
  }

  Status write(std::string_view table, const Table& rows) override {
    const auto& writes = room_.info.writes;
    auto info =
        std::find_if(writes.begin(), writes.end(), [&](const TableInfo& w) { return w.name == table; });
    DANGGOL_ASSERT(info != writes.end());
    DANGGOL_ASSERT(rows.columns.size() == info->columns.size());
    auto appender =
        TRY(store::Appender::open(connection_, "history", info->name.substr(info->name.find('.') + 1)));
    TRY(appender.append(run_id_, rows));
    return appender.close();
  }

  std::optional<ParamTexts> params_of(std::string_view table) const override {
    auto at = used_.find(table);
    return at == used_.end() ? std::nullopt : std::optional(at->second);
  }

  Result<const Histories*> histories() override {
    std::optional<Histories>& loaded = settings_.shared->histories;
    if (loaded) return &*loaded;
    loaded = TRY(features::load_histories(connection_, settings_.memory_bytes / 2));
    TRY(connection_.limit_memory(settings_.memory_bytes - static_cast<int64_t>(loaded->bytes())));
    return &*loaded;
  }

  Result<Frame> frame(Origin origin, const Grading& grading) override {
    Pair pair = pair_of(origin);
    if (pair.months == 0)
      return Error{
          Code::no_data,
          fmt::format("{}: the history before {} is too short to learn from: at least 3 months are needed",
                      room_.info.name, to_text(settings_.time.until))};
    std::optional<Date> label_until;
    if (origin != Origin::predict) label_until = add_months(pair.cutoff, pair.months);
    return frame_at(pair.cutoff, pair.months, label_until, grading);
  }

  Result<std::optional<Frame>> season_frame(Origin origin, const Grading& grading) override {
    Pair pair = pair_of(origin);
    Date cutoff = add_months(pair.cutoff, -12);
    bool known = pair.months > 0 && add_months(cutoff, pair.months) <= pair.cutoff &&
                 has_history(settings_.time.first_event, add_months(cutoff, -pair.months));
    if (!known) return std::optional<Frame>();
    return std::optional<Frame>(TRY(frame_at(cutoff, pair.months, add_months(cutoff, pair.months), grading)));
  }

  Result<std::vector<int64_t>> members(const Group& group) override {
    size_t dot = group.table.find('.');
    std::string schema = group.table.substr(0, dot), name = group.table.substr(dot + 1);
    Table columns = TRY(connection_.query(
        "SELECT column_name FROM duckdb_columns() WHERE schema_name = $schema AND table_name = $name AND "
        "database_name = CASE $schema WHEN 'result' THEN 'memory' ELSE 'danggol' END",
        {{"schema", schema}, {"name", name}}));
    const auto& names = columns.texts("column_name");
    for (const std::string& needed : {std::string("customer_id"), group.column})
      if (std::find(names.begin(), names.end(), needed) == names.end())
        return Error{
            Code::not_found,
            fmt::format(
                "{}: group={}: {} has no column {}; danggol sql \"FROM {} LIMIT 1\" shows what it has",
                room_.info.name, param_text::format(group), group.table, needed, group.table)};
    Table rows = TRY(connection_.query(
        fmt::format("SELECT DISTINCT c.customer_no FROM {} t JOIN customer c USING (customer_id) "
                    "WHERE t.{}::VARCHAR = $value ORDER BY c.customer_no",
                    store::identifier(schema, name), store::identifier(group.column)),
        {{"value", group.value}}));
    return rows.integers("customer_no");
  }

  Result<Graded> graded(Date from, Date until, const Grading& grading) override {
    return features::graded(connection_, from, until, grading);
  }

  Status save_model(std::string_view name, std::string_view method, std::string_view feature_hash,
                    const std::string& blob) override {
    std::string key = digest(blob);
    if (TRY(connection_.integer("SELECT count(*) FROM model.blob WHERE digest = $d", {{"d", key}})) == 0) {
      auto appender = TRY(store::Appender::open(connection_, "model", "blob"));
      appender.set(0, std::string_view(key));
      appender.set_blob(1, blob);
      TRY(appender.end_row());
      TRY(appender.close());
    }
    const TimeFrame& t = settings_.time;
    std::string secret = TRY(store::secret_in(settings_.key_file));
    return connection_.execute(
        "INSERT INTO model.manifest VALUES ($name, $method, $version, $hash, $run_id, $cutoff, $until, "
        "$digest, $bytes, $signature)",
        {{"name", std::string(name)},
         {"method", std::string(method)},
         {"version", std::string(DANGGOL_VERSION)},
         {"hash", std::string(feature_hash)},
         {"run_id", run_id_},
         {"cutoff", t.split},
         {"until", t.until},
         {"digest", key},
         {"bytes", static_cast<int64_t>(blob.size())},
         {"signature", sign(secret, signed_text(name, feature_hash, t.until, blob))}});
  }

  Result<std::string> load_model(std::string_view name, std::string_view feature_hash,
                                 std::string_view trainer) override {
    // a model that learned from later days than this run may see does not exist for it
    Table rows = TRY(
        connection_.query("SELECT m.feature_hash, m.run_id, m.label_until, m.signature, b.digest, b.content "
                          "FROM model.manifest m JOIN model.blob b USING (digest) "
                          "WHERE m.name = $name AND m.label_until <= $as_of ORDER BY m.run_id DESC LIMIT 1",
                          {{"name", std::string(name)}, {"as_of", settings_.time.as_of}}));
    if (rows.rows() == 0)
      return Error{Code::not_found, fmt::format("{}: no model yet; run {} first", room_.info.name, trainer)};
    if (rows.texts("feature_hash")[0] != feature_hash)
      return Error{Code::conflict, fmt::format("{}: the model was trained on other features; run {} again",
                                               room_.info.name, trainer)};
    const std::string& blob = rows.texts("content")[0];
    if (digest(blob) != rows.texts("digest")[0])
      return Error{Code::corrupt,
                   fmt::format("{}: the stored model is damaged; run {} again", room_.info.name, trainer)};
    std::string secret = TRY(store::read_key(settings_.key_file)).secret;
    Date label_until{static_cast<int32_t>(rows.integers("label_until")[0])};
    if (secret.empty() ||
        !is_signed(secret, signed_text(name, feature_hash, label_until, blob), rows.texts("signature")[0]))
      return Error{Code::refused,
                   fmt::format("{}: the model was not trained here (no signature by {}); run {} "
                               "again",
                               room_.info.name, settings_.key_file, trainer)};
    TRY(connection_.execute("INSERT INTO run.input VALUES ($run_id, $table, $read)",
                            {{"run_id", run_id_},
                             {"table", "model." + std::string(name)},
                             {"read", rows.integers("run_id")[0]}}));
    return blob;
  }

  Status progress(double done, std::string_view what) override {
    return progress_(done, fmt::format("{}: {}", room_.info.name, what));
  }

 private:
  struct Pair {
    Date cutoff;
    int32_t months;  // of the window before the cutoff and of the labels after it
  };
  Pair pair_of(Origin origin) const {
    const TimeFrame& t = settings_.time;
    switch (origin) {
      case Origin::earlier: return {t.from, t.horizon_months};
      case Origin::train: return {t.split, t.horizon_months};
      case Origin::backtest_train: return {t.backtest_train, t.backtest_horizon_months};
      case Origin::backtest_test: return {t.backtest_test, t.backtest_horizon_months};
      case Origin::predict: return {t.as_of, t.horizon_months};
    }
    return {t.as_of, 0};
  }
  // Training, testing and predicting ask for the same ones; those of a large shop are made anew instead of
  // kept.
  Result<Frame> frame_at(Date cutoff, int32_t months, std::optional<Date> label_until,
                         const Grading& grading) {
    constexpr size_t most_values_kept = 32 << 20;
    std::string key =
        fmt::format("{} {} {}", to_text(cutoff), months, label_until ? to_text(*label_until) : "");
    for (const auto& [name, value] : grading_params().write(grading)) key += " " + value;
    auto& frames = settings_.shared->frames;
    if (auto kept = frames.find(key); kept != frames.end()) return kept->second;
    Frame frame = TRY(features::build(connection_, cutoff, months, label_until, grading));
    if (frame.features.values.size() <= most_values_kept) frames.emplace(key, frame);
    return frame;
  }
  Bindings with_run(const Bindings& bindings) const {
    const TimeFrame& t = settings_.time;
    Bindings all = {{"run_id", run_id_},
                    {"as_of", to_timestamp(t.as_of)},
                    {"from", to_timestamp(t.from)},
                    {"split", to_timestamp(t.split)},
                    {"until", to_timestamp(t.until)}};
    all.insert(all.end(), bindings.begin(), bindings.end());
    return all;
  }

  store::Connection& connection_;
  const Room& room_;
  int64_t run_id_;
  const RunSettings& settings_;
  const Progress& progress_;
  Used used_;
};

struct Read {
  int64_t run_id = 0;  // 0: nobody has written it
  bool same_dates = false;
  std::string as_of;
  ParamTexts params;
};

// The parameters that a run was recorded with.
Result<ParamTexts> recorded_params(const std::string& json, int64_t run_id) {
  auto object = nlohmann::json::parse(json, nullptr, false);
  ParamTexts params;
  bool is_whole = object.is_object();
  if (is_whole)
    for (const auto& [name, text] : object.items()) {
      is_whole = is_whole && text.is_string();
      if (is_whole) params.emplace(name, text.get<std::string>());
    }
  if (is_whole) return params;
  return Error{Code::corrupt,
               fmt::format("run.log: the parameters of run {} cannot be read; run its room again", run_id)};
}

// The newest run that wrote a result table, kept as an input of this one if it speaks of the same dates.
Result<Read> read_result(store::Connection& connection, const std::string& table, int64_t run_id,
                         const TimeFrame& time) {
  if (!TRY(is_shown(connection, table))) return Read();
  Read read{TRY(newest_run(connection, table))};
  Table rows = TRY(connection.query(
      "SELECT as_of::VARCHAR AS as_of, params, (as_of, period_from, period_split, period_until) = "
      "($as_of::DATE, $from::DATE, $split::DATE, $until::DATE) AS same FROM run.log WHERE run_id = $read",
      {{"read", read.run_id},
       {"as_of", time.as_of},
       {"from", time.from},
       {"split", time.split},
       {"until", time.until}}));
  read.same_dates = rows.integers("same")[0] != 0;
  read.as_of = rows.texts("as_of")[0];
  read.params = TRY(recorded_params(rows.texts("params")[0], read.run_id));
  if (read.same_dates)
    TRY(connection.execute("INSERT INTO run.input VALUES ($run_id, $table, $read)",
                           {{"run_id", run_id}, {"table", table}, {"read", read.run_id}}));
  return read;
}

// Every result the room reads must be there and speak of the same dates. Answers with the parameters of those
// it uses that are there.
Result<Used> check_inputs(store::Connection& connection, const Room& room, int64_t run_id,
                          const TimeFrame& time) {
  for (const auto& table : room.info.reads) {
    const Room* writer = writer_of(table);
    if (!writer || !table.starts_with("result.")) continue;
    Read read = TRY(read_result(connection, table, run_id, time));
    if (read.run_id == 0)
      return Error{Code::not_found,
                   fmt::format("{}: no {} yet; run {} first", room.info.name, table, writer->info.name)};
    if (!read.same_dates)
      return Error{Code::conflict,
                   fmt::format("{}: {} speaks of other dates (as of {}, this run as of {}); run {} with this "
                               "run's dates first",
                               room.info.name, table, read.as_of, to_text(time.as_of), writer->info.name)};
  }
  Used used;
  for (const auto& table : room.info.uses) {
    Read read = TRY(read_result(connection, table, run_id, time));
    if (read.same_dates) used.emplace(table, read.params);
  }
  return used;
}

Status write_log(store::Connection& connection, const RunSummary& run, const std::string& params,
                 const TimeFrame& t, Timestamp started, const std::string& state, const Error* error) {
  int64_t rows = 0;
  for (const auto& [table, count] : run.rows_written) rows += count;
  return connection.execute(
      "INSERT INTO run.log VALUES ($run_id, $room, $state, $params, $as_of, $from, $split, $until, $seed, "
      "$started, "
      "$seconds, $rows, $version, $code, $error)",
      {{"run_id", run.run_id},
       {"room", run.room},
       {"state", state},
       {"params", params},
       {"as_of", t.as_of},
       {"from", t.from},
       {"split", t.split},
       {"until", t.until},
       {"seed", static_cast<int64_t>(run.seed)},
       {"started", started},
       {"seconds", run.seconds},
       {"rows", rows},
       {"version", std::string(DANGGOL_VERSION)},
       {"code", std::string(error ? name(error->code) : "")},
       {"error", error ? error->message : ""}});
}

Status write_summary(store::Connection& connection, int64_t run_id, const Summary& summary) {
  auto facts = TRY(store::Appender::open(connection, "run", "fact"));
  int32_t position = 0;
  for (const Fact& fact : summary.facts) {
    facts.set(0, run_id);
    facts.set(1, position++);
    facts.set(2, std::string_view(fact.name));
    if (std::isfinite(fact.value)) facts.set(3, fact.value);
    facts.set(4, std::string_view(fact.unit));
    if (fact.lo) facts.set(5, *fact.lo);
    if (fact.hi) facts.set(6, *fact.hi);
    if (!fact.label.en.empty())
      facts.set(7, std::string_view(fact.label.en)), facts.set(8, std::string_view(fact.label.ko));
    TRY(facts.end_row());
  }
  TRY(facts.close());
  auto sentences = TRY(store::Appender::open(connection, "run", "sentence"));
  position = 0;
  for (const auto* list : {&summary.sentences, &summary.warnings}) {
    for (const Text& text : *list) {
      sentences.set(0, run_id);
      sentences.set(1, position++);
      sentences.set(2, std::string_view(list == &summary.warnings ? "warning" : "sentence"));
      sentences.set(3, std::string_view(text.en));
      sentences.set(4, std::string_view(text.ko));
      TRY(sentences.end_row());
    }
  }
  return sentences.close();
}

// What a room throws ends here: a library's exception, an assertion of ours.
template <class Call>
auto guarded(const Room& room, const Call& call) -> decltype(call()) {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return Error{Code::memory, fmt::format("{}: not enough memory; raise --memory", room.info.name)};
  } catch (const std::exception& error) {
    return Error{Code::internal, fmt::format("{}: a bug in danggol: {}", room.info.name, error.what())};
  }
}

// What the room kept for itself.
Status drop_temporary_tables(store::Connection& connection) {
  Table names = TRY(connection.query("SELECT table_name FROM duckdb_tables() WHERE temporary"));
  std::string drop;
  for (const auto& name : names.texts("table_name"))
    drop += fmt::format("DROP TABLE temp.{};", store::identifier(name));
  return drop.empty() ? Status() : connection.execute(drop);
}

Status run_inside(store::Connection& connection, const Room& room, const ParamTexts& params,
                  const RunSettings& settings, const Progress& progress, RunSummary& run) {
  Stopwatch watch;
  auto used = TRY(check_inputs(connection, room, run.run_id, settings.time));
  TRY(prepare_tables(connection, room));
  RunContext context(connection, room, run.run_id, settings, progress, std::move(used));
  TRY(context.progress(0, "starting"));
  Summary summary = TRY(guarded(room, [&] { return room.run(context, params); }));
  TRY(drop_temporary_tables(connection));
  int64_t oldest = TRY(oldest_kept(connection, room, run.run_id));
  for (const auto& table : room.info.writes)
    if (table.name.starts_with("result."))
      run.rows_written.emplace_back(table.name, TRY(publish(connection, table, run.run_id, oldest)));
  TRY(write_summary(connection, run.run_id, summary));
  for (const Fact& fact : summary.facts)
    run.facts.push_back({fact.name, fact.value, fact.unit, fact.lo, fact.hi});
  run.sentences = summary.sentences;
  run.warnings = summary.warnings;
  run.seconds = watch.seconds();
  return {};
}

}  // namespace

Status create_visible(store::Connection& connection, const TimeFrame& time) {
  TRY(ingest::create_suppression(connection));
  return connection.execute(fmt::format(R"(
    CREATE OR REPLACE TEMP VIEW event AS SELECT * FROM raw.event WHERE ts < TIMESTAMP '{} 00:00:00';
    CREATE OR REPLACE TEMP VIEW receipt AS SELECT * FROM feature.receipt WHERE day < DATE '{}';
    CREATE OR REPLACE TEMP VIEW exposure AS SELECT * FROM raw.exposure WHERE ts < TIMESTAMP '{} 00:00:00';
    CREATE OR REPLACE TEMP VIEW customer AS SELECT * FROM raw.customer;
    CREATE OR REPLACE TEMP VIEW product AS SELECT * FROM raw.product;
    CREATE OR REPLACE TEMP VIEW store AS SELECT * FROM raw.store;
    CREATE OR REPLACE TEMP VIEW outlet AS SELECT * FROM raw.outlet;
    CREATE OR REPLACE TEMP MACRO z2() AS 3.841458820694124;
    CREATE OR REPLACE TEMP MACRO wilson_centre(k, n) AS (k / n + z2() / (2 * n)) / (1 + z2() / n);
    CREATE OR REPLACE TEMP MACRO wilson_half(k, n) AS
      sqrt(z2() * (k / n * (1 - k / n) / n + z2() / (4 * n * n))) / (1 + z2() / n);
    CREATE OR REPLACE TEMP MACRO wilson_lo(k, n) AS CASE WHEN k = 0 THEN 0 ELSE
      greatest(0, wilson_centre(k::DOUBLE, n::DOUBLE) - wilson_half(k::DOUBLE, n::DOUBLE)) END;
    CREATE OR REPLACE TEMP MACRO wilson_hi(k, n) AS CASE WHEN k = n THEN 1 ELSE
      least(1, wilson_centre(k::DOUBLE, n::DOUBLE) + wilson_half(k::DOUBLE, n::DOUBLE)) END)",
                                        to_text(time.as_of), to_text(time.as_of), to_text(time.as_of)));
}

Result<RunSummary> run_job(store::Connection& connection, const Room& room, const ParamTexts& params,
                           const RunSettings& settings, const Progress& progress) {
  Stopwatch watch;
  Timestamp started = now_utc();
  const TimeFrame& t = settings.time;
  RunSummary run;
  run.room = room.info.name;
  run.as_of = to_text(t.as_of), run.from = to_text(t.from), run.split = to_text(t.split),
  run.until = to_text(t.until);
  run.seed = settings.seed;
  ParamTexts all = TRY(room.check(params));
  std::string params_json = nlohmann::json(all).dump();
  TRY(connection.begin());
  auto outcome = [&]() -> Status {
    run.run_id = TRY(connection.integer("SELECT coalesce(max(run_id), 0) + 1 FROM run.log"));
    TRY(run_inside(connection, room, params, settings, progress, run));
    TRY(write_log(connection, run, params_json, t, started, "done", nullptr));
    return settings.is_part ? connection.commit_in_memory() : connection.commit();
  }();
  if (!outcome) {
    (void)connection.rollback();
    run.rows_written.clear();
    run.seconds = watch.seconds();
    std::string state = outcome.error().code == Code::cancelled ? "cancelled" : "failed";
    auto logged = [&]() -> Status {
      TRY(connection.begin());
      TRY(write_log(connection, run, params_json, t, started, state, &outcome.error()));
      return settings.is_part ? connection.commit_in_memory() : connection.commit();
    }();
    if (!logged) (void)connection.rollback();
    return outcome.error();
  }
  TRY(show_results(connection, room, run.run_id));
  run.seconds = watch.seconds();
  return run;
}

Result<Table> run_query(store::Connection& connection, const Room& room, const ParamTexts& params,
                        const RunSettings& settings) {
  Progress silent = [](double, std::string_view) { return Status(); };
  Used used;
  for (const auto& table : room.info.uses)
    if (TRY(is_shown(connection, table))) used.emplace(table, ParamTexts());
  RunContext context(connection, room, 0, settings, silent, std::move(used));
  return guarded(room, [&] { return room.answer(context, params); });
}

}  // namespace danggol::engine
