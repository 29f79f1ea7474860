// Makes rows of the records of one file.
#pragma once

#include <memory>
#include <optional>

#include "ingest/file_facts.h"
#include "ingest/rows.h"

namespace danggol::ingest {

class RowReader {
 public:
  explicit RowReader(const FileFacts& facts);
  // Of the batch's block; from any thread.
  void read(Batch& batch) const;
  // Whether the columns beside the roles say that the order was undone; nothing where they are all blank.
  std::optional<bool> is_undone_beside(const RecordBlock& block, const Record& record) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace danggol::ingest
