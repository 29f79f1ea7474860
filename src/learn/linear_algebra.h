// Products and equations of dense matrices. The same values give the same bits on every machine, in the
// calling thread alone. The .cpp is the only file that knows Eigen.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace danggol::learn {

template <class Real>
struct Dense {
  size_t rows = 0, columns = 0;
  std::vector<Real> values;  // row after row
};

// For float and double.
template <class Real>
Dense<Real> product(const Dense<Real>& a, const Dense<Real>& b);
template <class Real>
Dense<Real> product_of_transposed(const Dense<Real>& a, const Dense<Real>& b);  // a' b

// The x with a x = b for a symmetric a, of which the lower half is read, by Cholesky; nothing where a is not
// positive definite.
std::optional<Dense<double>> solve(const Dense<double>& a, const Dense<double>& b);
// The lower triangle l with l l' = a, of the same a.
std::optional<Dense<double>> cholesky(const Dense<double>& a);
// The x that brings a x nearest to b, by an orthogonal decomposition; where many do, the shortest.
Dense<double> least_squares(const Dense<double>& a, const Dense<double>& b);

}  // namespace danggol::learn
