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
#include "engine/said.h"
#include "engine/words.h"
#include "features/frame.h"
#include "features/rfm.h"
#include "features/visible.h"
#include "ingest/suppression.h"
#include "store/store_key.h"

namespace danggol::engine {
namespace {

namespace words = engine_words;

// What a model's signature covers: its bytes, and what load_model() goes by.
std::string signed_text(std::string_view name, std::string_view feature_hash, Date label_until,
                        std::string_view blob) {
  return fmt::format("{}\n{}\n{}\n{}", name, feature_hash, to_text(label_until), blob);
}

class RunContext : public Context {
 public:
  RunContext(store::Connection& connection, const Room& room, int64_t run_id, const RunSettings& settings,
             const Progress& progress, const Identity& identity)
      : connection_(connection),
        room_(room),
        run_id_(run_id),
        settings_(settings),
        progress_(progress),
        identity_(identity) {}

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
    for (const Input& input : identity_.inputs)
      if (input.table == table && input.run) return input.run->params;
    return std::nullopt;
  }

  Result<Sequences> sequences() override { return settings_.workbench->sequences(connection_); }

  Result<std::shared_ptr<const Frame>> frame(Origin origin, const Grading& grading) override {
    Pair pair = pair_of(origin);
    if (pair.months == 0)
      return Error{
          Code::no_data,
          fmt::format("{}: the history before {} is too short to learn from: at least 3 months are needed",
                      room_.info.name, to_text(settings_.time.until))};
    std::optional<Date> label_until;
    if (origin != Origin::predict) label_until = add_months(pair.cutoff, pair.months);
    return settings_.workbench->frame(connection_, pair.cutoff, pair.months, label_until, grading);
  }

  Result<std::vector<int64_t>> members(const Group& group) override {
    size_t dot = group.table.find('.');
    std::string schema = group.table.substr(0, dot), name = group.table.substr(dot + 1);
    Table columns = TRY(connection_.query(
        "SELECT column_name FROM duckdb_columns() WHERE schema_name = $schema AND table_name = $name AND "
        "database_name = CASE $schema WHEN 'result' THEN $own ELSE 'danggol' END",
        {{"schema", schema}, {"name", name}, {"own", connection_.own_catalogue()}}));
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
    std::string table = "model." + std::string(name);
    auto input = std::find_if(identity_.inputs.begin(), identity_.inputs.end(),
                              [&](const Input& known) { return known.table == table; });
    DANGGOL_ASSERT(input != identity_.inputs.end() && input->run);
    Table rows = TRY(connection_.query(
        "SELECT m.feature_hash, m.label_until, m.digest, m.signature, b.content FROM model.manifest m JOIN "
        "model.blob b USING (digest) WHERE m.name = $name AND m.run_id = $run",
        {{"name", std::string(name)}, {"run", input->run->run_id}}));
    if (rows.rows() == 0)
      return Error{Code::not_found, fmt::format("{}: the model is not there any more; run {} again",
                                                room_.info.name, trainer)};
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
      case Origin::train: return {t.split, t.horizon_months};
      case Origin::backtest_train: return {t.backtest_train, t.backtest_horizon_months};
      case Origin::backtest_test: return {t.backtest_test, t.backtest_horizon_months};
      case Origin::predict: return {t.as_of, t.horizon_months};
    }
    return {t.as_of, 0};
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
  const Identity& identity_;
};

// The inputs that a run rests on: an error where one it needs has no current run.
Status check_inputs(const Ledger& ledger, const Room& room, const Identity& identity) {
  for (const Input& input : identity.inputs)
    if (input.needed && !input.run) return ledger.missing(room, input);
  return {};
}

Status write_inputs(store::Connection& connection, int64_t run_id, const Identity& identity) {
  for (const Input& input : identity.inputs)
    if (input.run)
      TRY(connection.execute("INSERT INTO run.input VALUES ($run_id, $table, $read)",
                             {{"run_id", run_id}, {"table", input.table}, {"read", input.run->run_id}}));
  return {};
}

// What could have been used, but is of other dates or data.
std::vector<Sentence> left_out(const Ledger& ledger, const Identity& identity) {
  std::vector<Sentence> out;
  for (const Input& input : identity.inputs)
    if (const KeptRun* newest = ledger.newest(*input.writer); newest && !input.run)
      out.push_back(words::left_out({.room = {input.writer->info.name}, .as_of = newest->time.as_of}));
  return out;
}

Status write_log(store::Connection& connection, const RunSummary& run, const std::string& params,
                 const TimeFrame& t, Timestamp started, const std::string& state, const Error* error,
                 const std::string& fingerprint) {
  int64_t rows = 0;
  for (const auto& [table, count] : run.rows_written) rows += count;
  return connection.execute(
      "INSERT INTO run.log VALUES ($run_id, $room, $state, $params, $as_of, $from, $split, $until, $seed, "
      "$started, "
      "$seconds, $rows, $version, $code, $error, $fingerprint)",
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
       {"error", error ? error->message : ""},
       {"fingerprint", fingerprint}});
}

