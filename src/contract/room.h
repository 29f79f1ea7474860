// A room: one capability. It declares itself (AnalysisInfo), takes typed parameters and works on tables
// through a Context that the engine gives it. It never prints, never opens a file, never sees a row from
// `as_of` or later, and never meets another room except through a table.
#pragma once

#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "contract/frame.h"
#include "contract/grading.h"
#include "contract/params.h"
#include "contract/sequences.h"
#include "contract/table.h"
#include "contract/words.h"
#include "danggol/analysis.h"
#include "danggol/result.h"

namespace danggol {

struct Fact {
  std::string name;
  double value = 0;
  std::string unit;
  std::optional<Interval> bounds = {};  // 95 % unless the room's method says otherwise
  std::optional<Period> period = {};    // of a key figure of the report, by the room's [fact] of that name
};

// What a run hands back: facts for machines, sentences for people, warnings for both.
struct Summary {
  std::vector<Fact> facts;
  std::vector<Sentence> sentences, warnings;

  template <class Number>
  requires std::is_arithmetic_v<Number>
  void fact(std::string name, Number value, std::string unit) {
    facts.push_back({std::move(name), static_cast<double>(value), std::move(unit)});
  }
  void fact(std::string name, const Estimate& of, std::string unit) {
    facts.push_back({std::move(name), of.value, std::move(unit)});
    if (std::isfinite(of.lo) && std::isfinite(of.hi)) facts.back().bounds = of.interval();
  }
  template <class Figure>
  void key_figure(std::string name, const Figure& value, std::string unit, const Period& period) {
    fact(std::move(name), value, std::move(unit));
    facts.back().period = period;
  }
  // What does not say a number is not said.
  void say(Sentence sentence) {
    if (is_sound(sentence)) sentences.push_back(std::move(sentence));
  }
  void warn(Sentence sentence) {
    if (is_sound(sentence)) warnings.push_back(std::move(sentence));
  }
};

class Context {
 public:
  virtual ~Context() = default;
  virtual const TimeFrame& time() const = 0;
  virtual uint64_t seed() const = 0;

  // SQL over what is visible before as_of: event, receipt (feature.receipt), customer, product, store, outlet
  // (raw), suppression (customer_no of those never to be contacted), result.*, model.* and the run's own
  // temporary tables, which end with it. $run_id, $as_of, $from, $split, $until are always bound.
  virtual Result<Table> query(std::string_view sql, const Bindings& bindings = {}) = 0;
  // A script of statements; it writes a declared table by INSERT INTO history.NAME BY NAME SELECT $run_id ...
  virtual Status execute(std::string_view sql, const Bindings& bindings = {}) = 0;
  // Appends rows in the declared columns' order to the declared table ("result.campaign").
  virtual Status write(std::string_view table, const Table& rows) = 0;

  // Whether a result among the room's `uses` is there; the parameters it was made with if so.
  virtual std::optional<ParamTexts> params_of(std::string_view table) const = 0;
  // Every customer's events before as_of, in order; where they fit into memory, loaded once for all the rooms
  // of a pipeline. To be used while the run lasts.
  virtual Result<Sequences> sequences() = 0;
  // Lent: the same one to all who ask for the same.
  virtual Result<std::shared_ptr<const Frame>> frame(Origin origin, const Grading& grading) = 0;
  // customer_no of a group's customers, ascending; not_found where there is no such table or column.
  virtual Result<std::vector<int64_t>> members(const Group& group) = 0;
  virtual Result<Graded> graded(Date from, Date until, const Grading& grading) = 0;

  virtual Status save_model(std::string_view name, std::string_view method, std::string_view feature_hash,
                            const std::string& blob) = 0;
  // The newest model of that name visible to this run; refuses one whose feature hash differs.
  virtual Result<std::string> load_model(std::string_view name, std::string_view feature_hash,
                                         std::string_view trainer) = 0;

  // Progress of this run, 0..1; an error (cancelled) when the person has asked to stop.
  virtual Status progress(double done, std::string_view what) = 0;
};

// Whether a purchase or a partner's use of the period has an amount. Where none has, nothing is said of
// money.
Result<bool> knows_amounts(Context& context, const Period& period);

// A text column of the view customer, product or store by its number, "" where it is null.
Result<std::vector<std::string>> texts_by_number(Context& context, std::string_view view,
                                                 std::string_view column);

// A room with its parameter struct hidden; made by make_job or make_query, which put its words into its
// declaration.
struct Room {
  AnalysisInfo info;
  const Words* words = nullptr;
  std::function<Result<ParamTexts>(ParamTexts)> check;        // all parameters in full, or what is wrong
  std::function<Result<Summary>(Context&, ParamTexts)> run;   // jobs
  std::function<Result<Table>(Context&, ParamTexts)> answer;  // queries
};

namespace room_detail {

Error no_such_param(const std::string& room, const std::string& name, const std::vector<ParamInfo>& params);

template <class Params>
Result<Params> read_params(const std::string& room, const ParamTable<Params>& table, ParamTexts texts) {
  Params params;
  TRY(table.read(texts, params));
  if (!texts.empty()) return no_such_param(room, texts.begin()->first, table.info());
  TRY(validate(params));
  return params;
}

void put_words(AnalysisInfo& info, const Words& words);

template <class Params>
Room make(AnalysisInfo info, const Words& words, const ParamTable<Params>& table) {
  Room room;
  info.params = table.info();
  put_words(info, words);
  room.info = info, room.words = &words;
  room.check = [=](ParamTexts texts) -> Result<ParamTexts> {
    Params params = TRY(read_params(info.name, table, std::move(texts)));
    return table.write(params);
  };
  return room;
}

}  // namespace room_detail

template <class Params>
Room make_job(AnalysisInfo info, const Words& words, const ParamTable<Params>& table,
              Result<Summary> (*run)(Context&, const Params&)) {
  Room room = room_detail::make(std::move(info), words, table);
  room.run = [=, name = room.info.name](Context& context, ParamTexts texts) -> Result<Summary> {
    Params params = TRY(room_detail::read_params(name, table, std::move(texts)));
    return run(context, params);
  };
  return room;
}

template <class Params>
Room make_query(AnalysisInfo info, const Words& words, const ParamTable<Params>& table,
                Result<Table> (*answer)(Context&, const Params&)) {
  info.kind = Kind::query;
  Room room = room_detail::make(std::move(info), words, table);
  room.answer = [=, name = room.info.name](Context& context, ParamTexts texts) -> Result<Table> {
    Params params = TRY(room_detail::read_params(name, table, std::move(texts)));
    return answer(context, params);
  };
  return room;
}

}  // namespace danggol
