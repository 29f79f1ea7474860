#include "ingest/byte_source.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <vector>

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
  UnpackLimits limits;
  Packing packing = Packing::none;
  std::optional<Unpacker> unpacker;
  int64_t unpacked = 0;  // bytes so far
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

  // Of the head, which becomes UTF-8.
  Status tell_encoding(const std::string& said) {
    std::string_view sniff = std::string_view(head).substr(0, sniff_bytes);
    encoding = said.empty() ? told_encoding(sniff) : said;
    bool is_wide = encoding.starts_with("UTF-16");
    auto nuls = static_cast<size_t>(std::count(sniff.begin(), sniff.end(), '\0'));
    constexpr size_t most_nuls_of = 10;  // a few are rows gone wrong
    if (sniff.starts_with("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))
      return error(Code::bad_input,
                   "an old workbook (.xls), or one with a password; open it and save it as .xlsx without a "
                   "password, or its sheet as CSV UTF-8");
    std::string_view start =
        sniff.substr(std::min(sniff.find_first_not_of(" \t\r\n\xef\xbb\xbf"), sniff.size()));
    if (start.starts_with('<'))
      return error(
          Code::bad_input,
          "a web page or XML, whatever it is called; open it in a spreadsheet and save it as .xlsx, or as "
          "CSV UTF-8");
    if (said.empty() && !is_wide && nuls * most_nuls_of > sniff.size())
      return error(
          Code::bad_input,
          "a binary file; give CSV, .xlsx, JSON or Parquet, or name its encoding with --encoding=UTF-16LE");
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
    if (!unpacker) {
      if (!TRY(fill())) return false;
      out.append(input.data() + input_at, input_size - input_at);
      input_at = input_size;
      return true;
    }
    size_t start = out.size(), end = start;
    out.resize(start + text_block_bytes);
    while (end < out.size()) {
      bool any = TRY(fill());
      if (!any && !unpacker->is_inside()) break;
      std::string_view packed(input.data() + input_at, input_size - input_at);
      auto got = unpacker->next(packed, out.data() + end, out.size() - end);
      input_at = input_size - packed.size();
      if (!got) {
        TRY(file.unchanged());  // else that is the reason
        return error(got.error().code, got.error().message);
      }
      if (!any && *got == 0)
        return error(Code::corrupt,
                     fmt::format("the {} breaks off before its end; fetch the file again", name(packing)));
      end += *got;
    }
    out.resize(end);
    unpacked += static_cast<int64_t>(end - start);
    if (auto fits = within(limits, name(packing), file.version().bytes, unpacked); !fits)
      return error(fits.error().code, fits.error().message);
    return end > start;
  }
};

Result<ByteSource> ByteSource::open(InputFile file, std::stop_token stop, UnpackLimits limits,
                                    const std::string& encoding) {
  auto state = std::make_shared<State>();
  state->file = std::move(file);
  state->stop = std::move(stop);
  state->limits = limits;
  if (!TRY(state->fill())) return state->error(Code::bad_input, "the file is empty");
  state->packing = packing_of({state->input.data(), state->input_size});
  if (state->packing != Packing::none) state->unpacker.emplace(state->packing);

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
Packing ByteSource::packing() const { return state_->packing; }
std::string ByteSource::digest_of_read() const { return state_->file.digest_of_read(); }

}  // namespace danggol::ingest
