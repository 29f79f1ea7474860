// Files into raw.*: one transaction for all the files of a call, so that a failed import leaves the store as
// it was. rows read = rows loaded + rows rejected, for every file. An import of which no row can be loaded is
// an error.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "danggol/progress.h"
#include "ingest/file_report.h"
#include "ingest/inputs.h"
#include "ingest/overlap.h"
#include "ingest/staging.h"
#include "store/database.h"

namespace danggol::ingest {

// Both read what Inputs makes of `paths`; what it left out is in a warning of the last report.
// Reads everything and writes nothing.
Result<std::vector<FileReport>> check(const std::vector<std::string>& paths, const Mapping& mapping,
                                      const Progress& progress);

struct ImportOptions {
  OnOverlap on_overlap = OnOverlap::refuse;
  std::vector<int64_t> replace = {};  // loads whose place this one takes
  Inputs::Expect before_opening = {};
  // What else belongs to the load, inside its transaction; told the first new load number.
  std::function<Status(store::Connection&, int64_t first_load)> before_commit = {};
  std::function<Status(store::Connection&)> renew_receipts = {};  // as unload() wants it
  RejectLimits rejects = {};
  std::string key_file = {};  // of the store: by it those are known who were forgotten
};

Result<std::vector<FileReport>> import(store::Connection& connection, const std::vector<std::string>& paths,
                                       const Mapping& mapping, const ImportOptions& options,
                                       const Progress& progress);

}  // namespace danggol::ingest
