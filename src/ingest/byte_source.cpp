#include "ingest/byte_source.h"

#include <fmt/core.h>
#include <iconv.h>
#include <isa-l/igzip_lib.h>

#include <cerrno>
#include <vector>

#include "base/units.h"
#include "base/utf8.h"
#include "ingest/watch.h"

namespace danggol::ingest {
namespace {

constexpr size_t file_block_bytes = 1 << 20;
constexpr size_t text_block_bytes = 4 << 20;
constexpr size_t sniff_bytes = 1 << 20;

bool is_utf8_prefix(std::string_view text) {
  while (!text.empty()) {
    int length = character_bytes(text);
    if (length == 0) return false;
    if (length < 0) return true;
    text.remove_prefix(static_cast<size_t>(length));
  }
  return true;
}

class Transcoder {
 public:
  Transcoder() : handle_(iconv_open("UTF-8", "CP949")) {}
  ~Transcoder() {
    if (handle_ != reinterpret_cast<iconv_t>(-1)) iconv_close(handle_);
  }
  Transcoder(const Transcoder&) = delete;
  Transcoder& operator=(const Transcoder&) = delete;

  // Appends the UTF-8 of `in` to `out`, keeps a character that is cut in two for the next call. A byte that
  // is no CP949 goes through as it is: its row then fails the UTF-8 check and becomes a reject.
  // Returns the number of such bytes.
  size_t convert(std::string_view in, std::string& out) {
    size_t bad = 0;
    std::string joined = rest_ + std::string(in);
    rest_.clear();
    char* from = joined.data();
    size_t left = joined.size();
    std::vector<char> buffer(text_block_bytes);
    while (left > 0) {
      char* to = buffer.data();
      size_t room = buffer.size();
      size_t outcome = iconv(handle_, &from, &left, &to, &room);
      out.append(buffer.data(), buffer.size() - room);
      if (outcome != static_cast<size_t>(-1) || errno == E2BIG) continue;
      if (errno == EINVAL) {
        rest_.assign(from, left);
        break;
      }
      out += *from++;
      --left;
      ++bad;
    }
    return bad;
  }
  bool flush(std::string& out) {  // half a character at the end of the file; its row becomes a reject
    bool any = !rest_.empty();
    out += rest_;
    rest_.clear();
    return any;
  }

 private:
  iconv_t handle_;
  std::string rest_;
};

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
  Encoding encoding = Encoding::utf8;
  Transcoder transcoder;
  std::string head;  // sniffed text not yet handed out
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

Result<ByteSource> ByteSource::open(InputFile file, std::stop_token stop, GzipLimits limits) {
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
  std::string_view sniff = std::string_view(head).substr(0, sniff_bytes);
  if (sniff.empty()) return state->error(Code::bad_input, "the file is empty");
  if (sniff.starts_with("\xff\xfe") || sniff.starts_with("\xfe\xff"))
    return state->error(Code::bad_input, "UTF-16 text; save it as UTF-8 (or CP949) first");
  if (sniff.substr(0, 65'536).find('\0') != sniff.npos)
    return state->error(Code::bad_input, "a binary file; give CSV, CSV.gz or Parquet");
  if (sniff.starts_with("\xef\xbb\xbf")) {
    head.erase(0, 3);
  } else if (!is_utf8_prefix(sniff)) {
    // Not UTF-8 from the start: CP949 if nearly all of it reads as that, else single bad rows in UTF-8 text.
    std::string trial;
    size_t bad = Transcoder().convert(sniff, trial);
    if (bad * 1'000 <= sniff.size() && bad * 4 < trial.size()) {
      size_t malformed = 0;
      for (std::string_view rest = sniff; !rest.empty();) {
        int length = character_bytes(rest);
        if (length <= 0) ++malformed;
        rest.remove_prefix(static_cast<size_t>(std::max(length, 1)));
      }
      if (bad * 4 <= malformed) {
        state->encoding = Encoding::cp949;
        std::string text;
        state->transcoder.convert(head, text);
        head = std::move(text);
      }
    }
  }
  ByteSource source;
  source.state_ = std::move(state);
  return source;
}

Result<bool> ByteSource::read(std::string& out) {
  State& s = *state_;
  if (!s.head.empty()) {
    out += s.head;
    s.head = {};
    return true;
  }
  std::string raw;
  if (!s.at_end) {
    if (s.encoding == Encoding::utf8) return s.decode(out);
    s.at_end = !TRY(s.decode(raw));
  }
  if (s.at_end) return s.transcoder.flush(out);
  s.transcoder.convert(raw, out);
  return true;
}

Encoding ByteSource::encoding() const { return state_->encoding; }
bool ByteSource::compressed() const { return state_->gzip; }
std::string ByteSource::digest_of_read() const { return state_->file.digest_of_read(); }

}  // namespace danggol::ingest
