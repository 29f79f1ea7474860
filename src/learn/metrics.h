// How good predictions of classes are. Probabilities are rows * classes, row after row. A weight a row, a
// count of how often a resample drew it, makes every figure bootstrappable without copying rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace danggol::learn {

using Weights = std::vector<double>;  // empty: every row once

struct ClassReport {
  double precision = 0, recall = 0, f1 = 0, support = 0;  // 0 where undefined
};

// confusion[actual * classes + predicted]
std::vector<double> confusion(const std::vector<int32_t>& actual, const std::vector<int32_t>& predicted,
                              int32_t classes, const Weights& weights = {});
std::vector<ClassReport> class_reports(const std::vector<double>& confusion, int32_t classes);
double macro_f1(const std::vector<ClassReport>& reports);  // over the classes with support
double weighted_f1(const std::vector<ClassReport>& reports);
double accuracy(const std::vector<double>& confusion, int32_t classes);

double log_loss(const std::vector<int32_t>& actual, const std::vector<double>& probabilities, int32_t classes,
                const Weights& weights = {});

// Ranking of a yes/no outcome; ties in score count half (AUC) or are taken together (the others).
// Order the rows once and reuse it over resamples.
class Ranking {
 public:
  Ranking(const std::vector<double>& scores, const std::vector<bool>& outcomes);
  double auc(const Weights& weights = {}) const;
  double average_precision(const Weights& weights = {}) const;
  double lift(double top_share, const Weights& weights = {}) const;  // rate in the top share / rate in all

 private:
  std::vector<size_t> order_;  // best score first
  std::vector<double> scores_;
  std::vector<bool> outcomes_;
};

// The first rows of a ranking, and how many of them are what is looked for.
struct Top {
  int32_t percent;
  int64_t rows, hits;
};
std::vector<Top> tops(const std::vector<bool>& hits_by_rank,
                      const std::vector<int32_t>& percents);  // ascending

struct CalibrationBin {
  double predicted, observed, lo, hi;  // lo, hi: Wilson 95 % of observed
  int64_t size;
};
// Bins of equal size by predicted probability.
std::vector<CalibrationBin> calibration(const std::vector<double>& probabilities,
                                        const std::vector<bool>& outcomes, int32_t bins);
// Mean |predicted - observed| over those bins, by size (expected calibration error).
double calibration_error(const std::vector<CalibrationBin>& bins);

}  // namespace danggol::learn
