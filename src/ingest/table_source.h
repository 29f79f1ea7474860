// A file opened as a table: what its columns are called, and its records, whatever form they are in.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "ingest/csv.h"
#include "ingest/input_file.h"
#include "ingest/mapping.h"
#include "ingest/record_source.h"

namespace danggol::ingest {

struct TableSource {
  std::string format;    // "CSV", "CSV.gz", "Parquet", "XLSX" ...
  std::string encoding;  // "UTF-8", "CP949" ...
  char delimiter = ',';
  std::vector<std::string> header;
  int64_t header_line = 1;
  std::string lines;  // see Sample
  std::unique_ptr<RecordBlock> head =
      std::make_unique<RecordBlock>();  // the first records, with all of their fields
  // The records, from the first; begin() comes before them.
  std::unique_ptr<RecordSource> records;

  static Result<TableSource> open(InputFile file, const Mapping& mapping, const std::stop_token& stop);
};

}  // namespace danggol::ingest
