// The sheets of a spreadsheet's workbook (.xlsx: Office Open XML, ECMA-376), as CSV.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ingest/zip.h"

namespace danggol::ingest {

class Workbook {
 public:
  static bool is(const Zip& zip);
  static Result<Workbook> open(Zip zip);

  const std::vector<std::string>& sheets() const { return names_; }  // the visible ones
  // The sheet as CSV in UTF-8: a line a row, of which line n is row n; what a cell shows where it is a date
  // (as 2024-01-31 09:00:00) or a number of a fixed length (00042), else its value, of 15 digits at most and
  // with a point that cannot be taken for one of thousands; a blank for a line end in a cell. No bytes for a
  // sheet without a value.
  Result<InputFile> csv_of(size_t sheet) const;

 private:
  struct Format {  // of a number
    bool has_day = false, has_time = false;
    size_t digits = 0;  // at least so many, filled up with zeros
  };
  static Format format_of(std::string_view code);
  static Format format_of(int builtin);
  Status read_book();
  Status read_styles();
  Status read_texts();
  std::string text_of_number(std::string_view value, size_t style) const;

  Zip zip_;
  std::vector<std::string> names_, parts_;
  std::string styles_part_, texts_part_;
  bool since_1904_ = false;
  std::vector<Format> styles_;
  std::vector<std::string> texts_;
};

}  // namespace danggol::ingest
