#include "learn/co_purchase.h"

#include <algorithm>

#include "base/assert.h"
#include "base/parallel.h"

namespace danggol::learn {

CoPurchase::CoPurchase(const Purchases& purchases, double shrinkage)
    : items_(static_cast<size_t>(purchases.item_count)), conditional_(items_ * items_), share_(items_) {
  // The same purchases by item, so that each item's row is one thread's own.
  std::vector<int64_t> start(items_ + 1);
  for (int32_t item : purchases.items) ++start[static_cast<size_t>(item) + 1];
  for (size_t i = 0; i < items_; ++i) start[i + 1] += start[i];
  std::vector<int32_t> buyers(purchases.items.size());
  std::vector<int64_t> next(start.begin(), start.end() - 1);
  for (size_t c = 0; c < purchases.customers(); ++c)
    for (int64_t k = purchases.start[c]; k < purchases.start[c + 1]; ++k)
      buyers[static_cast<size_t>(next[static_cast<size_t>(purchases.items[static_cast<size_t>(k)])]++)] =
          static_cast<int32_t>(c);

  double customers = static_cast<double>(purchases.customers());
  for (size_t i = 0; i < items_; ++i) share_[i] = static_cast<double>(start[i + 1] - start[i]) / customers;
  parallel_for(items_, [&](size_t i) {
    float* row = &conditional_[i * items_];
    for (int64_t b = start[i]; b < start[i + 1]; ++b) {
      size_t c = static_cast<size_t>(buyers[static_cast<size_t>(b)]);
      for (int64_t k = purchases.start[c]; k < purchases.start[c + 1]; ++k)
        row[purchases.items[static_cast<size_t>(k)]] += 1;
    }
    float scale = static_cast<float>(1 / (static_cast<double>(start[i + 1] - start[i]) + shrinkage));
    for (size_t j = 0; j < items_; ++j) row[j] *= scale;
  });
}

std::vector<std::vector<Recommendation>> CoPurchase::recommend(const Purchases& purchases,
                                                               int32_t most) const {
  DANGGOL_ASSERT(static_cast<size_t>(purchases.item_count) == items_);
  std::vector<std::vector<Recommendation>> out(purchases.customers());
  parallel_for(out.size(), [&](size_t c) {
    const int32_t* first = purchases.items.data() + purchases.start[c];
    const int32_t* last = purchases.items.data() + purchases.start[c + 1];
    if (first == last) return;
    std::vector<float> score(items_);
    for (const int32_t* i = first; i < last; ++i) {
      const float* row = &conditional_[static_cast<size_t>(*i) * items_];
      for (size_t j = 0; j < items_; ++j) score[j] += row[j];
    }
    // An owned item's own row speaks for it with P(i | i), which says nothing: leave that out.
    float owned_count = static_cast<float>(last - first);
    for (const int32_t* i = first; i < last; ++i) {
      size_t own = static_cast<size_t>(*i);
      score[own] -= conditional_[own * items_ + own];
      if (owned_count > 1) score[own] *= owned_count / (owned_count - 1);
    }
    std::vector<int32_t> order(items_);
    for (size_t j = 0; j < items_; ++j) order[j] = static_cast<int32_t>(j), score[j] /= owned_count;
    size_t kept = std::min(items_, static_cast<size_t>(most));
    std::partial_sort(order.begin(), order.begin() + static_cast<int64_t>(kept), order.end(),
                      [&](int32_t a, int32_t b) {
                        return score[static_cast<size_t>(a)] != score[static_cast<size_t>(b)]
                                   ? score[static_cast<size_t>(a)] > score[static_cast<size_t>(b)]
                                   : a < b;
                      });
    for (size_t k = 0; k < kept; ++k) {
      int32_t item = order[k], because = *first;
      auto speaks = [&](int32_t i) {
        return i == item ? -1.0f : conditional_[static_cast<size_t>(i) * items_ + static_cast<size_t>(item)];
      };
      for (const int32_t* i = first; i < last; ++i)
        if (speaks(*i) > speaks(because)) because = *i;
      out[c].push_back(
          {item, score[static_cast<size_t>(item)], because, std::binary_search(first, last, item)});
    }
  });
  return out;
}

double CoPurchase::lift(int32_t i, int32_t j) const {
  double p = share_[static_cast<size_t>(j)];
  return p > 0 ? conditional_[static_cast<size_t>(i) * items_ + static_cast<size_t>(j)] / p : 0;
}

}  // namespace danggol::learn
