#include "learn/linear_algebra.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string_view>

#include "base/digest.h"
#include "base/random.h"

namespace danggol::learn {
namespace {

template <class Real>
Dense<Real> some_matrix(size_t rows, size_t columns, uint64_t stream) {
  Random random(5, stream);
  Dense<Real> out{rows, columns, {}};
  for (size_t i = 0; i < rows * columns; ++i) out.values.push_back(static_cast<Real>(random.uniform() - 0.5));
  return out;
}

template <class Real>
Dense<Real> transposed(const Dense<Real>& a) {
  Dense<Real> out{a.columns, a.rows, {}};
  for (size_t j = 0; j < a.columns; ++j)
    for (size_t i = 0; i < a.rows; ++i) out.values.push_back(a.values[i * a.columns + j]);
  return out;
}

template <class Real>
Dense<Real> by_definition(const Dense<Real>& a, const Dense<Real>& b) {
  Dense<Real> out{a.rows, b.columns, {}};
  for (size_t i = 0; i < a.rows; ++i)
    for (size_t j = 0; j < b.columns; ++j) {
      double sum = 0;
      for (size_t k = 0; k < a.columns; ++k)
        sum += static_cast<double>(a.values[i * a.columns + k]) *
               static_cast<double>(b.values[k * b.columns + j]);
      out.values.push_back(static_cast<Real>(sum));
    }
  return out;
}

template <class Real>
void expect_near(const Dense<Real>& got, const Dense<Real>& expected, double tolerance) {
  ASSERT_EQ(got.rows, expected.rows);
  ASSERT_EQ(got.columns, expected.columns);
  ASSERT_EQ(got.values.size(), got.rows * got.columns);
  for (size_t i = 0; i < got.values.size(); ++i)
    ASSERT_NEAR(got.values[i], expected.values[i], tolerance) << i;
}

template <class Real>
std::string digest_of(const Dense<Real>& a) {
  return digest({reinterpret_cast<const char*>(a.values.data()), a.values.size() * sizeof(Real)});
}

template <class Real>
void expect_products(double tolerance) {
  for (auto [rows, inner, columns] : {std::tuple{1, 1, 1},
                                      {3, 1, 2},
                                      {1, 7, 1},
                                      {0, 3, 2},
                                      {2, 0, 3},
                                      {33, 65, 17},
                                      {200, 300, 100},
                                      {5, 1'000, 1}}) {
    auto a = some_matrix<Real>(static_cast<size_t>(rows), static_cast<size_t>(inner), 1);
    auto b = some_matrix<Real>(static_cast<size_t>(inner), static_cast<size_t>(columns), 2);
    expect_near(product(a, b), by_definition(a, b), tolerance);
    expect_near(product_of_transposed(transposed(a), b), by_definition(a, b), tolerance);
  }
}

TEST(LinearAlgebra, ProductsByDefinition) {
  expect_products<double>(1e-12);
  expect_products<float>(1e-4);
}

// Recorded once: another processor, another size of its caches, another place in memory must not show.
TEST(LinearAlgebra, TheSameSumsEverywhere) {
  std::vector<std::unique_ptr<char[]>> in_between;
  for (size_t n = 0; n < 8; ++n) {
    in_between.push_back(std::make_unique<char[]>(16 + 16 * n));
    EXPECT_EQ(digest_of(product(some_matrix<float>(300, 1'500, 1), some_matrix<float>(1'500, 200, 2))),
              "3ceabb0d973b7da6d8a6bc104957e518");
    EXPECT_EQ(digest_of(product(some_matrix<double>(300, 1'500, 1), some_matrix<double>(1'500, 200, 2))),
              "688ff6691a5c6ffceadf509e1d5d4df6");
    EXPECT_EQ(digest_of(product(some_matrix<double>(5, 1'500, 1), some_matrix<double>(1'500, 1, 2))),
              "a7442eb4fb156cfaeaca26474d75504f");
    EXPECT_EQ(digest_of(least_squares(some_matrix<double>(500, 20, 1), some_matrix<double>(500, 1, 2))),
              "b992d3bee40a49e53768ec0f595c7d0e");
    Dense<double> a = some_matrix<double>(200, 101, 1);
    EXPECT_EQ(digest_of(*solve(product_of_transposed(a, a), some_matrix<double>(101, 1, 2))),
              "2c701a0f53d7ccd6bbf5d6cefb0a9033");
  }
}

TEST(LinearAlgebra, EquationsAreSolved) {
  for (size_t n : {1, 2, 10, 100}) {
    Dense<double> root = some_matrix<double>(n + 20, n, 1), b = some_matrix<double>(n, 3, 2);
    Dense<double> a = product_of_transposed(root, root);
    auto x = solve(a, b);
    ASSERT_TRUE(x);
    expect_near(product(a, *x), b, 1e-10);
  }
}

TEST(LinearAlgebra, WhatHasNoOneSolutionIsNotSolved) {
  Dense<double> b{2, 1, {1, 1}};
  EXPECT_FALSE(solve({2, 2, {1, 2, 2, 1}}, b));    // indefinite
  EXPECT_FALSE(solve({2, 2, {-1, 0, 0, -1}}, b));  // negative
  EXPECT_FALSE(solve({2, 2, {0, 0, 0, 0}}, b));    // singular
  EXPECT_FALSE(solve({2, 2, {2, NAN, NAN, 2}}, b));
  EXPECT_FALSE(solve({2, 2, {NAN, 0, 0, 2}}, b));
  EXPECT_TRUE(solve({2, 2, {2, 1, 1, 2}}, b));
}

TEST(LinearAlgebra, LeastSquaresLeaveNothingToExplain) {
  Dense<double> a = some_matrix<double>(60, 5, 1), b = some_matrix<double>(60, 2, 2);
  Dense<double> fitted = product(a, least_squares(a, b)), rest = b;
  for (size_t i = 0; i < rest.values.size(); ++i) rest.values[i] -= fitted.values[i];
  expect_near(product_of_transposed(a, rest), Dense<double>{5, 2, std::vector<double>(10)}, 1e-12);
}

TEST(LinearAlgebra, OfManySolutionsTheShortestIsTaken) {
  expect_near(least_squares({1, 2, {1, 1}}, {1, 1, {2}}), Dense<double>{2, 1, {1, 1}}, 1e-14);
  // two columns that are the same share what one would have
  expect_near(least_squares({3, 2, {1, 1, 2, 2, 3, 3}}, {3, 1, {4, 8, 12}}), Dense<double>{2, 1, {2, 2}},
              1e-13);
  expect_near(least_squares({2, 1, {0, 0}}, {2, 1, {1, 1}}), Dense<double>{1, 1, {0}}, 0);
}

}  // namespace
}  // namespace danggol::learn
