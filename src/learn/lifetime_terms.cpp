#include "learn/lifetime_terms.h"

#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <limits>

#include "learn/gamma_function.h"

namespace danggol::learn {
namespace {

using Leaving = LifetimeFamily::Leaving;

constexpr double never = -std::numeric_limits<double>::infinity();  // the logarithm of nothing

// The integral of f from lo to hi, by Gauss and Legendre; f may give anything that can be added and weighted.
template <int points, class F>
void integrate(double lo, double hi, const F& f) {
  using Rule = boost::math::quadrature::gauss<double, points>;
  static_assert(points % 2 == 0);
  double middle = (lo + hi) / 2, half = (hi - lo) / 2;
  for (size_t i = 0; i < Rule::abscissa().size(); ++i) {
    f(middle - half * Rule::abscissa()[i], half * Rule::weights()[i]);
    f(middle + half * Rule::abscissa()[i], half * Rule::weights()[i]);
  }
}

// How many purchases before the last gave a chance to leave; below 0, the last gave none either.
double chances(Leaving leaving, double x) { return leaving == Leaving::after_any ? x : x - 1; }

// Adds to p[i] `weight` times the chance that more than i purchases come while events come at a pace that is
// gamma distributed with this shape, and of which each is with this chance the next before time is up: after
// the first k - j, and then every k, is a purchase.
void add_purchases(double shape, double p_event, int32_t k, int32_t j, double weight,
                   std::vector<double>& p) {
  constexpr double least = 1e-12;
  double mean = shape * p_event / (1 - p_event), spread = std::sqrt(mean / (1 - p_event));
  double n = std::max(0.0, std::floor(mean - 12 * spread - 30)), at_least = 1;  // events, and their chance
  double exactly = std::exp(log_gamma(shape + n) - log_gamma(shape) - log_gamma(n + 1) +
                            shape * std::log1p(-p_event) + (n > 0 ? n * std::log(p_event) : 0));
  double next = k - j;
  for (size_t i = 0; weight * at_least > least && i < LifetimeModel::most_purchases;) {
    for (; next <= n && i < LifetimeModel::most_purchases; ++i, next += k) {
      if (i == p.size()) p.push_back(0);
      p[i] += weight * at_least;
    }
    at_least -= exactly;
    exactly *= (shape + n) / (n + 1) * p_event;
    ++n;
  }
}

}  // namespace

LifetimeTerms::LifetimeTerms(const LifetimeModel& model) : family_(model.family()) {
  const auto& p = model.parameters();
  r_ = p[0], alpha_ = p[1], p3_ = p[2], p4_ = p[3];
  log_start_ = r_ * std::log(alpha_);
  if (family_.leaving == Leaving::at_any_time) log_start_ += p3_ * std::log(p4_);
}

LifetimeTerms::ByCount LifetimeTerms::by_count(double x) const {
  ByCount out{};
  out.x = x, out.shape = r_ + family_.k * x;
  out.gamma = log_gamma(out.shape) - log_gamma(r_) - x * log_gamma(family_.k);
  out.gamma_r = digamma(out.shape) - digamma(r_);
  if (family_.leaving == Leaving::at_any_time) return out;
  double a = p3_, b = p4_, before = chances(family_.leaving, x), start = log_beta(a, b);
  out.stayed = log_beta(a, b + before + 1) - start;
  out.stayed_a = digamma(a + b) - digamma(a + b + before + 1);
  out.stayed_b = out.stayed_a + digamma(b + before + 1) - digamma(b);
  out.left = never;
  if (before < 0) return out;
  out.left = log_beta(a + 1, b + before) - start;
  out.left_a = out.stayed_a + 1 / a;
  out.left_b = out.stayed_a + digamma(b + before) - digamma(b);
  return out;
}

LifetimeTerms::ByAge LifetimeTerms::by_age(double age) const {
  ByAge out{age, std::log(alpha_ + age), 1 / (alpha_ + age)};
  if (family_.leaving == Leaving::at_any_time)
    out.log_leaving = std::log(p4_ + age), out.inverse_leaving = 1 / (p4_ + age);
  return out;
}

LifetimeLikelihood LifetimeTerms::likelihood(const ByCount& count, const ByAge& last,
                                             const ByAge& now) const {
  return family_.leaving == Leaving::at_any_time ? at_any_time(count, last, now)
                                                 : after_purchase(count, last, now);
}

// ---- leaving after a purchase

LifetimeTerms::Branches LifetimeTerms::branches(const ByCount& count, const ByAge& last,
                                                const ByAge& now) const {
  double start = log_start_ + count.gamma;
  Branches out;
  out.left = start + count.left - count.shape * last.log_rate;
  double silence = now.age - last.age, term = start + count.stayed - count.shape * now.log_rate;
  for (int32_t j = 0; j < family_.k; ++j) {
    out.stayed[static_cast<size_t>(j)] = term;
    term += std::log(silence / (j + 1) * (count.shape + j)) - now.log_rate;
  }
  return out;
}

LifetimeLikelihood LifetimeTerms::after_purchase(const ByCount& count, const ByAge& last,
                                                 const ByAge& now) const {
  Branches of = branches(count, last, now);
  double most = of.left;
  for (int32_t j = 0; j < family_.k; ++j) most = std::max(most, of.stayed[static_cast<size_t>(j)]);
  double left = std::exp(of.left - most), all = left, stayed = 0, by_r = 0, stages = 0, inverse_shapes = 0;
  for (int32_t j = 0; j < family_.k; ++j) {
    double chance = std::exp(of.stayed[static_cast<size_t>(j)] - most);
    stayed += chance, stages += j * chance, by_r += chance * inverse_shapes;
    inverse_shapes += 1 / (count.shape + j);
  }
  all += stayed;
  left /= all, stayed /= all, stages /= all, by_r /= all;
  LifetimeLikelihood out{most + std::log(all), stayed, {}};
  out.gradient[0] = std::log(alpha_) + count.gamma_r - left * last.log_rate - stayed * now.log_rate + by_r;
  out.gradient[1] = r_ / alpha_ - count.shape * (left * last.inverse_rate + stayed * now.inverse_rate) -
                    stages * now.inverse_rate;
  out.gradient[2] = left * count.left_a + stayed * count.stayed_a;
  out.gradient[3] = left * count.left_b + stayed * count.stayed_b;
  return out;
}

// ---- leaving at any time

// Who left did so at some time from t_x to T: the integral of exp(f) over it, where f falls as fast as
// r + x + s + 1 powers of time; in the logarithm of time, up to where f has fallen by 45.
LifetimeLikelihood LifetimeTerms::at_any_time(const ByCount& count, const ByAge& last,
                                              const ByAge& now) const {
  double s = p3_, beta = p4_, start = log_start_ + count.gamma, nearest = std::min(alpha_, beta);
  struct Point {
    double log_rate, log_leaving, inverse_rate, inverse_leaving, f;
  };
  auto at = [&](double v) {  // v = log(nearest + time)
    double from = std::exp(v), rate = from + (alpha_ - nearest), leaving = from + (beta - nearest);
    Point out{std::log(rate), std::log(leaving), 1 / rate, 1 / leaving, 0};
    out.f = v - count.shape * out.log_rate - (s + 1) * out.log_leaving;
    return out;
  };
  double lo = std::log(nearest + last.age), hi = std::log(nearest + now.age), most = at(lo).f;
  auto fallen = [&](double v) {
    double f = at(v).f;
    most = std::max(most, f);
    return f < most - 45;
  };
  if (fallen(hi))
    for (double inside = lo; hi - inside > 0.05 * (hi - lo);) {
      double middle = (inside + hi) / 2;
      (fallen(middle) ? hi : inside) = middle;
    }
  double sum = 0, log_rate = 0, log_leaving = 0, inverse_rate = 0, inverse_leaving = 0;
  constexpr int panels = 2;
  for (int panel = 0; panel < panels && hi > lo; ++panel)
    integrate<20>(lo + (hi - lo) * panel / panels, lo + (hi - lo) * (panel + 1) / panels,
                  [&](double v, double weight) {
                    Point point = at(v);
                    double by = weight * std::exp(point.f - most);
                    sum += by, log_rate += by * point.log_rate, log_leaving += by * point.log_leaving;
                    inverse_rate += by * point.inverse_rate, inverse_leaving += by * point.inverse_leaving;
                  });
  double has_left = sum > 0 ? start + std::log(s) + most + std::log(sum) : never,
         has_stayed = start - count.shape * now.log_rate - s * now.log_leaving,
         all = std::max(has_left, has_stayed);
  double left = std::exp(has_left - all), stayed = std::exp(has_stayed - all), both = left + stayed;
  left /= both, stayed /= both;
  double mean = sum > 0 ? left / sum : 0;  // of who has left, over when
  LifetimeLikelihood out{all + std::log(both), stayed, {}};
  out.gradient[0] = std::log(alpha_) + count.gamma_r - mean * log_rate - stayed * now.log_rate;
  out.gradient[1] = r_ / alpha_ - count.shape * (mean * inverse_rate + stayed * now.inverse_rate);
  out.gradient[2] = std::log(beta) + left / s - mean * log_leaving - stayed * now.log_leaving;
  out.gradient[3] = s / beta - (s + 1) * mean * inverse_leaving - s * stayed * now.inverse_leaving;
  return out;
}

// ---- the future

double LifetimeTerms::expected(const Lifetime& of, double t) const {
  if (family_.leaving == Leaving::at_any_time) {
    double s = p3_, leaving = p4_ + of.T, longer = std::log1p(t / leaving);
    double buying = s == 1 ? longer : -std::expm1((1 - s) * longer) / (s - 1);  // in units of beta + T
    return likelihood(of).p_alive * (r_ + of.x) / (alpha_ + of.T) * leaving * buying;
  }
  std::vector<double> p;
  more_than(of, t, p);
  double sum = 0;
  for (size_t i = p.size(); i-- > 0;) sum += p[i];
  return sum;
}

void LifetimeTerms::more_than(const Lifetime& of, double t, std::vector<double>& p) const {
  p.clear();
  ByCount count = by_count(of.x);
  ByAge last = by_age(of.t_x), now = by_age(of.T);
  LifetimeLikelihood known = likelihood(count, last, now);
  if (family_.leaving == Leaving::at_any_time) {
    // over how long they stay, in the logarithm of time; more points where it is short, for there most
    // happens
    double s = p3_, leaving = p4_ + of.T, longest = std::log1p(t / leaving);
    auto buys_for = [&](double time, double chance) {
      add_purchases(count.shape, time / (alpha_ + of.T + time), 1, 0, known.p_alive * chance, p);
    };
    buys_for(t, std::exp(-s * longest));
    for (double half : {0.0, 0.5})
      integrate<20>(half, half + 0.5, [&](double y, double weight) {
        double v = longest * y * y;
        buys_for(leaving * std::expm1(v), s * std::exp(-s * v) * longest * 2 * y * weight);
      });
    return;
  }
  Branches branch = branches(count, last, now);
  for (int32_t j = 0; j < family_.k; ++j)
    add_purchases(count.shape + j, t / (alpha_ + of.T + t), family_.k, j,
                  std::exp(branch.stayed[static_cast<size_t>(j)] - known.value), p);
  double a = p3_, b = p4_ + chances(family_.leaving, of.x) + 1, stays = 1;  // after each purchase before
  for (size_t i = 0; i < p.size(); ++i) {
    p[i] *= stays;
    stays *= (b + static_cast<double>(i)) / (a + b + static_cast<double>(i));
  }
}

}  // namespace danggol::learn
