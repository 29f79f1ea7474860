#include "ingest/unpack.h"

#include <fmt/core.h>
#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include "base/assert.h"
#include "base/units.h"

namespace danggol::ingest {

Packing packing_of(std::string_view first_bytes) {
  if (first_bytes.starts_with("\x1f\x8b")) return Packing::gzip;
  if (first_bytes.starts_with("\x28\xb5\x2f\xfd")) return Packing::zstd;
  return Packing::none;
}

std::string_view name(Packing packing) {
  switch (packing) {
    case Packing::none: return "";
    case Packing::gzip: return "gzip";
    case Packing::zstd: return "zstd";
  }
  return "";
}

std::string_view ending(Packing packing) {
  switch (packing) {
    case Packing::none: return "";
    case Packing::gzip: return ".gz";
    case Packing::zstd: return ".zst";
  }
  return "";
}

Status within(const UnpackLimits& limits, std::string_view what, int64_t packed, int64_t unpacked) {
  if (unpacked <= limits.free_bytes) return {};
  constexpr const char* remedy = "if it is a table all the same, unpack it and give that";
  if (unpacked > limits.bytes)
    return Error{Code::bad_input,
                 fmt::format("the {} holds more than {} bytes, the most that is read of one; {}", what,
                             grouped(limits.bytes), remedy)};
  if (unpacked / limits.ratio > packed)
    return Error{
        Code::bad_input,
        fmt::format("the {} holds more than {} times its own bytes, the most that is read of one; {}", what,
                    limits.ratio, remedy)};
  return {};
}

struct Unpacker::State {
  Packing packing;
  bool is_inside = false;
  inflate_state gzip{};
  std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> zstd{nullptr, ZSTD_freeDCtx};
};

Unpacker::Unpacker(Packing packing) : state_(std::make_shared<State>()) {
  DANGGOL_ASSERT(packing != Packing::none);
  state_->packing = packing;
  if (packing == Packing::zstd) state_->zstd.reset(ZSTD_createDCtx());
}

bool Unpacker::is_inside() const { return state_->is_inside; }

Result<size_t> Unpacker::next(std::string_view& packed, char* out, size_t room) {
  State& s = *state_;
  auto damaged = [&](const auto& how) {
    return Error{Code::corrupt,
                 fmt::format("the {} is damaged ({}); fetch the file again", name(s.packing), how)};
  };
  if (s.packing == Packing::zstd) {
    ZSTD_inBuffer from{packed.data(), packed.size(), 0};
    ZSTD_outBuffer to{out, room, 0};
    size_t left = ZSTD_decompressStream(s.zstd.get(), &to, &from);
    if (ZSTD_isError(left)) return damaged(ZSTD_getErrorName(left));
    packed.remove_prefix(from.pos);
    s.is_inside = left > 0;
    return to.pos;
  }
  if (!s.is_inside) {
    isal_inflate_init(&s.gzip);
    s.gzip.crc_flag = ISAL_GZIP;
    s.is_inside = true;
  }
  s.gzip.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(packed.data()));
  s.gzip.avail_in = static_cast<uint32_t>(packed.size());
  s.gzip.next_out = reinterpret_cast<uint8_t*>(out);
  s.gzip.avail_out = static_cast<uint32_t>(room);
  int status = isal_inflate(&s.gzip);
  packed.remove_prefix(packed.size() - s.gzip.avail_in);
  if (status != ISAL_DECOMP_OK && status != ISAL_END_INPUT) return damaged(fmt::format("code {}", status));
  if (s.gzip.block_state == ISAL_BLOCK_FINISH) s.is_inside = false;
  return room - s.gzip.avail_out;
}

}  // namespace danggol::ingest
