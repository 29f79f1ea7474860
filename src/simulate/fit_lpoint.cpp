// Fits the numbers of lpoint_shape.h to the published figures and writes that file.
//
//   fit_lpoint OUT_FILE [ROUNDS]      from src/: fit_lpoint simulate/lpoint_shape.h
//
// Every number answers for the one figure it moves most; a round simulates, then moves each number by what its
// figure is off, damped. The fit sees seeds 101 to 104 only, so that the check over seeds 1 to 5
// (check_lpoint.py) is out of sample.
#include <fmt/format.h>

#include <algorithm>
#include <bitset>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "simulate/lpoint_shape.h"

namespace danggol::lpoint {
namespace {

constexpr size_t customers = 29'756;
constexpr int second_half = 181;  // 2021-07-01

enum Grade { inactive, other, regular, good, top };

struct Half {
  int recency_days = 0, frequency = 0;
  int64_t monetary = 0;
  Grade grade = inactive;
};

// One customer's year, as much of it as the published figures ask about.
struct Year {
  std::array<Half, 2> half;
  std::array<int32_t, outlet_count> rows{};  // purchase rows, affiliate uses
  std::array<int32_t, month_count> purchases{}, uses{};
  std::array<int64_t, month_count> sales{}, product_sales{};
  int32_t receipts = 0, paid = 0, products = 0;
};

Year summarise(const Model& model, const History& history) {
  Year year;
  for (const Receipt& receipt : history.receipts) {
    auto month = static_cast<size_t>(model.month_of(receipt.day));
    ++year.receipts;
    year.paid += receipt.paid;
    year.sales[month] += receipt.amount_krw;
    if (!receipt.retail()) {
      ++year.rows[receipt.outlet];
      ++year.uses[month];
      continue;
    }
    year.rows[receipt.outlet] += static_cast<int32_t>(receipt.lines);
    ++year.purchases[month];
    year.product_sales[month] += receipt.amount_krw;
    Half& half = year.half[receipt.day >= second_half];
    half.recency_days = (receipt.day >= second_half ? days_of_year : second_half) - receipt.day - 1;
    ++half.frequency;
    half.monetary += receipt.amount_krw;
  }
  std::bitset<product_count> bought;
  for (const Line& line : history.lines) bought.set(line.product);
  year.products = static_cast<int32_t>(bought.count());
  return year;
}

// 1 + min(4, floor(5 * number smaller / n)) for every value.
std::vector<int> scores(const std::vector<int64_t>& values) {
  std::vector<int64_t> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  std::vector<int> out;
  for (int64_t value : values) {
    auto smaller = std::lower_bound(sorted.begin(), sorted.end(), value) - sorted.begin();
    out.push_back(1 + static_cast<int>(std::min<int64_t>(4, 5 * smaller / static_cast<int64_t>(values.size()))));
  }
  return out;
}

void grade(std::vector<Year>& years, size_t h) {
  std::vector<Half*> buyers;
  for (Year& year : years)
    if (year.half[h].frequency > 0) buyers.push_back(&year.half[h]);
  std::vector<int64_t> recency, frequency, monetary;
  for (const Half* half : buyers) {
    recency.push_back(-half->recency_days);
    frequency.push_back(half->frequency);
    monetary.push_back(half->monetary);
  }
  auto r = scores(recency), f = scores(frequency), m = scores(monetary);
  for (size_t i = 0; i < buyers.size(); ++i) {
    int score = 6 * r[i] + 4 * f[i] + 10 * m[i];  // (0.3 R + 0.2 F + 0.5 M) * 20
    buyers[i]->grade = score >= 80 ? top : score >= 60 ? good : score >= 40 ? regular : other;
  }
}

using Figures = std::map<std::string, double>;

Figures measure(const Model& model, uint64_t seed) {
  std::vector<Year> years(customers);
  parallel_for(customers, [&](size_t i) { years[i] = summarise(model, model.history(seed, i)); });
  grade(years, 0);
  grade(years, 1);

  Figures f;
  std::array<double, outlet_count> all{}, leavers{};
  std::map<std::string, double> pairs;
  constexpr const char* names[] = {"inactive", "other", "regular", "good", "top"};
  std::vector<int32_t> receipts;
  std::array<std::array<double, 3>, 2> never{};  // all, other->inactive, top->top: never paid, number
  for (const Year& year : years) {
    receipts.push_back(year.receipts);
    f["one-receipt customers"] += year.receipts == 1;
    f["pairs"] += year.products;
    Grade a = year.half[0].grade, b = year.half[1].grade;
    bool leaver = a == other && b == inactive;
    for (size_t o = 0; o < outlet_count; ++o) {
      all[o] += year.rows[o];
      if (leaver) leavers[o] += year.rows[o];
    }
    for (size_t m = 0; m < month_count; ++m) {
      std::string month = fmt::format("{:02}", m + 1);
      f["buyers " + month] += year.purchases[m] + year.uses[m] > 0;
      f["product buyers " + month] += year.purchases[m] > 0;
      f["receipts " + month] += year.purchases[m] + year.uses[m];
      f["purchases " + month] += year.purchases[m];
      f["sales " + month] += static_cast<double>(year.sales[m]);
      f["product sales " + month] += static_cast<double>(year.product_sales[m]);
    }
    pairs[fmt::format("{}->{}", names[a], names[b])] += 1;
    f["H1 buyers"] += a != inactive;
    f["leavers"] += a != inactive && b == inactive;
    never[0][0] += year.paid == 0, never[1][0] += 1;
    if (leaver) never[0][1] += year.paid == 0, never[1][1] += 1;
    if (a == top && b == top) never[0][2] += year.paid == 0, never[1][2] += 1;
    if (a != inactive) f[fmt::format("H1 {}", names[a])] += 1;
  }
  std::sort(receipts.begin(), receipts.end());
  f["quartile"] = receipts[customers / 4];
  // Where in the distribution of receipts 11 lies, as a smooth stand-in for the quartile.
  f["share below 11"] = static_cast<double>(std::lower_bound(receipts.begin(), receipts.end(), 11) -
                                            receipts.begin() + 0.5 * (std::upper_bound(receipts.begin(), receipts.end(), 11) - std::lower_bound(receipts.begin(), receipts.end(), 11))) / customers;
  for (Grade g : {other, regular, good, top}) f[fmt::format("H1 {}", names[g])] /= f["H1 buyers"];
  f["leaver share"] = f["leavers"] / f["H1 buyers"];
  f["leavers from other"] = pairs["other->inactive"] / f["leavers"];
  f["top stays top"] = pairs["top->top"] / (f["H1 top"] * f["H1 buyers"]);
  f["stays"] = (pairs["top->top"] + pairs["good->good"] + pairs["regular->regular"] + pairs["other->other"]) / f["H1 buyers"];
  f["never paid all"] = never[0][0] / never[1][0];
  f["never paid leavers"] = never[0][1] / never[1][1];
  f["never paid loyal"] = never[0][2] / never[1][2];
  for (const auto& [name, count] : pairs) f["pair " + name] = count / f["H1 buyers"];
  for (bool retail : {true, false}) {
    double sum_all = 0, sum_leavers = 0;
    size_t from = retail ? 0 : retail_outlets, until = retail ? retail_outlets : outlet_count;
    for (size_t o = from; o < until; ++o) sum_all += all[o], sum_leavers += leavers[o];
    for (size_t o = from; o < until; ++o) {
      f[fmt::format("q {:02}", o)] = all[o] / sum_all;
      f[fmt::format("p {:02}", o)] = leavers[o] / sum_leavers;
    }
    f[retail ? "rows" : "uses"] = sum_all;
    f[retail ? "leaver rows" : "leaver uses"] = sum_leavers;
  }
  for (size_t m = 1; m <= month_count; ++m) {
    std::string month = fmt::format("{:02}", m);
    f["per purchase " + month] = f["sales " + month] / f["receipts " + month];
    f["purchases per buyer " + month] = f["purchases " + month] / f["product buyers " + month];
    f["amount per buyer " + month] = f["product sales " + month] / f["product buyers " + month];
  }
  return f;
}

// The published figures and, between them, a course of our own choice (README.md says which is which).
constexpr std::array<double, month_count> receipts_by_month = {114'000, 116'500, 128'500, 134'500, 144'500, 134'500,
                                                               130'198, 127'000, 125'000, 121'000, 109'200, 114'500};
constexpr std::array<double, month_count> sales_by_month = {8.05e9, 8.08e9, 8.80e9, 9.30e9, 10'121'793'088, 8.60e9,
                                                            7'732'686'662, 8.35e9, 8.80e9, 8.75e9, 8.359e9, 8.36e9};
// Shares of purchase rows by outlet, and each one's element p ln(p/q) for the leavers from `other`.
struct Divergence {
  double q, element;
};
constexpr std::array<Divergence, outlet_count> divergence = {{
    {0.102, -0.0373}, {0.024, 0.0360}, {0.445, -0.0953}, {0.035, 0.0260}, {0.177, -0.0012}, {0.0185, -0.0030},
    {0.165, 0.0420}, {0.0075, 0.0520}, {0.0010, 0.0020}, {0.025, 0.1297},
    {0.045, -0.0089}, {0.130, 0.0620}, {0.108, -0.0093}, {0.405, -0.0524}, {0.268, -0.0055}, {0.044, 0.0420},
}};
constexpr double uses_per_year = 250'000;

// The p nearest to q with p ln(p/q) = element.
double solve(Divergence d) {
  double p = d.q;
  for (int i = 0; i < 200; ++i) {
    double error = p * std::log(p / d.q) - d.element;
    p = std::max(d.q / std::exp(1.0) * 1.02, p - 0.5 * error / (1 + std::log(p / d.q)));
  }
  return p;
}

// A number of the shape, the figure it answers for, and how strongly it follows: value *= (target / got)^power.
struct Knob {
  double* value;
  std::string figure;
  double target, power;
  double least = 1e-9, most = 1e9;
  bool additive = false;
};

std::vector<Knob> knobs(Shape& shape) {
  std::vector<Knob> all;
  for (size_t m = 0; m < month_count; ++m) {
    std::string month = fmt::format("{:02}", m + 1);
    all.push_back({&shape.rate[m], "receipts " + month, receipts_by_month[m], 0.9});
    all.push_back({&shape.ticket[m], "sales " + month, sales_by_month[m], 0.8});
  }
  std::array<double, outlet_count> p;
  for (size_t o = 0; o < outlet_count; ++o) p[o] = solve(divergence[o]);
  for (size_t from : {size_t{0}, retail_outlets}) {
    size_t until = from == 0 ? retail_outlets : outlet_count;
    double sum = 0;
    for (size_t o = from; o < until; ++o) sum += p[o];
    fmt::print(stderr, "sum of p {}\n", sum);
    for (size_t o = from; o < until; ++o) {
      bool anchor = o == 2 || o == 13;
      all.push_back({&shape.visits[o].per_month, fmt::format("q {:02}", o), divergence[o].q, 0.5});
      if (!anchor)
        all.push_back({&shape.visits[o].elasticity, fmt::format("p {:02}", o), p[o] / sum, -0.3, -1, 3, true});
    }
  }
  for (size_t o = retail_outlets; o < outlet_count; ++o) all.push_back({&shape.visits[o].per_month, "uses", uses_per_year, 0.9});
  all.push_back({&shape.visits[13].elasticity, "buyers 05", 21'358, -2, 0.05, 2});
  all.push_back({&shape.light_share, "share below 11", 0.25, 1});
  all.push_back({&shape.activity_spread, "product buyers 05", 18'750, 4, 0.1, 100});
  all.push_back({&shape.newcomer_share, "buyers 01", 19'394, -3, 0.01, 0.5});
  all.push_back({&shape.passer_by_share, "one-receipt customers", 1'908, 0.7, 0.001, 0.9});
  all.push_back({&shape.hazard_per_day, "leaver share", 0.070, 1});
  all.push_back({&shape.hazard_slope, "leavers from other", 0.735, 3, 0.05, 2});
  all.push_back({&shape.novelty, "pairs", 1.615e6, 1});
  all.push_back({&shape.lines, "rows", 4.4e6, 1});
  return all;
}

}  // namespace
}  // namespace danggol::lpoint

int main(int argc, char** argv) {
  using namespace danggol::lpoint;
  Shape shape = fitted_shape;
  int rounds = argc > 2 ? std::atoi(argv[2]) : 1;
  std::vector<uint64_t> seeds = {101, 102, 103, 104};
  for (int round = 0; round <= rounds; ++round) {
    Model model(shape);
    Figures f, f2;
    for (uint64_t seed : seeds)
      for (auto& [k, v] : measure(model, seed)) f[k] += v / seeds.size(), f2[k] += v * v / seeds.size();
    double worst = 0, sum = 0;
    if (round == rounds) {
      for (auto& [k, v] : f) fmt::print("{:28} {:.5g}  sd {:.2f}%\n", k, v, 100 * std::sqrt(std::max(0.0, f2[k] - v * v)) / v);
      for (size_t o = 0; o < outlet_count; ++o) {
        double p = f[fmt::format("p {:02}", o)], q = f[fmt::format("q {:02}", o)];
        fmt::print("{} {} element {:.4f} wanted {:.4f}\n", partners[outlets[o].partner].code, outlets[o].online, p * std::log(p / q), divergence[o].element);
      }
    }
    std::string w;
    for (Knob& knob : knobs(shape)) {
      double off = std::log(knob.target / f[knob.figure]);
      sum += off * off;
      if (std::abs(off) > worst) worst = std::abs(off), w = knob.figure;
      if (round < rounds) {
        double step = std::clamp(knob.power * off, -0.3, 0.3);
        *knob.value = std::clamp(knob.additive ? *knob.value + step : *knob.value * std::exp(step), knob.least, knob.most);
      } else fmt::print("{:24} target {:.5g} got {:.5g} value {:.5g}\n", knob.figure, knob.target, f[knob.figure], *knob.value);
    }
    fmt::print(stderr, "round {} worst {:.3f} {} rms {:.4f}\n", round, worst, w, std::sqrt(sum / 60));
  }
  std::ofstream out(argv[1]);
  out << fmt::format(R"(#pragma once
#include "simulate/lpoint_model.h"
namespace danggol::lpoint {{
inline constexpr Shape fitted_shape = {{
    .light_share = {:.5g},
    .newcomer_share = {:.5g},
    .passer_by_share = {:.5g},
    .activity_spread = {:.5g},
    .hazard_per_day = {:.5g},
    .hazard_slope = {:.5g},
    .ticket_log_sd = {:.5g},
    .novelty = {:.5g},
    .lines = {:.5g},
    .rate = {{{:.5g}}},
    .ticket = {{{:.5g}}},
    .visits = {{{{)", shape.light_share, shape.newcomer_share, shape.passer_by_share, shape.activity_spread, shape.hazard_per_day, shape.hazard_slope, shape.ticket_log_sd, shape.novelty, shape.lines, fmt::join(shape.rate, ", "), fmt::join(shape.ticket, ", "));
  for (auto& v : shape.visits) out << fmt::format("{{{:.5g}, {:.5g}}},", v.per_month, v.elasticity);
  out << "}},\n};\n}\n";
}
