// The files of a call, found where people keep them: in folders, in zips, on the sheets of workbooks. What is
// packed is unpacked once, to files without names.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "ingest/input_file.h"
#include "ingest/zip.h"

namespace danggol::ingest {

class Inputs {
 public:
  // Looks at every file before any is read. A folder stands for the tables in it (.csv, .tsv, .json,
  // .jsonl, .parquet, .xlsx, .zip; also packed as .gz or .zst) in the order of their names, a zip for those
  // in it or for its only file, a workbook for its sheets; ARCHIVE/NAME for one of these alone. What else
  // lies there is left out. `before_opening` is asked of each file.
  using Expect = std::function<Status(const std::string& path)>;
  static Result<Inputs> open(const std::vector<std::string>& paths, const std::stop_token& stop,
                             const Expect& before_opening = {});

  size_t size() const { return inputs_.size(); }
  const std::string& path(size_t i) const { return inputs_[i].path; }
  std::string name(size_t i) const;  // without the folder; of what is packed, with the archive's
  bool is_packed(size_t i) const { return inputs_[i].unpacked.has_value(); }  // a sheet, or in a zip
  // The file as it was when it was looked at, from its beginning. Code::conflict where it has changed.
  Result<InputFile> open(size_t i) const;
  void remove(const std::vector<bool>& which);  // by file
  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  struct Input {
    std::string path;
    InputFile::Version version;
    std::optional<InputFile> unpacked = {};  // kept open
    size_t name_at = 0;                      // bytes of the folder's path
  };
  Status add(const std::string& path, const std::stop_token& stop, const Expect& before_opening);
  Status add_folder(const std::string& path, const std::stop_token& stop, const Expect& before_opening);
  Status add_packed(const InputFile& archive, std::string_view wanted, const std::stop_token& stop);
  // Both return the names of all that is there.
  Result<std::vector<std::string>> add_sheets(Zip zip, std::string_view wanted);
  Result<std::vector<std::string>> add_members(const Zip& zip, const std::string& archive,
                                               std::string_view wanted, const std::stop_token& stop);

  std::vector<Input> inputs_;
  std::vector<std::string> left_out_;
};

}  // namespace danggol::ingest
