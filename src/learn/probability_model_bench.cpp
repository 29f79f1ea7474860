#include <benchmark/benchmark.h>

#include <cmath>

#include "base/random.h"
#include "learn/probability_model.h"

namespace danggol::learn {
namespace {

// Five classes that ten of forty columns tell of; about as a shop's forecast is.
constexpr int32_t classes = 5, special = 4;

Matrix some_rows(size_t rows) {
  Matrix out;
  for (int c = 0; c < 40; ++c) out.names.push_back("column " + std::to_string(c));
  Random random(1, rows);
  while (out.values.size() < rows * out.columns()) out.values.push_back(random.uniform());
  return out;
}

const ProbabilityModel& some_model() {
  static const ProbabilityModel model = [] {
    Matrix features = some_rows(5'000);
    std::vector<int32_t> labels;
    for (size_t i = 0; i < features.rows(); ++i) {
      double sum = 0;
      for (size_t c = 0; c < 10; ++c) sum += features.row(i)[c];
      labels.push_back(static_cast<int32_t>(sum * 10) % classes);
    }
    return *ProbabilityModel::train(features, labels, classes, special, {}, 1);
  }();
  return model;
}

void read_model(benchmark::State& state) {
  std::string bytes = some_model().to_bytes();
  for (auto _ : state) benchmark::DoNotOptimize(ProbabilityModel::from_bytes(bytes));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
}
BENCHMARK(read_model)->Arg(1'000)->Unit(benchmark::kMillisecond);

void predict(benchmark::State& state) {
  const ProbabilityModel& model = some_model();
  Matrix rows = some_rows(static_cast<size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(model.predict(rows));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(predict)->Arg(1)->Arg(1'000)->Arg(30'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace danggol::learn
