// What becomes of a record: a row of what its table holds, or one that is turned down for a reason.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/units.h"
#include "danggol/text.h"
#include "ingest/csv.h"
#include "ingest/mapping.h"
#include "ingest/notation.h"

namespace danggol::ingest {

// Empty text means that the file does not say.
struct EventRow {
  int64_t line;
  Timestamp ts;
  Action action;
  std::string_view customer, product, partner, channel, store, receipt;
  // What the row tells of them, as in DimensionShape.
  std::array<std::string_view, most_properties> of_customer, of_product;
  Money amount, quantity;
  bool has_amount, has_quantity;
  uint8_t details = 0;  // how many, from the first on, of the batch's
  uint32_t first_detail = 0;
};

struct Detail {  // of an event; see roles_of_details in mapping.h
  Role role;
  std::string_view text;
};
inline constexpr size_t most_detail_bytes = 10'000;  // of a longer text the beginning is kept

struct ExposureRow {
  int64_t line;
  Timestamp ts;
  std::string_view customer, offer;
  double propensity;
};

struct DimensionRow {  // of a customer, product or store
  int64_t line;
  std::string_view id;
  std::array<std::string_view, most_said> properties;  // as in DimensionShape, then those beside
};

struct RejectRow {
  int64_t line;
  uint32_t record;          // of the batch's block
  std::string_view reason;  // one of reject_reasons
};

struct RejectReason {
  std::string_view name;
  Text words() const;
  Text remedy() const;  // where every row of a file is turned down for it
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
  // Of the row before the first, and what was said of its receipt: see RowReader.
  struct Carried {
    std::string receipt, action, customer, time;
    bool is_undone = false;
  };
  int64_t number = 0;  // of the file's batches, in their order from 0
  Kind kind = Kind::events;
  const RejectText* reject_text = nullptr;  // the file's
  RecordBlock block;
  Carried carried;
  std::vector<Detail> details;   // of events, whose rows say which are theirs
  std::vector<EventRow> events;  // of these three only the one that the kind names
  std::vector<ExposureRow> exposures;
  std::vector<DimensionRow> dimension;
  std::vector<RejectRow> rejects;  // in the order of their lines
  Evidence evidence;               // of how its numbers and times are written
  void clear() {                   // the memory is kept
    block.clear(), details.clear(), events.clear(), exposures.clear(), dimension.clear(), rejects.clear();
    evidence = {};
  }
  void reject(const Record& record, std::string_view reason) {
    rejects.push_back({record.line, static_cast<uint32_t>(&record - block.records.data()), reason});
  }
  void append_text(const RejectRow& reject, std::string& out) const {
    reject_text->append(block, block.records[reject.record], out);
  }
};

}  // namespace danggol::ingest
