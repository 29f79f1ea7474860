// What is known of a file before its rows are read.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "ingest/beside.h"
#include "ingest/mapping.h"
#include "ingest/notation.h"

namespace danggol::ingest {

struct FileFacts {
  std::string path;
  std::string format;    // "CSV", "CSV.gz", "Parquet"
  std::string encoding;  // "UTF-8", "CP949" ...
  char delimiter = ',';
  std::vector<std::string> header;
  int64_t header_line = 1;
  std::vector<std::string> examples;  // of each column, the first value that is not empty
  std::string table;                  // TableMapping's name
  Kind kind = Kind::events;
  bool is_whole = true;  // TableMapping's
  Rules rules;
  RoleColumns roles{};
  std::array<Found, role_count> found{};
  Notation notation;
  Beside beside;
  bool has(Role role) const { return roles[static_cast<size_t>(role)] >= 0; }
  // Whether the actions are states of orders.
  bool are_states() const {
    return kind == Kind::events && has(Role::action) &&
           is_state_by_name(header[static_cast<size_t>(roles[static_cast<size_t>(Role::action)])]);
  }
};

}  // namespace danggol::ingest
