// What an import request asks of ingest, and what became of its files.
#pragma once

#include <string>
#include <vector>

#include "danggol/job.h"
#include "ingest/import.h"

namespace danggol::engine {

Result<ingest::Mapping> mapping_of(const ImportRequest& request);
// `left_out`, of folders: named in a warning.
std::vector<FileSummary> summaries_of(const std::vector<ingest::FileReport>& reports,
                                      const std::vector<std::string>& left_out);

}  // namespace danggol::engine
