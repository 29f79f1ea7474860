// What a stream packed by gzip or zstd holds, and how much may come out of anything packed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "danggol/result.h"

namespace danggol::ingest {

enum class Packing : uint8_t { none, gzip, zstd };
Packing packing_of(std::string_view first_bytes);
std::string_view name(Packing packing);    // "gzip"
std::string_view ending(Packing packing);  // ".gz"

// How much may be packed: tables shrink to a tenth, seldom to a fiftieth; what holds more was made to fill a
// disk.
struct UnpackLimits {
  int64_t bytes = int64_t{1} << 40;
  int64_t ratio = 250;             // bytes in it for each of its own,
  int64_t free_bytes = 256 << 20;  // which is not looked at before so many
};
// Code::bad_input where `unpacked` bytes are too many for `packed` ones; `what` is a gzip, a zip ...
Status within(const UnpackLimits& limits, std::string_view what, int64_t packed, int64_t unpacked);

class Unpacker {
 public:
  explicit Unpacker(Packing packing);
  // Takes bytes off the front of `packed` and puts what they hold at `out`, at most `room`; returns how many.
  // Several members, one after the other, are one stream. Code::corrupt, without the file's name.
  Result<size_t> next(std::string_view& packed, char* out, size_t room);
  // Whether a member has begun and not ended: what ends there was cut off.
  bool is_inside() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace danggol::ingest
