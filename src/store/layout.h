// The tables every store has.
#pragma once

#include "store/database.h"

namespace danggol::store {

// In a new file, with the mark that it is a store.
Status create_layout(Connection& connection);
// Which version of danggol made the tables of a file that was there already. Code::refused (another program's
// file), ::conflict (a version that was never released, or is newer).
enum class Format { v0_1_0, current };
Result<Format> format_of(Connection& connection, const std::string& path);
// Whether it has the tables it should have, as that version made them: Code::corrupt. `path` is for the
// message.
Status check_tables(Connection& connection, Format format, const std::string& path);
// From a store of an older version, attached as danggol, into an empty file, attached as fresh.
Status migrate(Connection& connection, Format from);
// The same from one of today: all rows, in their order, and nothing else that lies in the old file. The views
// of other programs are not among them.
Status copy_rows(Connection& connection);
// Whether it holds what a store promises its readers: ids that are numbered without gaps, rows that name none
// beyond them, actions and days that can be. Code::corrupt.
Status check_rows(Connection& connection, const std::string& path);

}  // namespace danggol::store
