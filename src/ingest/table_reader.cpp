#include "ingest/table_reader.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "base/ids.h"
#include "ingest/row_reader.h"
#include "ingest/table_source.h"

namespace danggol::ingest {

struct TableReader::State {
  FileFacts facts;
  std::optional<RowReader> rows;
  std::optional<RejectText> reject_text;
  std::mutex reading;                    // what follows
  std::unique_ptr<RecordSource> source;  // gone at the end of the file
  std::string digest_of_read;
  std::optional<Error> failed;
  int64_t batches = 0;
  Batch::Carried carried;

  Result<bool> next(Batch& batch) {
    std::lock_guard lock(reading);
    if (failed) return *failed;
    if (!source) return false;
    auto more = source->next(batch.block);
    if (!more) failed = more.error();
    else if (!*more) digest_of_read = source->digest_of_read();
    if (!more || !*more) source.reset();
    else carry(batch);
    batch.number = batches++;
    return more;
  }

  // What the rows of an order before say of it, to its rows in the next batch.
  void carry(Batch& batch) {
    batch.carried = carried;
    const auto& records = batch.block.records;
    auto last = std::find_if(records.rbegin(), records.rend(),
                             [](const Record& r) { return r.problem == RecordProblem::none; });
    if (last == records.rend()) return;
    auto field = [&](const Record& record, Role role) {
      int column = facts.roles[static_cast<size_t>(role)];
      return column < 0 ? std::string_view() : trimmed(batch.block.field(record, column));
    };
    Batch::Carried of_last{std::string(field(*last, Role::receipt)), "",
                           std::string(field(*last, Role::customer)), std::string(field(*last, Role::time)),
                           false};
    auto is_of_last = [&](std::string_view receipt, std::string_view customer, std::string_view time) {
      return receipt == of_last.receipt &&
             (!receipt.empty() || (customer == of_last.customer && time == of_last.time));
    };
    bool begins_before = is_of_last(carried.receipt, carried.customer, carried.time);  // the block
    std::optional<bool> is_undone;
    for (auto record = last; record != records.rend(); ++record) {
      if (record->problem != RecordProblem::none) continue;
      if (!is_of_last(field(*record, Role::receipt), field(*record, Role::customer),
                      field(*record, Role::time))) {
        begins_before = false;
        break;
      }
      if (of_last.action.empty()) of_last.action = field(*record, Role::action);
      if (!is_undone) is_undone = rows->is_undone_beside(batch.block, *record);
    }
    if (begins_before && of_last.action.empty()) of_last.action = carried.action;
    of_last.is_undone = is_undone.value_or(begins_before && carried.is_undone);
    carried = std::move(of_last);
  }
};

namespace {

// Of the good records of a block; the views live as long as the block.
Sample sample_of(const RecordBlock& block, std::vector<std::string> header) {
  Sample out{std::move(header), {}};
  out.columns.resize(out.header.size());
  for (const Record& record : block.records)
    if (record.problem == RecordProblem::none && record.fields == out.header.size())
      for (size_t c = 0; c < out.columns.size(); ++c)
        out.columns[c].push_back(block.field(record, static_cast<int>(c)));
  return out;
}

Evidence shown_by(const Sample& sample, const RoleColumns& roles) {
  Evidence out;
  auto each = [&](Role role, const auto& use) {
    if (int column = roles[static_cast<size_t>(role)]; column >= 0)
      for (std::string_view value : sample.columns[static_cast<size_t>(column)])
        if (!trimmed(value).empty()) use(trimmed(value));
  };
  for (size_t n = 0; n < number_role_count; ++n)
    each(number_roles[n], [&](auto value) { (void)parse_number(value, Decimal::open, out.numbers[n]); });
  each(Role::time, [&](auto value) { (void)parse_time(value, {}, out.times); });
  return out;
}

}  // namespace

Result<TableReader> TableReader::open(InputFile file, const Mapping& mapping, std::stop_token stop,
                                      const Notation* notation, const Joins* joins) {
  auto state = std::make_shared<State>();
  FileFacts& facts = state->facts;
  facts.path = file.path();
  TableSource source = TRY(TableSource::open(std::move(file), mapping, stop));
  if (joins) joins->extend(source);
  Sample sample = sample_of(*source.head, source.header);
  sample.lines = source.lines;
  Match matched = TRY(match(mapping, sample, facts.path));
  for (const auto& column : sample.columns) {
    auto value = std::find_if(column.begin(), column.end(), [](auto text) { return !trimmed(text).empty(); });
    facts.examples.emplace_back(value == column.end() ? "" : trimmed(*value));
  }
  facts.beside = beside(matched, sample);
  facts.format = source.format;
  facts.encoding = source.encoding;
  facts.delimiter = source.delimiter;
  facts.header = source.header;
  facts.header_line = source.header_line;
  facts.table = matched.table->name;
  facts.is_whole = matched.table->is_whole;
  facts.kind = matched.table->kind;
  facts.rules = matched.table->rules;
  facts.roles = matched.roles;
  facts.found = matched.found;
  facts.notation =
      notation ? *notation : notation_of(facts.rules, shown_by(sample, facts.roles), facts.delimiter);
  std::vector<bool> needed(facts.header.size());
  for (int column : facts.roles)
    if (column >= 0) needed[static_cast<size_t>(column)] = true;
  for (const Undoing& undoing : facts.beside.undoing) needed[static_cast<size_t>(undoing.column)] = true;
  TRY(source.records->begin(std::move(needed)));
  state->source = std::move(source.records);
  state->rows.emplace(facts);
  state->reject_text.emplace(facts.header, facts.roles);
  TableReader reader;
  reader.state_ = std::move(state);
  return reader;
}

const FileFacts& TableReader::facts() const { return state_->facts; }
const std::string& TableReader::digest_of_read() const { return state_->digest_of_read; }

Result<bool> TableReader::next(Batch& batch) {
  batch.clear();
  batch.reject_text = &*state_->reject_text;
  if (!TRY(state_->next(batch))) return false;
  state_->rows->read(batch);
  return true;
}

Result<std::unique_ptr<Batch>> TableReader::next() {
  auto batch = std::make_unique<Batch>();
  if (!TRY(next(*batch))) batch.reset();
  return batch;
}

}  // namespace danggol::ingest
