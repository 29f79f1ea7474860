#include "ingest/numbers.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "base/utf8.h"

namespace danggol::ingest {
namespace {

constexpr int64_t most_whole = 99'999'999'999'999;  // of DECIMAL(18, 4)
constexpr size_t most_bytes = 64;                   // a longer text is no number

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// ---- the digits, when it is known which mark is which

std::optional<Money> to_money(int64_t whole, std::string_view fraction, bool negative) {
  if (whole > most_whole) return std::nullopt;
  int64_t value = whole * Money::scale, unit = Money::scale / 10;
  for (char c : fraction.substr(0, 4)) value += (c - '0') * unit, unit /= 10;
  if (fraction.size() > 4 && fraction[4] >= '5') ++value;
  if (value > most_whole * Money::scale + (Money::scale - 1)) return std::nullopt;
  return Money{negative ? -value : value};
}

// ---- what stands around the digits

// Signs and words of currencies, before or after the number; letters are compared without case.
constexpr std::string_view currencies[] = {
    "us$", "a$",  "c$",  "nt$", "hk$", "s$",  "r$",  "$",   "€",   "£",   "¥",   "₩",   "원",
    "개",  "건",  "매",  "장",  "ea",  "pcs", "EA",  "PCS", "円",  "元",  "₫",   "₹",   "₽",
    "₺",   "₴",   "฿",   "₱",   "zł",  "kč",  "kr.", "kr",  "krw", "usd", "eur", "gbp", "jpy",
    "cny", "rmb", "twd", "hkd", "sgd", "thb", "vnd", "inr", "idr", "myr", "php", "aud", "nzd",
    "cad", "mxn", "brl", "clp", "cop", "ars", "pen", "chf", "sek", "nok", "dkk", "pln", "czk",
    "huf", "ron", "rub", "uah", "try", "zar", "ils", "aed", "sar", "egp", "won"};

std::string_view blanks_cut(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool take_sign(std::string_view& text, bool& negative) {
  if (text.starts_with('-') || text.starts_with('+')) {
    negative = text[0] == '-';
    text = blanks_cut(text.substr(1));
    return true;
  }
  return false;
}

// The number without its currency, sign and parentheses; false where they do not go together.
bool strip(std::string_view& text, bool& negative) {
  text = blanks_cut(text);
  bool has_sign = false;
  if (text.starts_with('(') && text.ends_with(')')) {
    text = blanks_cut(text.substr(1, text.size() - 2));
    negative = has_sign = true;
  }
  auto sign = [&] { return !has_sign && (has_sign = take_sign(text, negative)); };
  sign();
  size_t longest = 0;
  bool is_before = false;
  for (std::string_view currency : currencies) {
    if (currency.size() <= longest) continue;
    if (text.starts_with(currency)) longest = currency.size(), is_before = true;
    else if (text.ends_with(currency)) longest = currency.size(), is_before = false;
  }
  if (is_before) text.remove_prefix(longest);
  else text.remove_suffix(longest);
  text = blanks_cut(text);
  sign();
  if (!has_sign && text.ends_with('-')) {
    negative = has_sign = true;
    text = blanks_cut(text.substr(0, text.size() - 1));
  }
  return !text.empty() && (is_digit(text.back()) || text.back() == '.') &&
         (is_digit(text[0]) || text[0] == '.' || text[0] == ',');
}

// ---- marks

// Digits in groups between `mark`: of three, or as in India (1,00,000), the first of one to three.
bool are_groups(std::string_view text, char mark, std::string& digits) {
  size_t size = 0, groups = 0;
  bool has_two = false, has_three = false;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && is_digit(text[i])) {
      digits += text[i];
      ++size;
      continue;
    }
    if (i < text.size() && text[i] != mark) return false;
    bool is_last = i == text.size();
    if (groups == 0) {
      if (size < 1 || (size > 3 && !is_last)) return false;
    } else if (is_last) {
      if (size != 3) return false;
    } else if (size == 2) {
      has_two = true;
    } else if (size == 3) {
      has_three = true;
    } else {
      return false;
    }
    ++groups, size = 0;
  }
  return !(has_two && has_three);
}

// What a text with marks is: its whole digits and its decimals, and whether another reading is as good.
struct Reading {
  std::string whole, decimals;
  char decimal = 0;  // the mark that must be decimal; 0 where the text does not show it
  char open = 0;     // the one mark of which it cannot be told
};

std::optional<Reading> read_marks(std::string_view text) {
  Reading out;
  size_t points = static_cast<size_t>(std::count(text.begin(), text.end(), '.'));
  size_t commas = static_cast<size_t>(std::count(text.begin(), text.end(), ','));
  for (char blank : {' ', '\''})
    if (text.find(blank) != text.npos) {  // parts thousands, so that a mark after it is decimal
      size_t mark = text.find_first_of(".,");
      if (points + commas > 1) return std::nullopt;
      if (!are_groups(text.substr(0, mark), blank, out.whole)) return std::nullopt;
      if (mark != text.npos) out.decimal = text[mark], out.decimals = text.substr(mark + 1);
      return out;
    }
  size_t last = text.find_last_of(".,");
  char mark = text[last], other = mark == '.' ? ',' : '.';
  size_t marks = mark == '.' ? points : commas, others = points + commas - marks;
  if (marks > 1) {  // 1.234.567
    if (others > 0 || !are_groups(text, mark, out.whole)) return std::nullopt;
    out.decimal = other;
    return out;
  }
  std::string_view before = text.substr(0, last), after = text.substr(last + 1);
  if (others > 0) {  // 1,234.50
    if (!are_groups(before, other, out.whole)) return std::nullopt;
    out.decimals = after, out.decimal = mark;
    return out;
  }
  out.whole = before, out.decimals = after;
  bool could_be_thousands = after.size() == 3 && !before.empty() && before.size() <= 3 && before[0] != '0';
  (could_be_thousands ? out.open : out.decimal) = mark;
  return out;
}

std::optional<Money> read_exponent(std::string_view text, bool negative) {
  size_t e = text.find('e');
  if (e == 0 || text.find_first_not_of("0123456789.", 0) != e) return std::nullopt;
  std::string_view power = text.substr(e + 1);
  if (power.starts_with('+')) power.remove_prefix(1);
  double value = 0;
  std::string plain = std::string(text.substr(0, e + 1)) + std::string(power);
  auto [end, error] = std::from_chars(plain.data(), plain.data() + plain.size(), value);
  if (error != std::errc{} || end != plain.data() + plain.size() || value > static_cast<double>(most_whole))
    return std::nullopt;
  auto scaled = static_cast<int64_t>(value * Money::scale + 0.5);
  return Money{negative ? -scaled : scaled};
}

// As people see it: full-width digits and blanks that do not break as plain ones, letters small.
std::string plain(std::string_view text) {
  std::string out(text);
  if (std::any_of(text.begin(), text.end(), [](char c) { return c < 0; })) {
    out = normalised(text, Form::compatible);
    for (auto [from, to] : {std::pair("−", "-"), {"’", "'"}})
      for (size_t at = 0; (at = out.find(from)) != out.npos;)
        out.replace(at, std::string_view(from).size(), to);
  }
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::optional<Money> parse_decorated(std::string_view text, Decimal decimal, NumberEvidence& seen) {
  if (text.size() > most_bytes) return std::nullopt;
  std::string seen_as = plain(text);
  std::string_view rest = seen_as;
  bool negative = false;
  if (!strip(rest, negative)) return std::nullopt;
  if (rest.find('e') != rest.npos) return read_exponent(rest, negative);
  if (rest.find_first_not_of("0123456789., '") != rest.npos) return std::nullopt;
  Reading reading;
  if (rest.find_first_of("., '") == rest.npos) {
    reading.whole = rest;
  } else {
    auto read = read_marks(rest);
    if (!read) return std::nullopt;
    reading = std::move(*read);
  }
  char mark = decimal == Decimal::comma ? ',' : decimal == Decimal::point ? '.' : 0;
  if (reading.decimal) {
    ++(reading.decimal == '.' ? seen.point : seen.comma);
    if (mark && mark != reading.decimal) return std::nullopt;
  }
  if (reading.open) {
    ++(reading.open == '.' ? seen.three_after_point : seen.three_after_comma);
    if (mark != reading.open) reading.whole += reading.decimals, reading.decimals.clear();
  }
  if (reading.whole.size() > 16 || reading.whole.size() + reading.decimals.size() == 0) return std::nullopt;
  int64_t whole = 0;
  for (char c : reading.whole) {
    if (!is_digit(c)) return std::nullopt;
    whole = whole * 10 + (c - '0');
  }
  if (!std::all_of(reading.decimals.begin(), reading.decimals.end(), is_digit)) return std::nullopt;
  return to_money(whole, reading.decimals, negative);
}

}  // namespace

void NumberEvidence::add(const NumberEvidence& more) {
  point += more.point, comma += more.comma;
  three_after_point += more.three_after_point, three_after_comma += more.three_after_comma;
}

Decimal NumberEvidence::shown() const {
  constexpr int64_t slips = 100;  // one text in so many may be a slip
  if (point > comma * slips) return Decimal::point;
  if (comma > point * slips) return Decimal::comma;
  return Decimal::open;
}

std::optional<Money> parse_number(std::string_view text, Decimal decimal, NumberEvidence& seen) {
  // what nearly all numbers are: -1234 and 12.5
  size_t i = text.starts_with('-'), first = i;
  int64_t whole = 0;
  while (i < text.size() && i < first + 16 && is_digit(text[i])) whole = whole * 10 + (text[i++] - '0');
  if (i > first && i == text.size()) return to_money(whole, {}, first == 1);
  if (i > first && text[i] == '.' && decimal == Decimal::point) {
    std::string_view after = text.substr(i + 1);
    bool is_open = after.size() == 3 && text[first] != '0' && i - first <= 3;
    if (!after.empty() && std::all_of(after.begin(), after.end(), is_digit)) {
      ++(is_open ? seen.three_after_point : seen.point);
      return to_money(whole, after, first == 1);
    }
  }
  return parse_decorated(text, decimal, seen);
}

}  // namespace danggol::ingest
