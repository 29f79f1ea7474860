// Takes people out of a store: their rows by the machinery of unload, then every result, model, fact and
// sentence of a run that could see a load of theirs, and whatever text names them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "danggol/job.h"
#include "store/database.h"

namespace danggol::engine {

// In one transaction; nothing changes where it is dry. Beside the summary, what is to be run again: the runs
// that were shown and went, in dependency order, with their parameters, dates and seed.
Result<std::pair<ForgetSummary, std::vector<RunRequest>>> forget(store::Connection& connection,
                                                                 const ForgetRequest& request,
                                                                 const std::string& key_file);

// Whether the file may still hold bytes of what was taken out, and that it does no more: other programs'
// views are made again, which a rewriting leaves out.
Result<bool> is_to_be_rewritten(const store::Database& database);
Status end_rewriting(const store::Database& database);

}  // namespace danggol::engine
