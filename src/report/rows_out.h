// Rows of a query to a stream, as a text table, CSV, JSON or a workbook.
#pragma once

#include <iosfwd>
#include <string>

#include "danggol/engine.h"
#include "store/database.h"

namespace danggol::report {

// Values keep the exact text SQL gives them. More rows than the limit are Code::refused, after those have
// been written.
Status write_rows(store::Connection::Texts& rows, const RowStyle& style, const SqlLimits& limits,
                  std::ostream& out);
Status write_rows(const Table& rows, const RowStyle& style, std::ostream& out);

}  // namespace danggol::report
