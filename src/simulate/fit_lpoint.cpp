// Finds the numbers of lpoint_shape.h that make the published figures come true, and writes that file:
//
//   fit_lpoint src/simulate/lpoint_shape.h [ROUNDS]
//
// Every number answers for the one figure it moves most. A round simulates, then moves each number by what
// its figure is off, damped; it starts from the numbers it was built with. The fit sees seeds 101 to 116
// only, so that the check over seeds 1 to 5 (check_lpoint.py) is out of sample. About 20 seconds a round.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "simulate/lpoint_figures.h"
#include "simulate/lpoint_shape.h"

namespace danggol::lpoint {
namespace {

constexpr size_t customers = 29'756;
constexpr uint64_t first_seed = 101, seed_count = 8;
constexpr size_t january = 0, may = 4;

// Receipts follow from the published sales and amounts per purchase in July and November. The rest is our
// choice: between the neighbours of the months published, clear of the published extremes, and such that an
// average buyer buys and spends what is published.
constexpr std::array<double, month_count> receipts = {114'000, 118'000, 128'500, 134'500, 144'500, 133'000,
                                                      130'198, 127'000, 125'000, 121'000, 106'500, 115'000};
constexpr std::array<double, month_count> sales_krw = {8.25e9,         8.35e9, 8.80e9,        9.30e9,
                                                       10'121'793'088, 8.60e9, 7'732'686'662, 8.40e9,
                                                       8.80e9,         8.75e9, 8.153e9,       8.40e9};
constexpr std::array<double, month_count> product_buyers = {16'100, 16'550, 17'300, 17'700, 18'300, 17'650,
                                                            17'150, 17'300, 17'350, 17'250, 16'850, 17'000};
constexpr double uses = 290'000, rows = 4.4e6;

// Share q of all rows by outlet, and the element p ln(p/q) of the leavers from `other`. The q are our choice:
// such that the published elements, by outlet and by partner, belong to shares p that nearly add up to 1.
// Elements closer to each other than samples of this size can tell are pulled apart, by up to 0.016.
struct Divergence {
  double q, element;
};
// clang-format off
constexpr std::array<Divergence, outlet_count> divergence = {{
    {0.1020, -0.0373},  // A01 off-line
    {0.0240, 0.0380},   // A01 on-line
    {0.4450, -0.0953},  // A02 off-line
    {0.0350, 0.0270},   // A02 on-line
    {0.1770, -0.0080},  // A03 off-line
    {0.0185, -0.0030},  // A03 on-line
    {0.1650, 0.0500},   // A04 off-line
    {0.0075, 0.0620},   // A05 off-line
    {0.0010, 0.0010},   // A05 on-line
    {0.0250, 0.1297},   // A06 on-line
    {0.0450, -0.0089},  // B01
    {0.1300, 0.0780},   // C01
    {0.1080, -0.0093},  // C02
    {0.4050, -0.0620},  // D01
    {0.2680, -0.0100},  // D02
    {0.0440, 0.0340},   // E01
}};
// clang-format on
// The others follow relative to these two: off-line A02 stays as it is, D01 answers for the buyers of May.
constexpr size_t a02_offline = 2, d01 = 13;

// The p next to q with p ln(p/q) = element; by Newton's steps, halved, above the minimum at q/e.
double leavers_share(const Divergence& d) {
  double p = d.q;
  for (int i = 0; i < 200; ++i) {
    double slope = 1 + std::log(p / d.q), off = p * std::log(p / d.q) - d.element;
    p = std::max(1.02 * d.q / std::exp(1.0), p - 0.5 * off / slope);
  }
  return p;
}

// The same for all outlets of one kind, so that they add up to 1.
std::array<double, outlet_count> leavers_shares() {
  std::array<double, outlet_count> p;
  for (size_t o = 0; o < outlet_count; ++o) p[o] = leavers_share(divergence[o]);
  for (auto [from, until] :
       {std::pair{p.begin(), p.begin() + retail_outlets}, {p.begin() + retail_outlets, p.end()}}) {
    double sum = std::accumulate(from, until, 0.0);
    for (auto share = from; share != until; ++share) *share /= sum;
  }
  return p;
}

double ratio(int64_t part, int64_t whole) { return static_cast<double>(part) / static_cast<double>(whole); }

// A number, the figure it answers for, and how strongly it follows: value *= (target / got)^power, or for an
// elasticity value += power * log(target / got).
struct Knob {
  std::string name;
  double* value;
  std::function<double(const Figures&)> figure;
  double target, power;
  double least = 1e-9, most = 1e9;
  bool additive = false;
};

std::vector<Knob> knobs(Shape& shape) {
  std::vector<Knob> all;
  for (size_t m = 0; m < month_count; ++m) {
    all.push_back({fmt::format("receipts {}", m + 1), &shape.rate[m],
                   [m](const Figures& f) { return f.receipts[m]; }, receipts[m], 0.9});
    all.push_back({fmt::format("product buyers {}", m + 1), &shape.evenness[m],
                   [m](const Figures& f) { return f.product_buyers[m]; }, product_buyers[m], 4, 0.1, 100});
    all.push_back({fmt::format("sales {}", m + 1), &shape.ticket[m],
                   [m](const Figures& f) { return f.sales_krw[m]; }, sales_krw[m], 0.8});
  }
  auto p = leavers_shares();
  for (size_t o = 0; o < outlet_count; ++o) {
    Shape::Visits& visits = shape.visits[o];
    std::string name = outlet_name(o);
    all.push_back({name + ", share", &visits.per_month, [o](const Figures& f) { return f.share(o); },
                   divergence[o].q, 0.5});
    if (o >= retail_outlets)
      all.push_back(
          {name + ", all uses", &visits.per_month, [](const Figures& f) { return f.uses(); }, uses, 0.9});
    if (o != a02_offline && o != d01)
      all.push_back({name + ", share of leavers", &visits.elasticity,
                     [o](const Figures& f) { return f.leavers_share(o); }, p[o], -0.3, -1, 3, true});
  }
  auto add = [&](Knob knob) { all.push_back(std::move(knob)); };
  using F = const Figures&;
  add({"buyers in May", &shape.visits[d01].elasticity, [](F f) { return f.buyers[may]; }, 21'358, -2, 0, 2});
  add({"buyers in January", &shape.newcomer_share, [](F f) { return f.buyers[january]; }, 19'394, -3, 0.01,
       0.5});
  add({"share below 11 receipts", &shape.light_engagement, [](F f) { return f.share_below_11_receipts; },
       0.25, -1});
  add({"one-receipt customers", &shape.passer_by_share, [](F f) { return f.one_receipt_customers; }, 1'908,
       0.7, 0.001, 0.5});
  add({"leavers", &shape.hazard_per_day, [](F f) { return ratio(f.leavers(), f.first_half_buyers()); }, 0.072,
       1});
  add({"leavers from other", &shape.hazard_slope,
       [](F f) { return ratio(f.grades[other][inactive], f.leavers()); }, 0.745, 3, 0.05, 2});
  add({"pairs", &shape.novelty, [](F f) { return f.pairs; }, 1.615e6, 1});
  add({"rows", &shape.lines, [](F f) { return f.purchase_rows(); }, rows, 1});
  return all;
}

// The months' rates multiply, so their mean is 1 and the outlets' visits carry the level.
void normalise(Shape& shape) {
  double mean = std::accumulate(shape.rate.begin(), shape.rate.end(), 0.0) / month_count;
  for (double& rate : shape.rate) rate /= mean;
  for (size_t o = 0; o < retail_outlets; ++o) shape.visits[o].per_month *= mean;
}

std::string source(const Shape& shape) {
  std::string out = fmt::format(
      R"(// Written by fit_lpoint, which has the figures these numbers were fitted to. Not to be edited by hand.
#pragma once

#include "simulate/lpoint_model.h"

namespace danggol::lpoint {{

// clang-format off
inline constexpr Shape fitted_shape = {{
    .light_engagement = {:.5g},
    .newcomer_share = {:.5g},
    .passer_by_share = {:.5g},
    .hazard_per_day = {:.5g},
    .hazard_slope = {:.5g},
    .novelty = {:.5g},
    .lines = {:.5g},
    .rate =
        {{{:.5g}}},
    .evenness =
        {{{:.5g}}},
    .ticket =
        {{{:.5g}}},
    .visits = {{{{
)",
      shape.light_engagement, shape.newcomer_share, shape.passer_by_share, shape.hazard_per_day,
      shape.hazard_slope, shape.novelty, shape.lines, fmt::join(shape.rate, ", "),
      fmt::join(shape.evenness, ", "), fmt::join(shape.ticket, ", "));
  for (size_t o = 0; o < outlet_count; ++o)
    out += fmt::format("        {{{:.5g}, {:.5g}}},  // {}\n", shape.visits[o].per_month,
                       shape.visits[o].elasticity, outlet_name(o));
  return out + "    }},\n};\n// clang-format on\n\n}  // namespace danggol::lpoint\n";
}

int fit(const std::string& path, int rounds) {
  Shape shape = fitted_shape;
  for (int round = 1; round <= rounds + 1; ++round) {
    Model model(shape);
    std::vector<Figures> figures;
    for (uint64_t i = 0; i < seed_count; ++i) figures.push_back(measure(model, first_seed + i, customers));
    double worst = 0;
    std::string name;
    for (Knob& knob : knobs(shape)) {
      double got = 0;
      for (const Figures& f : figures) got += knob.figure(f) / seed_count;
      double off = std::log(knob.target / got), step = std::clamp(knob.power * off, -0.3, 0.3);
      if (std::abs(off) > worst) worst = std::abs(off), name = knob.name;
      if (round > rounds) {
        fmt::print("{:34} asked {:<14.6g} got {:.6g}\n", knob.name, knob.target, got);
      } else {
        double moved = knob.additive ? *knob.value + step : *knob.value * std::exp(step);
        *knob.value = std::clamp(moved, knob.least, knob.most);
      }
    }
    fmt::print(stderr, "round {}: {} is {:.1f} % off, no figure more\n", round, name, 100 * worst);
    if (round > rounds) break;
    normalise(shape);
    std::ofstream out(path);  // every round, so that a fit that is stopped can go on from there
    out << source(shape);
    out.close();
    if (!out) return 1;
  }
  return 0;
}

}  // namespace
}  // namespace danggol::lpoint

int main(int argc, char** argv) {
  int rounds = argc == 3 ? std::atoi(argv[2]) : 40;
  if (argc < 2 || argc > 3 || rounds < 0) {
    std::fputs("fit_lpoint OUT_FILE [ROUNDS]\n", stderr);
    return 2;
  }
  return danggol::lpoint::fit(argv[1], rounds);
}
