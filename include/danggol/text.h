// What a person reads, in every language that danggol speaks.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace danggol {

// A place in languages(). The first is the one that others fall back on.
enum class Language : uint8_t { en, ko };

struct LanguageInfo {
  std::string_view code, name;  // "ko", "한국어"
};
std::span<const LanguageInfo> languages();

class Text {
 public:
  Text() = default;
  explicit Text(std::vector<std::string> by_language) : by_language_(std::move(by_language)) {}

  const std::string& in(Language language) const;
  bool empty() const { return in(Language::en).empty(); }

 private:
  std::vector<std::string> by_language_;
};

}  // namespace danggol
