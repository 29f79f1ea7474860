#include "rooms/grade_change/grade_change.h"

#include <array>
#include <numeric>

#include "contract/declare.h"
#include "contract/grade_pair.h"
#include "learn/intervals.h"
#include "rooms/grade_change/returned.sql.h"
#include "rooms/grade_change/words.h"

namespace danggol::rooms {
namespace {

namespace words = grade_change_words;

struct Params {};
Status validate(const Params&) { return {}; }

constexpr size_t top = 0, other = 3, inactive = inactive_grade;

Columns changes() {
  return Columns("grade_change")
      .key("h1_grade")
      .key("h2_grade")
      .count("customers")
      .share("share_of_h1")
      .share("share_of_all")
      .bounds("share_of_h1", "share");
}

// Customers by grade in the first half and in the second.
struct Moves {
  int64_t customers[grade_count][grade_count] = {};
  int64_t returned = 0;  // of those who came, back after a pause

  int64_t of_h1(size_t from) const {
    return std::accumulate(std::begin(customers[from]), std::end(customers[from]), int64_t{0});
  }
  int64_t all() const {
    int64_t sum = 0;
    for (size_t from = 0; from < grade_count; ++from) sum += of_h1(from);
    return sum;
  }
  int64_t came() const { return of_h1(inactive); }
  int64_t h1_buyers() const { return all() - came(); }
  int64_t left() const {
    int64_t sum = 0;
    for (size_t from = 0; from < inactive; ++from) sum += customers[from][inactive];
    return sum;
  }
};

Result<Moves> count_moves(Context& context) {
  Moves moves;
  for (const GradePair& pair : TRY(grade_pairs(context)))
    ++moves.customers[static_cast<size_t>(pair.h1)][static_cast<size_t>(pair.h2)];
  Table came = TRY(context.query(sql::returned));
  moves.returned = came.integers("returned")[0];
  return moves;
}

Table rows(const Moves& moves) {
  Table rows = Table::of(changes());
  int64_t all = moves.all();
  for (size_t from = 0; from < grade_count; ++from)
    for (size_t to = 0; to < grade_count; ++to) {
      int64_t customers = moves.customers[from][to];
      if (customers == 0) continue;
      Estimate share = learn::share(customers, moves.of_h1(from));
      rows.append(grade_names[from], grade_names[to], customers, share.value,
                  static_cast<double>(customers) / static_cast<double>(all), share.interval());
    }
  return rows;
}

Summary say(const Moves& moves, const TimeFrame& time) {
  Summary summary;
  Period h1 = time.h1(), h2 = time.h2();
  summary.fact("h1_buyers", moves.h1_buyers(), "customers");
  summary.fact("came_in_h2", moves.came(), "customers");
  summary.fact("returned_in_h2", moves.returned, "customers");
  if (moves.h1_buyers() == 0) {
    summary.warn(words::nobody({.h1 = h1}));
    return summary;
  }
  Estimate left = learn::share(moves.left(), moves.h1_buyers());
  summary.key_figure("left_share_of_h1", left, "share", h2);
  summary.say(words::left({.share = Share(left), .buyers = moves.h1_buyers(), .h1 = h1, .h2 = h2}));
  if (moves.left() > 0)
    summary.say(
        words::lowest({.share = Share(learn::share(moves.customers[other][inactive], moves.left()).value),
                       .left = moves.left(),
                       .h1 = h1}));
  if (moves.came() > 0)
    summary.say(words::came({.came = moves.came(), .returned = moves.returned, .h1 = h1, .h2 = h2}));
  if (int64_t tops = moves.of_h1(top); tops > 0) {
    Estimate stayed = learn::share(moves.customers[top][top], tops);
    summary.fact("top_stays_top", stayed, "share");
    summary.say(words::stayed({.share = Share(stayed), .top = tops, .h1 = h1, .h2 = h2}));
  }
  return summary;
}

Result<Summary> run(Context& context, const Params&) {
  Moves moves = TRY(count_moves(context));
  TRY(context.write("result.grade_change", rows(moves)));
  return say(moves, context.time());
}

}  // namespace

Room grade_change() {
  AnalysisInfo info = {.name = "grade_change",
                       .reads = {"result.rfm"},
                       .dates = {"from", "split", "until"},
                       .writes = {changes()},
                       .charts = {sankey("grade_flow", "grade_change")
                                      .flow("h1_grade", "h2_grade")
                                      .value("customers")
                                      .unit("count")},
                       .tables = {Shown("grade_change").rows(30)}};
  return make_job(info, words::all, ParamTable<Params>(), run);
}

}  // namespace danggol::rooms
