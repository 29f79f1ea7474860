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
  // For read_write it clears what a killed process of ours left beside the file. Code::not_found, ::conflict
  // (another process has it), ::bad_input (no regular file), ::refused (a write-ahead file lies beside it: we
  // write none, so somebody else put it there), ::io.
  static Result<StoreFile> open(const std::string& path, Access access);
  // Makes a file that is not there: `fill` makes it under another name, then it appears whole. It is taken
  // away again with the object unless something was kept in it.
  static Result<StoreFile> create(const std::string& path,
                                  const std::function<Status(const std::string& beside)>& fill);
  // Puts another file in the place of this one: `fill` makes it under another name. Whoever asks for the name
  // finds the one or the other, whole.
  Status replace(const std::function<Status(const std::string& beside)>& fill);
  StoreFile() = default;
  StoreFile(StoreFile&& other) noexcept { *this = std::move(other); }
  StoreFile& operator=(StoreFile&& other) noexcept;
  ~StoreFile();

  const std::string& path() const { return path_; }  // without links
  std::string folder() const { return path_.substr(0, path_.rfind('/')); }
  std::string spill_folder() const { return path_ + ".tmp"; }
  std::string key_file() const { return path_ + ".key"; }
  FileId id() const { return id_; }
  // Another one after any change of the file, and of any other file.
  std::string state() const;
  bool is_kept() const { return keep_; }
  void keep() { keep_ = true; }  // one that was just created

 private:
  std::string path_;
  int descriptor_ = -1;
  FileId id_;
  bool keep_ = true;
};

}  // namespace danggol::store
