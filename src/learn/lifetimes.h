// When customers will buy again, and which have left for good without a word, from three numbers of each: how
// often they came back, when last, and for how long they are known. A customer buys at random at a pace of
// their own, which is gamma distributed (r, alpha), and leaves
//   BG/NBD      after a repeat purchase, with a chance that is beta distributed (a, b)
//               (Fader, Hardie and Lee, 2005)
//   MBG/NBD     after any purchase, the first one, too (Batislam, Denizel and Filiztekin, 2007)
//   Pareto/NBD  at any time, at a rate that is gamma distributed (s, beta)
//               (Schmittlein, Morrison and Colombo, 1987)
// With a regularity k above 1 every k-th event of that pace is a purchase, so that pauses are more even
// (MBG/CNBD-k; Platzer and Reutterer, 2016; Reutterer, Platzer and Schroeder, 2021).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "learn/optimise.h"

namespace danggol::learn {

// Of a customer whose first purchase is time 0: x purchases since, the last at t_x (0 if there is none), and
// nothing more until T. In any unit of time; x is whole.
struct Lifetime {
  double x, t_x, T;
  auto operator<=>(const Lifetime&) const = default;
};

// Of who bought on these days, ascending, as it is known at a later day: the last one known is that before
// it.
Lifetime lifetime_of(std::span<const int32_t> days, int32_t at);

struct LifetimeFamily {
  enum class Leaving { after_repeat, after_any, at_any_time };
  Leaving leaving = Leaving::after_repeat;
  int32_t k = 1;  // regularity; 1 where they leave at any time

  std::string name() const;
  std::array<const char*, 4> parameter_names() const;
};

class LifetimeModel {
 public:
  using Parameters = std::array<double, 4>;  // as parameter_names(), all above 0
  LifetimeModel(LifetimeFamily family, const Parameters& parameters)
      : family_(family), parameters_(parameters) {}

  const LifetimeFamily& family() const { return family_; }
  const Parameters& parameters() const { return parameters_; }

  // Of the times of all purchases, less (k - 1) log(pause) of every pause, which no parameter touches.
  double log_likelihood(const Lifetime& of) const;
  double p_alive(const Lifetime& of) const;
  // The number of purchases in (T, T + t].
  double p_none(const Lifetime& of, double t) const;
  double expected(const Lifetime& of, double t) const;
  // p[i] is the chance of more than i purchases, as far as it is above 1e-12 and i below most_purchases;
  // their sum is the expected number.
  static constexpr size_t most_purchases = 10'000;
  void more_than(const Lifetime& of, double t, std::vector<double>& p) const;

 private:
  LifetimeFamily family_;
  Parameters parameters_;
};

// Customers of equal numbers are one row, which is all that a fit needs.
class Lifetimes {
 public:
  // `log_pauses` is the sum of log(pause) over all pauses between purchases, in the unit of time; by it
  // models of several k are compared.
  explicit Lifetimes(std::vector<Lifetime> customers, double log_pauses = 0);

  std::span<const Lifetime> rows() const { return rows_; }
  std::span<const double> weights() const { return weights_; }
  double customers() const { return customers_; }
  double repeats() const { return repeats_; }
  double log_pauses() const { return log_pauses_; }

 private:
  std::vector<Lifetime> rows_;  // ascending
  std::vector<double> weights_;
  double customers_ = 0, repeats_ = 0, log_pauses_ = 0;
};

struct LifetimeFit {
  LifetimeModel model;
  double log_likelihood = 0;  // of the times of all purchases of all customers
  Dense<double> covariance;   // of the parameters' logarithms
  double customers = 0;       // that it was fitted to: of very many, a sample
  bool converged = false;     // else a parameter ran to where more of it changes nothing

  std::vector<NamedEstimate> estimates() const;  // 95 % intervals, normal of the logarithms
  // Eight models whose parameters have together the fit's mean and covariance (Julier and Uhlmann, 1997):
  // what differs between them is what the data leave open.
  std::vector<LifetimeModel> likely_models() const;
};

// Maximum likelihood. Never fails for want of customers or of repeat purchases; the covariance says then that
// little is known. Where there are more than `most_rows` rows, as many customers, one in so many, stand for
// all.
LifetimeFit fit_lifetimes(LifetimeFamily family, const Lifetimes& of, size_t most_rows = 1'000'000);

}  // namespace danggol::learn
