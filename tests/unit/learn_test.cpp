#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "base/random.h"
#include "easy_problem.h"
#include "learn/ab_test.h"
#include "learn/bootstrap.h"
#include "learn/gbdt_lightgbm.h"
#include "learn/intervals.h"
#include "learn/isotonic.h"
#include "learn/kolmogorov_smirnov.h"
#include "learn/metrics.h"
#include "learn/model_text.h"
#include "learn/trend_test.h"
#include "learn/venn_abers.h"
#include "must.h"

namespace danggol::learn {
namespace {

double value_at(const std::vector<IsotonicStep>& steps, double x) {
  double value = steps.front().value;
  for (const auto& step : steps)
    if (step.from <= x) value = step.value;
  return value;
}

// The isotonic fit at every x by the min-max formula: g(x_i) = max over a <= i of min over b >= i of the
// weighted mean of y_a..y_b, with equal x taken together (Robertson, Wright and Dykstra, 1988,
// theorem 1.4.4).
std::vector<double> min_max(const std::vector<double>& x, const std::vector<double>& y,
                            const std::vector<double>& weight) {
  std::vector<double> at, sum, total;
  for (size_t i = 0; i < x.size(); ++i) {
    if (at.empty() || at.back() != x[i]) at.push_back(x[i]), sum.push_back(0), total.push_back(0);
    sum.back() += y[i] * weight[i];
    total.back() += weight[i];
  }
  std::vector<double> fit;
  for (double xi : x) {
    size_t i = static_cast<size_t>(std::find(at.begin(), at.end(), xi) - at.begin());
    double best = -1e300;
    for (size_t a = 0; a <= i; ++a) {
      double least = 1e300;
      for (size_t b = i; b < at.size(); ++b) {
        double s = 0, w = 0;
        for (size_t k = a; k <= b; ++k) s += sum[k], w += total[k];
        least = std::min(least, s / w);
      }
      best = std::max(best, least);
    }
    fit.push_back(best);
  }
  return fit;
}

TEST(Isotonic, AgainstTheMinMaxFormula) {
  for (uint64_t seed = 0; seed < 600; ++seed) {
    Random random(1, seed);
    size_t n = 1 + random.below(25);
    std::vector<double> x, y, weight;
    double at = 0;
    for (size_t i = 0; i < n; ++i) {
      if (random.below(3)) at += random.uniform();
      x.push_back(at);
      y.push_back(random.below(2) ? random.uniform() : static_cast<double>(random.below(3)));
      weight.push_back(static_cast<double>(1 + random.below(4)));
    }
    auto steps = isotonic(x, y, weight);
    auto expected = min_max(x, y, weight);
    for (size_t i = 0; i < n; ++i)
      ASSERT_NEAR(value_at(steps, x[i]), expected[i], 1e-12) << "seed " << seed << ", point " << i;
    double total = 0;
    for (size_t s = 0; s < steps.size(); ++s) {
      total += steps[s].weight;
      if (s > 0) {
        ASSERT_TRUE(steps[s - 1].from < steps[s].from && steps[s - 1].value < steps[s].value);
      }
    }
    ASSERT_NEAR(total, std::accumulate(weight.begin(), weight.end(), 0.0), 1e-9);
  }
}

TEST(Isotonic, OfWhatRisesAlreadyIsItself) {
  auto steps = isotonic({1, 2, 3}, {0.1, 0.2, 0.9}, {1, 1, 1});
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(steps[1].value, 0.2);
  steps = isotonic({1, 2, 3}, {0.9, 0.5, 0.1}, {1, 1, 1});
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_DOUBLE_EQ(steps[0].value, 0.5);
  EXPECT_EQ(steps[0].weight, 3);
}

// --- Venn-Abers

// The definition (Vovk and Petej, 2014): the new point joins the calibration set once with each outcome.
VennAbersPair naive_venn_abers(const std::vector<double>& scores, const std::vector<bool>& outcomes,
                               double score) {
  double p[2];
  for (int outcome : {0, 1}) {
    std::vector<std::pair<double, double>> points = {{score, outcome}};
    for (size_t i = 0; i < scores.size(); ++i) points.emplace_back(scores[i], outcomes[i]);
    std::sort(points.begin(), points.end());
    std::vector<double> x, y;
    for (auto [a, b] : points) x.push_back(a), y.push_back(b);
    auto fit = min_max(x, y, std::vector<double>(x.size(), 1));
    p[outcome] = fit[static_cast<size_t>(std::find(x.begin(), x.end(), score) - x.begin())];
  }
  return {p[0], p[1], p[1] / (1 - p[0] + p[1])};
}

struct Calibration {
  std::vector<double> scores;
  std::vector<bool> outcomes;
  Calibration(size_t n, uint64_t seed, uint64_t distinct) {
    Random random(seed);
    for (size_t i = 0; i < n; ++i) {
      scores.push_back(static_cast<double>(random.below(distinct)) / static_cast<double>(distinct));
      outcomes.push_back(random.uniform() < scores.back());
    }
  }
};

TEST(VennAbers, AgainstItsDefinition) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Calibration data(1 + seed % 25, seed, seed % 3 ? 1'000'000 : 6);
    VennAbers fast(data.scores, data.outcomes);
    for (double score : data.scores) {
      auto expected = naive_venn_abers(data.scores, data.outcomes, score), got = fast(score);
      ASSERT_NEAR(got.lo, expected.lo, 1e-12) << "seed " << seed;
      ASSERT_NEAR(got.hi, expected.hi, 1e-12) << "seed " << seed;
      ASSERT_NEAR(got.p, expected.p, 1e-12);
    }
    // A score between two of the calibration set's counts as the upper one, one above all as the highest.
    std::vector<double> sorted = data.scores;
    std::sort(sorted.begin(), sorted.end());
    Random random(99, seed);
    for (int i = 0; i < 20; ++i) {
      double score = 1.4 * random.uniform() - 0.2;
      auto above = std::lower_bound(sorted.begin(), sorted.end(), score);
      double counts_as = above == sorted.end() ? sorted.back() : *above;
      auto expected = naive_venn_abers(data.scores, data.outcomes, counts_as), got = fast(score);
      ASSERT_NEAR(got.lo, expected.lo, 1e-12);
      ASSERT_NEAR(got.hi, expected.hi, 1e-12);
    }
  }
}