// As `run` tells it.
Status write_summary(store::Connection& connection, const RunSummary& run, const Summary& summary) {
  auto facts = TRY(store::Appender::open(connection, "run", "fact"));
  int32_t position = 0;
  for (const Fact& fact : summary.facts) {
    facts.set(0, run.run_id);
    facts.set(1, position++);
    facts.set(2, std::string_view(fact.name));
    if (std::isfinite(fact.value)) facts.set(3, fact.value);
    facts.set(4, std::string_view(fact.unit));
    if (fact.bounds) facts.set(5, fact.bounds->lo), facts.set(6, fact.bounds->hi);
    if (fact.period) facts.set(7, fact.period->from), facts.set(8, fact.period->until);
    TRY(facts.end_row());
  }
  TRY(facts.close());
  auto sentences = TRY(store::Appender::open(connection, "run", "sentence"));
  position = 0;
  auto write = [&](std::string_view kind, const std::vector<Sentence>& list,
                   const std::vector<Text>& texts) -> Status {
    for (size_t i = 0; i < list.size(); ++i) {
      std::string arguments = to_json(list[i].arguments);
      sentences.set(0, run.run_id);
      sentences.set(1, position++);
      sentences.set(2, kind);
      sentences.set(3, std::string_view(list[i].scope));
      sentences.set(4, std::string_view(list[i].id));
      sentences.set(5, std::string_view(arguments));
      sentences.set(6, std::string_view(texts[i].in(Language::en)));
      sentences.set(7, std::string_view(texts[i].in(Language::ko)));
      TRY(sentences.end_row());
    }
    return {};
  };
  TRY(write("sentence", summary.sentences, run.sentences));
  TRY(write("warning", summary.warnings, run.warnings));
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
    if (!features::is_of_views(name)) drop += fmt::format("DROP TABLE temp.{};", store::identifier(name));
  return drop.empty() ? Status() : connection.execute(drop);
}

Status run_inside(store::Connection& connection, const Room& room, const ParamTexts& params,
                  const Identity& identity, const RunSettings& settings, const Progress& progress,
                  const std::vector<Sentence>& left_out, RunSummary& run) {
  Stopwatch watch;
  TRY(write_inputs(connection, run.run_id, identity));
  TRY(prepare_tables(connection, room));
  RunContext context(connection, room, run.run_id, settings, progress, identity);
  TRY(context.progress(0, "starting"));
  Summary summary = TRY(guarded(room, [&] { return room.run(context, params); }));
  TRY(drop_temporary_tables(connection));
  int64_t oldest = TRY(oldest_kept(connection, room, run.run_id));
  for (const auto& table : room.info.writes)
    if (table.name.starts_with("result."))
      run.rows_written.emplace_back(table.name, TRY(keep_rows(connection, table, run.run_id, oldest)));
  if (oldest > 0) TRY(forget_runs(connection, room, oldest));
  summary.warnings.insert(summary.warnings.begin(), left_out.begin(), left_out.end());
  for (const Fact& fact : summary.facts) {
    run.facts.push_back({fact.name, fact.value, fact.unit, {}, {}});
    if (fact.bounds) run.facts.back().lo = fact.bounds->lo, run.facts.back().hi = fact.bounds->hi;
  }
  run.sentences = said(summary.sentences), run.warnings = said(summary.warnings);
  TRY(write_summary(connection, run, summary));
  run.seconds = watch.seconds();
  return {};
}

