#include "learn/model_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace danggol::learn {

Error ModelText::damaged(std::string_view what) const {
  return {Code::corrupt,
          fmt::format("the stored model is damaged at byte {}: {}; train it again", position_, what)};
}

Status ModelText::line(std::string_view expected) {
  std::string_view rest = text_.substr(position_);
  if (!rest.starts_with(expected) || rest.substr(expected.size(), 1) != "\n")
    return damaged(expected.empty() ? "must be an empty line" : fmt::format("must be {:.60}", expected));
  position_ += expected.size() + 1;
  return {};
}

// Advances only past a whole line that begins with "key=".
Result<std::string_view> ModelText::value(std::string_view key) {
  std::string_view rest = text_.substr(position_);
  size_t end = rest.find('\n');
  if (!rest.starts_with(key) || rest.substr(key.size(), 1) != "=" || end == rest.npos)
    return damaged(fmt::format("must be {}=...", key));
  position_ += end + 1;
  return rest.substr(key.size() + 1, end - key.size() - 1);
}

Result<std::vector<std::string_view>> ModelText::words(std::string_view key) {
  std::string_view rest = TRY(value(key));
  std::vector<std::string_view> out;
  while (!rest.empty()) {
    size_t end = std::min(rest.find(' '), rest.size());
    out.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

Result<std::vector<std::string_view>> ModelText::words(std::string_view key, size_t count) {
  size_t start = position_;
  auto out = TRY(words(key));
  if (out.size() == count) return out;
  position_ = start;
  return damaged(fmt::format("{}: must be {} values, not {}", key, count, out.size()));
}

template <class Number>
Result<std::vector<Number>> ModelText::numbers(std::string_view key, size_t count, Number lo, Number hi) {
  size_t start = position_;
  auto texts = TRY(words(key, count));
  std::vector<Number> out;
  out.reserve(count);
  for (std::string_view text : texts) {
    Number number{};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || !(number >= lo && number <= hi)) {
      position_ = start;
      return damaged(
          fmt::format("{}: value {} of {}: must be a number in {}..{}", key, out.size() + 1, count, lo, hi));
    }
    out.push_back(number);
  }
  return out;
}

Result<std::vector<int64_t>> ModelText::integers(std::string_view key, size_t count, int64_t lo, int64_t hi) {
  return numbers(key, count, lo, hi);
}

Result<std::vector<double>> ModelText::reals(std::string_view key, size_t count, double lo, double hi) {
  return numbers(key, count, lo, hi);
}

Result<int64_t> ModelText::integer(std::string_view key, int64_t lo, int64_t hi) {
  return TRY(integers(key, 1, lo, hi))[0];
}

Result<double> ModelText::real(std::string_view key, double lo, double hi) {
  return TRY(reals(key, 1, lo, hi))[0];
}

Result<std::string_view> ModelText::bytes(std::string_view key, size_t least, size_t most) {
  auto size = static_cast<size_t>(TRY(integer(key, static_cast<int64_t>(least), static_cast<int64_t>(most))));
  std::string_view rest = text_.substr(position_);
  if (size >= rest.size() || rest[size] != '\n')
    return damaged(fmt::format("{}: must be {} bytes and a line end", key, size));
  position_ += size + 1;
  return rest.substr(0, size);
}

Status ModelText::end() {
  if (position_ != text_.size()) return damaged("must be the end");
  return {};
}

}  // namespace danggol::learn
