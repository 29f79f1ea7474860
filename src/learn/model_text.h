// Reads a model's stored text and takes nothing on trust: line after line must be the "key=value" that is
// asked for, every number there and in range. What is not so is Code::corrupt, with the place in one line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "danggol/result.h"

namespace danggol::learn {

class ModelText {
 public:
  explicit ModelText(std::string_view text) : text_(text) {}
  size_t position() const { return position_; }
  std::string_view since(size_t position) const { return text_.substr(position, position_ - position); }

  Status line(std::string_view expected);
  Result<int64_t> integer(std::string_view key, int64_t lo, int64_t hi);
  Result<double> real(std::string_view key, double lo, double hi);
  // Numbers apart by one blank each. NaN is in no range.
  Result<std::vector<int64_t>> integers(std::string_view key, size_t count, int64_t lo, int64_t hi);
  Result<std::vector<double>> reals(std::string_view key, size_t count, double lo, double hi);
  Result<std::vector<std::string_view>> words(std::string_view key);
  Result<std::vector<std::string_view>> words(std::string_view key, size_t count);
  // As many bytes as the value says, from the next line on, and a line end.
  Result<std::string_view> bytes(std::string_view key, size_t least, size_t most);
  Status end();

  Error damaged(std::string_view what) const;  // here

 private:
  Result<std::string_view> value(std::string_view key);
  template <class Number>
  Result<std::vector<Number>> numbers(std::string_view key, size_t count, Number lo, Number hi);

  std::string_view text_;
  size_t position_ = 0;
};

}  // namespace danggol::learn