TEST(VennAbers, RoundedScoresAreThoseOfTheirLevels) {
  Calibration data(60, 3, 1'000'000);
  VennAbers fast(data.scores, data.outcomes, 7);
  const auto& upto = fast.levels();
  EXPECT_LE(upto.size(), 7u);
  std::vector<double> rounded;
  for (double score : data.scores) rounded.push_back(*std::lower_bound(upto.begin(), upto.end(), score));
  for (size_t i = 0; i < rounded.size(); ++i) {
    auto expected = naive_venn_abers(rounded, data.outcomes, rounded[i]), got = fast(data.scores[i]);
    ASSERT_NEAR(got.lo, expected.lo, 1e-12);
    ASSERT_NEAR(got.hi, expected.hi, 1e-12);
  }
}

TEST(VennAbers, IsMadeAgainFromItsText) {
  Calibration data(500, 4, 1'000'000);
  VennAbers made(data.scores, data.outcomes);
  std::string written = made.text();
  ModelText text(written);
  VennAbers again = must(VennAbers::read(text));
  must(text.end());
  EXPECT_EQ(again.text(), written);
  for (double score = -0.1; score < 1.1; score += 0.01) EXPECT_EQ(made(score).p, again(score).p);
}

TEST(VennAbers, IsCalibratedOnNewCustomersWhereTheScoreIsNot) {
  Random random(5);
  auto draw = [&](size_t n, std::vector<double>& scores, std::vector<bool>& outcomes) {
    for (size_t i = 0; i < n; ++i) {
      double truth = random.uniform();
      scores.push_back(truth * truth * truth);  // far too small
      outcomes.push_back(random.uniform() < truth);
    }
  };
  std::vector<double> scores, new_scores, calibrated;
  std::vector<bool> outcomes, new_outcomes;
  draw(4'000, scores, outcomes);
  draw(20'000, new_scores, new_outcomes);
  VennAbers venn_abers(scores, outcomes);
  for (double score : new_scores) {
    auto pair = venn_abers(score);
    ASSERT_TRUE(0 <= pair.lo && pair.lo < pair.p && pair.p < pair.hi && pair.hi <= 1);
    calibrated.push_back(pair.p);
  }
  double before = calibration_error(calibration(new_scores, new_outcomes, 20));
  double after = calibration_error(calibration(calibrated, new_outcomes, 20));
  EXPECT_GT(before, 0.2);
  EXPECT_LT(after, 0.04);
}

TEST(VennAbers, MergedPairsHoldTheMergedProbability) {
  auto one = VennAbers::merge({{0.2, 0.4, 0}});
  EXPECT_NEAR(one.p, 0.4 / (0.8 + 0.4), 1e-12);
  // geometric means: sqrt(0.4 * 0.9) and sqrt(0.8 * 0.5)
  auto two = VennAbers::merge({{0.2, 0.4, 0}, {0.5, 0.9, 0}});
  double hi = std::sqrt(0.36), not_lo = std::sqrt(0.4);
  EXPECT_NEAR(two.p, hi / (not_lo + hi), 1e-12);
  EXPECT_NEAR(two.lo, 0.35, 1e-12);
  EXPECT_NEAR(two.hi, 0.65, 1e-12);
  auto outside = VennAbers::merge({{0, 0.01, 0}, {0.98, 1, 0}});
  EXPECT_LE(outside.lo, outside.p);
  EXPECT_LE(outside.p, outside.hi);
}

// --- metrics

TEST(Metrics, OfClassesByHand) {
  //          predicted 0 1 2
  // actual 0           2 1 0
  //        1           1 1 1
  //        2           0 0 0   (never seen, once predicted)
  std::vector<int32_t> actual = {0, 0, 0, 1, 1, 1}, predicted = {0, 0, 1, 0, 1, 2};
  auto cells = confusion(actual, predicted, 3);
  EXPECT_EQ(cells, (std::vector<double>{2, 1, 0, 1, 1, 1, 0, 0, 0}));
  auto reports = class_reports(cells, 3);
  EXPECT_DOUBLE_EQ(reports[0].precision, 2.0 / 3);
  EXPECT_DOUBLE_EQ(reports[0].recall, 2.0 / 3);
  EXPECT_DOUBLE_EQ(reports[0].f1, 2.0 / 3);
  EXPECT_DOUBLE_EQ(reports[1].precision, 0.5);
  EXPECT_DOUBLE_EQ(reports[1].recall, 1.0 / 3);
  EXPECT_DOUBLE_EQ(reports[1].f1, 0.4);
  EXPECT_EQ(reports[1].support, 3);
  EXPECT_EQ(reports[2].precision, 0);
  EXPECT_EQ(reports[2].recall, 0);
  EXPECT_EQ(reports[2].f1, 0);
  EXPECT_DOUBLE_EQ(accuracy(cells, 3), 0.5);
  EXPECT_DOUBLE_EQ(macro_f1(reports), (2.0 / 3 + 0.4) / 2);
  EXPECT_DOUBLE_EQ(weighted_f1(reports), (2.0 / 3 * 3 + 0.4 * 3) / 6);
}

TEST(Metrics, WeightsAreRepetitions) {
  Random random(1);
  std::vector<int32_t> actual, predicted, actual_repeated, predicted_repeated;
  std::vector<double> scores, probabilities, scores_repeated, probabilities_repeated;
  std::vector<bool> outcomes, outcomes_repeated;
  Weights weights;
  for (int i = 0; i < 300; ++i) {
    auto a = static_cast<int32_t>(random.below(3)), b = static_cast<int32_t>(random.below(3));
    double score = static_cast<double>(random.below(20)), p = 0.05 + 0.9 * random.uniform();
    weights.push_back(static_cast<double>(random.below(4)));
    for (double copy = -1; copy < weights.back(); ++copy) {
      auto& to_actual = copy < 0 ? actual : actual_repeated;
      to_actual.push_back(a);
      (copy < 0 ? predicted : predicted_repeated).push_back(b);
      (copy < 0 ? scores : scores_repeated).push_back(score);
      (copy < 0 ? outcomes : outcomes_repeated).push_back(a == 1);
      auto& to_p = copy < 0 ? probabilities : probabilities_repeated;
      to_p.insert(to_p.end(), {p, (1 - p) / 3, (1 - p) * 2 / 3});
    }
  }
  EXPECT_EQ(confusion(actual, predicted, 3, weights), confusion(actual_repeated, predicted_repeated, 3));
  EXPECT_NEAR(log_loss(actual, probabilities, 3, weights),
              log_loss(actual_repeated, probabilities_repeated, 3), 1e-12);
  Ranking weighted(scores, outcomes), repeated(scores_repeated, outcomes_repeated);
  EXPECT_NEAR(weighted.auc(weights), repeated.auc(), 1e-12);
  EXPECT_NEAR(weighted.average_precision(weights), repeated.average_precision(), 1e-12);
  for (double share : {0.01, 0.1, 0.37, 1.0})
    EXPECT_NEAR(weighted.lift(share, weights), repeated.lift(share), 1e-12) << share;
}

TEST(Metrics, LogLossByHand) {
  EXPECT_NEAR(log_loss({0, 1}, {0.5, 0.5, 0.25, 0.75}, 2), -(std::log(0.5) + std::log(0.75)) / 2, 1e-12);
  EXPECT_NEAR(log_loss({1}, {1, 0}, 2), -std::log(1e-15), 1e-9)
      << "finite where the model was sure and wrong";
  EXPECT_TRUE(std::isnan(log_loss({}, {}, 2)));
}

TEST(Metrics, AucAgainstCountingPairs) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Random random(2, seed);
    std::vector<double> scores;
    std::vector<bool> outcomes;
    for (uint64_t n = 2 + random.below(60); n > 0; --n)
      scores.push_back(static_cast<double>(random.below(1 + random.below(40)))),
          outcomes.push_back(random.below(3) == 0);
    double above = 0, pairs = 0;
    for (size_t i = 0; i < scores.size(); ++i)
      for (size_t j = 0; j < scores.size(); ++j) {
        if (!outcomes[i] || outcomes[j]) continue;
        ++pairs;
        above += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
      }
    double got = Ranking(scores, outcomes).auc();
    if (pairs == 0) {
      ASSERT_TRUE(std::isnan(got));
    } else {
      ASSERT_NEAR(got, above / pairs, 1e-12) << "seed " << seed;
    }
  }
}

