#include "ingest/list_file.h"

#include <fmt/core.h>

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

}  // namespace danggol::ingest
