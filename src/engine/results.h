// Where the rows of runs lie: history.NAME holds those of all kept runs by run_id, result.NAME shows one of
// them. Which is in run.shown: of each room one run, all of the same dates and data. Other programs see
// result.NAME as a view in the store that asks there. We do not run what a file says: the views that our own
// SQL sees are made in memory, for each connection, from the declarations.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contract/room.h"
#include "engine/identity.h"
#include "store/database.h"

namespace danggol::engine {

inline constexpr int64_t kept_runs =
    5;  // of each room; older rows of its result tables, and its older models, go
inline constexpr int64_t kept_words = 100;  // of each room; older facts and sentences go

// The room that declares it writes `table` (a result or a model); nullptr for tables no room writes.
const Room* writer_of(const std::string& table);
const Room* find_room(const std::string& name);
Error no_such_room(const std::string& name);  // and the nearest there is

// What is shown, and the dates of it; nothing where nothing is.
Result<Shown> read_shown(store::Connection& connection);
Result<std::optional<TimeFrame>> shown_frame(store::Connection& connection);
// The rooms whose shown run rests on other data than there are now.
Result<std::vector<const Room*>> stale_rooms(store::Connection& connection);
// Within a transaction: `shown` is from now on, and to other programs.
Status write_shown(store::Connection& connection, const Shown& shown, const TimeFrame& time);

// Within a transaction: the views of other programs, where they are not there.
Status show_to_others(store::Connection& connection);

// Makes this connection's views, and no others: of all that is shown, or of a run's inputs.
Status show_results(store::Connection& connection);
Status show_results(store::Connection& connection, const Shown& shown);
Status show_inputs(store::Connection& connection, const std::vector<Input>& inputs);
// The rooms whose tables there are not all, or not as they are declared.
Result<std::vector<const Room*>> rooms_without_tables(store::Connection& connection);
// Whether there is a result.NAME for this connection's SQL.
Result<bool> is_shown(store::Connection& connection, const std::string& result_table);

// Within a run's transaction: its history.NAME with the declared columns, made anew where it has others (an
// older version's); afterwards its rows counted and old runs' deleted, but for what is
// shown.
Status prepare_tables(store::Connection& connection, const Room& room);
Result<int64_t> keep_rows(store::Connection& connection, const TableInfo& info, int64_t run_id,
                          int64_t oldest_run);
// The oldest run of a room whose rows stay once `run_id` is done; 0 while there are few.
Result<int64_t> oldest_kept(store::Connection& connection, const Room& room, int64_t run_id);
// What older runs left beside their rows: models, facts, sentences. They are kept no more.
Status forget_runs(store::Connection& connection, const Room& room, int64_t before);

}  // namespace danggol::engine
