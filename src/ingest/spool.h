// Blocks of bytes put aside: in memory up to a bound, beyond it in a file without a name, which is gone with
// the process however that ends.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "danggol/result.h"
#include "ingest/nameless_file.h"

namespace danggol::ingest {

class Spool {
 public:
  Spool(std::string folder, size_t memory_bytes_max) : folder_(std::move(folder)), room_(memory_bytes_max) {}
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // Both from any thread, but nothing is read before all is kept. A block is known by its number, from 0.
  Result<size_t> keep(std::string block);
  // A block that is in the file is read into `buffer`, one in memory stands where it is.
  Result<std::string_view> read(size_t block, std::string& buffer) const;

 private:
  struct Block {
    std::string bytes;  // empty if it is in the file
    int64_t offset = 0;
    size_t size = 0;
  };

  std::string folder_;
  std::mutex mutex_;  // what follows, while blocks are kept
  size_t room_;
  int64_t end_ = 0;
  NamelessFile file_;
  std::vector<Block> blocks_;
};

}  // namespace danggol::ingest
