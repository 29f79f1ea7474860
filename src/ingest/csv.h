// Splits text into records and fields (RFC 4180, with any of , ; | tab between fields, and \" for a quote in
// quotes too) and knows, for every record, the line it starts on, so that a row that is turned down can be
// found, and its text as it stands in the file. A quote that was left open costs its own line and not those
// after it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "danggol/result.h"

namespace danggol::ingest {

enum class RecordProblem : uint8_t {
  none,
  field_count,
  open_quote,
  bad_quote,
  too_long,
  encoding,
  unmatched
};

struct Record {
  int64_t line;  // 1-based, of the record's first character
  uint32_t first_field, fields;
  std::string_view text;  // without the line end
  RecordProblem problem = RecordProblem::none;
};

// Records with the text they point into.
struct RecordBlock {
  std::string text;
  std::deque<std::string> unescaped;  // fields that held doubled quotes
  std::vector<std::string_view> fields;
  std::vector<Record> records;
  void clear() {  // the memory is kept
    text.clear(), unescaped.clear(), fields.clear(), records.clear();
  }
  std::string_view field(const Record& record, int column) const {
    return fields[record.first_field + static_cast<uint32_t>(column)];
  }
};

inline constexpr size_t most_record_bytes = 1
                                            << 20;  // a longer record is turned down, whatever the rest of it

class CsvSplitter {
 public:
  // `columns` is the number of fields a good record has; 0 takes any number.
  CsvSplitter(char delimiter, size_t columns, int64_t first_line = 1)
      : delimiter_(delimiter), columns_(columns), line_(first_line) {}
  // Splits block.text into block.records, at most `most` of them. Returns how many bytes were used; the rest
  // belongs before the next text: it holds an unfinished record, unless `at_end`. Blank lines are no records.
  size_t split(RecordBlock& block, bool at_end, size_t most = SIZE_MAX);
  int64_t line() const { return line_; }  // of what comes next

 private:
  char delimiter_;
  size_t columns_;
  int64_t line_;
  bool skipping_ = false;  // inside a line that was turned down for its length
};

// Makes a tab of each run of blanks between two fields, and nothing of those around a line.
class BlankRuns {
 public:
  void append(std::string_view text, std::string& out);

 private:
  bool at_start_ = true, is_open_ = false;  // of a line; after a field and before what comes next
};

// Where a table begins in a text.
struct TableStart {
  char delimiter = ',';
  size_t skipped = 0;  // bytes before the header: a line "sep=;", titles above the table
  int64_t line = 1;    // of the header
  bool by_blanks =
      false;  // fields stand apart by runs of blanks: read it through BlankRuns, with tabs between
};
// `is_value` tells what is no column's name: a number, a date. The delimiter is the one that splits the lines
// alike into most fields; the header the first line of so many that holds names alone, else the first line.
TableStart find_table(std::string_view text, bool (*is_value)(std::string_view));

}  // namespace danggol::ingest
