// Where the rows of runs lie: history.NAME holds those of all kept runs by run_id, result.NAME shows the
// newest. Other programs see result.NAME as a view in the store. We do not run what a file says: the views
// that our own SQL sees are made anew in memory from the declarations and the log.
#pragma once

#include <string>
#include <vector>

#include "contract/room.h"
#include "store/database.h"

namespace danggol::engine {

inline constexpr int64_t kept_runs = 5;  // of each room; older rows of its result tables go

// The room that declares it writes `table` (a result or a model); nullptr for tables no room writes.
const Room* writer_of(const std::string& table);

// The newest finished run that wrote a result table; 0 if there is none.
Result<int64_t> newest_run(store::Connection& connection, const std::string& result_table);

// Whether there is a result.NAME for our SQL.
Result<bool> is_shown(store::Connection& connection, const std::string& result_table);
// Makes the views of every result there is.
Status show_results(store::Connection& connection);
// Of one room, after a run of it.
Status show_results(store::Connection& connection, const Room& room, int64_t run_id);

// Within a run's transaction: its history.NAME with the declared columns, made anew where it has others (an
// older version's); afterwards its rows counted, old runs' deleted, and the view for other programs.
Status prepare_tables(store::Connection& connection, const Room& room);
Result<int64_t> publish(store::Connection& connection, const TableInfo& info, int64_t run_id,
                        int64_t oldest_run);
// The oldest run of a room whose rows stay once `run_id` is done; 0 while there are few.
Result<int64_t> oldest_kept(store::Connection& connection, const Room& room, int64_t run_id);

}  // namespace danggol::engine
