// Venn-Abers prediction (Vovk and Petej, 2014): from scores and outcomes of a calibration set to a pair of
// probabilities [lo, hi] for a new score, one of which is perfectly calibrated if the calibration set and the
// new customer are exchangeable. The pair is wide where the calibration set says little; it is not a
// confidence interval. `p` is the minimax merge hi / (1 - lo + hi).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "danggol/result.h"

namespace danggol::learn {

struct VennAbersPair {
  double lo, hi, p;
};

class ModelText;

class VennAbers {
 public:
  static constexpr size_t most_levels = 400;
  // Scores are rounded to at most `levels` levels first, which keeps validity (a coarser score is a score)
  // and bounds the work to levels^2.
  VennAbers(const std::vector<double>& scores, const std::vector<bool>& outcomes,
            size_t levels = most_levels);
  VennAbersPair operator()(double score) const;
  const std::vector<double>& levels() const { return upto_; }  // the greatest score of each

  // Several calibrators of the same thing (one a fold): geometric means of their pairs (Vovk, Petej and
  // Fedorova, 2015).
  static VennAbersPair merge(const std::vector<VennAbersPair>& pairs);

  // To keep with a model, and to make the calibrator again; corrupt if it is none of scores in 0..1.
  std::string text() const;
  static Result<VennAbers> read(ModelText& text);

 private:
  VennAbers() = default;
  std::vector<double> upto_, lo_, hi_;  // a score takes the first level with score <= upto, else the last
};

}  // namespace danggol::learn
