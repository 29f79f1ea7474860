#include "base/ids.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/utf8.h"

namespace danggol {
namespace {

// Texts that stand for nobody, in small letters.
constexpr std::string_view nobody[] = {"null",
                                       "(null)",
                                       "nil",
                                       "none",
                                       "nan",
                                       "na",
                                       "n/a",
                                       "#n/a",
                                       "#value!",
                                       "#ref!",
                                       "\\n",
                                       "undefined",
                                       "(not set)",
                                       "not set",
                                       "(none)",
                                       "(other)",
                                       "unknown",
                                       "guest",
                                       "anonymous",
                                       "-",
                                       "--",
                                       "?",
                                       "비회원",
                                       "게스트",
                                       "손님",
                                       "미확인",
                                       "없음",
                                       "#name?",
                                       "#num!",
                                       "#null!",
                                       "#div/0!",
                                       "total",
                                       "subtotal",
                                       "grand total",
                                       "sub total",
                                       "sum",
                                       "합계",
                                       "소계",
                                       "총계",
                                       "누계",
                                       "총합계",
                                       "계",
                                       "일반고객",
                                       "현금고객",
                                       "비회원주문",
                                       "비회원고객",
                                       "walk-in",
                                       "walk-in customer",
                                       "walk in customer",
                                       "guest customer",
                                       "cash customer",
                                       "true",
                                       "false"};

constexpr std::array<bool, 256> first_bytes = [] {
  std::array<bool, 256> out{};
  for (std::string_view text : nobody) {
    auto first = static_cast<unsigned char>(text[0]);
    out[first] = true;
    if (first >= 'a' && first <= 'z') out[first - 32u] = true;
  }
  return out;
}();
constexpr size_t longest = 16;  // bytes of one of them

bool is_same(std::string_view text, std::string_view small) {
  return std::equal(text.begin(), text.end(), small.begin(), small.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

// 8.80E+11
bool is_cut_by_a_spreadsheet(std::string_view text) {
  size_t e = 0;  // find_first_of() calls a function for each letter
  while (e < text.size() && (text[e] | 32) != 'e') ++e;
  if (e == 0 || e + 2 >= text.size()) return false;
  bool has_plus = text[e + 1] == '+', has_point = text.substr(0, e).find('.') != text.npos;
  if (!has_plus && !has_point) return false;  // 8e11 may be an id
  auto are = [](std::string_view part, const char* digits) {
    return part.find_first_not_of(digits) == part.npos;
  };
  return are(text.substr(0, e), "0123456789.") && are(text.substr(e + (has_plus ? 2 : 1)), "0123456789");
}

bool is_invisible(utf8proc_int32_t code) {
  if (code == 0xad || code == 0x61c || code == 0x2060 || code == 0xfeff || (code >= 0x200b && code <= 0x200f))
    return true;
  return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}
bool is_blank(utf8proc_int32_t code) {
  return code == ' ' || code == '\t' || utf8proc_category(code) == UTF8PROC_CATEGORY_ZS;
}

}  // namespace

bool is_clean(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0xc2) continue;
    auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    switch (byte) {
      case 0xc2:  // no-break blank, soft hyphen
      case 0xcc:
      case 0xcd:  // combining marks
        return false;
      case 0xe1:  // parts of Hangul syllables; other blanks
        if ((next >= 0x84 && next <= 0x87) || next == 0x9a || next == 0xa0) return false;
        break;
      case 0xe2:  // blanks, joiners, directions
        if (next == 0x80 || next == 0x81) return false;
        break;
      case 0xe3:  // the wide blank; Japanese voice marks
        if (next == 0x80 || next == 0x82) return false;
        break;
      case 0xef:  // the byte-order mark; compatibility forms
        if (next == 0xbb || next == 0xa4 || next == 0xa5) return false;
        break;
      default:
        if (byte >= 0xd6 && byte <= 0xe0) return false;  // scripts with marks of their own
        if (byte >= 0xf0) return false;
    }
  }
  return true;
}

// Nothing but ASCII, Latin letters, Chinese characters and Hangul syllables by their first bytes.
bool is_all_clean(std::string_view text) {
  auto is_first_of_others = [](unsigned char byte) {
    return byte >= 0xc2 && !(byte >= 0xc3 && byte <= 0xc5) && !(byte >= 0xe4 && byte <= 0xed);
  };
  size_t i = 0;
#ifdef __SSE2__
  auto at_least = [](__m128i bytes, unsigned char least) {
    return _mm_cmpeq_epi8(_mm_max_epu8(bytes, _mm_set1_epi8(static_cast<char>(least))), bytes);
  };
  for (; i + 16 <= text.size(); i += 16) {
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i));
    __m128i latin = _mm_andnot_si128(at_least(bytes, 0xc6), at_least(bytes, 0xc3));
    __m128i east = _mm_andnot_si128(at_least(bytes, 0xee), at_least(bytes, 0xe4));
    __m128i others = _mm_andnot_si128(_mm_or_si128(latin, east), at_least(bytes, 0xc2));
    if (_mm_movemask_epi8(others) != 0) return false;
  }
#endif
  for (; i < text.size(); ++i)
    if (is_first_of_others(static_cast<unsigned char>(text[i]))) return false;
  return true;
}

std::string cleaned(std::string_view text) {
  std::string composed = normalised(text, Form::composed), out;
  size_t last = 0;  // where the last character that is seen ends
  for (std::string_view rest = composed; !rest.empty();) {
    utf8proc_int32_t code = 0;
    auto length = static_cast<size_t>(
        std::max<utf8proc_ssize_t>(utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(rest.data()),
                                                    static_cast<utf8proc_ssize_t>(rest.size()), &code),
                                   0));
    if (length == 0) return std::string(text);  // no UTF-8
    bool blank = is_blank(code);
    if (!is_invisible(code) && !(blank && out.empty())) {
      out += rest.substr(0, length);
      if (!blank) last = out.size();
    }
    rest.remove_prefix(length);
  }
  out.resize(last);
  return out;
}

std::string customer_of_device(std::string_view device) { return "device:" + std::string(device); }

std::string_view why_nobody(std::string_view id) {
  if (id.empty()) return "no_customer";
  auto first = static_cast<unsigned char>(id[0]);
  if (first_bytes[first] && id.size() <= longest)
    for (std::string_view text : nobody)
      if (is_same(id, text)) return "placeholder_id";
  if (first >= '0' && first <= '9' && id.size() <= 24 && is_cut_by_a_spreadsheet(id)) return "spreadsheet_id";
  return {};
}

bool stands_for_none(Date day) {
  static const std::array<Date, 6> none = {Date{0},
                                           earliest_date,
                                           *checked_date(1899, 12, 30),
                                           *checked_date(1899, 12, 31),
                                           *checked_date(9999, 12, 31),
                                           *checked_date(2999, 12, 31)};
  return std::find(none.begin(), none.end(), day) != none.end();
}

}  // namespace danggol
