// The days that a shop's months differ by: public holidays, its own sale days, and notes of what happened:
// raw.calendar. It holds what the shop has settled (shop.calendar in danggol.toml) and nothing else.
#pragma once

#include <string>
#include <vector>

#include "danggol/result.h"
#include "store/database.h"

namespace danggol::ingest {

// The countries whose holidays danggol knows: kr, to 2035 (src/ingest/calendars/README.md says from where).
std::vector<std::string> calendar_countries();

// Countries that danggol knows, and files of rows: a day, or a first and a last one; a name; a kind (holiday,
// sale, note; where there is none a column of events tells sales, one of notes notes, any other holidays),
// and perhaps name_ko. Columns are found by their names, in English or Korean; blank rows are none.
struct CalendarSources {
  std::vector<std::string> countries, files;
};

// Whether they can be read.
Status check_calendar(const CalendarSources& sources);

// Makes raw.calendar what these say, in the transaction that is open; nothing is written where it says so
// already. Errors (bad_input) name file, line, value and what it must be.
Status keep_calendar(store::Connection& connection, const CalendarSources& sources);

}  // namespace danggol::ingest