// What is shown once the runs of `chosen` are.
Status show(store::Connection& connection, const TimeFrame& time, const Shown& chosen) {
  Ledger ledger = TRY(Ledger::read(connection, time));
  return write_shown(connection, ledger.shown_with(chosen), time);
}

Result<RunSummary> run_known(store::Connection& connection, const Room& room, const ParamTexts& all,
                             const Ledger& ledger, const Identity& identity, const RunSettings& settings,
                             const Progress& progress) {
  Stopwatch watch;
  Timestamp started = now_utc();
  const TimeFrame& t = settings.time;
  RunSummary run;
  run.room = room.info.name;
  run.as_of = to_text(t.as_of), run.from = to_text(t.from), run.split = to_text(t.split),
  run.until = to_text(t.until);
  run.seed = settings.seed;
  std::string params_json = nlohmann::json(all).dump();
  auto finish = settings.is_part ? &store::Connection::commit_in_memory : &store::Connection::commit;
  run.run_id = TRY(connection.integer("SELECT coalesce(max(run_id), 0) + 1 FROM run.log"));
  TRY(show_inputs(connection, identity.inputs));
  auto work = [&]() -> Status {
    TRY(check_inputs(ledger, room, identity));
    TRY(run_inside(connection, room, all, identity, settings, progress, left_out(ledger, identity), run));
    TRY(write_log(connection, run, params_json, t, started, "done", nullptr, identity.fingerprint));
    TRY(connection.execute("INSERT INTO run.kept VALUES ($run_id)", {{"run_id", run.run_id}}));
    return settings.is_part ? Status() : show(connection, t, {{room.info.name, run.run_id}});
  };
  if (auto outcome = connection.together(work, finish); !outcome) {
    run.rows_written.clear();
    run.seconds = watch.seconds();
    std::string state = outcome.error().code == Code::cancelled ? "cancelled" : "failed";
    auto log = [&] {
      return write_log(connection, run, params_json, t, started, state, &outcome.error(),
                       identity.fingerprint);
    };
    (void)connection.undisturbed([&] { return connection.together(log, finish); });
    return outcome.error();
  }
  run.seconds = watch.seconds();
  return run;
}

}  // namespace

Status create_visible(store::Connection& connection, const TimeFrame& time) {
  TRY(ingest::create_suppression(connection));
  TRY(features::see(connection, time.as_of));
  return connection.execute(fmt::format(R"(
    CREATE OR REPLACE TEMP VIEW exposure AS SELECT * FROM raw.exposure WHERE ts < TIMESTAMP '{} 00:00:00';
    CREATE OR REPLACE TEMP VIEW product AS SELECT * FROM raw.product;
    CREATE OR REPLACE TEMP VIEW store AS SELECT * FROM raw.store;
    CREATE OR REPLACE TEMP VIEW outlet AS SELECT * FROM raw.outlet;
    CREATE OR REPLACE TEMP VIEW calendar AS SELECT * FROM raw.calendar;
    CREATE OR REPLACE TEMP MACRO z2() AS 3.841458820694124;
    CREATE OR REPLACE TEMP MACRO wilson_centre(k, n) AS (k / n + z2() / (2 * n)) / (1 + z2() / n);
    CREATE OR REPLACE TEMP MACRO wilson_half(k, n) AS
      sqrt(z2() * (k / n * (1 - k / n) / n + z2() / (4 * n * n))) / (1 + z2() / n);
    CREATE OR REPLACE TEMP MACRO wilson_lo(k, n) AS CASE WHEN k = 0 THEN 0 ELSE
      greatest(0, wilson_centre(k::DOUBLE, n::DOUBLE) - wilson_half(k::DOUBLE, n::DOUBLE)) END;
    CREATE OR REPLACE TEMP MACRO wilson_hi(k, n) AS CASE WHEN k = n THEN 1 ELSE
      least(1, wilson_centre(k::DOUBLE, n::DOUBLE) + wilson_half(k::DOUBLE, n::DOUBLE)) END)",
                                        to_text(time.as_of)));
}

