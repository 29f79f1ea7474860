#include "features/rfm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "contract/grade_pair.h"

namespace danggol::features {
namespace {

// Few values, so that many are tied.
Graded some_buyers(uint64_t seed, size_t count) {
  Random random(seed, 0);
  Graded buyers;
  for (size_t i = 0; i < count; ++i) {
    buyers.customer_no.push_back(static_cast<int32_t>(i));
    buyers.customer_id.push_back("c" + std::to_string(random.below(900) + 100) + std::to_string(i));
    buyers.recency_days.push_back(static_cast<int32_t>(random.below(6)));
    buyers.frequency.push_back(static_cast<int32_t>(1 + random.below(4)));
    buyers.monetary.push_back({static_cast<int64_t>(random.below(8)) * Money::scale});
  }
  return buyers;
}

// 1 + min(4, floor(5 * #{worse} / n)), by counting.
template <class Worse>
int32_t score(size_t count, const Worse& worse) {
  size_t smaller = 0;
  for (size_t i = 0; i < count; ++i) smaller += worse(i);
  return 1 + static_cast<int32_t>(std::min<size_t>(4, 5 * smaller / count));
}

TEST(rfm, scores_count_the_smaller_ones) {
  for (size_t count = 0; count <= 60; ++count) {
    Graded buyers = some_buyers(count, count);
    grade({}, buyers);
    ASSERT_EQ(buyers.grade.size(), count);
    for (size_t i = 0; i < count; ++i) {
      auto later = [&](size_t j) { return buyers.recency_days[j] > buyers.recency_days[i]; };
      auto rarer = [&](size_t j) { return buyers.frequency[j] < buyers.frequency[i]; };
      auto poorer = [&](size_t j) { return buyers.monetary[j] < buyers.monetary[i]; };
      EXPECT_EQ(buyers.r_score[i], score(count, later)) << count << " buyers";
      EXPECT_EQ(buyers.f_score[i], score(count, rarer)) << count << " buyers";
      EXPECT_EQ(buyers.m_score[i], score(count, poorer)) << count << " buyers";
    }
  }
}

// The published pairs of scores, and bands that hold although (3, 1, 2) is a little less than 42 in binary.
TEST(rfm, weighs_and_bands_as_published) {
  struct Case {
    int32_t r, f, m;
    double score;
    std::string_view grade;
  };
  // among five buyers with five different values, a buyer's score is the place
  for (const Case& c : {Case{3, 1, 2, 42, "regular"}, Case{5, 4, 5, 96, "top"}, Case{2, 1, 1, 26, "other"},
                        Case{5, 5, 3, 80, "top"}}) {
    Graded buyers;
    for (int32_t i = 0; i < 5; ++i) {
      auto turned = [&](int32_t place) { return (place - 1 + i) % 5 + 1; };
      buyers.customer_no.push_back(i);
      buyers.customer_id.push_back(std::to_string(i));
      buyers.recency_days.push_back(100 - turned(c.r));
      buyers.frequency.push_back(turned(c.f));
      buyers.monetary.push_back({turned(c.m)});
    }
    grade({}, buyers);
    EXPECT_EQ(buyers.rfm_score[0], c.score);
    EXPECT_EQ(grade_names[buyers.grade[0]], c.grade);
  }
}

TEST(rfm, rank_shares_are_of_the_order_with_its_ties_broken) {
  Grading grading;
  grading.rule = "rank";
  for (size_t count : {1, 2, 3, 4, 5, 7, 50}) {
    Graded buyers = some_buyers(count + 1000, count);
    grade(grading, buyers);
    for (size_t i = 0; i < count; ++i) {
      size_t place = 0;
      for (size_t j = 0; j < count; ++j) {
        auto better = [&]() {
          if (buyers.rfm_score[j] != buyers.rfm_score[i]) return buyers.rfm_score[j] > buyers.rfm_score[i];
          if (buyers.monetary[j] != buyers.monetary[i]) return buyers.monetary[j] > buyers.monetary[i];
          if (buyers.frequency[j] != buyers.frequency[i]) return buyers.frequency[j] > buyers.frequency[i];
          if (buyers.recency_days[j] != buyers.recency_days[i])
            return buyers.recency_days[j] < buyers.recency_days[i];
          return buyers.customer_id[j] < buyers.customer_id[i];
        };
        place += better();
      }
      EXPECT_EQ(buyers.grade[i], static_cast<int32_t>(std::min<size_t>(3, 5 * place / count)));
    }
  }
}

// One by one up to 5, then half as many more again: 6-7, 8-10, 11-14, 15-20, 21-29, ...
TEST(ReceiptsClass, GrowsByHalf) {
  std::vector<int64_t> first;
  for (int64_t receipts = 0, last = -1; receipts <= 60; ++receipts)
    if (receipts_class(receipts) != last) first.push_back(receipts), last = receipts_class(receipts);
  EXPECT_EQ(first, (std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 8, 11, 15, 21, 30, 44}));
  EXPECT_EQ(receipts_class(60), 12);
}

}  // namespace
}  // namespace danggol::features
