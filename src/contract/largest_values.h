// A dimension with more values than anybody reads, such as a marketplace's sellers, is cut to its largest
// ones and the others are told together: what a room needs for it has a bound, whatever the source holds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace danggol {

inline constexpr size_t most_values = 1'000;
inline constexpr const char* other_values = "(others)";

struct ValueNumbers {
  std::vector<std::string> names;  // by number, in the order they were given; then other_values if there are
  std::vector<int32_t> number;     // of each value
  size_t together = 0;             // how many values are told as one
};

// Numbers values that differ; where there are too many, those of less weight share the last number.
template <class Weight>
ValueNumbers number_values(const std::vector<std::string_view>& values, const std::vector<Weight>& weights) {
  std::vector<size_t> own(values.size());
  std::iota(own.begin(), own.end(), size_t{0});
  if (values.size() > most_values) {
    auto key = [&](size_t i) { return std::tuple(values[i] == other_values, -weights[i], values[i]); };
    std::nth_element(own.begin(), own.begin() + (most_values - 2), own.end(),
                     [&](size_t a, size_t b) { return key(a) < key(b); });
    own.resize(most_values - 1);
    std::sort(own.begin(), own.end());
  }
  ValueNumbers out;
  out.number.assign(values.size(), static_cast<int32_t>(own.size()));
  for (size_t i : own) {
    out.number[i] = static_cast<int32_t>(out.names.size());
    out.names.emplace_back(values[i]);
  }
  out.together = values.size() - own.size();
  if (out.together > 0) out.names.emplace_back(other_values);
  return out;
}

}  // namespace danggol
