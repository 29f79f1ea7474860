#include "ingest/dimensions.h"

#include <fmt/core.h>

#include <algorithm>

#include "ingest/watch.h"

namespace danggol::ingest {
namespace {

// Makes rejects of the rows for which `reason_of` has a reason.
template <class Row, class ReasonOf>
void turn_down(Batch& batch, std::vector<Row>& rows, const ReasonOf& reason_of) {
  size_t before = batch.rejects.size();
  auto record = batch.block.records.begin();  // the rows are in their order
  std::erase_if(rows, [&](const Row& row) {
    std::string_view reason = reason_of(row);
    if (reason.empty()) return false;
    while (record->line != row.line) ++record;
    batch.reject(*record, reason);
    return true;
  });
  if (batch.rejects.size() > before)
    std::inplace_merge(batch.rejects.begin(), batch.rejects.begin() + static_cast<int64_t>(before),
                       batch.rejects.end(),
                       [](const RejectRow& a, const RejectRow& b) { return a.line < b.line; });
}

// Whether ids are allowed; the one of the row before, which is probably this row's, need not be looked for.
class Check {
 public:
  Check(const Dimension& dimension, const DimensionShape& shape) : dimension_(dimension), shape_(shape) {}
  std::string_view reason(std::string_view id) {
    if (id == last_) return {};
    if (!dimension_.allows(id)) return dimension_.lacks_zeros(id) ? "lost_zeros" : shape_.orphan;
    last_ = id;
    return {};
  }

 private:
  const Dimension& dimension_;
  const DimensionShape& shape_;
  std::string_view last_;
};

std::string_view bare(std::string_view id) {
  return id.substr(std::min(id.find_first_not_of('0'), id.size()));
}

}  // namespace

bool Dimension::lacks_zeros(std::string_view id) const { return bare_.has(bare(id)) || allows(bare(id)); }

void Dimension::know_bare(std::string_view id) {
  if (id.starts_with('0') && !bare(id).empty()) bare_.code(bare(id));
}

void Dimensions::add(size_t file, bool is_whole, Batch& batch) {
  Dimension& dimension = all_[static_cast<size_t>(batch.kind)];
  dimension.described_ = dimension.described_ || is_whole;
  turn_down(batch, batch.dimension, [&](const DimensionRow& row) -> std::string_view {
    if (dimension.ids_.has(row.id)) return "duplicate_id";
    dimension.ids_.code(row.id);
    dimension.know_bare(row.id);
    dimension.files_.push_back(file);
    auto& words = dimension.rows_.emplace_back();
    for (size_t p = 0; p < most_said; ++p) words[p] = dimension.words_[p].code(row.properties[p]);
    return {};
  });
}

Status Dimensions::know_store(store::Connection& connection, const std::stop_token& stop) {
  for (const DimensionShape& shape : dimension_shapes()) {
    Dimension& dimension = all_[static_cast<size_t>(shape.kind)];
    if (!dimension.described_) continue;
    auto rows = TRY(connection.rows(fmt::format("SELECT {0}_id FROM raw.{0}", shape.table)));
    Table ids;
    while (TRY(rows.next(ids))) {
      TRY(go_on(stop));
      for (const std::string& id : ids.columns[0].texts)
        dimension.in_store_.code(id), dimension.know_bare(id);
    }
  }
  return {};
}

void Dimensions::turn_down_orphans(Batch& batch) const {
  auto check = [&](Kind kind) { return Check(of(kind), dimension_shapes()[static_cast<size_t>(kind)]); };
  Check customers = check(Kind::customers), products = check(Kind::products), stores = check(Kind::stores);
  turn_down(batch, batch.events, [&](const EventRow& row) {
    std::string_view reason = customers.reason(row.customer);
    if (reason.empty()) reason = products.reason(row.product);
    if (reason.empty()) reason = stores.reason(row.store);
    return reason;
  });
  turn_down(batch, batch.exposures, [&](const ExposureRow& row) { return customers.reason(row.customer); });
}

}  // namespace danggol::ingest
