// Rows as the one sheet of an Excel workbook: numbers and dates are such, texts are texts, whatever they look
// like.
#pragma once

#include <iosfwd>
#include <memory>

#include "report/row_writer.h"

namespace danggol::report {

// A row at a time is in memory; the file, whose parts a zip holds, comes to `out` in the end. More rows,
// columns or letters than a sheet takes are Code::bad_input.
std::unique_ptr<RowWriter> workbook_writer(std::ostream& out, const Table& columns);

}  // namespace danggol::report
