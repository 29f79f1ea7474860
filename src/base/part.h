// Where something is written until it is whole: ".NAME.part-XXXXXX" beside its name, readable by its owner
// alone, locked by who writes it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "danggol/result.h"

namespace danggol {

// "NAME: cannot be written: No space left on device"
Error cannot_write(const std::string& name, int number);

class Part {
 public:
  enum class Kind { file, folder };
  // What a killed process left of the same target goes. `name` is the target's in messages.
  static Result<std::unique_ptr<Part>> create(const std::filesystem::path& target, Kind kind,
                                              const std::string& name);
  ~Part();  // takes away what is not done
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  const std::string& path() const { return path_; }
  int descriptor() const { return descriptor_; }
  void done();  // nothing is to be taken away any more

  // For a process that ends without its destructors.
  static void abandon_all();

 private:
  Part(std::string path, int descriptor);
  void forget() const;

  std::string path_;
  int descriptor_;
};

}  // namespace danggol
