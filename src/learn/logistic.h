// Logistic regression that departs from what is known already, and only as far as the data carry it: an
// offset in log odds for every row, and a ridge on the coefficients (Hoerl and Kennard, 1970; le Cessie and
// van Houwelingen, 1992).
#pragma once

#include <string>
#include <vector>

#include "base/matrix.h"
#include "danggol/result.h"

namespace danggol::learn {

class ModelText;

class Logistic {
 public:
  // Of rows with these weights; `outcome` is 0 or 1. Columns are standardised, cut off at four standard
  // deviations, and 0, their mean, where they are not known. `ridge` is what the sum of squared coefficients,
  // the constant among them, is weighed with against the sum of log losses. At least one row.
  static Logistic fit(const Matrix& features, const std::vector<double>& offset,
                      const std::vector<int32_t>& outcome, const std::vector<double>& weights, double ridge);

  // By how much each row's log odds are above its offset.
  std::vector<double> predict(const Matrix& features) const;
  const std::vector<double>& coefficients() const {
    return coefficients_;
  }  // the constant, then one a column

  std::string text() const;
  static Result<Logistic> read(ModelText& text, size_t columns);

 private:
  double standardised(const double* row, size_t column) const;
  std::vector<double> mean_, spread_, coefficients_;
};

}  // namespace danggol::learn
