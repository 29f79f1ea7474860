// The gamma function and its kin, in double precision throughout: Boost would go through long double, in many
// times the time.
#pragma once

#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/gamma.hpp>

namespace danggol::learn {

using InDouble = boost::math::policies::policy<boost::math::policies::promote_double<false>>;

inline double log_gamma(double z) { return boost::math::lgamma(z, InDouble()); }
inline double digamma(double z) { return boost::math::digamma(z, InDouble()); }
inline double log_beta(double a, double b) { return log_gamma(a) + log_gamma(b) - log_gamma(a + b); }

}  // namespace danggol::learn
