// A dense feature matrix: row-major doubles, a name for every column. NaN is "not known".
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace danggol {

struct Matrix {
  std::vector<std::string> names;  // one for every column
  std::vector<double> values;      // rows * names.size(), row after row

  size_t columns() const { return names.size(); }
  size_t rows() const { return names.empty() ? 0 : values.size() / names.size(); }
  const double* row(size_t i) const { return values.data() + i * columns(); }

  Matrix select(const std::vector<int32_t>& chosen) const {
    Matrix out{names, {}};
    out.values.reserve(chosen.size() * columns());
    for (int32_t i : chosen) out.values.insert(out.values.end(), row(i), row(i) + columns());
    return out;
  }
};

}  // namespace danggol
