// A file without a name: gone with the process, however that ends.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "danggol/result.h"

namespace danggol::ingest {

class NamelessFile {
 public:
  NamelessFile() = default;
  static Result<NamelessFile> make(const std::string& folder);
  explicit operator bool() const { return state_ != nullptr; }
  // Both at an offset, from any thread.
  Status write(std::string_view bytes, int64_t at) const;
  Status read(char* into, size_t bytes, int64_t at) const;
  int descriptor() const;  // as long as this or a copy lives

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace danggol::ingest
