// Texts to small numbers in order of first appearance. Open addressing with linear probing over XXH3 hashes;
// the texts live in one arena.
#pragma once

#define XXH_INLINE_ALL  // a call would cost more than hashing a short id
#include <xxhash.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace danggol {

class Dictionary {
 public:
  int32_t code(std::string_view text) {
    uint64_t hash = XXH3_64bits(text.data(), text.size());
    size_t at = slot_of(text, hash);
    if (slots_[at].code >= 0) return slots_[at].code;
    int32_t code = static_cast<int32_t>(texts_.size());
    texts_.push_back(keep(text));
    slots_[at] = {hash, code};
    if (texts_.size() * 2 > slots_.size()) grow();
    return code;
  }
  // The same for a text that is probably the one of code `likely` (-1: of none).
  int32_t code(std::string_view text, int32_t likely) {
    return likely >= 0 && texts_[static_cast<size_t>(likely)] == text ? likely : code(text);
  }
  bool has(std::string_view text) const {
    return slots_[slot_of(text, XXH3_64bits(text.data(), text.size()))].code >= 0;
  }
  size_t size() const { return texts_.size(); }
  std::string_view text(int32_t code) const { return texts_[static_cast<size_t>(code)]; }

 private:
  struct Slot {
    uint64_t hash = 0;
    int32_t code = -1;
  };
  static constexpr size_t block_bytes = 1 << 16;

  // Where the text is, or the empty slot where it belongs.
  size_t slot_of(std::string_view text, uint64_t hash) const {
    size_t at = hash & (slots_.size() - 1);
    while (slots_[at].code >= 0 &&
           (slots_[at].hash != hash || texts_[static_cast<size_t>(slots_[at].code)] != text))
      at = (at + 1) & (slots_.size() - 1);
    return at;
  }
  std::string_view keep(std::string_view text) {
    if (text.size() > block_bytes) return long_texts_.emplace_back(text);
    if (blocks_.empty() || used_ + text.size() > block_bytes) blocks_.emplace_back(block_bytes), used_ = 0;
    char* at = blocks_.back().data() + used_;
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    used_ += text.size();
    return {at, text.size()};
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.code < 0) continue;
      size_t at = slot.hash & (slots_.size() - 1);
      while (slots_[at].code >= 0) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = slot;
    }
  }

  std::vector<Slot> slots_ = std::vector<Slot>(1 << 10);
  std::vector<std::string_view> texts_;
  std::deque<std::vector<char>> blocks_;
  std::deque<std::string> long_texts_;  // those that no block holds
  size_t used_ = 0;
};

}  // namespace danggol
