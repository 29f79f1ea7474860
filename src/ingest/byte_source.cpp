#include "ingest/byte_source.h"

#include <fmt/core.h>
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/units.h"
#include "base/utf8.h"
#include "ingest/encoding.h"
#include "ingest/watch.h"

namespace danggol::ingest {
namespace {

constexpr size_t file_block_bytes = 1 << 20;
constexpr size_t text_block_bytes = 4 << 20;
constexpr size_t sniff_bytes = 1 << 20;

}  // namespace

std::string as_text(std::string_view bytes) {
  std::string out;
  for (size_t i = 0; i < bytes.size();) {
    size_t length = 1;
    unsigned char lead = static_cast<unsigned char>(bytes[i]);
    if (lead >= 0xc2) length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (i + length <= bytes.size() && is_utf8(bytes.substr(i, length))) out += bytes.substr(i, length);
    else out += "\xef\xbf\xbd", length = 1;
    i += length;
  }
  return out;
}

struct ByteSource::State {
  InputFile file;
  std::stop_token stop;
  GzipLimits limits;
  bool gzip = false;
  bool gzip_open = false;  // inside a gzip member
  inflate_state inflate{};
  int64_t inflated = 0;  // bytes so far
  std::vector<char> input = std::vector<char>(file_block_bytes);
  size_t input_size = 0, input_at = 0;
  std::string encoding;
  std::optional<Transcoder> transcoder;  // where it is not UTF-8
  bool old_lines = false;                // that end with a carriage return alone
  std::string head;                      // sniffed text not yet handed out
  bool at_end = false;

  Result<bool> fill() {  // more file bytes; false at the end
    if (input_at < input_size) return true;
    TRY(go_on(stop));
    input_size = TRY(file.read(input.data(), input.size()));
    input_at = 0;
    return input_size > 0;
  }

  Error error(Code code, std::string_view what) const {
    return {code, fmt::format("{}: {}", file.path(), what)};
  }

  Status within_limits() const {
    if (inflated <= limits.free_bytes) return {};
    constexpr const char* remedy = "if it is a table all the same, inflate it with gzip -d and give that";
    if (inflated > limits.bytes)
      return error(Code::bad_input,
                   fmt::format("the gzip holds more than {} bytes, the most that is read of one; {}",
                               grouped(limits.bytes), remedy));
    if (inflated / limits.ratio > file.version().bytes)
      return error(
          Code::bad_input,
          fmt::format("the gzip holds more than {} times its own bytes, the most that is read of one; {}",
                      limits.ratio, remedy));
    return {};
  }

  // Of the head, which becomes UTF-8.
  Status tell_encoding(const std::string& said) {
    std::string_view sniff = std::string_view(head).substr(0, sniff_bytes);
    encoding = said.empty() ? told_encoding(sniff) : said;
    bool is_wide = encoding.starts_with("UTF-16");
    auto nuls = static_cast<size_t>(std::count(sniff.begin(), sniff.end(), '\0'));
    constexpr size_t most_nuls_of = 10;  // a few are rows gone wrong
    if (sniff.starts_with("PK\x03\x04"))
      return error(Code::bad_input,
                   "a zip, or a workbook (.xlsx); unpack it, or save its sheet as CSV UTF-8");
    if (sniff.starts_with("\x28\xb5\x2f\xfd"))
      return error(Code::bad_input, "packed by zstd; unpack it with zstd -d and give that");
    if (said.empty() && !is_wide && nuls * most_nuls_of > sniff.size())
      return error(
          Code::bad_input,
          "a binary file; give CSV, CSV.gz or Parquet, or name its encoding with --encoding=UTF-16LE");
    if (encoding.empty())
      return error(
          Code::bad_input,
          "its encoding cannot be told for sure; name it, with --encoding=CP949, WINDOWS-1252, SHIFT_JIS, "
          "GB18030 ..., or save the file as UTF-8");
    if (encoding != plain_encoding) {
      transcoder = TRY(Transcoder::from(encoding));
      std::string text;
      transcoder->convert(head, text);
      head = std::move(text);
    }
    if (head.starts_with("\xef\xbb\xbf")) head.erase(0, 3);
    old_lines = head.find('\r') != head.npos && head.find('\n') == head.npos;
    if (old_lines) std::replace(head.begin(), head.end(), '\r', '\n');
    return {};
  }

