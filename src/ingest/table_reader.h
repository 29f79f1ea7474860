// Files to rows. Every row of a file becomes one row of what its table holds, or one reject with its reason,
// in batches whose views live as long as the batch.
#pragma once

#include <array>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "danggol/result.h"
#include "danggol/text.h"
#include "ingest/csv.h"
#include "ingest/input_file.h"
#include "ingest/mapping.h"
#include "ingest/notation.h"

namespace danggol::ingest {

// Empty text means that the file does not say.
struct EventRow {
  int64_t line;
  Timestamp ts;
  Action action;
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
  uint32_t record;          // of the batch's block
  std::string_view reason;  // one of reject_reasons
};

struct RejectReason {
  std::string_view name;
  std::string_view remedy;  // where every row of a file is turned down for it
  Text words() const;
};
const std::vector<RejectReason>& reject_reasons();

// What is kept of a row that is turned down: the fields of the columns that play a role, in the order of the
// file, as `customer_id=b, ts=soon, "how, much"="1,000"`. What else the row holds, a phone number perhaps,
// stays in the file: so nothing is kept of a row of which it cannot be told which field is whose, nor of a
// field of several lines, which may have swallowed the rows after it by a quote that was left open.
class RejectText {
 public:
  RejectText(const std::vector<std::string>& header, const RoleColumns& roles);
  void append(const RecordBlock& block, const Record& record, std::string& out) const;
  static constexpr size_t most_bytes = 4'096;

 private:
  std::vector<std::pair<int, std::string>> columns_;  // index and "name="
};

struct Batch {
  int64_t number = 0;  // of the file's batches, in their order from 0
  Kind kind = Kind::events;
  const RejectText* reject_text = nullptr;  // the file's
  RecordBlock block;
  std::vector<EventRow> events;  // of these three only the one that the kind names
  std::vector<ExposureRow> exposures;
  std::vector<DimensionRow> dimension;
  std::vector<RejectRow> rejects;  // in the order of their lines
  Evidence evidence;               // of how its numbers and times are written
  void clear() {                   // the memory is kept
    block.clear(), events.clear(), exposures.clear(), dimension.clear(), rejects.clear(), evidence = {};
  }
  void reject(const Record& record, std::string_view reason) {
    rejects.push_back({record.line, static_cast<uint32_t>(&record - block.records.data()), reason});
  }
  void append_text(const RejectRow& reject, std::string& out) const {
    reject_text->append(block, block.records[reject.record], out);
  }
};

struct FileFacts {
  std::string path;
  std::string format;    // "CSV", "CSV.gz", "Parquet"
  std::string encoding;  // "UTF-8", "CP949" ...
  char delimiter = ',';
  std::vector<std::string> header;
  int64_t header_line = 1;
  std::vector<std::string> examples;  // of each column, the first value that is not empty
  std::string table;                  // TableMapping's name
  Kind kind = Kind::events;
  Rules rules;
  RoleColumns roles{};
  std::array<Found, role_count> found{};
  Notation notation;
  bool has(Role role) const { return roles[static_cast<size_t>(role)] >= 0; }
};

class TableReader {
 public:
  // Reads the header and matches the roles. Error for what cannot be read as a table at all. `notation` is
  // what an earlier reading of the whole file found; without it, what its beginning shows.
  static Result<TableReader> open(InputFile file, const Mapping& mapping, std::stop_token stop = {},
                                  const Notation* notation = nullptr);
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
