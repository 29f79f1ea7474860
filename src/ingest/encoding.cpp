#include "ingest/encoding.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/utf8.h"

namespace danggol::ingest {
namespace {

unsigned char byte_at(std::string_view text, size_t i) { return static_cast<unsigned char>(text[i]); }

// Bytes that begin no character of UTF-8, one at a time.
size_t malformed(std::string_view text) {
  size_t out = 0;
  while (!text.empty()) {
    int length = text[0] == '\0' ? 1 : character_bytes(text);
    if (length < 0) break;  // cut in two at the end
    out += length == 0;
    text.remove_prefix(static_cast<size_t>(length == 0 ? 1 : length));
  }
  return out;
}

// What stands beyond ASCII, as the two encodings would have it. In Korean text nearly all of it is pairs of
// bytes from 0xa1, whose first is that of a Hangul syllable (0xb0 to 0xc8), or else a rarer syllable whose
// second byte is a letter, one beside the other; in Latin text single letters between plain ones.
struct HighBytes {
  size_t hangul = 0, other_pairs = 0;
  size_t singles = 0, singles_in_runs = 0;
  size_t strange_in_latin = 0, bad_in_cp949 = 0;
};
HighBytes high_bytes(std::string_view text) {
  HighBytes out;
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    unsigned char lead = byte_at(text, i), trail = byte_at(text, i + 1);
    if (lead < 0x80) continue;
    if (trail >= 0xa1 && lead >= 0xa1) {
      ++(lead >= 0xb0 && lead <= 0xc8 ? out.hangul : out.other_pairs);
      ++i;
      continue;
    }
    ++out.singles;
    out.singles_in_runs += i + 2 < text.size() && byte_at(text, i + 2) >= 0x80;
    bool is_letter_or_quote = (lead >= 0xa0 && lead < 0xfe) || lead == 0x80 || lead == 0x85 ||
                              (lead >= 0x91 && lead <= 0x97) || lead == 0x99;
    bool may_follow = trail >= 0x81 || (trail >= 'A' && trail <= 'Z') || (trail >= 'a' && trail <= 'z');
    out.strange_in_latin += !is_letter_or_quote;
    out.bad_in_cp949 += !may_follow;
    i += may_follow && trail >= 0x81;
  }
  return out;
}

bool is_korean(const HighBytes& high) {
  size_t pairs = high.hangul + high.other_pairs;
  if (pairs == 0 || high.other_pairs * 4 > pairs || high.bad_in_cp949 * 100 > pairs + high.singles)
    return false;
  return high.singles * 4 <= pairs || high.singles_in_runs * 2 >= high.singles;
}

bool is_latin(const HighBytes& high) {
  return high.singles > 2 * (high.hangul + high.other_pairs) && high.singles_in_runs * 2 < high.singles &&
         high.strange_in_latin * 10 <= high.singles;
}

// Whether no more than a few lines have bytes that are no UTF-8.
bool has_few_bad_lines(std::string_view text) {
  constexpr size_t few_of = 20;
  size_t lines = 0, bad = 0;
  for (; !text.empty(); ++lines) {
    std::string_view line = text.substr(0, text.find('\n'));
    bad += malformed(line) > 0;
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return bad <= 1 || bad * few_of <= lines;
}

}  // namespace

std::string told_encoding(std::string_view head) {
  if (head.starts_with("\xff\xfe")) return "UTF-16LE";
  if (head.starts_with("\xfe\xff")) return "UTF-16BE";
  size_t bad = malformed(head);
  auto beyond_ascii =
      static_cast<size_t>(std::count_if(head.begin(), head.end(), [](char c) { return c < 0; }));
  constexpr size_t most_bad_of = 8;  // single bad rows in a text of which most is well-formed
  if (bad * most_bad_of <= beyond_ascii - bad) return plain_encoding;
  HighBytes high = high_bytes(head);
  if (is_korean(high)) return "CP949";
  if (is_latin(high)) return "WINDOWS-1252";
  return has_few_bad_lines(head) ? plain_encoding : "";
}

Result<Transcoder> Transcoder::from(const std::string& encoding) {
  iconv_t handle = iconv_open("UTF-8", encoding.c_str());
  if (handle == none)
    return Error{
        Code::bad_input,
        fmt::format("encoding={}: must be the name of an encoding, such as UTF-8, CP949, WINDOWS-1252, "
                    "SHIFT_JIS or GB18030",
                    encoding.substr(0, 40))};
  return Transcoder(handle);
}

Transcoder::Transcoder(Transcoder&& other) noexcept
    : handle_(std::exchange(other.handle_, none)), rest_(std::move(other.rest_)) {}
Transcoder& Transcoder::operator=(Transcoder&& other) noexcept {
  std::swap(handle_, other.handle_);
  rest_.swap(other.rest_);
  return *this;
}
Transcoder::~Transcoder() {
  if (handle_ != none) iconv_close(handle_);
}

size_t Transcoder::convert(std::string_view in, std::string& out) {
  constexpr size_t buffer_bytes = 1 << 20;
  size_t bad = 0;
  std::string joined = rest_ + std::string(in);
  rest_.clear();
  char* from = joined.data();
  size_t left = joined.size();
  std::vector<char> buffer(buffer_bytes);
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

bool Transcoder::flush(std::string& out) {
  bool any = !rest_.empty();
  out += rest_;
  rest_.clear();
  return any;
}

}  // namespace danggol::ingest
