// What gives every customer of a test probabilities of grades and a decision: the model, and what it must
// beat.
#pragma once

#include <string>
#include <vector>

#include "contract/frame.h"
#include "learn/probability_model.h"

namespace danggol::rooms {

struct Backtest {
  const Frame& known;  // the training origin, for the baselines
  const Frame& later;  // the testing origin
  const learn::ClassProbabilities& probabilities;
  std::vector<int32_t> decided;
  uint64_t seed;
};

struct Predictor {
  std::string name;
  std::vector<double> p;  // rows * grade_count; empty where they are another predictor's
  std::vector<int32_t> decided;
};

inline constexpr const char *model_name = "model", *likeliest_name = "likeliest grade",
                            *stays_name = "grade stays", *frequencies_name = "class frequencies";

Predictor model_of(const Backtest& test, std::string name = model_name);
// The grade with the greatest probability, where the model decides so that every grade gets its due (macro
// F1).
Predictor likeliest(const Backtest& test);
// "The grade stays", as sure as staying was at the training origin; the rest is spread evenly.
Predictor grade_stays(const Backtest& test);
// The class frequencies given the current grade, at the training origin.
Predictor frequencies(const Backtest& test);

std::vector<double> leaving(const std::vector<double>& p);  // of rows * grade_count
std::vector<bool> has_left(const std::vector<int32_t>& label);

}  // namespace danggol::rooms
