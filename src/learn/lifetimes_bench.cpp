// Customers a second through fitting a lifetime model and scoring everybody: ten million in under 20 s (those
// who leave after a purchase) and 120 s (at any time).
#include <benchmark/benchmark.h>

#include <cmath>
#include <random>

#include "base/parallel.h"
#include "base/random.h"
#include "learn/lifetimes.h"

namespace danggol::learn {
namespace {

using Leaving = LifetimeFamily::Leaving;

// Customers of two years, in days, whose pace has mean r / alpha = 1 / 40 a day and of whom 15 % leave after
// each repeat purchase.
const std::array<double, 4> truth = {1.0, 40.0, 1.5, 8.5};

std::vector<Lifetime> shop(int64_t customers) {
  std::vector<Lifetime> out(static_cast<size_t>(customers));
  parallel_for(out.size(), [&](size_t i) {
    Random random(11, i);
    auto gamma = [&](double shape, double rate) { return std::gamma_distribution(shape, 1 / rate)(random); };
    double pace = gamma(truth[0], truth[1]), T = std::ceil(730 * random.uniform());
    double a = gamma(truth[2], 1), p = a / (a + gamma(truth[3], 1)), x = 0, last = 0;
    for (double at = gamma(1, pace); at < T; at += gamma(1, pace)) {
      if (double day = std::ceil(at); day > last) last = day, ++x;
      if (random.uniform() < p) break;
    }
    out[i] = {x, last, T};
  });
  return out;
}

void fit_and_score(benchmark::State& state, LifetimeFamily family, size_t most_rows) {
  std::vector<Lifetime> customers = shop(state.range(0));
  for (auto _ : state) {
    Lifetimes merged(customers);
    LifetimeFit fit = fit_lifetimes(family, merged, most_rows);
    std::vector<double> alive(merged.rows().size()), expected(alive.size());
    parallel_for(alive.size(), [&](size_t i) {
      alive[i] = fit.model.p_alive(merged.rows()[i]);
      expected[i] = fit.model.expected(merged.rows()[i], 365);
    });
    benchmark::DoNotOptimize(expected.data());
    state.counters["rows"] = static_cast<double>(alive.size());
    state.counters["fitted to"] = fit.customers;
    double pace = fit.model.parameters()[0] / fit.model.parameters()[1] / family.k;
    if (std::abs(std::log(pace * truth[1] / truth[0])) > 0.5) state.SkipWithError("the pace was not found");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK_CAPTURE(fit_and_score, bg_nbd, LifetimeFamily{Leaving::after_repeat, 1}, 1'000'000)
    ->Arg(1000)
    ->Arg(10'000'000)
    ->Unit(benchmark::kSecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(fit_and_score, mbg_cnbd_3, LifetimeFamily{Leaving::after_any, 3}, 1'000'000)
    ->Arg(1000)
    ->Arg(10'000'000)
    ->Unit(benchmark::kSecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(fit_and_score, pareto_nbd, LifetimeFamily{Leaving::at_any_time, 1}, 200'000)
    ->Arg(1000)
    ->Arg(10'000'000)
    ->Unit(benchmark::kSecond)
    ->UseRealTime();

}  // namespace
}  // namespace danggol::learn