TEST(Metrics, RankingByHand) {
  // positives at places 1 and 3 of 4
  Ranking ranking({0.9, 0.8, 0.7, 0.1}, {true, false, true, false});
  EXPECT_DOUBLE_EQ(ranking.auc(), 0.75);
  EXPECT_DOUBLE_EQ(ranking.average_precision(), (1.0 + 2.0 / 3) / 2);
  EXPECT_DOUBLE_EQ(ranking.lift(0.25), 2);
  EXPECT_DOUBLE_EQ(ranking.lift(0.5), 1);
  EXPECT_DOUBLE_EQ(ranking.lift(1), 1);
  Ranking same({1, 1, 1, 1}, {true, false, true, false});
  EXPECT_DOUBLE_EQ(same.auc(), 0.5);
  EXPECT_DOUBLE_EQ(same.average_precision(), 0.5);
  EXPECT_TRUE(std::isnan(Ranking({1, 2}, {false, false}).auc()));
  EXPECT_TRUE(std::isnan(Ranking({1, 2}, {false, false}).average_precision()));
}

TEST(Metrics, TheOrderOfTheRowsDoesNotShowInARanking) {
  Random random(3);
  std::vector<std::pair<double, bool>> rows;
  for (int i = 0; i < 500; ++i)
    rows.emplace_back(static_cast<double>(random.below(15)), random.below(4) == 0);
  std::vector<double> first;
  for (int shuffle = 0; shuffle < 10; ++shuffle) {
    std::vector<double> scores, figures;
    std::vector<bool> outcomes;
    for (auto [score, outcome] : rows) scores.push_back(score), outcomes.push_back(outcome);
    Ranking ranking(scores, outcomes);
    figures = {ranking.auc(), ranking.average_precision(), ranking.lift(0.01), ranking.lift(0.1),
               ranking.lift(0.33)};
    if (shuffle == 0) first = figures;
    for (size_t i = 0; i < figures.size(); ++i) ASSERT_NEAR(figures[i], first[i], 1e-12) << "figure " << i;
    for (size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[random.below(i)]);
  }
}

