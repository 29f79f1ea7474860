#include "ingest/notation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace danggol::ingest {
namespace {

void keep_first(OpenText& first, const OpenText& other) {
  if (other.line > 0 && (first.line == 0 || other.line < first.line)) first = other;
}

// One mark with three digits after it is told by the other columns of the file; a comma, by how lists are
// parted.
Decimal decimal_of(const NumberEvidence& column, const NumberEvidence& file, char delimiter) {
  if (Decimal shown = column.shown(); shown != Decimal::open || column.point > 0) return shown;
  if (Decimal shown = file.shown(); shown != Decimal::open) return shown;
  if (column.three_after_point > 0) return Decimal::open;
  return column.three_after_comma > 0 && delimiter == ';' ? Decimal::open : Decimal::point;
}

NumberEvidence of_file(const Evidence& evidence) {
  NumberEvidence all;
  for (const NumberEvidence& column : evidence.numbers) all.add(column);
  return all;
}

}  // namespace

void Evidence::add(const Evidence& more) {
  for (size_t i = 0; i < number_role_count; ++i) {
    numbers[i].add(more.numbers[i]);
    keep_first(open_numbers[i], more.open_numbers[i]);
  }
  for (const auto& [value, seen] : more.actions) {
    auto known = actions.find(value);
    if (known == actions.end() && actions.size() < most_actions)
      known = actions.emplace(value, ActionSeen{seen.meaning}).first;
    if (known != actions.end()) known->second.rows += seen.rows;
  }
  returns += more.returns;
  undone += more.undone;
  if (second_header == 0 || (more.second_header > 0 && more.second_header < second_header))
    second_header = more.second_header;
  charges += more.charges;
  added_discounts += more.added_discounts;
  offers += more.offers;
  other_states += more.other_states;
  strangers += more.strangers;
  next_lines += more.next_lines;
  same_amounts += more.same_amounts;
  rows += more.rows;
  times.add(more.times);
  keep_first(open_time, more.open_time);
}

void Calendar::add(const Calendar& more) {
  for (size_t b = 0; b < bins; ++b) rows_[b] += more.rows_[b];
}

std::vector<std::pair<Timestamp, Timestamp>> Calendar::lonely() const {
  constexpr int64_t least_rows = 30;
  constexpr size_t year = 12;
  int64_t all = 0;
  for (int64_t rows : rows_) all += rows;
  std::vector<std::pair<Timestamp, Timestamp>> out;
  if (all < least_rows) return out;
  for (size_t b = 0; b < bins; ++b) {
    if (rows_[b] != 1) continue;
    int64_t near = 0;
    for (size_t other = b > year ? b - year : 0; other <= b + year && other < bins; ++other)
      near += rows_[other];
    if (near > 1) continue;
    int64_t from = to_timestamp(earliest_date).micros + static_cast<int64_t>(b) * bin_micros;
    out.push_back({{from}, {from + bin_micros}});
  }
  constexpr int64_t most_of = 100;  // as many as this are no slips
  if (static_cast<int64_t>(out.size()) * most_of > all) out.clear();
  return out;
}

Notation notation_of(const Rules& rules, const Evidence& evidence, char delimiter) {
  Notation out;
  NumberEvidence file = of_file(evidence);
  for (size_t i = 0; i < number_role_count; ++i)
    out.decimals[i] =
        rules.decimal != Decimal::open ? rules.decimal : decimal_of(evidence.numbers[i], file, delimiter);
  out.order = rules.order != DateOrder::open ? rules.order : evidence.times.shown();
  return out;
}

UnknownActions unknown_of(const ActionsSeen& actions) {
  UnknownActions out;
  for (const auto& [value, action] : actions) {
    if (action.meaning || value.empty()) continue;
    out.rows += action.rows;
    out.values.emplace_back(value, action.rows);
  }
  std::stable_sort(out.values.begin(), out.values.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return out;
}

namespace {

// Where more orders than not are in a state that nobody knows.
std::string question_of_states(const ActionsSeen& actions) {
  UnknownActions unknown = unknown_of(actions);
  int64_t all = 0;
  for (const auto& [value, action] : actions) all += action.rows;
  if (unknown.rows == all || unknown.rows * 2 <= all) return {};  // of none that is known the rows speak
  constexpr size_t most_named = 5;
  std::vector<std::string> named;
  for (size_t i = 0; i < std::min(unknown.values.size(), most_named); ++i)
    named.push_back(fmt::format("{} {}", shown(unknown.values[i].first), grouped(unknown.values[i].second)));
  return fmt::format(
      "{} of {} rows are in a state that danggol does not know ({}{}); say what they mean with "
      "--action-values={}=purchase or =canceled or =none",
      grouped(unknown.rows), grouped(all), fmt::join(named, ", "),
      unknown.values.size() > most_named ? " ..." : "", shown(unknown.values[0].first));
}

}  // namespace

std::string question_of(const Rules& rules, const Evidence& evidence, char delimiter, bool are_states) {
  if (evidence.second_header > 0)
    return fmt::format(
        "line {} has names of columns again, and other ones: another table begins there; give each "
        "as a file of its own",
        evidence.second_header);
  Notation notation = notation_of(rules, evidence, delimiter);
  for (size_t i = 0; i < number_role_count; ++i) {
    const NumberEvidence& column = evidence.numbers[i];
    if (notation.decimals[i] != Decimal::open || column.open() == 0) continue;
    const OpenText& open = evidence.open_numbers[i];
    return fmt::format("{}: {} in line {} can be two numbers, and {}; give --decimal=. or --decimal=,",
                       name(number_roles[i]), shown(open.text), open.line,
                       column.point > 0 ? "the others of the column show both marks"
                                        : "no other text of the column tells which");
  }
  constexpr int64_t few_of = 10;  // one strange row among so many is turned down, not asked about
  if (notation.order == DateOrder::open && evidence.times.open * few_of > evidence.rows) {
    constexpr std::array<std::pair<DateOrder, const char*>, 3> orders = {
        {{DateOrder::month_first, "mdy"}, {DateOrder::day_first, "dmy"}, {DateOrder::year_first, "ymd"}}};
    std::vector<std::string> flags;
    for (const auto& [order, flag] : orders)
      if (evidence.times.impossible[static_cast<size_t>(order) - 1] == 0)
        flags.push_back(fmt::format("--time-format={}", flag));
    if (flags.empty()) flags = {"--time-format=mdy", "--time-format=dmy", "--time-format=ymd"};
    return fmt::format("time: {} in line {} can be two days, and {}; give {}", shown(evidence.open_time.text),
                       evidence.open_time.line,
                       evidence.times.impossible[0] > 0 && evidence.times.impossible[1] > 0
                           ? "the other texts of the column have the month first and second"
                           : "no other text of the column tells which",
                       fmt::join(flags, " or "));
  }
  return are_states ? question_of_states(evidence.actions) : "";
}

}  // namespace danggol::ingest
