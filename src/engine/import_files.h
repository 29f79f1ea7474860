// What an import request asks of ingest, and what became of its files.
#pragma once

#include <string>
#include <vector>

#include "danggol/job.h"
#include "ingest/import.h"
#include "store/database.h"

namespace danggol::engine {

Result<ingest::OnOverlap> on_overlap_of(const ImportRequest& request);
Result<ingest::Mapping> mapping_of(const ImportRequest& request, const ParamTexts& settled);
std::vector<FileSummary> summaries_of(const std::vector<ingest::FileReport>& reports);

Result<std::vector<LoadSummary>> loads_of(store::Connection& connection);
// In a transaction of its own.
Result<UnloadSummary> unload(store::Connection& connection, const UnloadRequest& request);

}  // namespace danggol::engine
