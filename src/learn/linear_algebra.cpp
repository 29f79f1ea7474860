#include "learn/linear_algebra.h"

#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/QR>

#include "base/assert.h"

namespace danggol::learn {
namespace {

template <class Real>
using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Sums are taken in an order that follows from the sizes of the caches, which Eigen would ask of the
// processor, and from where memory begins: so the sizes are fixed, and Eigen works on its own, aligned copy.
template <class Real>
Matrix<Real> copy_of(const Dense<Real>& a) {
  static const bool caches_are_fixed = (Eigen::setCpuCacheSizes(32 << 10, 512 << 10, 4 << 20), true);
  DANGGOL_ASSERT(caches_are_fixed && a.values.size() == a.rows * a.columns);
  return Eigen::Map<const Matrix<Real>>(a.values.data(), static_cast<Eigen::Index>(a.rows),
                                        static_cast<Eigen::Index>(a.columns));
}

template <class Real>
Dense<Real> dense(const Matrix<Real>& a) {
  return {static_cast<size_t>(a.rows()), static_cast<size_t>(a.cols()), {a.data(), a.data() + a.size()}};
}

// Nothing where it is not positive definite.
std::optional<Eigen::LLT<Matrix<double>>> positive(const Dense<double>& a) {
  DANGGOL_ASSERT(a.rows == a.columns);
  Eigen::LLT<Matrix<double>> factors(copy_of(a));
  bool is_positive = (factors.matrixLLT().diagonal().array() > 0).all();  // NaN is not
  if (factors.info() != Eigen::Success || !is_positive) return std::nullopt;
  return factors;
}

}  // namespace

template <class Real>
Dense<Real> product(const Dense<Real>& a, const Dense<Real>& b) {
  DANGGOL_ASSERT(a.columns == b.rows);
  Matrix<Real> out = copy_of(a) * copy_of(b);
  return dense(out);
}

template <class Real>
Dense<Real> product_of_transposed(const Dense<Real>& a, const Dense<Real>& b) {
  DANGGOL_ASSERT(a.rows == b.rows);
  Matrix<Real> out = copy_of(a).transpose() * copy_of(b);
  return dense(out);
}

template Dense<float> product(const Dense<float>&, const Dense<float>&);
template Dense<double> product(const Dense<double>&, const Dense<double>&);
template Dense<float> product_of_transposed(const Dense<float>&, const Dense<float>&);
template Dense<double> product_of_transposed(const Dense<double>&, const Dense<double>&);

std::optional<Dense<double>> solve(const Dense<double>& a, const Dense<double>& b) {
  DANGGOL_ASSERT(a.rows == b.rows);
  auto factors = positive(a);
  if (!factors) return std::nullopt;
  Matrix<double> out = factors->solve(copy_of(b));
  return dense(out);
}

std::optional<Dense<double>> cholesky(const Dense<double>& a) {
  auto factors = positive(a);
  if (!factors) return std::nullopt;
  Matrix<double> out = factors->matrixL();
  return dense(out);
}

Dense<double> least_squares(const Dense<double>& a, const Dense<double>& b) {
  DANGGOL_ASSERT(a.rows == b.rows);
  Matrix<double> out = copy_of(a).completeOrthogonalDecomposition().solve(copy_of(b));
  return dense(out);
}

}  // namespace danggol::learn
