// Our reading of LightGBM's trees against LightGBM's own, to the last bit.
#include "learn/gbdt_lightgbm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random.h"
#include "learn/lightgbm_c.h"
#include "must.h"

namespace danggol::learn {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
// What LightGBM takes for 0, and its neighbours.
const double nearly_zero[] = {0.0, -0.0, 1e-35f, -1e-35f, 1e-36, -1e-36, std::nextafter(1e-35f, 1.0)};

// A column of one of seven kinds; what `row` a value has and whether it is there is drawn.
double draw(size_t kind, Random& random) {
  switch (kind) {
    case 0: return random.uniform();
    case 1: return std::floor(random.uniform() * 4) - 1;
    case 2: return random.uniform() < 0.4 ? nan : std::exp(8 * random.uniform());
    case 3: return random.uniform() < 0.7 ? 0 : random.uniform() - 0.5;
    case 4: return nearly_zero[random.below(7)];
    case 5: return random.uniform() < 0.2 ? nan : nearly_zero[random.below(7)] * 1e35;
    default: return 3;
  }
}

struct Problem {
  Matrix features;
  std::vector<int32_t> labels;
};

Problem some_problem(uint64_t seed, size_t rows, size_t columns, int32_t classes) {
  Problem out;
  for (size_t c = 0; c < columns; ++c)
    out.features.names.push_back(std::string(1, static_cast<char>('a' + c)));
  for (size_t i = 0; i < rows; ++i) {
    Random random(seed, i);
    double score = 0;
    for (size_t c = 0; c < columns; ++c) {
      double x = draw((c + seed) % 7, random);
      out.features.values.push_back(x);
      score += std::isnan(x) ? 1 : std::sin(x * static_cast<double>(c + 1)) + (x > 0);
    }
    auto label = static_cast<int32_t>(std::floor(score + random.uniform()));
    out.labels.push_back((label % classes + classes) % classes);
  }
  return out;
}

std::vector<double> predicted_by_lightgbm(const Gbdt& model, const Matrix& features, int32_t classes,
                                          std::vector<double>& gain) {
  LightgbmBooster booster = nullptr;
  int iterations = 0;
  int64_t length = 0;
  std::vector<double> out(features.rows() * static_cast<size_t>(classes));
  gain.resize(features.columns());
  EXPECT_EQ(LGBM_BoosterLoadModelFromString(model.text().c_str(), &iterations, &booster), 0);
  EXPECT_EQ(LGBM_BoosterPredictForMat(booster, features.values.data(), lightgbm_float64,
                                      static_cast<int32_t>(features.rows()),
                                      static_cast<int32_t>(features.columns()), 1, lightgbm_predict_normal, 0,
                                      -1, "num_threads=1", &length, out.data()),
            0);
  EXPECT_EQ(LGBM_BoosterFeatureImportance(booster, -1, lightgbm_importance_gain, gain.data()), 0);
  LGBM_BoosterFree(booster);
  return out;
}

// The thresholds of the trees, which rows may meet exactly.
std::vector<double> thresholds(const std::string& text) {
  std::vector<double> out;
  for (size_t at = 0; (at = text.find("\nthreshold=", at)) != text.npos;) {
    at += 11;
    for (const char* p = text.c_str() + at; *p != '\n';) {
      char* end;
      out.push_back(std::strtod(p, &end));
      p = end;
    }
  }
  return out;
}

TEST(Gbdt, PredictsWhatLightgbmDoesToTheLastBit) {
  size_t trees = 0, compared = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed, 0x6bd7);
    auto classes = static_cast<int32_t>(2 + random.below(4));
    size_t columns = 1 + random.below(9), rows = 50 + random.below(800);
    Problem known = some_problem(seed, rows, columns, classes);
    GbdtParams params{.rounds = static_cast<int64_t>(1 + random.below(40)),
                      .leaves = static_cast<int64_t>(2 + random.below(30)),
                      .least_rows_in_leaf = static_cast<int64_t>(1 + random.below(20)),
                      .learning_rate = 0.05 + random.uniform()};
    Gbdt model = must(train_lightgbm(known.features, known.labels, classes, params, seed));
    // Rows like those learned from, and rows that are like none: any value in any column.
    Matrix later = some_problem(seed + 1'000, 500, columns, classes).features;
    std::vector<double> odd = thresholds(model.text());
    trees += odd.size();
    odd.insert(odd.end(), {nan, infinity, -infinity, 1e300, -1e300});
    odd.insert(odd.end(), std::begin(nearly_zero), std::end(nearly_zero));
    for (size_t i = 0; i < 500 * columns; ++i) later.values.push_back(odd[random.below(odd.size())]);
    std::vector<double> gain, expected = predicted_by_lightgbm(model, later, classes, gain);
    std::vector<double> got = model.predict(later);
    ASSERT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); ++i)
      ASSERT_EQ(std::bit_cast<uint64_t>(got[i]), std::bit_cast<uint64_t>(expected[i]))
          << "seed " << seed << ", row " << i / static_cast<size_t>(classes);
    EXPECT_EQ(model.gain(), gain) << "seed " << seed;
    compared += got.size();
  }
  EXPECT_GT(trees, 10'000u);
  EXPECT_GT(compared, 100'000u);
}

}  // namespace
}  // namespace danggol::learn
