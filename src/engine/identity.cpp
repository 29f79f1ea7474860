#include "engine/identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "engine/results.h"
#include "engine/room_version.h"
#include "rooms/registry.h"

namespace danggol::engine {
namespace {

std::optional<Date> date_of(const ColumnData& column, size_t row) {
  if (column.is_null(row)) return {};
  return Date{static_cast<int32_t>(column.integers[row])};
}

std::vector<std::pair<std::string, Date>> dates_of(const Room& room, const TimeFrame& time) {
  std::vector<std::pair<std::string, Date>> out;
  for (const auto& [name, date] : {std::pair("as-of", time.as_of), std::pair("from", time.from),
                                   std::pair("split", time.split), std::pair("until", time.until)})
    if (const auto& declared = room.info.dates;
        std::find(declared.begin(), declared.end(), name) != declared.end())
      out.emplace_back(name, date);
  return out;
}

}  // namespace

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

Result<Ledger> Ledger::read(store::Connection& connection, const TimeFrame& time) {
  Ledger out;
  out.time_ = time;
  Table loads = TRY(connection.query(
      "SELECT concat_ws(' ', load_no, digest, preset, rows_loaded, rows_rejected) AS line, first_day, told "
      "FROM raw.load ORDER BY load_no"));
  for (size_t i = 0; i < loads.rows(); ++i)
    out.loads_.push_back(
        {loads.texts("line")[i], date_of(loads["first_day"], i), loads.integers("told")[i] != 0});
  out.suppression_ = TRY(connection.text(
      "SELECT concat_ws(' ', (SELECT concat_ws(' ', count(*), bit_xor(text_hash(customer_id))) FROM "
      "raw.suppression), (SELECT concat_ws(' ', count(*), bit_xor(text_hash(concat_ws(' ', customer_id, "
      "medium, "
      "given, day)))) FROM raw.consent))"));
  out.calendar_ =
      TRY(connection.text("SELECT concat_ws(' ', count(*), bit_xor(text_hash(concat_ws(' ', first_day, "
                          "last_day, kind, name, name_ko)))) "
                          "FROM raw.calendar WHERE kind <> 'note'"));
  Table runs = TRY(connection.query(
      "SELECT run_id, room, params, seed, fingerprint, as_of, period_from, period_split, period_until FROM "
      "run.log SEMI JOIN run.kept USING (run_id) WHERE state = 'done' ORDER BY run_id DESC"));
  auto date = [&](const char* column, size_t row) {
    return Date{static_cast<int32_t>(runs.integers(column)[row])};
  };
  for (size_t i = 0; i < runs.rows(); ++i) {
    int64_t run_id = runs.integers("run_id")[i];
    out.kept_[runs.texts("room")[i]].push_back({run_id,
                                                TRY(recorded_params(runs.texts("params")[i], run_id)),
                                                static_cast<uint64_t>(runs.integers("seed")[i]),
                                                runs.texts("fingerprint")[i],
                                                {.as_of = date("as_of", i),
                                                 .from = date("period_from", i),
                                                 .split = date("period_split", i),
                                                 .until = date("period_until", i)}});
  }
  for (const Room* room : TRY(rooms_without_tables(connection))) out.kept_.erase(room->info.name);
  Table refusals = TRY(connection.query(
      "SELECT room, fingerprint, error FROM run.log WHERE state = 'failed' AND code = 'no_data' AND "
      "run_id IN (SELECT max(run_id) FROM run.log GROUP BY room)"));
  for (size_t i = 0; i < refusals.rows(); ++i)
    out.refusals_[refusals.texts("room")[i]] = {refusals.texts("fingerprint")[i], refusals.texts("error")[i]};
  out.shown_ = TRY(read_shown(connection));
  return out;
}

// The loads that have a row before the last day the room sees, or that said something of what was there
// already.
std::string Ledger::data_version(const Room& room) const {
  Digest digest;
  std::optional<Date> end;
  for (const auto& [name, date] : dates_of(room, time_))
    end = end ? Date{std::max(end->days, date.days)} : date;
  if (!end) return digest.hex();
  for (const Load& load : loads_)
    if (!load.first_day || *load.first_day < *end || load.told) digest.add(load.line + "\n");
  if (room.info.contacts) digest.add(suppression_);
  const auto& reads = room.info.reads;
  if (std::find(reads.begin(), reads.end(), "raw.calendar") != reads.end()) digest.add(calendar_);
  return digest.hex();
}

std::vector<Input> Ledger::inputs_of(const Room& room, const ParamTexts& params) const {
  std::vector<Input> inputs;
  auto add = [&](const std::string& table, bool needed) {
    bool is_known =
        std::any_of(inputs.begin(), inputs.end(), [&](const Input& input) { return input.table == table; });
    const Room* writer = is_known ? nullptr : writer_of(table);
    if (writer && writer != &room) inputs.push_back({table, writer, needed, current(*writer)});
  };
  for (const auto& table : room.info.reads) add(table, true);
  for (const auto& table : room.info.uses) add(table, false);
  for (const auto& param : room.info.params) {  // a group is of a table
    auto given = params.find(param.name);
    Group group;
    if (param.type == ParamType::group && given != params.end() &&
        param_text::parse(param, given->second, group) && !group.empty())
      add(group.table, true);
  }
  return inputs;
}

std::string Ledger::fingerprint(const Room& room, const ParamTexts& params, uint64_t seed,
                                const std::vector<Input>& inputs) const {
  std::string text = fmt::format("{} {}\n{}\nseed {}\n", room.info.name, room_version(room.info.name),
                                 nlohmann::json(params).dump(), seed);
  for (const auto& [name, date] : dates_of(room, time_)) text += fmt::format("{} {}\n", name, to_text(date));
  text += fmt::format("data {}\n", data_version(room));
  for (const Input& input : inputs)
    text += fmt::format("{} {}\n", input.table, input.run ? input.run->fingerprint : "none");
  return digest(text);
}

Identity Ledger::identity(const Room& room, const ParamTexts& params, uint64_t seed) const {
  Identity out;
  out.inputs = inputs_of(room, params);
  out.fingerprint = fingerprint(room, params, seed, out.inputs);
  return out;
}

bool Ledger::is_current(const Room& room, const KeptRun& run) const {
  return identity(room, run.params, run.seed).fingerprint == run.fingerprint;
}

const KeptRun* Ledger::current(const Room& room) const {
  const std::string& name = room.info.name;
  if (auto known = current_.find(name); known != current_.end()) return known->second;
  const KeptRun* found = nullptr;
  if (auto runs = kept_.find(name); runs != kept_.end()) {
    auto shown = shown_.find(name);
    for (const KeptRun& run : runs->second) {
      bool is_shown = shown != shown_.end() && shown->second == run.run_id;
      if ((!found || is_shown) && is_current(room, run)) found = &run;
    }
  }
  return current_[name] = found;
}

const KeptRun* Ledger::current(const Room& room, const ParamTexts& params, uint64_t seed) const {
  auto runs = kept_.find(room.info.name);
  if (runs == kept_.end()) return nullptr;
  std::string wanted = identity(room, params, seed).fingerprint;
  for (const KeptRun& run : runs->second)
    if (run.fingerprint == wanted) return &run;
  return nullptr;
}

const KeptRun* Ledger::newest(const Room& room) const {
  auto runs = kept_.find(room.info.name);
  return runs == kept_.end() ? nullptr : &runs->second.front();
}

std::string Ledger::no_data(const Room& room, const std::string& fingerprint) const {
  auto refusal = refusals_.find(room.info.name);
  return refusal != refusals_.end() && refusal->second.fingerprint == fingerprint ? refusal->second.why : "";
}

Error Ledger::missing(const Room& room, const Input& input) const {
  const std::string& writer = input.writer->info.name;
  const KeptRun* newest_run = newest(*input.writer);
  if (!newest_run)
    return {Code::not_found, fmt::format("{}: no {} yet; run {} first", room.info.name, input.table, writer)};
  auto theirs = dates_of(*input.writer, newest_run->time), ours = dates_of(*input.writer, time_);
  for (size_t i = 0; i < ours.size(); ++i)
    if (theirs[i].second != ours[i].second)
      return {Code::conflict,
              fmt::format("{}: {} speaks of other dates ({} {}, this run {}); run {} with this "
                          "run's dates first",
                          room.info.name, input.table, ours[i].first, to_text(theirs[i].second),
                          to_text(ours[i].second), writer)};
  return {
      Code::conflict,
      fmt::format("{}: {} rests on other data than there are now, or is of another version of danggol; run "
                  "{} first",
                  room.info.name, input.table, writer)};
}

void Ledger::prefer(const Room& room, int64_t run_id) {
  shown_[room.info.name] = run_id;
  current_.clear();
}

void Ledger::add(const Room& room, KeptRun run) {
  auto& runs = kept_[room.info.name];
  runs.insert(runs.begin(), std::move(run));
  current_.clear();
}

void Ledger::add_with_inputs(const Room& room, const KeptRun& run, Shown& shown) const {
  if (!shown.emplace(room.info.name, run.run_id).second) return;
  for (const Input& input : inputs_of(room, run.params))
    if (input.run) add_with_inputs(*input.writer, *input.run, shown);
}

Shown Ledger::shown_with(const Shown& chosen) const {
  Ledger later = *this;
  for (const auto& [name, run_id] : chosen) later.prefer(*find_room(name), run_id);
  Shown out;
  for (const Room& room : rooms::all()) {
    const KeptRun* run = later.current(room);
    auto shown = later.shown_.find(room.info.name);
    if (run && shown != later.shown_.end() && shown->second == run->run_id)
      later.add_with_inputs(room, *run, out);
  }
  return out;
}

}  // namespace danggol::engine
