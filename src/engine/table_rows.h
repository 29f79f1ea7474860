// The rows of a table there is, as somebody asks to see them.
#pragma once

#include <cstdint>
#include <string>

#include "contract/table.h"
#include "danggol/analysis.h"
#include "store/database.h"

namespace danggol::engine {

// A SELECT of its first rows; limit below 0 is all. Code::not_found says which tables there are, or which
// room to run.
Result<std::string> select_from(store::Connection& connection, const std::string& table, int64_t limit);
// The same rows, the first so many of each customer in one, in the order in which customers come first:
// NAME_1, NAME_2 ... Code::bad_input for a table that is not keyed by customer.
Result<std::string> side_by_side(const std::string& table, int64_t per_customer, int64_t limit);
// The same rows of such a SELECT with values of ours told by their labels, as a person reads them: `holdout`.
std::string with_labels(const std::string& table, const std::string& select, int64_t per_customer,
                        Language language);
// Names the columns by their labels.
void put_headings(const std::string& table, Language language, Table& rows);

}  // namespace danggol::engine
