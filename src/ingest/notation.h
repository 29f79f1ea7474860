// How one file writes its numbers and times: by what its user said, else by what whole columns show. A first
// reading may find that the beginning of a file was not like the rest of it; then the file is read again.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/mapping.h"
#include "ingest/numbers.h"
#include "ingest/times.h"

namespace danggol::ingest {

inline constexpr std::array number_roles = {Role::quantity, Role::price, Role::amount};
inline constexpr size_t number_role_count = number_roles.size();

struct Notation {
  std::array<Decimal, number_role_count> decimals{};  // by number_roles
  DateOrder order = DateOrder::open;
  // [from, until) of rows that stand a year away from all others: such a date is a slip.
  std::vector<std::pair<Timestamp, Timestamp>> lonely;
  bool operator==(const Notation&) const = default;
};

// A text that can be read in two ways, the first of its column.
struct OpenText {
  int64_t line = 0;  // 0: none
  std::string text;
};

// What the values of the action column were taken for.
struct ActionSeen {
  std::optional<Meaning> meaning;  // nothing: not known
  int64_t rows = 0;
};
using ActionsSeen = std::map<std::string, ActionSeen, std::less<>>;

// What a file, or a part of it, shows.
struct Evidence {
  int64_t rows = 0;  // that have a time
  std::array<NumberEvidence, number_role_count> numbers{};
  TimeEvidence times;
  std::array<OpenText, number_role_count> open_numbers;
  OpenText open_time;
  ActionsSeen actions;  // the first so many values
  static constexpr size_t most_actions = 200;
  int64_t returns = 0;          // of a negative amount or quantity
  int64_t second_header = 0;    // the line of other names of columns, where another table begins; 0 for none
  int64_t undone = 0;           // by a column beside the roles
  int64_t charges = 0;          // shipping, discounts, taxes: money of an order, no products
  int64_t added_discounts = 0;  // of a positive amount
  int64_t offers = 0;           // exposures that are no hold-out
  int64_t other_states = 0;     // rows that tell a receipt's product again, in another state
  int64_t strangers = 0;        // rows of a device, without a customer
  // Rows that stand below one of the same receipt, and those of them that repeat its amount.
  int64_t next_lines = 0, same_amounts = 0;

  void add(const Evidence& more);
};

// Days on which rows stand, a month of thirty days at a time.
class Calendar {
 public:
  void add(Timestamp ts) { ++rows_[bin(ts)]; }
  void add(const Calendar& more);
  // The months with a single row that has no other within a year, in a table of some length.
  std::vector<std::pair<Timestamp, Timestamp>> lonely() const;

 private:
  static constexpr int64_t bin_micros = 30 * micros_per_day;
  static constexpr size_t bins = 2'440;  // some two hundred years
  static size_t bin(Timestamp ts) {
    auto at = static_cast<size_t>((ts.micros - to_timestamp(earliest_date).micros) / bin_micros);
    return at < bins ? at : bins - 1;
  }
  std::array<int64_t, bins> rows_{};
};

// Of the values of an action column those that are not known, the commonest first, and the rows of all.
struct UnknownActions {
  std::vector<std::pair<std::string, int64_t>> values;
  int64_t rows = 0;
};
UnknownActions unknown_of(const ActionsSeen& actions);

// `delimiter` is the file's: between semicolons a comma is hardly one of thousands.
Notation notation_of(const Rules& rules, const Evidence& evidence, char delimiter);
// What only the user can tell, with the flag that does; "" where there is nothing. `are_states`: the actions
// are those of orders, of which every one is to be known.
std::string question_of(const Rules& rules, const Evidence& evidence, char delimiter, bool are_states);

}  // namespace danggol::ingest
