#include "ingest/join.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/ids.h"

namespace danggol::ingest {
namespace {

int column_of(const std::vector<std::string>& header, const std::string& name) {
  auto found = std::find_if(header.begin(), header.end(),
                            [&](const std::string& column) { return trimmed(column) == name; });
  return found == header.end() ? -1 : static_cast<int>(found - header.begin());
}

bool has_all(const std::vector<std::string>& header, const std::vector<std::string>& names) {
  return std::all_of(names.begin(), names.end(),
                     [&](const std::string& name) { return column_of(header, name) >= 0; });
}

}  // namespace

std::string_view Lookup::keep(std::string_view text) {
  constexpr size_t block_bytes = 1 << 20;
  if (texts_.empty() || texts_.back().capacity() - texts_.back().size() < text.size()) {
    texts_.emplace_back();
    texts_.back().reserve(std::max(block_bytes, text.size()));
  }
  std::string& block = texts_.back();
  size_t at = block.size();
  block += text;
  return std::string_view(block).substr(at);
}

Result<Lookup> Lookup::read(TableSource source, const Join& join, const std::function<void(size_t)>& say) {
  Lookup out;
  out.columns_ = join.columns.size();
  std::vector<size_t> columns = {static_cast<size_t>(column_of(source.header, join.key))};
  for (const std::string& name : join.columns)
    columns.push_back(static_cast<size_t>(column_of(source.header, name)));
  std::vector<bool> needed(source.header.size());
  for (size_t column : columns) needed[column] = true;
  TRY(source.records->begin(std::move(needed)));
  for (RecordBlock block; TRY(source.records->next(block)); block.clear()) {
    say(out.rows());
    for (const Record& record : block.records) {
      if (record.problem != RecordProblem::none) continue;
      auto field = [&](size_t c) { return trimmed(block.field(record, static_cast<int>(columns[c]))); };
      if (field(0).empty() || out.keys_.contains(field(0))) continue;
      out.keys_.emplace(out.keep(field(0)), static_cast<uint32_t>(out.rows()));
      for (size_t c = 1; c < columns.size(); ++c) out.fields_.push_back(out.keep(field(c)));
    }
  }
  if (!join.derive) return out;
  std::vector<std::string> derived = join.derive(out);
  std::vector<std::string_view> fields;
  for (size_t row = 0; row < out.rows(); ++row) {
    for (size_t c = 0; c < out.columns_; ++c) fields.push_back(out.field(row, c));
    fields.push_back(out.keep(derived[row]));
  }
  out.fields_ = std::move(fields);
  ++out.columns_;
  return out;
}

Result<Joins> Joins::take(Inputs& inputs, const Mapping& mapping, const Work& work) {
  Joins out;
  if (mapping.joins.empty() && mapping.unread.empty()) return out;
  out.joins_ = mapping.joins;
  out.lookups_.resize(mapping.joins.size());
  std::vector<bool> is_taken(inputs.size());
  for (size_t f = 0; f < inputs.size(); ++f) {
    TRY(go_on(work.stop));
    InputFile file = TRY(inputs.open(f));
    TableSource source = TRY(TableSource::open(std::move(file), mapping, work.stop));
    is_taken[f] = std::any_of(mapping.unread.begin(), mapping.unread.end(),
                              [&](const auto& columns) { return has_all(source.header, columns); });
    if (is_taken[f]) out.taken_.push_back({inputs.path(f), ""});
    for (size_t j = 0; !is_taken[f] && j < out.joins_.size(); ++j) {
      const Join& join = out.joins_[j];
      if (column_of(source.header, join.key) < 0 || !has_all(source.header, join.columns)) continue;
      is_taken[f] = true;
      auto say = [&](size_t rows) { work.say(fmt::format("{}: {} rows", inputs.name(f), rows)); };
      out.lookups_[j] = std::make_shared<Lookup>(TRY(Lookup::read(std::move(source), join, say)));
      out.taken_.push_back({inputs.path(f), join.key, static_cast<int64_t>(out.lookups_[j]->rows())});
    }
  }
  inputs.remove(is_taken);
  for (size_t j = 0; j < out.joins_.size(); ++j) {
    Join& join = out.joins_[j];
    if (!out.lookups_[j] && join.optional) continue;
    if (!out.lookups_[j])
      return Error{Code::not_found,
                   fmt::format("{}: no file is its table {}, with the columns {}, {}; give it too",
                               mapping.preset, join.table, join.key, fmt::join(join.columns, ", "))};
    if (join.derive) join.columns.push_back(join.derived);
  }
  return out;
}

// The records of a source with what lookups add to them.
class JoinedSource : public RecordSource {
 public:
  struct Step {
    std::shared_ptr<const Lookup> lookup;
    size_t key;                 // the column of its key, perhaps one that a step before has added
    std::vector<size_t> added;  // columns of the lookup
    bool optional;
  };
  JoinedSource(std::unique_ptr<RecordSource> source, size_t own_columns, std::vector<Step> steps)
      : source_(std::move(source)), own_columns_(own_columns), steps_(std::move(steps)) {}

  Status begin(std::vector<bool> needed) override {
    needed.resize(own_columns_);
    for (const Step& step : steps_)
      if (step.key < own_columns_) needed[step.key] = true;
    return source_->begin(std::move(needed));
  }
  Result<bool> next(RecordBlock& block) override {
    bool more = TRY(source_->next(block));
    if (more) extend(block);
    return more;
  }
  std::string digest_of_read() const override { return source_->digest_of_read(); }

  void extend(RecordBlock& block) const {
    std::vector<std::string_view> fields;
    fields.reserve(block.fields.size() * 2);
    for (Record& record : block.records) {
      auto first = block.fields.begin() + record.first_field;
      record.first_field = static_cast<uint32_t>(fields.size());
      fields.insert(fields.end(), first, first + record.fields);
      if (record.problem != RecordProblem::none) continue;
      for (const Step& step : steps_) {
        auto row = step.lookup->keys_.find(trimmed(fields[record.first_field + step.key]));
        bool is_found = row != step.lookup->keys_.end();
        if (!is_found && !step.optional) record.problem = RecordProblem::unmatched;
        for (size_t column : step.added)
          fields.push_back(is_found ? step.lookup->field(row->second, column) : std::string_view());
      }
      record.fields = static_cast<uint32_t>(fields.size() - record.first_field);
    }
    block.fields = std::move(fields);
  }

 private:
  std::unique_ptr<RecordSource> source_;
  size_t own_columns_;
  std::vector<Step> steps_;
};

void Joins::extend(TableSource& source) const {
  size_t own_columns = source.header.size();
  std::vector<JoinedSource::Step> steps;
  for (size_t j = 0; j < joins_.size(); ++j) {
    int key = column_of(source.header, joins_[j].key);
    if (key < 0 || !lookups_[j]) continue;
    JoinedSource::Step step{lookups_[j], static_cast<size_t>(key), {}, joins_[j].optional};
    for (size_t c = 0; c < joins_[j].columns.size(); ++c) {
      if (column_of(source.header, joins_[j].columns[c]) >= 0) continue;
      step.added.push_back(c);
      source.header.push_back(joins_[j].columns[c]);
    }
    steps.push_back(std::move(step));
  }
  if (steps.empty()) return;
  auto joined = std::make_unique<JoinedSource>(std::move(source.records), own_columns, std::move(steps));
  joined->extend(*source.head);
  source.records = std::move(joined);
}

}  // namespace danggol::ingest
