// Any bytes as a file to import, as single values and as a mapping. Whatever they are: no crash, an error of
// one line or rows, every row an event or a reject with a known reason, and the same rows however the text
// came in.
#include <fmt/core.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/utf8.h"
#include "expect.h"
#include "ingest/byte_source.h"
#include "ingest/csv.h"
#include "ingest/encoding.h"
#include "ingest/import.h"
#include "ingest/mapping.h"
#include "ingest/numbers.h"
#include "ingest/table_reader.h"
#include "ingest/times.h"
#include "ingest/values.h"

namespace danggol::ingest {
namespace {

// A file that is nowhere but in memory; the readers take a path.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(memfd_create("fuzz", 0)) {}
  std::string hold(std::string_view bytes) {
    bool held = ftruncate(descriptor_, 0) == 0 &&
                pwrite(descriptor_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
    EXPECT(held, "no memory file");
    return fmt::format("/proc/self/fd/{}", descriptor_);
  }

 private:
  int descriptor_;
};

void expect_of_file(const Error& error) {
  expect_plain(error);
  EXPECT(error.code == Code::bad_input || error.code == Code::corrupt || error.code == Code::not_found,
         "{}: code {}", error.message, static_cast<int>(error.code));
}

struct Decoded {
  std::string text;
  bool good = false;
};

Decoded read_text(const std::string& path, std::string_view bytes) {
  Decoded out;
  auto source = ByteSource::open(*InputFile::open(path));
  if (!source) return expect_of_file(source.error()), out;
  while (true) {
    auto more = source->read(out.text);
    if (!more) return expect_of_file(more.error()), out;
    if (!*more) break;
  }
  if (source->packing() == Packing::none && source->encoding() == plain_encoding) {
    std::string body(bytes.starts_with("\xef\xbb\xbf") ? bytes.substr(3) : bytes);
    bool old_lines = body.find('\r') != body.npos && body.find('\n') == body.npos;
    if (old_lines) std::replace(body.begin(), body.end(), '\r', '\n');
    EXPECT(out.text == body, "plain text changed: {} bytes became {}", body.size(), out.text.size());
  }
  out.good = true;
  return out;
}

struct RecordSeen {
  int64_t line;
  RecordProblem problem;
  std::vector<std::string> fields;
  std::string text;
  bool operator==(const RecordSeen&) const = default;
};

// `piece` says how much text comes next.
template <class Piece>
std::vector<RecordSeen> split(std::string_view text, char delimiter, size_t columns, const Piece& piece) {
  CsvSplitter splitter(delimiter, columns);
  std::vector<RecordSeen> out;
  std::string rest;
  for (bool at_end = false; !at_end;) {
    RecordBlock block;
    std::string_view next = text.substr(0, piece());
    text.remove_prefix(next.size());
    at_end = text.empty();
    block.text = rest + std::string(next);
    size_t used = splitter.split(block, at_end);
    EXPECT(used <= block.text.size(), "{} of {} bytes", used, block.text.size());
    rest = block.text.substr(used);
    for (const Record& record : block.records) {
      RecordSeen seen{record.line, record.problem, {}, std::string(record.text)};
      for (uint32_t c = 0; c < record.fields; ++c)
        seen.fields.emplace_back(block.field(record, static_cast<int>(c)));
      out.push_back(std::move(seen));
    }
  }
  EXPECT(rest.empty(), "{} bytes are in no record", rest.size());
  return out;
}

std::string word(std::string_view text) {
  if (text.find('\n') != text.npos || text.find('\r') != text.npos) return "(several lines)";
  bool quoted = text.find(',') != text.npos || text.find('=') != text.npos || text.find('"') != text.npos ||
                text.starts_with(' ') || text.ends_with(' ');
  if (!quoted) return std::string(text);
  std::string out = "\"";
  for (char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

// Of a row that is turned down nothing is kept but the fields of columns that play a role.
void expect_reject_text(const FileFacts& facts, const RecordSeen& row, const std::string& text) {
  std::string expected;
  for (size_t c = 0; c < row.fields.size() && row.problem == RecordProblem::none; ++c)
    if (std::count(facts.roles.begin(), facts.roles.end(), static_cast<int>(c)) > 0 && !row.fields[c].empty())
      expected += (expected.empty() ? "" : ", ") + word(facts.header[c]) + "=" + word(row.fields[c]);
  EXPECT(is_utf8(text) && text.size() <= RejectText::most_bytes, "line {}", row.line);
  bool whole = expected.size() <= RejectText::most_bytes;
  EXPECT(whole ? text == expected : expected.starts_with(text), "line {}: {} for {}", row.line, text,
         expected);
}

bool known(std::string_view reason) {
  const auto& reasons = reject_reasons();
  return std::any_of(reasons.begin(), reasons.end(), [&](const auto& known) { return known.name == reason; });
}

// Rows of the file by the reader; what the splitter makes of the same text is the witness.
void read_rows(const std::string& path, const Mapping& mapping, const Decoded& text,
               std::vector<RecordSeen>& witness) {
  auto reader = TableReader::open(*InputFile::open(path), mapping);
  if (!reader) return expect_of_file(reader.error());
  EXPECT(text.good, "rows of what is no text");
  const FileFacts& facts = reader->facts();
  // the header may stand below titles, of which some may not split as a table does
  std::string_view table = text.text;
  for (int64_t line = 1; line < facts.header_line; ++line) table.remove_prefix(table.find('\n') + 1);
  witness = split(table, facts.delimiter, facts.header.size(), [] { return SIZE_MAX; });
  for (RecordSeen& record : witness) record.line += facts.header_line - 1;
  bool has_header = !witness.empty() && witness[0].fields.size() == facts.header.size();
  for (size_t c = 0; has_header && c < facts.header.size(); ++c) {  // the second of a name is NAME#2
    std::string_view name = unprotected(witness[0].fields[c]);
    has_header = facts.header[c].starts_with(name) &&
                 (facts.header[c].size() == name.size() || facts.header[c][name.size()] == '#');
  }
  EXPECT(has_header, "the header");
  size_t rows = 0;
  Timestamp latest{now_utc().micros + 2 * micros_per_day};
  while (true) {
    auto batch = reader->next();
    if (!batch) return expect_of_file(batch.error());
    if (!*batch) break;
    const Batch& b = **batch;
    size_t loaded = b.events.size() + b.exposures.size() + b.dimension.size();
    EXPECT(loaded + b.rejects.size() == b.block.records.size(), "{} rows, {} rejects, {} records", loaded,
           b.rejects.size(), b.block.records.size());
    for (const ExposureRow& row : b.exposures)
      EXPECT(row.propensity > 0 && row.propensity <= 1 && !row.offer.empty(), "line {}", row.line);
    for (const DimensionRow& row : b.dimension) EXPECT(!row.id.empty(), "line {}", row.line);
    size_t event = 0, reject = 0;
    for (const Record& record : b.block.records) {  // in the order of the file, one of the two
      if (b.kind != Kind::events && (reject == b.rejects.size() || b.rejects[reject].line != record.line)) {
        EXPECT(record.problem == RecordProblem::none && ++rows < witness.size(), "line {}", record.line);
        continue;
      }
      bool is_event = event < b.events.size() && b.events[event].line == record.line;
      bool is_reject = reject < b.rejects.size() && b.rejects[reject].line == record.line;
      EXPECT(is_event != is_reject, "line {}", record.line);
      EXPECT(
          ++rows < witness.size() && witness[rows].line == record.line && witness[rows].text == record.text,
          "row {} at line {}", rows, record.line);
      if (is_reject) {
        EXPECT(known(b.rejects[reject].reason), "{}", b.rejects[reject].reason);
        std::string kept;
        b.append_text(b.rejects[reject++], kept);
        expect_reject_text(facts, witness[rows], kept);
        continue;
      }
      const EventRow& row = b.events[event++];
      EXPECT(record.problem == RecordProblem::none, "line {}", record.line);
      EXPECT(!row.customer.empty() && row.customer.size() <= 256 && is_utf8(row.customer), "customer");
      EXPECT(row.ts >= to_timestamp(earliest_date) && row.ts <= latest, "{}", to_text(row.ts));
      EXPECT(Meanings().of(name_of(row.action), false)->action == row.action, "{}",
             static_cast<int>(row.action));
    }
  }
  EXPECT(rows + 1 == witness.size(), "{} rows, {} records", rows, witness.size());
}

void read_values(std::string_view text) {
  constexpr int64_t most = 1'000'000'000'000'000'000;  // DECIMAL(18, 4)
  for (Decimal decimal : {Decimal::open, Decimal::point, Decimal::comma}) {
    NumberEvidence seen;
    auto money = parse_number(text, decimal, seen);
    EXPECT(seen.point + seen.comma + seen.open() <= 1, "{}", text);
    if (!money) continue;
    EXPECT(money->ten_thousandths < most && money->ten_thousandths > -most, "{}", text);
    bool overflow = false;
    Money squared = multiply(*money, *money, overflow);
    EXPECT(squared.ten_thousandths >= 0 && squared.ten_thousandths < most, "{}", text);
  }
  for (auto order : {DateOrder::open, DateOrder::month_first, DateOrder::day_first, DateOrder::year_first}) {
    TimeEvidence seen;
    auto ts = parse_time(text, {order}, seen);
    EXPECT(!(ts && order == DateOrder::open && seen.open > 0), "{}", text);
    if (!ts) continue;
    std::string printed = to_text(*ts);
    auto again = parse_time(printed, {}, seen);
    int64_t lost = again ? ts->micros - again->micros : -1;  // a printed time has no fraction of a second
    EXPECT(lost >= 0 && lost < micros_per_second, "{} became {}", text, printed);
  }
  (void)parse_clock(text);
  std::string clean = is_utf8(text) ? cleaned(text) : "";
  EXPECT(cleaned(clean) == clean, "{} is cleaned twice", text);
  if (auto date = parse_date(text)) EXPECT(parse_date(to_text(*date)) == *date, "{}", text);
}

// The whole way into a store; rare, for it takes milliseconds.
void import_rows(const std::string& path, const Mapping& mapping) {
  static auto& database = *new auto(*store::Database::open(":memory:", store::Access::read_write));
  static auto& connection = *new auto(*database.connect());  // never closed: after main() that is too late
  auto count = [&](const char* table) {
    return *connection.integer(fmt::format("SELECT count(*) FROM raw.{}", table));
  };
  int64_t events = count("event") + count("exposure"), rejects = count("reject"), loads = count("load");
  auto reports = import(connection, {path}, mapping, {.on_overlap = OnOverlap::keep},
                        [](double, std::string_view) { return Status(); });
  int64_t new_events = count("event") + count("exposure") - events, new_rejects = count("reject") - rejects;
  if (!reports) {
    expect_of_file(reports.error());
    EXPECT(new_events == 0 && new_rejects == 0 && count("load") == loads, "a failed import left rows");
    return;
  }
  bool is_fact = !is_dimension((*reports)[0].facts.kind);
  EXPECT(
      new_events == (is_fact ? (*reports)[0].rows_loaded : 0) && new_rejects == (*reports)[0].rows_rejected,
      "{} + {} rows in the store", new_events, new_rejects);
}

}  // namespace
}  // namespace danggol::ingest

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace danggol;
  using namespace danggol::ingest;
  static MemoryFile file;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.starts_with("PAR1")) return 0;  // Parquet is DuckDB's to read
  std::string path = file.hold(bytes);
  // What else a run depends on is drawn from the bytes, so that an input is a test by itself.
  uint64_t draw = mix(size);
  for (size_t i = 0; i < size; i += 1 + size / 64) draw = mix(draw ^ data[i]);
  Random random(draw);

