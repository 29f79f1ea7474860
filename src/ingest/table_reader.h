// Files to rows. Every row of a file becomes one row of what its table holds, or one reject with its reason,
// in batches whose views live as long as the batch.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "danggol/result.h"
#include "ingest/file_facts.h"
#include "ingest/input_file.h"
#include "ingest/join.h"
#include "ingest/mapping.h"
#include "ingest/rows.h"

namespace danggol::ingest {

class TableReader {
 public:
  // Reads the header and matches the roles. Error for what cannot be read as a table at all. `notation` is
  // what an earlier reading of the whole file found; without it, what its beginning shows. `joins` add
  // columns.
  static Result<TableReader> open(InputFile file, const Mapping& mapping, std::stop_token stop = {},
                                  const Notation* notation = nullptr, const Joins* joins = nullptr);
  const FileFacts& facts() const;
  // Puts the next batch in place of what `batch` held; false at the end of the file. Several threads may
  // call: one reads and splits the text while the others make values of theirs.
  Result<bool> next(Batch& batch);
  Result<std::unique_ptr<Batch>> next();  // the same, with nullptr at the end
  // After the end, the digest of the bytes that the rows were made of; empty for Parquet, which is read here
  // and there.
  const std::string& digest_of_read() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace danggol::ingest
