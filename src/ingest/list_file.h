// A file of people that somebody keeps by hand: a table of some columns, or a list. Held in memory as text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "danggol/result.h"
#include "ingest/csv.h"
#include "ingest/times.h"

namespace danggol::ingest {

struct ListFile {
  RecordBlock block;  // its text, and that in records, the first of which may be the header
  std::vector<std::string> header;
  int customer = -1;  // the column of customers; -1 where the file is no table that has one

  // Code::bad_input for more than 256 MiB.
  static Result<ListFile> read(const std::string& path);
};

// Words that stand for one thing, in whatever language, small and without blanks and marks.
using Words = std::vector<std::string_view>;
bool is_of(std::string_view text, const Words& words);
std::string small(std::string_view text, std::string_view without);  // ASCII letters small, without these
std::string bare(std::string_view name);                             // without blanks and marks

// The rows of such a file, which `where` is the path of.
class ListRows {
 public:
  ListRows(const RecordBlock& block, std::string where) : block_(block), where_(std::move(where)) {}

  std::string_view cell(const Record& record, int column) const;  // trimmed; "" where there is none
  Error bad(const Record& record, std::string_view text, const std::string& must) const;
  // The order of a day's numbers is a matter of whole columns: to be settled before any day is read.
  void settle_days(const std::vector<int>& columns);
  std::optional<Date> day(std::string_view text) const;

 private:
  const RecordBlock& block_;
  std::string where_;
  TimeStyle style_;
};

}  // namespace danggol::ingest
