#include "ingest/table_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/ids.h"
#include "ingest/byte_source.h"
#include "ingest/encoding.h"
#include "ingest/nested_source.h"
#include "ingest/values.h"

namespace danggol::ingest {
namespace {

class CsvSource : public RecordSource {
 public:
  // `blanks`, what has read the text so far, where fields stand apart by blanks.
  CsvSource(ByteSource bytes, std::string text, CsvSplitter splitter, std::optional<BlankRuns> blanks)
      : bytes_(std::move(bytes)), text_(std::move(text)), splitter_(splitter), blanks_(blanks) {}

  Result<bool> next(RecordBlock& block) override {
    size_t piece = piece_bytes;
    while (true) {
      while (text_.size() - at_ < piece && !at_end_) {
        text_.erase(0, at_);
        at_ = 0;
        at_end_ = !TRY(read());
      }
      if (at_ == text_.size()) return false;
      block.text.assign(text_, at_, piece);
      bool last = at_end_ && block.text.size() == text_.size() - at_;
      size_t used = splitter_.split(block, last);
      at_ += used;
      if (!block.records.empty()) return true;
      if (used == 0) piece *= 2;  // a record longer than the piece
    }
  }
  std::string digest_of_read() const override { return bytes_.digest_of_read(); }

 private:
  // So much that all made of it, some 10 times as large, stays in a core's own cache.
  static constexpr size_t piece_bytes = 128 << 10;

  Result<bool> read() {
    if (!blanks_) return bytes_.read(text_);
    std::string more;
    bool any = TRY(bytes_.read(more));
    blanks_->append(more, text_);
    return any;
  }

  ByteSource bytes_;
  std::string text_;
  size_t at_ = 0;  // the text before it is in records
  CsvSplitter splitter_;
  std::optional<BlankRuns> blanks_;
  bool at_end_ = false;
};

constexpr size_t most_sample_rows = 1'000;

bool is_value(std::string_view text) { return is_number(text) || is_time(text); }

// Where most of what should be names are values, the first of them; else "".
std::string first_value(const std::vector<std::string>& header) {
  auto are = std::count_if(header.begin(), header.end(),
                           [](const std::string& name) { return is_value(trimmed(name)); });
  if (are * 2 <= static_cast<std::ptrdiff_t>(header.size())) return {};
  return *std::find_if(header.begin(), header.end(),
                       [](const std::string& name) { return is_value(trimmed(name)); });
}

// The second column of a name is NAME#2, and so on.
void number_repeats(std::vector<std::string>& header) {
  std::map<std::string, int> seen;
  for (std::string& name : header)
    if (!name.empty())
      if (int times = ++seen[plain(name)]; times > 1) name += fmt::format("#{}", times);
}

Status open_nested(InputFile file, NestedFormat format, Packing packing, const Mapping& mapping,
                   const std::stop_token& stop, TableSource& out) {
  auto nested = TRY(NestedSource::open(std::move(file), format, packing, mapping.lines, stop));
  out.format = fmt::format("{}{}", name(format), ending(packing));
  out.encoding = plain_encoding;
  out.header = nested->header();
  number_repeats(out.header);
  out.lines = nested->lines();
  *out.head = TRY(nested->first_rows(most_sample_rows));
  out.records = std::move(nested);
  return {};
}

}  // namespace

Result<TableSource> TableSource::open(InputFile file, const Mapping& mapping, const std::stop_token& stop) {
  TableSource out;
  std::string path = file.path();
  std::string_view made_of = file.format();
  if (file.starts_with("PAR1")) {
    TRY(open_nested(std::move(file), NestedFormat::parquet, Packing::none, mapping, stop, out));
    return out;
  }
  ByteSource bytes = TRY(ByteSource::open(file, stop, {}, made_of.empty() ? mapping.encoding : "UTF-8"));
  std::string text;
  bool more = TRY(bytes.read(text));
  if (begins_json(text)) {
    TRY(open_nested(std::move(file), NestedFormat::json, bytes.packing(), mapping, stop, out));
    return out;
  }
  out.format = made_of.empty() ? fmt::format("CSV{}", ending(bytes.packing())) : made_of;
  out.encoding = bytes.encoding();
  TableStart start = find_table(text, is_value);
  // blank lines, or a header that ends with the file
  for (; more && text.find('\n', start.skipped) == text.npos; start = find_table(text, is_value))
    more = TRY(bytes.read(text));
  std::optional<BlankRuns> blanks;
  if (start.by_blanks) {
    std::string parted;
    blanks.emplace().append(text, parted);
    text = std::move(parted);
  }
  out.delimiter = start.delimiter;
  text.erase(0, start.skipped);
  CsvSplitter splitter(start.delimiter, 0, start.line);
  if (mapping.header.empty()) {
    RecordBlock first;
    first.text = text;
    size_t used = splitter.split(first, !more, 1);
    if (first.records.empty() || first.records[0].problem != RecordProblem::none)
      return Error{Code::bad_input, fmt::format("{}: the first line is no header of column names", path)};
    out.header_line = first.records[0].line;
    for (std::string_view name : first.fields) out.header.emplace_back(unprotected(name));
    text.erase(0, used);
    if (auto value = first_value(out.header); !value.empty())
      return Error{
          Code::bad_input,
          fmt::format("{}: the first line has values such as {}, not names of columns; name them with "
                      "--header=NAME,NAME...",
                      path, shown(value))};
  } else {
    out.header = mapping.header;
  }
  number_repeats(out.header);
  CsvSplitter rest(start.delimiter, out.header.size(), splitter.line());
  out.head->text = text;
  CsvSplitter(rest).split(*out.head, !more, most_sample_rows);
  out.records = std::make_unique<CsvSource>(std::move(bytes), std::move(text), rest, blanks);
  return out;
}

}  // namespace danggol::ingest
