// The tables every store has.
#pragma once

#include "store/database.h"

namespace danggol::store {

// In a new file, with the mark that it is a store.
Status create_layout(Connection& connection);
// Whether a file that was there already is a store of this version with the tables it should have:
// Code::refused (another program's file), ::conflict (another version's), ::corrupt. `path` is for the
// message.
Status check_tables(Connection& connection, const std::string& path);
// Whether it holds what a store promises its readers: ids that are numbered without gaps, rows that name none
// beyond them, actions and days that can be. Code::corrupt.
Status check_rows(Connection& connection, const std::string& path);

}  // namespace danggol::store
