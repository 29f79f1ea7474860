// Files to rows. Every row of a file becomes one row of what its table holds, or one reject with its reason,
// in batches whose views live as long as the batch.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "danggol/result.h"
#include "ingest/csv.h"
#include "ingest/mapping.h"

namespace danggol::ingest {

// Empty text means that the file does not say.
struct EventRow {
  int64_t line;
  Timestamp ts;
  std::string_view action;
  std::string_view customer, product, product_name, partner, channel, store, region, receipt;
  Money amount, quantity;
  bool has_amount, has_quantity;
};

struct ExposureRow {
  int64_t line;
  Timestamp ts;
  std::string_view customer, offer;
  double propensity;
};

struct DimensionRow {  // of a customer, product or store
  int64_t line;
  std::string_view id;
  std::array<std::string_view, most_properties> properties;  // as in DimensionShape
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

struct Batch {
  int64_t number = 0;  // of the file's batches, in their order from 0
  Kind kind = Kind::events;
  RecordBlock block;
  std::vector<EventRow> events;  // of these three only the one that the kind names
  std::vector<ExposureRow> exposures;
  std::vector<DimensionRow> dimension;
  std::vector<RejectRow> rejects;  // in the order of their lines
  void clear() {                   // the memory is kept
    block.clear(), events.clear(), exposures.clear(), dimension.clear(), rejects.clear();
  }
  void reject(const Record& record, std::string_view reason);
};

struct FileFacts {
  std::string path;
  std::string format;    // "CSV", "CSV.gz", "Parquet"
  std::string encoding;  // "UTF-8", "CP949"
  char delimiter = ',';
  std::vector<std::string> header;
  std::string table;  // TableMapping's name
  Kind kind = Kind::events;
  RoleColumns roles{};
  bool has(Role role) const { return roles[static_cast<size_t>(role)] >= 0; }
};

class TableReader {
 public:
  // Reads the header and matches the roles. Error for what cannot be read as a table at all.
  static Result<TableReader> open(const std::string& path, const Mapping& mapping);
  const FileFacts& facts() const;
  // Puts the next batch in place of what `batch` held; false at the end of the file. Several threads may
  // call: one reads and splits the text while the others make values of theirs.
  Result<bool> next(Batch& batch);
  Result<std::unique_ptr<Batch>> next();  // the same, with nullptr at the end

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace danggol::ingest
