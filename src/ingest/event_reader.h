// Files to events. Every row of a file becomes one event or one reject with its reason, in batches whose
// views live as long as the batch.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "danggol/result.h"
#include "ingest/csv.h"
#include "ingest/mapping.h"

namespace danggol::ingest {

// What an event_reader row is; empty text means the file does not say.
struct EventRow {
  int64_t line;
  Timestamp ts;
  std::string_view action;
  std::string_view customer, product, product_name, partner, channel, store, region, receipt;
  Money amount, quantity;
  bool has_amount, has_quantity;
};

struct RejectRow {
  int64_t line;
  std::string_view reason;  // one of reject_reasons
  std::string_view text;    // the row as it stands in the file; not UTF-8 where that is the reason
};

struct RejectReason {
  std::string_view name;
  std::string_view en, ko;
};
const std::vector<RejectReason>& reject_reasons();

struct EventBatch {
  int64_t number = 0;  // of the file's batches, in their order from 0
  RecordBlock block;
  std::vector<EventRow> events;
  std::vector<RejectRow> rejects;
};

struct FileFacts {
  std::string path;
  std::string format;    // "CSV", "CSV.gz", "Parquet"
  std::string encoding;  // "UTF-8", "CP949"
  char delimiter = ',';
  std::vector<std::string> header;
  RoleColumns roles{};
};

class EventReader {
 public:
  // Reads the header and matches the roles. Error for what cannot be read as a table at all.
  static Result<EventReader> open(const std::string& path, const Mapping& mapping);
  const FileFacts& facts() const;
  // Puts the next batch in place of what `batch` held; false at the end of the file. Several threads may
  // call: one reads and splits the text while the others make values of theirs.
  Result<bool> next(EventBatch& batch);
  Result<std::unique_ptr<EventBatch>> next();  // the same, with nullptr at the end

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace danggol::ingest
