// A file of people that somebody keeps by hand: a table of some columns, or a list. Held in memory as text.
#pragma once

#include <string>
#include <vector>

#include "danggol/result.h"
#include "ingest/csv.h"

namespace danggol::ingest {

struct ListFile {
  RecordBlock block;  // its text, and that in records, the first of which may be the header
  std::vector<std::string> header;
  int customer = -1;  // the column of customers; -1 where the file is no table that has one

  // Code::bad_input for more than 256 MiB.
  static Result<ListFile> read(const std::string& path);
};

}  // namespace danggol::ingest
