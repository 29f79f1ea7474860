#include <benchmark/benchmark.h>

#include <cmath>

#include "base/random.h"
#include "learn/linear_algebra.h"

namespace danggol::learn {
namespace {

template <class Real>
Dense<Real> some_matrix(size_t rows, size_t columns, uint64_t stream) {
  Random random(1, stream);
  Dense<Real> out{rows, columns, {}};
  while (out.values.size() < rows * columns) out.values.push_back(static_cast<Real>(random.uniform() - 0.5));
  return out;
}

// (a b) v against a (b v), the latter by plain loops.
template <class Real>
double error(const Dense<Real>& a, const Dense<Real>& b, const Dense<Real>& ab) {
  auto times = [](const Dense<Real>& m, const std::vector<double>& v) {
    std::vector<double> out(m.rows);
    for (size_t i = 0; i < m.rows; ++i)
      for (size_t j = 0; j < m.columns; ++j)
        out[i] += static_cast<double>(m.values[i * m.columns + j]) * v[j];
    return out;
  };
  std::vector<double> v(b.columns), expected, got;
  for (size_t j = 0; j < v.size(); ++j) v[j] = j % 3 == 0 ? 1 : -0.5;
  expected = times(a, times(b, v)), got = times(ab, v);
  double most = 0;
  for (size_t i = 0; i < got.size(); ++i) most = std::max(most, std::abs(got[i] - expected[i]));
  return most;
}

template <class Real>
void matrix_product(benchmark::State& state) {
  auto n = static_cast<size_t>(state.range(0));
  Dense<Real> a = some_matrix<Real>(n, n, 1), b = some_matrix<Real>(n, n, 2), ab;
  for (auto _ : state) ab = product(a, b);
  if (!(error(a, b, ab) < (sizeof(Real) == 4 ? 1e-2 : 1e-10))) state.SkipWithError("the product is wrong");
  state.counters["GFLOP/s"] = benchmark::Counter(2e-9 * std::pow(static_cast<double>(n), 3),
                                                 benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(matrix_product<float>)->Arg(1'000)->Arg(2'000)->Unit(benchmark::kMillisecond);
BENCHMARK(matrix_product<double>)->Arg(1'000)->Arg(2'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace danggol::learn
