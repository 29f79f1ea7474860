// How the columns of somebody's file become events: which column plays which role, and the rules of a
// preset. Column names are matched without regard to case, spaces, '_' and '-'.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "danggol/result.h"

namespace danggol::ingest {

enum class Role {
  customer,
  time,
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
  region
};
inline constexpr size_t role_count = 13;
std::string_view name(Role role);

enum class TimeFormat { automatic, month_first, day_first, unix_seconds };

struct Rules {
  std::string action = "purchase";        // of a row whose file has no action column
  std::string cancel_prefix;              // a receipt that starts so is a cancellation; "" for none
  std::vector<std::string> non_products;  // codes kept as events without a product
  TimeFormat time_format = TimeFormat::automatic;
};

struct Mapping {
  std::string preset;  // "" where guessed
  std::array<std::vector<std::string>, role_count>
      columns;                                           // names a role's column may have, first match wins
  std::array<bool, role_count> required = {true, true};  // customer, time, and what the user named
  Rules rules;
};

// Index of each role's column in one file's header; -1 where the file has none.
using RoleColumns = std::array<int, role_count>;

std::vector<std::string> preset_names();
Result<Mapping> preset(std::string_view name);
Mapping guessing();
// "customer" = "회원번호", "time-format" = "dmy", "action" = "view" ... over another mapping.
Status override_columns(const std::map<std::string, std::string>& overrides, Mapping& mapping);
Status override_from_file(const std::string& toml_path, Mapping& mapping);

// Error (bad_input) when a required role has no column.
Result<RoleColumns> match(const Mapping& mapping, const std::vector<std::string>& header,
                          const std::string& path);

}  // namespace danggol::ingest