  // Appends decoded but not transcoded bytes; false at the end.
  Result<bool> decode(std::string& out) {
    TRY(go_on(stop));
    if (!gzip) {
      if (!TRY(fill())) return false;
      out.append(input.data() + input_at, input_size - input_at);
      input_at = input_size;
      return true;
    }
    size_t start = out.size();
    out.resize(start + text_block_bytes);
    inflate.next_out = reinterpret_cast<uint8_t*>(out.data() + start);
    inflate.avail_out = text_block_bytes;
    while (inflate.avail_out > 0) {
      if (!TRY(fill())) {
        if (gzip_open)
          return error(Code::corrupt, "the gzip breaks off before its end; fetch the file again");
        break;
      }
      if (!gzip_open) {  // a file may hold several members, one after the other
        uint8_t* next_out = inflate.next_out;
        uint32_t room = inflate.avail_out;
        isal_inflate_init(&inflate);
        inflate.crc_flag = ISAL_GZIP;
        inflate.next_out = next_out;
        inflate.avail_out = room;
        gzip_open = true;
      }
      inflate.next_in = reinterpret_cast<uint8_t*>(input.data() + input_at);
      inflate.avail_in = static_cast<uint32_t>(input_size - input_at);
      int status = isal_inflate(&inflate);
      input_at = input_size - inflate.avail_in;
      if (status != ISAL_DECOMP_OK && status != ISAL_END_INPUT) {
        TRY(file.unchanged());  // else that is the reason
        return error(Code::corrupt,
                     fmt::format("the gzip is damaged (code {}); fetch the file again", status));
      }
      if (inflate.block_state == ISAL_BLOCK_FINISH) gzip_open = false;
    }
    out.resize(out.size() - inflate.avail_out);
    inflated += static_cast<int64_t>(out.size() - start);
    TRY(within_limits());
    return out.size() > start;
  }
};

Result<ByteSource> ByteSource::open(InputFile file, std::stop_token stop, GzipLimits limits,
                                    const std::string& encoding) {
  auto state = std::make_shared<State>();
  state->file = std::move(file);
  state->stop = std::move(stop);
  state->limits = limits;
  if (!TRY(state->fill())) return state->error(Code::bad_input, "the file is empty");
  state->gzip = state->input_size >= 2 && state->input[0] == '\x1f' && state->input[1] == '\x8b';

  std::string& head = state->head;
  while (head.size() < sniff_bytes) {
    if (!TRY(state->decode(head))) {
      state->at_end = true;
      break;
    }
  }
  if (head.empty()) return state->error(Code::bad_input, "the file is empty");
  TRY(state->tell_encoding(encoding));
  ByteSource source;
  source.state_ = std::move(state);
  return source;
}

Result<bool> ByteSource::read(std::string& out) {
  State& s = *state_;
  size_t start = out.size();
  if (!s.head.empty()) {
    out += s.head;
    s.head = {};
    return true;
  }
  bool more = false;
  if (!s.transcoder) {
    more = !s.at_end && TRY(s.decode(out));
  } else {
    std::string raw;
    if (!s.at_end) s.at_end = !TRY(s.decode(raw));
    more = s.at_end ? s.transcoder->flush(out) : (s.transcoder->convert(raw, out), true);
  }
  if (s.old_lines) std::replace(out.begin() + static_cast<std::ptrdiff_t>(start), out.end(), '\r', '\n');
  return more;
}

const std::string& ByteSource::encoding() const { return state_->encoding; }
bool ByteSource::compressed() const { return state_->gzip; }
std::string ByteSource::digest_of_read() const { return state_->file.digest_of_read(); }

}  // namespace danggol::ingest