TEST(Metrics, WilsonAsNewcombePublishedIt) {
  // Newcombe (1998), table I, method 3
  struct {
    double k, n, lo, hi;
  } published[] = {
      {81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}};
  for (const auto& row : published) {
    auto interval = wilson(row.k, row.n);
    EXPECT_NEAR(interval.lo, row.lo, 5e-5) << row.k << " of " << row.n;
    EXPECT_NEAR(interval.hi, row.hi, 5e-5) << row.k << " of " << row.n;
    auto opposite = wilson(row.n - row.k, row.n);
    EXPECT_NEAR(opposite.lo, 1 - interval.hi, 1e-12);
    EXPECT_NEAR(opposite.hi, 1 - interval.lo, 1e-12);
  }
  EXPECT_EQ(wilson(0, 0).lo, 0);
  EXPECT_EQ(wilson(0, 0).hi, 1);
  EXPECT_EQ(wilson(0, 20).lo, 0);
  EXPECT_EQ(wilson(20, 20).hi, 1);
}

TEST(Bootstrap, CoversAMean) {
  constexpr int trials = 400;
  constexpr size_t n = 80;
  int covered = 0;
  double width = 0;
  for (uint64_t trial = 0; trial < trials; ++trial) {
    Random random(4, trial);
    std::vector<double> sample(n);
    for (double& x : sample) x = random.uniform();  // mean 0.5
    auto mean = [&](const Weights& weights) {
      double sum = 0, rows = 0;
      for (size_t i = 0; i < n; ++i) {
        double weight = weights.empty() ? 1 : weights[i];
        sum += sample[i] * weight, rows += weight;
      }
      return std::vector{sum / rows};
    };
    Estimate estimate = bootstrap(n, 400, trial, mean)[0];
    EXPECT_EQ(estimate.value, mean({})[0]);
    covered += estimate.lo <= 0.5 && 0.5 <= estimate.hi;
    width += estimate.hi - estimate.lo;
  }
  EXPECT_GT(covered, 0.91 * trials);
  EXPECT_LT(covered, 0.98 * trials);
  EXPECT_NEAR(width / trials, 2 * 1.96 * std::sqrt(1.0 / 12 / n), 0.01);
}