Result<RunSummary> run_job(store::Connection& connection, const Room& room, const ParamTexts& params,
                           const RunSettings& settings, const Progress& progress) {
  ParamTexts all = TRY(room.check(params));
  Ledger ledger = TRY(Ledger::read(connection, settings.time));
  Identity identity = ledger.identity(room, all, settings.seed);
  return run_known(connection, room, all, ledger, identity, settings, progress);
}

Result<Parts> Parts::begin(store::Connection& connection, RunSettings settings) {
  settings.is_part = true;
  Ledger ledger = TRY(Ledger::read(connection, settings.time));
  return Parts(connection, std::move(settings), std::move(ledger));
}

Result<Parts::Outcome> Parts::run(const Room& room, bool force, const Progress& progress) {
  ParamTexts all = TRY(room.check(settings_.params_of_rooms[room.info.name]));
  Identity identity = ledger_.identity(room, all, settings_.seed);
  Outcome outcome;
  const KeptRun* there = force ? nullptr : ledger_.current(room, all, settings_.seed);
  if (there) outcome.unchanged = there->run_id;
  else if (auto why = ledger_.no_data(room, identity.fingerprint); !force && !why.empty())
    return Error{Code::no_data, why};
  else {
    outcome.run = TRY(run_known(*connection_, room, all, ledger_, identity, settings_, progress));
    ledger_.add(room, {outcome.run->run_id, all, settings_.seed, identity.fingerprint, settings_.time});
  }
  chosen_[room.info.name] = outcome.run ? outcome.run->run_id : outcome.unchanged;
  ledger_.prefer(room, chosen_[room.info.name]);
  return outcome;
}

Result<bool> Parts::show() {
  Shown shown = ledger_.shown_with(chosen_);
  auto frame = TRY(shown_frame(*connection_));
  const TimeFrame& t = settings_.time;
  Shown before = TRY(read_shown(*connection_));
  bool is_as_it_was = shown == before && frame && frame->as_of == t.as_of && frame->from == t.from &&
                      frame->split == t.split && frame->until == t.until;
  if (is_as_it_was) return false;
  TRY(connection_->together([&] { return write_shown(*connection_, shown, t); },
                            &store::Connection::commit_in_memory));
  return true;
}

Result<QueryAnswer> run_query(store::Connection& connection, const Room& room, const ParamTexts& params,
                              const RunSettings& settings) {
  Progress silent = [](double, std::string_view) { return Status(); };
  ParamTexts all = TRY(room.check(params));
  Ledger ledger = TRY(Ledger::read(connection, settings.time));
  Identity identity = ledger.identity(room, all, settings.seed);
  TRY(check_inputs(ledger, room, identity));
  TRY(show_inputs(connection, identity.inputs));
  RunContext context(connection, room, 0, settings, silent, identity);
  return QueryAnswer{TRY(guarded(room, [&] { return room.answer(context, all); })),
                     said(left_out(ledger, identity))};
}

}  // namespace danggol::engine
