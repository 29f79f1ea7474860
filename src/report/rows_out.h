// Rows of a query to a stream, as a text table, CSV or JSON.
#pragma once

#include <iosfwd>
#include <string>

#include "danggol/engine.h"
#include "store/database.h"

namespace danggol::report {

// `from` is what follows FROM or a query in brackets. Values keep the exact text SQL gives them.
Status write_rows(store::Connection& connection, const std::string& from, Format format, std::ostream& out);
Status write_rows(const Table& rows, Format format, std::ostream& out);

}  // namespace danggol::report