TEST(Bootstrap, IsTheSameForTheSameSeedAndPairsItsFigures) {
  auto figures = [](const Weights& weights) {
    double squares = std::inner_product(weights.begin(), weights.end(), weights.begin(), 0.0);
    return std::vector<double>{squares, squares + 1, NAN};
  };
  auto first = bootstrap(100, 50, 3, figures), again = bootstrap(100, 50, 3, figures),
       other = bootstrap(100, 50, 4, figures);
  EXPECT_EQ(first[0].lo, again[0].lo);
  EXPECT_EQ(first[0].hi, again[0].hi);
  EXPECT_TRUE(first[0].lo != other[0].lo || first[0].hi != other[0].hi);
  EXPECT_EQ(first[1].lo, first[0].lo + 1) << "the same resamples for both";
  EXPECT_EQ(first[1].hi, first[0].hi + 1);
  EXPECT_TRUE(std::isnan(first[2].lo));
}

TEST(Intervals, SharesAndMeansByHand) {
  Estimate half = share(5, 10);
  EXPECT_EQ(half.value, 0.5);
  EXPECT_EQ(half.lo, wilson(5, 10).lo);
  EXPECT_TRUE(std::isnan(share(0, 0).value));
  Estimate three = mean(6, 14, 3);  // 1, 2, 3: variance 1
  EXPECT_EQ(three.value, 2);
  EXPECT_NEAR(three.hi - 2, 4.30265 / std::sqrt(3), 1e-4);
  EXPECT_NEAR(2 - three.lo, 4.30265 / std::sqrt(3), 1e-4);
  EXPECT_TRUE(std::isnan(mean(4, 16, 1).lo));
  EXPECT_TRUE(std::isnan(mean(0, 0, 0).value));
}

TEST(Metrics, CalibrationByHand) {
  auto bins = calibration({0.1, 0.9, 0.2, 0.8}, {false, true, true, true}, 2);
  ASSERT_EQ(bins.size(), 2u);
  EXPECT_DOUBLE_EQ(bins[0].predicted, 0.15);
  EXPECT_DOUBLE_EQ(bins[0].observed, 0.5);
  EXPECT_DOUBLE_EQ(bins[1].predicted, 0.85);
  EXPECT_DOUBLE_EQ(bins[1].observed, 1);
  EXPECT_EQ(bins[0].lo, wilson(1, 2).lo);
  EXPECT_EQ(bins[1].size, 2);
  EXPECT_DOUBLE_EQ(calibration_error(bins), (0.35 + 0.15) / 2);
  EXPECT_EQ(calibration({0.5}, {true}, 10).size(), 1u);
  EXPECT_TRUE(calibration({}, {}, 10).empty());
  int64_t rows = 0;
  for (const auto& bin : calibration(std::vector<double>(103, 0.5), std::vector<bool>(103), 10))
    rows += bin.size;
  EXPECT_EQ(rows, 103);
}

// --- gradient boosted trees

TEST(Gbdt, LearnsAnEasyProblemBetterThanTheBaseRates) {
  EasyProblem train(3'000, 1), test(2'000, 2);
  Gbdt model = must(train_lightgbm(train.features, train.labels, EasyProblem::classes, {}, 1));
  auto probabilities = model.predict(test.features);
  std::vector<double> rates(EasyProblem::classes), base;
  for (int32_t label : train.labels)
    rates[static_cast<size_t>(label)] += 1.0 / static_cast<double>(train.labels.size());
  std::vector<int32_t> predicted;
  for (size_t i = 0; i < test.labels.size(); ++i) {
    base.insert(base.end(), rates.begin(), rates.end());
    const double* row = probabilities.data() + i * EasyProblem::classes;
    ASSERT_NEAR(row[0] + row[1] + row[2], 1, 1e-9);
    predicted.push_back(static_cast<int32_t>(std::max_element(row, row + EasyProblem::classes) - row));
  }
  EXPECT_LT(log_loss(test.labels, probabilities, EasyProblem::classes),
            0.6 * log_loss(test.labels, base, EasyProblem::classes));
  EXPECT_GT(accuracy(confusion(test.labels, predicted, EasyProblem::classes), EasyProblem::classes), 0.85);
  auto gain = model.gain();
  ASSERT_EQ(gain.size(), train.features.columns());
  for (size_t noise : {2, 3, 4})
    EXPECT_GT(std::min(gain[0], gain[1]), 10 * gain[noise]) << train.features.names[noise];
}

