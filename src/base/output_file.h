// A file that appears whole or not at all: written beside its name, readable by its owner alone, and renamed.
#pragma once

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>

#include "danggol/result.h"

namespace danggol {

// What a file is, whatever it is called.
struct FileId {
  uint64_t device = 0, inode = 0;
  bool operator==(const FileId&) const = default;
};
// Of what a path leads to, through links; not_found where there is nothing.
Result<FileId> file_id(const std::string& path);

class OutputFile {
 public:
  // A pipe or device that is there is written itself. What a killed process left of the same name goes.
  static Result<OutputFile> create(const std::string& path);
  std::ostream& stream();
  // Where it is written, for who writes it by name; nobody may unless is_file().
  const std::string& path_now() const;
  bool is_file() const;
  Status commit();  // without it nothing appears

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace danggol
