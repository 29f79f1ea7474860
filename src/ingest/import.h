// Files into raw.*: one transaction for all the files of a call, so that a failed import leaves the store as
// it was. rows read = rows loaded + rows rejected, for every file. An import of which no row can be loaded is
// an error.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "danggol/progress.h"
#include "ingest/inputs.h"
#include "ingest/staging.h"
#include "store/database.h"

namespace danggol::ingest {

struct FileReport {
  FileFacts facts;
  int64_t rows_loaded = 0, rows_rejected = 0;
  std::vector<std::pair<std::string, int64_t>> rejects;   // by reason, most first
  std::vector<std::pair<int64_t, std::string>> examples;  // of the first reason: lines, and what is in them
  std::optional<Date> first_day, last_day;  // of the loaded events or exposures, where there are any
  // Dimensions whose ids were taken as they are, for no file is the preset's table of them.
  std::vector<Kind> unchecked;
  std::string digest_of_read;  // TableReader's
  Notation notation;           // that the whole file shows
  std::string question;        // that only the user can answer; "" for none
  ActionsSeen actions;         // what the values of the action column were taken for
  int64_t returns = 0, charges = 0, next_lines = 0, same_amounts = 0;  // as Evidence has them
  int64_t instants = 0;               // times that name a zone, or are seconds since 1970
  std::vector<std::string> warnings;  // in a line each
  int64_t rows_read() const { return rows_loaded + rows_rejected; }
};

// Both read what Inputs makes of `paths`; what it left out is in a warning of the last report.
// Reads everything and writes nothing.
Result<std::vector<FileReport>> check(const std::vector<std::string>& paths, const Mapping& mapping,
                                      const Progress& progress);

struct ImportOptions {
  bool again = false;  // load a file whose content is already in the store
  Inputs::Expect before_opening = {};
  // What else belongs to the load, inside its transaction; told the first new load number.
  std::function<Status(store::Connection&, int64_t first_load)> before_commit = {};
  RejectLimits rejects = {};
};

Result<std::vector<FileReport>> import(store::Connection& connection, const std::vector<std::string>& paths,
                                       const Mapping& mapping, const ImportOptions& options,
                                       const Progress& progress);

}  // namespace danggol::ingest