TEST(Gbdt, IsTheSameModelAfterItsText) {
  EasyProblem problem(1'000, 1);
  Gbdt model =
      must(train_lightgbm(problem.features, problem.labels, EasyProblem::classes, {.rounds = 20}, 1));
  ModelText text(model.text());
  Gbdt again = must(Gbdt::read(text, problem.features.columns(), EasyProblem::classes));
  must(text.end());
  EXPECT_EQ(model.predict(problem.features), again.predict(problem.features));
  EXPECT_EQ(model.gain(), again.gain());
  EXPECT_EQ(model.text(), again.text());
}

std::string trained_elsewhere(const std::string& environment) {
  std::FILE* pipe = popen((environment + " " + UNIT_CHILD + " gbdt").c_str(), "r");
  char line[128] = {};
  bool read = pipe && std::fgets(line, sizeof line, pipe);
  if (pipe) pclose(pipe);
  return read ? line : "";
}

TEST(Gbdt, IsTheSameWhateverTheNumberOfThreads) {
  std::string one = trained_elsewhere("OMP_NUM_THREADS=1");
  ASSERT_EQ(one.size(), 33u) << one;
  for (const char* threads : {"2", "3", "8"})
    EXPECT_EQ(trained_elsewhere(std::string("OMP_NUM_THREADS=") + threads), one) << threads;
}

TEST(Gbdt, AnotherSeedIsAnotherModel) {
  EasyProblem problem(1'000, 1);
  auto text = [&](uint64_t seed) {
    return must(train_lightgbm(problem.features, problem.labels, EasyProblem::classes, {.rounds = 20}, seed))
        .text();
  };
  EXPECT_EQ(text(1), text(1));
  EXPECT_NE(text(1), text(2));
}

TEST(Gbdt, TakesWhatHardlyIsAProblem) {
  Matrix one_column{{"x"}, {1, 2, 3, 4}};
  EXPECT_FALSE(train_lightgbm({{"x"}, {}}, {}, 2, {}, 1));
  EXPECT_FALSE(train_lightgbm({{"x"}, {1}}, {0}, 2, {}, 1));
  Gbdt model = must(train_lightgbm(one_column, {0, 0, 0, 0}, 2, {.rounds = 5},
                                   1));  // too few rows to split, one class only
  auto probabilities = model.predict(one_column);
  ASSERT_EQ(probabilities.size(), 8u);
  EXPECT_GT(probabilities[0], 0.5);
  EXPECT_TRUE(model.predict({{"x"}, {}}).empty());
}

TEST(AbTest, OfFourCustomersByHand) {
  // weights 2 and 4 of 3 and 5 make 26/6 on average, 2 and 2 of 1 and 2 make 1.5
  Trial trial{{1, 2, 3, 4}, {true, true, false, false}, {0.5, 0.25, 0.5, 0.5}, {3, 5, 1, 2}, {}};
  TrialEstimate estimate = ab_test(trial);
  EXPECT_NEAR(estimate.baseline, 1.5, 1e-12);
  EXPECT_NEAR(estimate.difference.effect, 26.0 / 6 - 1.5, 1e-12);
  EXPECT_NEAR(estimate.difference.lift, 26.0 / 9 - 1, 1e-12);
  // parts of the difference: 2 (3 - 26/6) / 6 = -4/9, 4/9, and 1/4, -1/4
  double error = std::sqrt((2 * 16.0 / 81 + 2.0 / 16) * 4 / 3);
  EXPECT_NEAR(estimate.difference.standard_error, error, 1e-12);
  EXPECT_NEAR(estimate.difference.hi, 26.0 / 6 - 1.5 + 1.959963984540054 * error, 1e-9);
  EXPECT_EQ(estimate.cuped.effect, estimate.difference.effect);
}

Trial some_trial(uint64_t stream, size_t rows) {
  Random random(3, stream);
  Trial trial;
  trial.covariates.resize(2);
  for (size_t i = 0; i < rows; ++i) {
    double level = 3 * random.uniform();
    trial.customer.push_back(static_cast<int32_t>(i / 3));  // three draws each
    double chance = level > 1.5 ? 0.7 : 0.4;
    trial.treated.push_back(random.uniform() < chance);
    trial.propensity.push_back(trial.treated[i] ? chance : 1 - chance);
    trial.covariates[0].push_back(level + random.uniform());
    trial.covariates[1].push_back(random.uniform());
    trial.outcome.push_back(2 * level + random.uniform() + (trial.treated[i] ? 0.5 : 0));
  }
  return trial;
}

// Weighted least squares of the outcome on 1 and the arm, with the sandwich of sums over customers.
TEST(AbTest, AgainstTheSandwichOfARegression) {
  for (uint64_t stream = 0; stream < 20; ++stream) {
    Trial trial = some_trial(stream, 90);
    double w = 0, wt = 0, wy = 0, wty = 0;
    for (size_t i = 0; i < 90; ++i) {
      double weight = 1 / trial.propensity[i], t = trial.treated[i];
      w += weight, wt += weight * t, wy += weight * trial.outcome[i], wty += weight * t * trial.outcome[i];
    }
    double determinant = w * wt - wt * wt;  // t is 0 or 1: t * t is t
    double slope = (w * wty - wt * wy) / determinant, intercept = (wt * wy - wt * wty) / determinant;
    double variance = 0;
    for (size_t customer = 0; customer < 30; ++customer) {
      double score[2] = {};
      for (size_t i = 3 * customer; i < 3 * customer + 3; ++i) {
        double t = trial.treated[i], part = (trial.outcome[i] - intercept - slope * t) / trial.propensity[i];
        score[0] += part, score[1] += t * part;
      }
      double slope_part = (w * score[1] - wt * score[0]) / determinant;
      variance += slope_part * slope_part;
    }
    EffectEstimate estimate = ab_test(trial).difference;
    EXPECT_NEAR(estimate.effect, slope, 1e-10);
    EXPECT_NEAR(estimate.standard_error, std::sqrt(variance * 30 / 29), 1e-10);
  }
}

// CUPED's coefficients are those with which the plain difference of outcome minus covariates errs least.
TEST(AbTest, CupedIsTheBestPlainDifference) {
  Trial trial = some_trial(77, 900);
  TrialEstimate seen = ab_test(trial);
  EXPECT_LT(seen.cuped.standard_error, 0.7 * seen.difference.standard_error);
  Trial shifted = trial;
  double least = 1e300, effect = 0;
  for (int a = 0; a <= 400; ++a)
    for (int b = -20; b <= 20; ++b) {
      for (size_t i = 0; i < trial.outcome.size(); ++i)
        shifted.outcome[i] =
            trial.outcome[i] - 0.01 * a * trial.covariates[0][i] - 0.05 * b * trial.covariates[1][i];
      shifted.covariates.clear();
      EffectEstimate plain = ab_test(shifted).difference;
      if (plain.standard_error < least) least = plain.standard_error, effect = plain.effect;
    }
  EXPECT_NEAR(seen.cuped.effect, effect, 0.01);
  EXPECT_NEAR(seen.cuped.standard_error, least * std::sqrt(299.0 / 297), 1e-4);
}

TEST(AbTest, ACovariateThatSaysNothingNewChangesNothing) {
  Trial trial = some_trial(5, 90);
  EffectEstimate once = ab_test(trial).cuped;
  trial.covariates.push_back(trial.covariates[0]);
  trial.covariates.emplace_back(90, 4.0);
  EffectEstimate again = ab_test(trial).cuped;
  EXPECT_NEAR(once.effect, again.effect, 1e-12);
  EXPECT_NEAR(once.standard_error, again.standard_error, 1e-12);
}

// All ways to choose 3 of 8 values with ties, against the draws.
TEST(KolmogorovSmirnov, AgainstAllPermutations) {
  std::vector<int> values = {0, 0, 0, 1, 1, 2, 3, 3};
  auto distance = [&](unsigned chosen) {
    double most = 0;
    for (int x = 0; x <= 3; ++x) {
      double a = 0, b = 0;
      for (size_t i = 0; i < values.size(); ++i)
        if (values[i] <= x) ((chosen >> i & 1) ? a : b) += 1;
      most = std::max(most, std::abs(a / 3 - b / 5));
    }
    return most;
  };
  unsigned seen = 0b11100000;
  double all = 0, as_far = 0;
  for (unsigned chosen = 0; chosen < 256; ++chosen)
    if (__builtin_popcount(chosen) == 3) ++all, as_far += distance(chosen) > distance(seen) - 1e-9;
  KolmogorovSmirnov test = kolmogorov_smirnov({{{0, 0, 1, 2}, {3, 2, 0, 0}}}, 20'000, 1);
  EXPECT_NEAR(test.distance, distance(seen), 1e-12);
  EXPECT_NEAR(test.p_value, as_far / all, 4 * std::sqrt(as_far / all / 20'000));
}

// The second stratum has its values higher, in both samples alike: only what differs within strata counts.
TEST(KolmogorovSmirnov, StrataAreComparedWithinThemselvesOnly) {
  TwoSamples low{{4, 4, 0, 0}, {20, 20, 0, 0}}, high{{0, 0, 30, 30}, {0, 0, 6, 6}};
  KolmogorovSmirnov test = kolmogorov_smirnov({low, high, {{0, 0, 0, 0}, {9, 0, 0, 0}}}, 1'000, 1);
  EXPECT_NEAR(test.distance, 0, 1e-12);
  EXPECT_EQ(test.p_value, 1);
  TwoSamples pooled{{4, 4, 30, 30}, {20, 20, 6, 6}};
  EXPECT_LT(kolmogorov_smirnov({pooled}, 1'000, 1).p_value, 0.01);
  // of the first 1/2 is at 0, of the second weighed 1/2 x 4/5 + 1/2 x 2/5 = 3/5
  test = kolmogorov_smirnov({{{5, 5}, {4, 1}}, {{5, 5}, {2, 3}}}, 100, 1);
  EXPECT_NEAR(test.distance, 0.1, 1e-12);
}

// Every tenth of 60 customers spends 100 in two receipts, the others 10 in one. Hall's transformation of how
// far either bound lies from the ratio, in its errors, is Student's quantile at the degrees of freedom that
// such tails leave.
TEST(Ratio, OfSkewedCustomersByHand) {
  std::vector<double> ys, xs;
  for (int i = 0; i < 60; ++i) ys.push_back(i % 10 == 0 ? 100 : 10), xs.push_back(i % 10 == 0 ? 2 : 1);
  Estimate ratio_of = ratio(ys, xs);
  double v = (6 * 100 + 54 * 10) / (6 * 2 + 54.0), powers[5] = {};
  for (size_t i = 0; i < 60; ++i)
    for (int k = 2; k < 5; ++k) powers[k] += std::pow(ys[i] - v * xs[i], k) / 60;
  double error = std::sqrt(powers[2] / 59) * 60 / 66,
         a = powers[3] / std::pow(powers[2], 1.5) / std::sqrt(60),
         degrees = 2 * 60 / (powers[4] / powers[2] / powers[2] - 1);
  auto transformed = [&](double bound) {
    double t = (v - bound) / error;
    return t + a * t * t / 3 + a * a * t * t * t / 27 + a / 6;
  };
  EXPECT_NEAR(ratio_of.value, v, 1e-12);
  EXPECT_NEAR(degrees, 120 / ((1 - 3 * 0.09) / 0.09 - 1), 1e-9);  // of two values, one in ten and nine in ten
  EXPECT_NEAR(transformed(ratio_of.lo), t95(degrees), 1e-6);
  EXPECT_NEAR(transformed(ratio_of.hi), -t95(degrees), 1e-6);
  EXPECT_NEAR(t95(16), 2.119905, 1e-6);         // of any table
  EXPECT_GT(ratio_of.hi - v, v - ratio_of.lo);  // what is skewed may be larger yet
  ys.resize(29), xs.resize(29);
  EXPECT_TRUE(std::isnan(ratio(ys, xs).lo));
  EXPECT_TRUE(std::isnan(ratio({}, {}).value));
}

TEST(ShareDifference, OfTwoStrataByHand) {
  // 10 of 20 against 5 of 25, 6 of 10 against 9 of 30: (10 x 25 - 5 x 20)/45 + (6 x 30 - 9 x 10)/40 over the
  // weights 500/45 + 300/40; the variance by Sato's formula, written down term by term
  Estimate of = share_difference({{{5, 10}, {25, 20}}, {{9, 6}, {30, 10}}, {{3, 0}, {3, 0}}});
  double weights = 500 / 45.0 + 300 / 40.0, difference = (150 / 45.0 + 90 / 40.0) / weights;
  double p = (400 * 5 - 625 * 10 + 500 * 2.5) / 2025 + (100 * 9 - 900 * 6 + 300 * 10.0) / 1600,
         q = (10 * 20 + 5 * 10) / 90.0 + (6 * 21 + 9 * 4) / 80.0;
  EXPECT_NEAR(of.value, difference, 1e-12);
  for (double bound : {of.lo, of.hi})
    EXPECT_NEAR(std::abs(bound - difference), 1.959963984540054 * std::sqrt(bound * p + q) / weights, 1e-12);
  EXPECT_LT(of.lo, difference);
  EXPECT_GT(of.hi, difference);
  EXPECT_LT(share_difference({{{0, 20}, {20, 20}}}).lo, 0.9);  // all against none is not certain
  EXPECT_TRUE(std::isnan(share_difference({{{0, 3}, {0, 5}}}).value));
}

TEST(TrendTest, OfTheSmokersInTheManualOfR) {
  // prop.trend.test(c(83, 90, 129, 70), c(86, 93, 136, 82)): X-squared = 8.2249, with n instead of n - 1
  Trend trend = trend_test({{{83, 90, 129, 70}, {86, 93, 136, 82}}});
  EXPECT_LT(trend.z, 0);
  double chi_squared = trend.z * trend.z * 397 / 396;
  EXPECT_NEAR(chi_squared, 8.2249, 5e-5);
  EXPECT_NEAR(std::erfc(std::sqrt(chi_squared / 2)), 0.004132, 5e-7);
}

TEST(TrendTest, StrataAreComparedWithinThemselvesOnly) {
  // no trend in either stratum, though the second has more doses and more successes
  Trend trend = trend_test({{{1, 1}, {10, 10}}, {{6, 60}, {10, 100}}});
  EXPECT_NEAR(trend.z, 0, 1e-12);
  EXPECT_GT(trend_test({{{7, 61}, {20, 110}}}).z, 1.5);
  EXPECT_EQ(trend_test({{{0, 0}, {5, 5}}}).p_value, 1);
}

}  // namespace
}  // namespace danggol::learn
