// Which products go together: co-purchase counts over customers, and from them a score of every product for
// every customer. Lift is P(j and i) / (P(j) P(i)); P(j | i) = lift * P(j) (Agrawal, Imielinski and Swami,
// 1993).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace danggol::learn {

// Who bought what, without repetition: customer c's items are items[start[c]] .. items[start[c + 1]],
// ascending.
struct Purchases {
  std::vector<int64_t> start;
  std::vector<int32_t> items;  // 0..item_count-1
  int32_t item_count = 0;
  size_t customers() const { return start.empty() ? 0 : start.size() - 1; }
};

struct Recommendation {
  int32_t item;
  float score;      // mean over the customer's items i of the shrunken P(item | i): higher is likelier
  int32_t because;  // the owned item that speaks most for it
  bool owned;       // bought before
};

class CoPurchase {
 public:
  // Memory: item_count^2 floats. `shrinkage` customers who bought i and nothing else are imagined for every
  // i, so that two buyers do not make a law.
  CoPurchase(const Purchases& purchases, double shrinkage);
  // The `most` best items of every customer, best first; equal scores by item number.
  std::vector<std::vector<Recommendation>> recommend(const Purchases& purchases, int32_t most) const;
  double lift(int32_t i, int32_t j) const;  // with the same shrinkage
  double buyers_share(int32_t item) const { return share_[static_cast<size_t>(item)]; }

 private:
  size_t items_;
  std::vector<float> conditional_;  // [i * items + j] = shrunken P(j | i)
  std::vector<double> share_;       // P(j)
};

}  // namespace danggol::learn
