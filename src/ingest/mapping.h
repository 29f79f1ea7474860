// How the columns of somebody's file become rows of the store: which table a file is, which column plays
// which role, and the rules of a preset. Column names are matched without regard to case, spaces, '_' and
// '-'.
#pragma once

#include <array>
#include <initializer_list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/action.h"
#include "danggol/result.h"
#include "ingest/meanings.h"
#include "ingest/numbers.h"
#include "ingest/times.h"

namespace danggol::ingest {

enum class Role {
  customer,
  time,
  hour,
  product,
  product_name,
  quantity,
  price,
  amount,
  receipt,
  action,
  partner,
  channel,
  store,
  region,
  gender,
  age_band,
  class_top,
  class_middle,
  brand,
  offer,
  propensity,
  device,
  search_text,
  review_text,
  rating,
  seconds,
  creative,
  list_price,
  stock,
  image
};
inline constexpr size_t role_count = 30;
// What no analysis reads yet and is kept beside the rows (raw.detail) or, of a table of products, in
// raw.property.
inline constexpr std::array roles_of_details = {Role::device,     Role::search_text, Role::review_text,
                                                Role::rating,     Role::seconds,     Role::creative,
                                                Role::list_price, Role::stock,       Role::image};

std::string_view name(Role role);
std::string_view detail_name(Role role);  // the same in the store: search_text
std::vector<std::string> role_names();

// What the rows of a table are. The first three describe things that have an id: dimensions.
enum class Kind { customers, products, stores, events, exposures };
inline constexpr size_t dimension_count = 3;
inline bool is_dimension(Kind kind) { return static_cast<size_t>(kind) < dimension_count; }
std::string_view name(Kind kind);

// A dimension in the store: raw.TABLE has the number, the id and then the properties.
struct DimensionShape {
  Kind kind;
  const char* table;
  Role id;
  std::vector<std::pair<Role, const char*>> properties;  // with their columns, in the order of the table's
  std::vector<std::pair<Role, const char*>> beside;  // that a table says, too, and raw.TABLE does not show
  const char* orphan;                                // the reason to turn down a row with an unknown id
};
inline constexpr size_t most_properties = 4, most_said = 7;             // and with those beside
const std::array<DimensionShape, dimension_count>& dimension_shapes();  // by kind

// As names of columns and words of theirs are compared: letters small and composed, without blanks, '_', '-'
// and '.'.
std::string plain(std::string_view name);
// Whether one of the words is in it.
bool has_one_of(std::string_view name, std::span<const std::string_view> words);

struct Rules {
  Action action = Action::purchase;       // of a row whose file has no action column
  std::string cancel_prefix;              // a receipt that starts so is a cancellation; "" for none
  std::vector<std::string> hold_out;      // offers that are none, beside what hold-outs are usually called
  std::vector<std::string> nobody;        // customers' ids that stand for nobody: a till's
  std::vector<std::string> non_products;  // codes kept as events without a product
  std::vector<std::pair<std::string, std::string>> channels;  // codes that stand for a word; others are kept
  DateOrder order = DateOrder::open;  // this and the next: open is as the file's columns show
  Decimal decimal = Decimal::open;
  Meanings meanings;                  // of the values of the action column
  bool negatives_are_returns = true;  // a purchase of a negative amount or quantity is a cancellation
  bool is_amount_of_order = false;    // on each of its rows, which stand together; else each row's own
  bool unix_only = false;             // times are seconds since 1970, or parts of them
  std::shared_ptr<const Zone> zone;   // of the shop; without it instants are told in UTC
};

struct TableMapping {
  std::string name;  // as the preset's publisher calls it; "" where there is one table only
  Kind kind = Kind::events;
  std::array<std::vector<std::string>, role_count>
      columns;                              // names a role's column may have, first match wins
  std::array<bool, role_count> required{};  // roles that must have a column
  std::array<bool, role_count> said{};  // roles that the user named a column for, or said that there is none
  bool wanted = false;                  // an import without this table is an error
  bool is_whole = true;  // of a dimension: it has all there are, so that rows of others are turned down
  Rules rules;
};

// A table that tells more of the rows of others: of an order, whose lines are another table, its customer and
// its day.
class Lookup;
struct Join {
  std::string table;                 // as its publisher calls it
  std::string key;                   // the column that both have
  std::vector<std::string> columns;  // what it adds to the rows of the others; it is known by these
  bool optional = false;             // the table may be missing, and so may the row of a key
  // A column that is made of these, where there is one: a text for each row.
  std::string derived = {};
  std::vector<std::string> (*derive)(const Lookup&) = nullptr;
};

struct Mapping {
  std::string preset;  // "" where guessed
  std::vector<TableMapping> tables;
  std::vector<Join> joins = {};  // in the order in which they are made: one may bring the key of another
  // Tables of the publisher's of which nothing is read, each known by these columns.
  std::vector<std::vector<std::string>> unread = {};
  bool has_no_dates = false;  // they are made of the days between a customer's orders
  std::string lines = {};     // the list whose objects are the rows, of nested files; "" for the only one
  std::vector<std::string> header = {};  // of a file that has no line of them; else empty
  std::string encoding = {};  // of the files, by its name; "" where it is to be told from their bytes
};

// A text of a file or a user as a message of one line shows it: bounded, control characters as blanks.
std::string shown(std::string_view text);
// The names of columns: as many as fit, each whole, and how many more there are.
std::string shown(const std::vector<std::string>& columns);

// Index of each role's column in one file's header; -1 where the file has none.
using RoleColumns = std::array<int, role_count>;
bool plays_role(const RoleColumns& roles, int column);

bool is_device_by_name(std::string_view column);
std::vector<std::string> preset_names();
Result<Mapping> preset(std::string_view name);
Mapping guessing();
// The presets whose columns a header has: such as "shopify"; "" for none.
std::string preset_by_columns(const std::vector<std::string>& header);

using RoleNames = std::vector<std::pair<Role, std::vector<std::string>>>;
std::array<std::vector<std::string>, role_count> columns_of(const RoleNames& names);
std::array<bool, role_count> roles_of(std::initializer_list<Role> roles);
// "customer" = "회원번호", "time-format" = "dmy", "action" = "view" ... over another mapping. A role counts
// for every table that has it.
Status override_columns(const std::map<std::string, std::string>& overrides, Mapping& mapping);
Status override_from_file(const std::string& toml_path, Mapping& mapping);

// The columns that a table is known by, for a message.
std::string expected(const TableMapping& table);

// The beginning of a file: its column names, and the values of some rows by column.
struct Sample {
  std::vector<std::string> header;
  std::vector<std::vector<std::string_view>> columns;
  // How the columns begin that each row has of its own, where it is a line of an order; else "".
  std::string lines = {};
};

// How it came that a column plays a role.
enum class Found : uint8_t { not_at_all, by_name, by_values };

struct Match {
  const TableMapping* table;
  RoleColumns roles;
  std::array<Found, role_count> found{};
};
// The table that the beginning of the file fits best. Error (bad_input) where a role that must have a column
// has none: all such roles at once, and what would help.
Result<Match> match(const Mapping& mapping, const Sample& sample, const std::string& path);

}  // namespace danggol::ingest
