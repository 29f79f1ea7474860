// Figures of a back-test: all of them from the same resamples of customers, in one pass.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/interval.h"
#include "learn/metrics.h"
#include "rooms/grade_forecast/predictors.h"

namespace danggol::rooms {

struct Figure {
  std::string metric, predictor;
  Estimate estimate;
};

// What is to be measured. Figures come out in the order in which they were added.
class Measures {
 public:
  // Puts its figures of the weighted customers into `own`; figures added before are in `before`.
  using Measure =
      std::function<void(const learn::Weights&, std::span<const double> before, std::span<double> own)>;
  void add(const std::string& predictor, const std::vector<std::string>& metrics, Measure measure);
  // metric of `better` less metric of `worse`, paired: the same customers in both.
  void add_difference(const std::string& metric, const std::string& predictor,
                      std::pair<std::string, std::string> better, std::pair<std::string, std::string> worse);
  // The figures, and their 95 % intervals: percentile bootstrap over n customers, 500 resamples.
  std::vector<Figure> estimate(size_t n, uint64_t seed) const;

 private:
  struct Group {
    size_t first, count;
    Measure measure;
  };
  size_t place(const std::string& metric, const std::string& predictor) const;
  std::vector<std::pair<std::string, std::string>> names_;  // metric, predictor
  std::vector<Group> groups_;
};

// What all predictors are measured by: accuracy, macro_f1, weighted_f1 and, where it has probabilities,
// log_loss. Predictor and label must outlive the measures.
void add_class_measures(const Predictor& predictor, const std::vector<int32_t>& label, Measures& measures);
// How well leaving is ranked and how honest its probabilities are: auc_leaving, average_precision_leaving,
// lift_5_leaving, lift_10_leaving, lift_20_leaving, calibration_error_leaving.
void add_leaving_measures(const Predictor& predictor, const std::vector<bool>& left, Measures& measures);
// F1 of every class of `classes`: metric "f1", predictor the number of the class.
void add_f1_measures(const std::vector<int32_t>& actual, const std::vector<int32_t>& predicted,
                     int32_t classes, Measures& measures);

// Of them; a figure that is not there is NaN.
Estimate find(const std::vector<Figure>& figures, std::string_view metric, std::string_view predictor);

}  // namespace danggol::rooms
