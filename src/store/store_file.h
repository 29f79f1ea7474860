// The file that a store is, before DuckDB sees it: a regular file, held by a descriptor and a lock from here
// to the end, so that whoever is told "somebody has it open" is told the truth.
#pragma once

#include <functional>
#include <string>

#include "base/output_file.h"
#include "danggol/result.h"

namespace danggol::store {

enum class Access { read_write, read_only };

class StoreFile {
 public:
  // For read_write it clears what a killed process left beside the file: nothing of that was ever said to be
  // done (see Connection::commit). Code::not_found, ::conflict (another process has it), ::bad_input (no
  // regular file), ::io.
  static Result<StoreFile> open(const std::string& path, Access access);
  // Makes a file that is not there: `fill` makes it under another name, then it appears whole. It is taken
  // away again with the object unless something was kept in it.
  static Result<StoreFile> create(const std::string& path,
                                  const std::function<Status(const std::string& beside)>& fill);
  StoreFile() = default;
  StoreFile(StoreFile&& other) noexcept { *this = std::move(other); }
  StoreFile& operator=(StoreFile&& other) noexcept;
  ~StoreFile();

  // The name for DuckDB. A reader's leads to the descriptor, so that it is this file that is read, and never
  // the write-ahead file that somebody may have put beside it.
  std::string path_to_open() const;
  std::string folder() const { return path_.substr(0, path_.rfind('/')); }
  std::string spill_folder() const { return path_ + ".tmp"; }
  FileId id() const { return id_; }
  void keep() { keep_ = true; }  // one that was just created

 private:
  std::string path_;  // without links
  int descriptor_ = -1;
  FileId id_;
  Access access_ = Access::read_only;
  bool keep_ = true;
};

}  // namespace danggol::store
