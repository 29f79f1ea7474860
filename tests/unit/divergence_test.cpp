#include "learn/divergence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>

#include "base/random.h"
#include "learn/multiple_tests.h"

namespace danggol::learn {
namespace {

// The deck prints elements by outlet and, of the same rows, by partner, to six digits, and no frequencies.
// These belong to all of them at once and add up to 1; that there are such says that its elements are p
// ln(p/q) in nats over one distribution.
struct Outlet {
  std::string_view partner;
  double p, q, element;
};
constexpr Outlet outlets[] = {
    {"A01", 0.04615765, 0.10354550, -0.037293}, {"A01", 0.04805536, 0.02125664, 0.039198},
    {"A02", 0.40325374, 0.51074037, -0.095287}, {"A02", 0.06730433, 0.04390706, 0.028749},
    {"A03", 0.15705085, 0.15830281, -0.001247}, {"A03", 0.02305739, 0.02537126, -0.002205},
    {"A04", 0.15499161, 0.11996217, 0.039708},  {"A05", 0.02851073, 0.00508555, 0.049149},
    {"A05", 0.00141318, 0.00075708, 0.000882},  {"A06", 0.07020518, 0.01107155, 0.129672}};
struct Partner {
  std::string_view name;
  double element;
};
constexpr Partner partners[] = {{"A01", -0.026490}, {"A02", -0.077366}, {"A03", -0.003531},
                                {"A04", 0.039708},  {"A05", 0.048880},  {"A06", 0.129672}};
constexpr double printed = 0.5e-6 + 1e-7;

TEST(divergence, elements_are_those_the_deck_prints) {
  double p = 0, q = 0;
  for (const Outlet& o : outlets) {
    EXPECT_NEAR(divergence_element(o.p, o.q), o.element, printed) << o.partner;
    p += o.p, q += o.q;
  }
  EXPECT_NEAR(p, 1, 1e-7);
  EXPECT_NEAR(q, 1, 1e-7);
  for (const Partner& partner : partners) {
    p = q = 0;
    for (const Outlet& o : outlets)
      if (o.partner == partner.name) p += o.p, q += o.q;
    EXPECT_NEAR(divergence_element(p, q), partner.element, printed) << partner.name;
  }
}

TEST(divergence, of_nothing_is_nothing) {
  EXPECT_EQ(divergence_element(0, 0.5), 0);
  EXPECT_EQ(divergence_element(0.25, 0.25), 0);
  EXPECT_EQ(kullback_leibler({0.5, 0.5}, {0.5, 0.5}), 0);
  EXPECT_NEAR(jensen_shannon({1, 0}, {0, 1}), std::log(2), 1e-15);  // its most, in nats
}

// Customers whose cells differ by group, or not.
CellCounts some_customers(uint64_t seed, size_t customers, const std::vector<bool>& in_group, double tilt) {
  Random random(seed);
  CellCounts out;
  out.cell_count = 3;
  for (size_t c = 0; c < customers; ++c) {
    out.start.push_back(static_cast<int64_t>(out.cells.size()));
    for (int32_t cell = 0; cell < 3; ++cell) {
      uint64_t rows = random.below(4) + (cell == 2 && in_group[c] ? static_cast<uint64_t>(tilt) : 0);
      if (rows == 0) continue;
      out.cells.push_back(cell);
      out.counts.push_back(static_cast<double>(rows));
    }
  }
  out.start.push_back(static_cast<int64_t>(out.cells.size()));
  return out;
}

TEST(divergence, of_a_sample_is_that_of_its_pooled_rows) {
  std::vector<bool> in_group(300);
  for (size_t c = 0; c < in_group.size(); c += 5) in_group[c] = true;
  auto counts = some_customers(4, in_group.size(), in_group, 2);
  auto estimate = divergences({counts}, {in_group, {}, true}, 200, 1)[0];
  double group[3] = {}, all[3] = {};
  for (size_t c = 0; c < in_group.size(); ++c)
    for (auto k = static_cast<size_t>(counts.start[c]); k < static_cast<size_t>(counts.start[c + 1]); ++k) {
      all[counts.cells[k]] += counts.counts[k];
      if (in_group[c]) group[counts.cells[k]] += counts.counts[k];
    }
  double kl = 0;
  for (size_t cell = 0; cell < 3; ++cell) {
    double p = group[cell] / (group[0] + group[1] + group[2]), q = all[cell] / (all[0] + all[1] + all[2]);
    EXPECT_NEAR(estimate.elements[cell].p, p, 1e-12);
    EXPECT_NEAR(estimate.elements[cell].q, q, 1e-12);
    EXPECT_NEAR(estimate.elements[cell].element, p * std::log(p / q), 1e-12);
    EXPECT_LT(estimate.elements[cell].lo, p - q);
    EXPECT_GT(estimate.elements[cell].hi, p - q);
    kl += p * std::log(p / q);
  }
  EXPECT_NEAR(estimate.kl, kl, 1e-12);
  EXPECT_LT(estimate.elements[2].adjusted, 0.05) << "the tilt is plain";
  EXPECT_GT(estimate.elements[2].lo, 0);
}

// Where the group is drawn blindly, its elements differ by chance, and few p-values are small.
TEST(divergence, a_group_drawn_by_chance_is_rarely_marked) {
  int small = 0, tests = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    std::vector<bool> in_group(150);
    for (size_t c = 0; c < 30; ++c) in_group[c] = true;
    auto estimate = divergences({some_customers(seed + 100, in_group.size(), in_group, 0)},
                                {in_group, {}, true}, 200, seed)[0];
    for (const auto& element : estimate.elements) small += element.p_value <= 0.1, ++tests;
  }
  EXPECT_NEAR(small, tests / 10.0, 4 * std::sqrt(tests * 0.09)) << "of " << tests;
}

// Against those alike Q is what the others of each stratum have, weighed as the group's customers lie over
// the strata; and a difference that is the strata's alone is none.
TEST(divergence, of_those_alike_is_within_strata) {
  size_t small = 0, small_of_all = 0, runs = 80;
  for (uint64_t seed = 0; seed < runs; ++seed) {
    Random random(seed, 9);
    Contrast contrast;
    CellCounts counts;
    counts.cell_count = 2;
    double rows[2][2][2] = {};  // group, stratum, cell
    double customers[2][2] = {};
    for (size_t c = 0; c < 240; ++c) {
      int stratum = c % 2 == 0 ? 0 : 1;
      bool member = random.uniform() < (stratum == 0 ? 0.4 : 0.1);
      contrast.stratum.push_back(stratum), contrast.in_group.push_back(member);
      counts.start.push_back(static_cast<int64_t>(counts.cells.size()));
      for (int32_t cell = 0; cell < 2; ++cell) {  // the strata buy elsewhere, members where others do
        double count = static_cast<double>(random.below(cell == stratum ? 6 : 3));
        rows[member][stratum][cell] += count;
        if (count > 0) counts.cells.push_back(cell), counts.counts.push_back(count);
      }
      ++customers[member][stratum];
    }
    counts.start.push_back(static_cast<int64_t>(counts.cells.size()));
    double p[2], q[2];
    for (int cell = 0; cell < 2; ++cell) {
      p[cell] = rows[1][0][cell] + rows[1][1][cell];
      q[cell] = rows[0][0][cell] * customers[1][0] / customers[0][0] +
                rows[0][1][cell] * customers[1][1] / customers[0][1];
    }
    auto estimate = divergences({counts}, contrast, 199, seed)[0];
    auto of_all = divergences({counts}, {contrast.in_group, {}, true}, 199, seed)[0];
    EXPECT_NEAR(estimate.elements[0].p, p[0] / (p[0] + p[1]), 1e-12);
    EXPECT_NEAR(estimate.elements[0].q, q[0] / (q[0] + q[1]), 1e-12);
    EXPECT_NEAR(estimate.elements[0].difference, estimate.elements[0].p - estimate.elements[0].q, 1e-15);
    small += estimate.p_value <= 0.1, small_of_all += of_all.p_value <= 0.1;
  }
  double expected = 0.1 * static_cast<double>(runs);
  EXPECT_NEAR(static_cast<double>(small), expected, 4 * std::sqrt(expected * 0.9));
  EXPECT_GT(small_of_all, 3 * runs / 4);
}

TEST(divergence, chance_alone_shows_what_is_taken_off) {
  double debiased = 0, plain = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    std::vector<bool> in_group(200);
    for (size_t c = 0; c < 40; ++c) in_group[c] = true;
    auto e = divergences({some_customers(seed + 300, 200, in_group, 0)},
                         {in_group, std::vector<int32_t>(200)}, 100, seed)[0];
    plain += e.js, debiased += e.js - e.js_by_chance;
  }
  EXPECT_LT(std::abs(debiased), 0.15 * plain);
}

TEST(holm, by_hand) {
  auto adjusted = holm({0.01, 0.04, 0.03, 0.005});
  EXPECT_NEAR(adjusted[0], 0.03, 1e-15);
  EXPECT_NEAR(adjusted[1], 0.06, 1e-15);
  EXPECT_NEAR(adjusted[2], 0.06, 1e-15);
  EXPECT_NEAR(adjusted[3], 0.02, 1e-15);
}

// Dimensions are looked at side by side, and none sees the others.
TEST(divergence, a_dimension_alone_is_the_same_as_beside_another) {
  std::vector<bool> in_group(80);
  for (size_t c = 0; c < 20; ++c) in_group[c] = true;
  auto one = some_customers(1, 80, in_group, 1), other = some_customers(2, 80, in_group, 0);
  auto together = divergences({other, one}, {in_group, {}, true}, 100, 7),
       alone = divergences({one}, {in_group, {}, true}, 100, 7);
  for (size_t cell = 0; cell < 3; ++cell) {
    EXPECT_EQ(together[1].elements[cell].lo, alone[0].elements[cell].lo);
    EXPECT_EQ(together[1].elements[cell].p_value, alone[0].elements[cell].p_value);
  }
}

}  // namespace
}  // namespace danggol::learn
