#include "ingest/spool.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace danggol::ingest {
namespace {

Error failed(const char* what, const std::string& folder) {
  return {Code::io, fmt::format("{}: a temporary file cannot be {}: {}", folder, what, std::strerror(errno))};
}

}  // namespace

Spool::~Spool() {
  if (file_ >= 0) ::close(file_);
}

Result<size_t> Spool::keep(std::string block) {
  std::unique_lock lock(mutex_);
  size_t number = blocks_.size(), size = block.size();
  Block& kept = blocks_.emplace_back();
  kept.size = size;
  if (size <= room_) {
    room_ -= size;
    kept.bytes = std::move(block);
    return number;
  }
  room_ = 0;  // from here on all goes to the file, in one piece
  if (file_ < 0) {
    std::string name = folder_ + "/danggol-import-XXXXXX";
    file_ = ::mkostemp(name.data(), O_CLOEXEC);
    if (file_ < 0) return failed("made", folder_);
    ::unlink(name.c_str());
  }
  int64_t offset = kept.offset = end_;
  end_ += static_cast<int64_t>(size);
  lock.unlock();
  for (size_t done = 0; done < size;) {
    ssize_t written = ::pwrite(file_, block.data() + done, size - done, offset + static_cast<int64_t>(done));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return failed("written", folder_);
    done += static_cast<size_t>(written);
  }
  return number;
}

Result<std::string_view> Spool::read(size_t number, std::string& buffer) const {
  const Block& block = blocks_[number];
  if (!block.bytes.empty()) return std::string_view(block.bytes);
  buffer.resize(block.size);
  for (size_t done = 0; done < block.size;) {
    ssize_t got =
        ::pread(file_, buffer.data() + done, block.size - done, block.offset + static_cast<int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return failed("read", folder_);
    done += static_cast<size_t>(got);
  }
  return std::string_view(buffer);
}

}  // namespace danggol::ingest
