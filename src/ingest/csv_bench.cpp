// Rows a second from CSV text to checked fields.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "ingest/csv.h"
#include "ingest/times.h"

namespace danggol::ingest {
namespace {

std::string rows_of_text(int64_t rows) {
  std::string text;
  for (int64_t i = 0; i < rows; ++i)
    text += fmt::format(
        "{},8512{},WHITE HANGING \"HEART\" {},{},2010-12-01 08:{:02}:00,2.55,17850,United Kingdom\n",
        536365 + i / 20, i % 10, i, 1 + i % 12, i % 60);
  return text;
}

void split(benchmark::State& state) {
  std::string text = rows_of_text(state.range(0));
  for (auto _ : state) {
    RecordBlock block;
    block.text = text;
    CsvSplitter splitter(',', 8);
    splitter.split(block, true);
    if (block.records.size() != static_cast<size_t>(state.range(0)) ||
        block.records.back().problem != RecordProblem::none)
      state.SkipWithError("rows were lost");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(split)->Arg(1000)->Arg(1'000'000);

void read_time(benchmark::State& state) {
  std::vector<std::string> texts;
  for (int64_t i = 0; i < state.range(0); ++i)
    texts.push_back(fmt::format("2010-12-{:02} 08:{:02}:00", 1 + i % 28, i % 60));
  for (auto _ : state) {
    int64_t sum = 0;
    for (const auto& text : texts) {
      TimeEvidence seen;
      sum += parse_time(text, {}, seen)->micros;
    }
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(read_time)->Arg(1000)->Arg(1'000'000);

}  // namespace
}  // namespace danggol::ingest
