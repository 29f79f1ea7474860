// Who is never to be contacted: raw.suppression. It is a fact of the store, not of a run: who is on the list
// stays there, whatever is loaded and run later. An id is kept as an import would keep it and compared as
// folded_id() in suppression.sql says; it need not be a customer's yet.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "danggol/analysis.h"
#include "danggol/result.h"
#include "store/database.h"

namespace danggol::ingest {

// The views `suppression` (customer_no) and `reachable` (customer_no and a flag each medium: consent.h), and
// folded_id(), for as long as the connection lives.
Status create_suppression(store::Connection& connection);

// A change is of ids as somebody wrote them: parted by commas, semicolons, tabs, lines or blanks, in quotes
// or not. A file holds such text, or is a table with a column of customers.
struct SuppressionChange {
  enum class Kind { add, remove } kind = Kind::add;
  std::string ids, file;      // one of them
  std::string key_file = {};  // of the store: who was forgotten is put on no list
};

struct SuppressionReport {
  int64_t changed = 0;  // rows that came to the list, or went
  int64_t unknown = 0;  // ids of no customer; of nobody on the list where they are taken off
  std::vector<Text> warnings;
};

// In the transaction that is open. An unknown id is an error (bad_input) that names it and those it may have
// been meant for; one from a file is counted, and added all the same, for customers come.
Result<SuppressionReport> suppress(store::Connection& connection, const SuppressionChange& change);

// An error (bad_input) that names ids of nobody, where there are any, and whom they may have been meant for;
// `command` is who says so.
Status expect_none_unknown(store::Connection& connection, const std::string& command,
                           const std::vector<std::string>& unknown);

}  // namespace danggol::ingest
