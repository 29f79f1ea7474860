// What an import request asks of ingest, and what became of its files.
#pragma once

#include <string>
#include <vector>

#include "danggol/job.h"
#include "ingest/import.h"

namespace danggol::engine {

Result<ingest::Mapping> mapping_of(const ImportRequest& request);
std::vector<FileSummary> summaries_of(const std::vector<ingest::FileReport>& reports);

}  // namespace danggol::engine
