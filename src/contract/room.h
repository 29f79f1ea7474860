// A room: one capability. It declares itself (AnalysisInfo), takes typed parameters and works on tables
// through a Context that the engine gives it. It never prints, never opens a file, never sees a row from
// `as_of` or later, and never meets another room except through a table.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/matrix.h"
#include "base/units.h"
#include "contract/histories.h"
#include "contract/params.h"
#include "contract/table.h"
#include "danggol/analysis.h"
#include "danggol/result.h"

namespace danggol {

// The dates of a run, all settled by the engine. Two equal periods H1 = [from, split), H2 = [split, until),
// until <= as_of; `horizon_months` is the length of H2.
struct TimeFrame {
  Date as_of, from, split, until;
  int32_t horizon_months = 0;
  // Training and testing origins of an honest back-test: what is learned at `backtest_train` has seen
  // labels up to `backtest_test` only. Its horizon is shorter where the history is too short for a full one.
  Date backtest_train, backtest_test;
  int32_t backtest_horizon_months = 0;
  Date first_event;
};

enum class Origin {
  earlier,         // features before `from`, labels from H1
  train,           // features before `split`, labels from H2
  backtest_train,  // features before `backtest_train`, labels from the backtest horizon after it
  backtest_test,   // features before `backtest_test`, labels from the backtest horizon after it
  predict,         // features before `as_of`; no labels: that is the future
};

// How a window is graded; the features, the labels and the `rfm` room share it.
struct Grading {
  double w_recency = 0.3, w_frequency = 0.2, w_monetary = 0.5;
  std::string rule = "band";
  std::vector<double> bands = {80, 60, 40};
  std::vector<double> shares = {0.2, 0.2, 0.2};
  bool net_cancellations = false;
};
ParamTable<Grading> grading_params();
Status validate(const Grading& grading);

// Grades from best to worst; `inactive` is "no purchase in the window".
inline constexpr std::string_view grade_names[] = {"top", "good", "regular", "other", "inactive"};
inline constexpr int32_t grade_count = 5, inactive_grade = 4;
std::vector<std::pair<std::string, Text>> grade_labels();  // and the names of the periods

// The buyers of a window, graded among themselves: columns side by side, ascending by customer_id.
struct Graded {
  std::vector<int32_t> customer_no;
  std::vector<std::string> customer_id;
  std::vector<int32_t> recency_days;  // whole days from the last purchase to the window's end
  std::vector<int32_t> frequency;     // receipts
  std::vector<Money> monetary;
  std::vector<int32_t> r_score, f_score, m_score;  // 1..5
  std::vector<double> rfm_score;                   // 20..100
  std::vector<int32_t> grade;                      // 0..3, see grade_names
  size_t size() const { return customer_no.size(); }
};

// Customers with a purchase in the window before a cutoff, what was known of them then, and, where the
// horizon has passed, the grade they got in it.
struct Frame {
  Date cutoff, label_until;
  std::vector<std::string> customer_id;  // ascending
  Matrix features;
  std::vector<int32_t> grade;  // in the window before the cutoff, 0..3
  std::vector<int32_t> label;  // 0..4; empty when origin is `predict`
};

struct Fact {
  std::string name;
  double value = 0;
  std::string unit;
  std::optional<double> lo, hi;  // 95 % unless the room's method says otherwise
  Text label = {};               // set where it is one of the report's key figures
};

// What a run hands back: facts for machines, sentences for people, warnings for both.
struct Summary {
  std::vector<Fact> facts;
  std::vector<Text> sentences;
  std::vector<Text> warnings;
  void fact(std::string name, double value, std::string unit) {
    facts.push_back({std::move(name), value, std::move(unit), {}, {}});
  }
  void fact(std::string name, double value, std::string unit, double lo, double hi) {
    facts.push_back({std::move(name), value, std::move(unit), lo, hi});
  }
  void key_figure(Text label, std::string name, double value, std::string unit, std::optional<double> lo = {},
                  std::optional<double> hi = {}) {
    facts.push_back({std::move(name), value, std::move(unit), lo, hi, std::move(label)});
  }
  void say(std::string en, std::string ko) { sentences.push_back({std::move(en), std::move(ko)}); }
  void warn(std::string en, std::string ko) { warnings.push_back({std::move(en), std::move(ko)}); }
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
  // Every customer's events before as_of, in memory; loaded once for all the rooms of a pipeline.
  virtual Result<const Histories*> histories() = 0;
  virtual Result<Frame> frame(Origin origin, const Grading& grading) = 0;
  // The same origin a year before, with labels: what the season did then. Nothing where the history is too
  // short for it.
  virtual Result<std::optional<Frame>> season_frame(Origin origin, const Grading& grading) = 0;
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

// A text column of the view customer, product or store by its number, "" where it is null.
Result<std::vector<std::string>> texts_by_number(Context& context, std::string_view view,
                                                 std::string_view column);

// A room with its parameter struct hidden; made by make_job or make_query.
struct Room {
  AnalysisInfo info;
  std::function<Result<ParamTexts>(ParamTexts)> check;        // all parameters in full, or what is wrong
  std::function<Result<Summary>(Context&, ParamTexts)> run;   // jobs
  std::function<Result<Table>(Context&, ParamTexts)> answer;  // queries
};

namespace room_detail {

template <class Params>
Result<Params> read_params(const std::string& room, const ParamTable<Params>& table, ParamTexts texts) {
  Params params;
  TRY(table.read(texts, params));
  if (!texts.empty())
    return Error{Code::bad_input,
                 room + ": no parameter --" + texts.begin()->first + "; see danggol describe " + room};
  TRY(validate(params));
  return params;
}

template <class Params>
Room make(AnalysisInfo info, const ParamTable<Params>& table) {
  Room room;
  info.params = table.info();
  room.info = info;
  room.check = [=](ParamTexts texts) -> Result<ParamTexts> {
    Params params = TRY(read_params(info.name, table, std::move(texts)));
    return table.write(params);
  };
  return room;
}

}  // namespace room_detail

template <class Params>
Room make_job(AnalysisInfo info, const ParamTable<Params>& table,
              Result<Summary> (*run)(Context&, const Params&)) {
  Room room = room_detail::make(std::move(info), table);
  room.run = [=, name = room.info.name](Context& context, ParamTexts texts) -> Result<Summary> {
    Params params = TRY(room_detail::read_params(name, table, std::move(texts)));
    return run(context, params);
  };
  return room;
}

template <class Params>
Room make_query(AnalysisInfo info, const ParamTable<Params>& table,
                Result<Table> (*answer)(Context&, const Params&)) {
  info.kind = Kind::query;
  Room room = room_detail::make(std::move(info), table);
  room.answer = [=, name = room.info.name](Context& context, ParamTexts texts) -> Result<Table> {
    Params params = TRY(room_detail::read_params(name, table, std::move(texts)));
    return answer(context, params);
  };
  return room;
}

}  // namespace danggol
