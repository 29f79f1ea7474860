// Where records come from: the text of a CSV, or the rows of a file that DuckDB reads, as text.
#pragma once

#include <string>
#include <vector>

#include "danggol/result.h"
#include "ingest/csv.h"

namespace danggol::ingest {

class RecordSource {
 public:
  virtual ~RecordSource() = default;
  // Before the first record: which columns' fields are asked for. A source may leave the others empty.
  virtual Status begin(std::vector<bool> needed) {
    (void)needed;
    return {};
  }
  virtual Result<bool> next(RecordBlock& block) = 0;  // false: nothing more
  virtual std::string digest_of_read() const { return {}; }
};

}  // namespace danggol::ingest
