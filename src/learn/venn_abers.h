// Venn-Abers prediction (Vovk and Petej, 2014): from scores and outcomes of a calibration set to a pair of
// probabilities [lo, hi] for a new score, one of which is perfectly calibrated if the calibration set and the
// new customer are exchangeable. The pair is wide where the calibration set says little; it is not a
// confidence interval. `p` is the minimax merge hi / (1 - lo + hi).
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace danggol::learn {

struct VennAbersPair {
  double lo, hi, p;
};

class VennAbers {
 public:
  // Scores are rounded to at most `levels` levels first, which keeps validity (a coarser score is a score)
  // and bounds the work to levels^2.
  VennAbers(const std::vector<double>& scores, const std::vector<bool>& outcomes, size_t levels = 400);
  VennAbersPair operator()(double score) const;

  // Several calibrators of the same thing (one a fold): geometric means of their pairs (Vovk, Petej and
  // Fedorova, 2015).
  static VennAbersPair merge(const std::vector<VennAbersPair>& pairs);

  // What operator() needs, to keep with a model and to make the calibrator again.
  struct Knots {
    std::vector<double> upto, lo, hi;  // a score takes the first knot with score <= upto, else the last
  };
  const Knots& knots() const { return knots_; }
  explicit VennAbers(Knots knots) : knots_(std::move(knots)) {}

 private:
  Knots knots_;
};

}  // namespace danggol::learn