  Mapping mapping =
      random.below(3) == 0 ? guessing() : *preset(preset_names()[random.below(preset_names().size())]);
  if (auto text = bytes.substr(0, 4'096); random.below(4) == 0) {
    Mapping from_file = mapping;
    if (auto read = override_from_file(file.hold(text), from_file); !read) expect_of_file(read.error());
    file.hold(bytes);
  }
  Decoded text = read_text(path, bytes);
  std::vector<RecordSeen> witness;
  read_rows(path, mapping, text, witness);
  if (text.good) {
    char delimiter = find_table(text.text, [](std::string_view) { return false; }).delimiter;
    size_t columns = witness.empty() ? 0 : witness[0].fields.size();
    auto whole = split(text.text, delimiter, columns, [] { return SIZE_MAX; });
    uint64_t longest = 1 + random.below(1 + text.text.size());
    auto in_pieces = split(text.text, delimiter, columns, [&] { return 1 + random.below(longest); });
    EXPECT(whole == in_pieces, "{} and {} records", whole.size(), in_pieces.size());
    for (size_t i = 0; i < whole.size() && i < 16; ++i)
      for (const auto& field : whole[i].fields) read_values(field), (void)Meanings().of(field, true);
  }
  if (size < 64) read_values(bytes);
  if (random.below(64) == 0) import_rows(path, mapping);
  return 0;
}
