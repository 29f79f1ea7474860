// A folder of files that appears whole or not at all: written beside its name, readable by its owner alone,
// and put in place by one rename.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "danggol/result.h"

namespace danggol {

class OutputFolder {
 public:
  // What there is to write; a name may lie in a folder of its own: "truth/customer.csv".
  struct Names {
    std::vector<std::string> always, sometimes;
  };

  class File {
   public:
    ~File();
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    Status write(std::string_view text);

   private:
    friend class OutputFolder;
    File(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
    Status close();
    std::string path_;
    int descriptor_;
  };

  // `path` is nothing yet, an empty folder, or one that holds all of `always` and nothing that is not named:
  // an older one of the kind, which is replaced at the end, whole. Anything else is refused. What `fill`
  // returns, or throws, ends the work and leaves all as it was.
  static Status write(const std::string& path, const Names& names,
                      const std::function<Status(OutputFolder&)>& fill);

  // The file lives as long as the OutputFolder.
  Result<File*> create(const std::string& name);

 private:
  struct State;
  explicit OutputFolder(State& state) : state_(state) {}
  State& state_;
};

}  // namespace danggol
