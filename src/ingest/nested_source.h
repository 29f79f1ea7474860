// Files whose rows may hold rows: Parquet and JSON. DuckDB reads them, and what is nested is laid out flat: a
// field of an object is a column OBJECT.FIELD, and where one column holds lists of objects, each of these is
// a row of its own with the rest of its row beside it.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/input_file.h"
#include "ingest/record_source.h"
#include "ingest/unpack.h"
#include "store/database.h"

namespace danggol::ingest {

enum class NestedFormat { parquet, json };
std::string_view name(NestedFormat format);
bool begins_json(std::string_view text);  // an object, or a list of them

class NestedSource : public RecordSource {
 public:
  // By the open file's name, which is no pattern and says nothing of columns, and with a way to no other
  // file. `lines` names the list whose objects are the rows, where there may be several; "" for the only one.
  static Result<std::unique_ptr<NestedSource>> open(InputFile file, NestedFormat format, Packing packing,
                                                    const std::string& lines, std::stop_token stop);

  std::vector<std::string> header() const;
  const std::string& lines() const { return lines_; }  // see Sample
  // The first rows, all of their fields; the source is at its end then, until begin().
  Result<RecordBlock> first_rows(size_t most);
  Status begin(std::vector<bool> needed) override;
  Result<bool> next(RecordBlock& block) override;

 private:
  struct Column {
    std::string name, expression;
  };
  Status lay_out_flat(const std::string& lines);
  Error unreadable(const Error& error) const;

  NestedFormat format_ = NestedFormat::parquet;
  InputFile file_;
  std::stop_token stop_;
  store::Connection connection_;
  std::string table_;
  std::vector<Column> columns_;
  std::string lines_;
  store::Rows rows_;
  bool at_end_ = false;
  int64_t line_ = 0;
};

}  // namespace danggol::ingest
