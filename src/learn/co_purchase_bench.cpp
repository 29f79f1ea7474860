// Customers a second through counting and recommending.
#include <benchmark/benchmark.h>

#include <algorithm>

#include "base/random.h"
#include "learn/co_purchase.h"

namespace danggol::learn {
namespace {

// Half of what a customer buys comes from one of ten tastes: the best recommendation is of that taste.
Purchases shop(int64_t customers, int32_t items) {
  Purchases purchases;
  purchases.item_count = items;
  for (int64_t c = 0; c < customers; ++c) {
    Random random(1, static_cast<uint64_t>(c));
    purchases.start.push_back(static_cast<int64_t>(purchases.items.size()));
    std::vector<int32_t> own;
    int32_t tastes = items / 10;
    for (int k = 0; k < 40; ++k)
      own.push_back(static_cast<int32_t>(k % 2 ? random.below(static_cast<uint64_t>(items))
                                               : static_cast<uint64_t>(c % 10 * tastes) +
                                                     random.below(static_cast<uint64_t>(tastes))));
    std::sort(own.begin(), own.end());
    own.erase(std::unique(own.begin(), own.end()), own.end());
    purchases.items.insert(purchases.items.end(), own.begin(), own.end());
  }
  purchases.start.push_back(static_cast<int64_t>(purchases.items.size()));
  return purchases;
}

void co_purchase(benchmark::State& state) {
  constexpr int32_t items = 1'000;
  Purchases purchases = shop(state.range(0), items);
  for (auto _ : state) {
    auto lists = CoPurchase(purchases, 10).recommend(purchases, 10);
    size_t right = 0;
    for (size_t c = 0; c < lists.size(); ++c)
      right += static_cast<size_t>(lists[c][0].item) / (items / 10) == c % 10;
    if (right < lists.size() * 9 / 10) state.SkipWithError("the taste was not found");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(co_purchase)->Arg(1000)->Arg(30'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace danggol::learn
