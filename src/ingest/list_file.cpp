#include "ingest/list_file.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/ids.h"
#include "ingest/byte_source.h"
#include "ingest/mapping.h"

namespace danggol::ingest {

Result<ListFile> ListFile::read(const std::string& path) {
  constexpr size_t most_bytes = 256 << 20;
  ListFile out;
  InputFile file = TRY(InputFile::open(path));
  if (file.version().bytes == 0) return out;  // nobody
  ByteSource bytes = TRY(ByteSource::open(file));
  std::string text;
  while (TRY(bytes.read(text)))
    if (text.size() > most_bytes)
      return Error{Code::bad_input,
                   fmt::format("{}: a list of more than {} MiB; give it in parts", path, most_bytes >> 20)};
  out.block.text = as_text(text);
  auto start = find_table(out.block.text, [](std::string_view) { return false; });
  CsvSplitter(start.delimiter, 0).split(out.block, true);
  if (out.block.records.empty()) return out;
  TableMapping table;
  size_t customer = static_cast<size_t>(Role::customer);
  table.columns[customer] = guessing().tables[0].columns[customer];
  table.required[customer] = true;
  const Record& first = out.block.records[0];
  for (uint32_t f = 0; f < first.fields; ++f)
    out.header.emplace_back(out.block.field(first, static_cast<int>(f)));
  Sample sample;
  sample.header = out.header;
  sample.columns.resize(sample.header.size());
  Mapping mapping{"", {table}};
  if (auto found = match(mapping, sample, path)) out.customer = found->roles[customer];
  return out;
}

bool is_of(std::string_view text, const Words& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::string small(std::string_view text, std::string_view without) {
  std::string out;
  for (char c : text)
    if (without.find(c) == without.npos) out += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return out;
}

std::string bare(std::string_view name) { return small(name, " _-.()"); }

std::string_view ListRows::cell(const Record& record, int column) const {
  bool is_there = column >= 0 && static_cast<uint32_t>(column) < record.fields;
  return is_there ? trimmed(block_.field(record, column)) : std::string_view();
}

Error ListRows::bad(const Record& record, std::string_view text, const std::string& must) const {
  return {Code::bad_input, fmt::format("{}: line {}: {}: {}", where_, record.line, shown(text), must)};
}

void ListRows::settle_days(const std::vector<int>& columns) {
  TimeEvidence seen;
  for (size_t i = 1; i < block_.records.size(); ++i)
    for (int column : columns) (void)parse_time(cell(block_.records[i], column), {}, seen);
  style_.order = seen.shown();
}

std::optional<Date> ListRows::day(std::string_view text) const {
  TimeEvidence ignored;
  auto time = parse_time(text, style_, ignored);
  return time ? std::optional(to_date(*time)) : std::nullopt;
}

}  // namespace danggol::ingest
