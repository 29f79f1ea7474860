#include "simulate/lpoint_figures.h"

#include <algorithm>
#include <bitset>
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
  std::array<int64_t, outlet_count> rows{};  // purchase rows, affiliate uses
  std::array<int64_t, month_count> purchases{}, uses{}, sales_krw{}, product_sales_krw{};
  int64_t receipts = 0, paid_with_lpay = 0, products = 0;
};

Year summarise(const Model& model, const History& history) {
  Year year;
  for (const Receipt& receipt : history.receipts) {
    size_t month = model.month_of(receipt.day);
    ++year.receipts;
    year.paid_with_lpay += receipt.paid_with_lpay;
    year.sales_krw[month] += receipt.amount_krw;
    year.rows[receipt.outlet] += receipt.retail() ? receipt.lines : 1;
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

double share_below(std::vector<int64_t> values, int64_t limit) {
  std::sort(values.begin(), values.end());
  // Half of those at the limit count as below it.
  auto [from, until] = std::equal_range(values.begin(), values.end(), limit);
  return static_cast<double>((from - values.begin()) + (until - values.begin())) / 2 /
         static_cast<double>(values.size());
}

}  // namespace

double Figures::first_half_buyers() const {
  double sum = 0;
  for (size_t a = other; a < grade_count; ++a)
    for (double count : grades[a]) sum += count;
  return sum;
}

double Figures::leaver_share() const {
  double leavers = 0;
  for (size_t a = other; a < grade_count; ++a) leavers += grades[a][inactive];
  return leavers / first_half_buyers();
}

double Figures::leavers_from_other() const {
  return grades[other][inactive] / (leaver_share() * first_half_buyers());
}

double Figures::first_half_share(Grade grade) const {
  double sum = 0;
  for (double count : grades[grade]) sum += count;
  return sum / first_half_buyers();
}

double Figures::top_stays_top() const {
  return grades[top][top] / (first_half_share(top) * first_half_buyers());
}

Figures measure(const Model& model, uint64_t seed, size_t customers) {
  std::vector<Year> years(customers);
  parallel_for(customers, [&](size_t i) { years[i] = summarise(model, model.history(seed, i)); });
  grade(years, 0);
  grade(years, 1);

  Figures f;
  std::vector<int64_t> receipts;
  std::array<double, 3> customers_of_group{};
  for (const Year& year : years) {
    receipts.push_back(year.receipts);
    f.one_receipt_customers += year.receipts == 1;
    f.pairs += static_cast<double>(year.products);
    for (size_t m = 0; m < month_count; ++m) {
      f.buyers[m] += year.purchases[m] + year.uses[m] > 0;
      f.product_buyers[m] += year.purchases[m] > 0;
      f.receipts[m] += static_cast<double>(year.purchases[m] + year.uses[m]);
      f.purchases[m] += static_cast<double>(year.purchases[m]);
      f.sales_krw[m] += static_cast<double>(year.sales_krw[m]);
      f.product_sales_krw[m] += static_cast<double>(year.product_sales_krw[m]);
    }
    Grade before = year.half[0].grade, after = year.half[1].grade;
    ++f.grades[before][after];
    std::array<bool, 3> groups = {true, before == other && after == inactive, before == top && after == top};
    for (size_t g = 0; g < groups.size(); ++g) {
      customers_of_group[g] += groups[g];
      f.never_paid[g] += groups[g] && year.paid_with_lpay == 0;
    }
    for (size_t o = 0; o < outlet_count; ++o) {
      f.share_all[o] += static_cast<double>(year.rows[o]);
      if (groups[1]) f.share_leavers[o] += static_cast<double>(year.rows[o]);
    }
  }
  f.share_below_11_receipts = share_below(receipts, 11);
  for (size_t g = 0; g < f.never_paid.size(); ++g) f.never_paid[g] /= customers_of_group[g];
  for (size_t o = 0; o < outlet_count; ++o) (o < retail_outlets ? f.rows : f.uses) += f.share_all[o];
  for (auto* shares : {&f.share_all, &f.share_leavers}) {
    double rows = 0, uses = 0;
    for (size_t o = 0; o < outlet_count; ++o) (o < retail_outlets ? rows : uses) += (*shares)[o];
    for (size_t o = 0; o < outlet_count; ++o) (*shares)[o] /= o < retail_outlets ? rows : uses;
  }
  return f;
}

}  // namespace danggol::lpoint
