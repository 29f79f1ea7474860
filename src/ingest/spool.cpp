#include "ingest/spool.h"

namespace danggol::ingest {

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
  if (!file_) file_ = TRY(NamelessFile::make(folder_));
  int64_t offset = kept.offset = end_;
  end_ += static_cast<int64_t>(size);
  lock.unlock();
  TRY(file_.write(block, offset));
  return number;
}

Result<std::string_view> Spool::read(size_t number, std::string& buffer) const {
  const Block& block = blocks_[number];
  if (!block.bytes.empty()) return std::string_view(block.bytes);
  buffer.resize(block.size);
  TRY(file_.read(buffer.data(), block.size, block.offset));
  return std::string_view(buffer);
}

}  // namespace danggol::ingest
