#include "rooms/grade_forecast/predictors.h"

#include <algorithm>

#include "contract/grading.h"

namespace danggol::rooms {
namespace {

// How often each grade followed each grade at the training origin, one imagined customer in every cell.
std::vector<double> transition_rates(const Frame& known) {
  std::vector<double> counts(grade_count * grade_count, 1);
  for (size_t i = 0; i < known.label.size(); ++i)
    ++counts[static_cast<size_t>(known.grade[i] * grade_count + known.label[i])];
  for (int32_t from = 0; from < grade_count; ++from) {
    double sum = 0;
    for (int32_t to = 0; to < grade_count; ++to) sum += counts[static_cast<size_t>(from * grade_count + to)];
    for (int32_t to = 0; to < grade_count; ++to) counts[static_cast<size_t>(from * grade_count + to)] /= sum;
  }
  return counts;
}

}  // namespace

Predictor model_of(const Backtest& test, std::string name) {
  return {std::move(name), test.probabilities.p, test.decided};
}

Predictor likeliest(const Backtest& test) {
  Predictor out{likeliest_name, {}, {}};
  const std::vector<double>& p = test.probabilities.p;
  for (auto row = p.begin(); row != p.end(); row += grade_count)
    out.decided.push_back(static_cast<int32_t>(std::max_element(row, row + grade_count) - row));
  return out;
}

Predictor grade_stays(const Backtest& test) {
  double stayed = 0;
  for (size_t i = 0; i < test.known.label.size(); ++i) stayed += test.known.grade[i] == test.known.label[i];
  double sure = (stayed + 1) / (static_cast<double>(test.known.label.size()) + 2);
  Predictor out{stays_name, {}, test.later.grade};
  for (int32_t now : test.later.grade)
    for (int32_t to = 0; to < grade_count; ++to)
      out.p.push_back(to == now ? sure : (1 - sure) / (grade_count - 1));
  return out;
}

Predictor frequencies(const Backtest& test) {
  std::vector<double> rates = transition_rates(test.known);
  Predictor out{frequencies_name, {}, {}};
  for (int32_t now : test.later.grade) {
    auto row = rates.begin() + now * grade_count;
    out.p.insert(out.p.end(), row, row + grade_count);
    out.decided.push_back(static_cast<int32_t>(std::max_element(row, row + grade_count) - row));
  }
  return out;
}

std::vector<double> leaving(const std::vector<double>& p) {
  std::vector<double> out;
  for (size_t i = inactive_grade; i < p.size(); i += grade_count) out.push_back(p[i]);
  return out;
}

std::vector<bool> has_left(const std::vector<int32_t>& label) {
  std::vector<bool> left;
  for (int32_t l : label) left.push_back(l == inactive_grade);
  return left;
}

}  // namespace danggol::rooms
