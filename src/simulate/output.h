// A set of files that appears whole: every file is written beside its place under another name, and all are
// renamed by finish(). Without finish() nothing is left behind.
#pragma once

#include <deque>
#include <fstream>
#include <string>
#include <string_view>

#include "danggol/result.h"

namespace danggol {

class Output {
 public:
  class File {
   public:
    void write(std::string_view text) {
      stream_.write(text.data(), static_cast<std::streamsize>(text.size()));
    }

   private:
    friend class Output;
    std::string path_;
    std::ofstream stream_;
  };

  // Makes the folder if it is missing. Error (io) if it cannot be written to.
  static Result<Output> open(const std::string& folder);

  Output(Output&& other) = default;
  Output& operator=(Output&&) = delete;
  ~Output();

  // `name` may lie in a folder of its own: "truth/customer.csv". The file lives as long as the Output.
  Result<File*> create(const std::string& name);

  // Error (io) when the disk is full, say; checked here and once a block is enough.
  Status check() const;
  Status finish();

 private:
  explicit Output(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
  std::deque<File> files_;
};

}  // namespace danggol
