#include "simulate/lpoint_figures.h"

#include <algorithm>
#include <bitset>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/parallel.h"

namespace danggol::lpoint {
namespace {

constexpr size_t half_year = 181;  // 2021-07-01

struct Half {
  int64_t recency_days = 0, frequency = 0, monetary_krw = 0;
  Grade grade = inactive;
};

// As much of one customer's year as the figures need.
struct Year {
  std::array<Half, 2> half;
  std::array<Figures::ByMonth, outlet_count> rows{};  // purchase rows, affiliate uses
  Figures::ByMonth purchases{}, uses{}, sales_krw{}, product_sales_krw{};
  int64_t receipts = 0, paid_with_lpay = 0, products = 0;
  bool known = false;  // has a receipt in the first half
  double p_leave = 0;  // if known
  bool gone = false;   // left in the first half
};

Year summarise(const Model& model, const History& history) {
  Year year;
  for (const Receipt& receipt : history.receipts) {
    size_t month = model.month_of(receipt.day);
    ++year.receipts;
    year.paid_with_lpay += receipt.paid_with_lpay;
    year.sales_krw[month] += receipt.amount_krw;
    year.rows[receipt.outlet][month] += receipt.retail() ? receipt.lines : 1;
    if (!receipt.retail()) {
      ++year.uses[month];
      continue;
    }
    ++year.purchases[month];
    year.product_sales_krw[month] += receipt.amount_krw;
    bool second = receipt.day >= half_year;
    Half& half = year.half[second];
    half.recency_days = static_cast<int64_t>((second ? days_of_year : half_year) - 1 - receipt.day);
    ++half.frequency;
    half.monetary_krw += receipt.amount_krw;
  }
  std::bitset<product_count> bought;
  for (const Line& line : history.lines) bought.set(line.product);
  year.products = static_cast<int64_t>(bought.count());
  year.known = history.receipts.front().day < half_year;
  if (year.known) year.p_leave = model.no_purchase_chance(history.customer, half_year);
  year.gone = history.customer.left_day() < half_year;
  return year;
}

// score = 1 + min(4, floor(5 * #{smaller} / n))
std::vector<int64_t> scores(const std::vector<int64_t>& values) {
  std::vector<int64_t> sorted = values, out;
  std::sort(sorted.begin(), sorted.end());
  for (int64_t value : values) {
    auto smaller = std::lower_bound(sorted.begin(), sorted.end(), value) - sorted.begin();
    out.push_back(1 + std::min<int64_t>(4, 5 * smaller / static_cast<int64_t>(values.size())));
  }
  return out;
}

void grade(std::vector<Year>& years, size_t h) {
  std::vector<Half*> buyers;
  for (Year& year : years)
    if (year.half[h].frequency > 0) buyers.push_back(&year.half[h]);
  std::vector<int64_t> freshness, frequency, monetary;
  for (const Half* half : buyers) {
    freshness.push_back(-half->recency_days);
    frequency.push_back(half->frequency);
    monetary.push_back(half->monetary_krw);
  }
  auto r = scores(freshness), f = scores(frequency), m = scores(monetary);
  for (size_t i = 0; i < buyers.size(); ++i) {
    int64_t score = 6 * r[i] + 4 * f[i] + 10 * m[i];  // (0.3 R + 0.2 F + 0.5 M) * 20, exactly
    buyers[i]->grade = score >= 80 ? top : score >= 60 ? good : score >= 40 ? regular : other;
  }
}

// Half of those at the limit count as below it.
double share_below(const std::vector<int64_t>& sorted, int64_t limit) {
  auto [from, until] = std::equal_range(sorted.begin(), sorted.end(), limit);
  return static_cast<double>((from - sorted.begin()) + (until - sorted.begin())) / 2 /
         static_cast<double>(sorted.size());
}

double quartile(const std::vector<int64_t>& sorted) {
  size_t quarters = sorted.size() - 1, at = quarters / 4;
  auto low = static_cast<double>(sorted[at]);
  return quarters % 4 == 0 ? low : std::lerp(low, static_cast<double>(sorted[at + 1]), quarters % 4 / 4.0);
}

int64_t sum(const auto& counts) { return std::accumulate(counts.begin(), counts.end(), int64_t{0}); }

// Of the rows of all outlets of its kind.
double share_of(const Figures::ByOutlet& rows, size_t outlet) {
  bool retail = outlet < retail_outlets;
  auto from = rows.begin() + (retail ? 0 : retail_outlets),
       until = retail ? from + retail_outlets : rows.end();
  return static_cast<double>(rows[outlet]) / static_cast<double>(std::accumulate(from, until, int64_t{0}));
}

}  // namespace

int64_t Figures::first_half_buyers() const {
  int64_t all = 0;
  for (size_t grade = other; grade < grade_count; ++grade) all += sum(grades[grade]);
  return all;
}

int64_t Figures::leavers() const {
  int64_t all = 0;
  for (size_t grade = other; grade < grade_count; ++grade) all += grades[grade][inactive];
  return all;
}

Figures::ByOutlet Figures::year_rows() const {
  ByOutlet out;
  for (size_t o = 0; o < outlet_count; ++o) out[o] = sum(rows[o]);
  return out;
}

int64_t Figures::purchase_rows() const {
  auto of = year_rows();
  return std::accumulate(of.begin(), of.begin() + retail_outlets, int64_t{0});
}

int64_t Figures::uses() const { return sum(year_rows()) - purchase_rows(); }
double Figures::share(size_t outlet) const { return share_of(year_rows(), outlet); }
double Figures::leavers_share(size_t outlet) const { return share_of(leavers_rows, outlet); }

Figures measure(const Model& model, uint64_t seed, size_t customers) {
  std::vector<Year> years(customers);
  parallel_for(customers, [&](size_t i) { years[i] = summarise(model, model.history(seed, i)); });
  grade(years, 0);
  grade(years, 1);

  Figures f;
  std::vector<int64_t> receipts;
  std::array<double, 3> customers_of_group{};
  double known = 0, gone = 0;
  for (const Year& year : years) {
    receipts.push_back(year.receipts);
    f.one_receipt_customers += year.receipts == 1;
    f.pairs += year.products;
    for (size_t m = 0; m < month_count; ++m) {
      f.buyers[m] += year.purchases[m] + year.uses[m] > 0;
      f.product_buyers[m] += year.purchases[m] > 0;
      f.receipts[m] += year.purchases[m] + year.uses[m];
      f.purchases[m] += year.purchases[m];
      f.sales_krw[m] += year.sales_krw[m];
      f.product_sales_krw[m] += year.product_sales_krw[m];
    }
    Grade before = year.half[0].grade, after = year.half[1].grade;
    ++f.grades[before][after];
    bool leaver = before != inactive && after == inactive;
    std::array<bool, 3> groups = {leaver && before == other, true, before == top && after == top};
    for (size_t g = 0; g < groups.size(); ++g) {
      customers_of_group[g] += groups[g];
      f.never_paid[g] += groups[g] && year.paid_with_lpay == 0;
    }
    for (size_t o = 0; o < outlet_count; ++o) {
      for (size_t m = 0; m < month_count; ++m) f.rows[o][m] += year.rows[o][m];
      if (groups[0]) f.leavers_rows[o] += sum(year.rows[o]);
    }
    gone += leaver && year.gone;
    known += year.known;
    if (!year.known) continue;
    f.p_leave += year.p_leave;
    f.left += after == inactive;
  }
  std::sort(receipts.begin(), receipts.end());
  f.receipts_quartile = quartile(receipts);
  f.share_below_11_receipts = share_below(receipts, 11);
  for (size_t g = 0; g < f.never_paid.size(); ++g) f.never_paid[g] /= customers_of_group[g];
  f.p_leave /= known;
  f.left /= known;
  f.leavers_gone = gone / static_cast<double>(f.leavers());
  return f;
}

}  // namespace danggol::lpoint
