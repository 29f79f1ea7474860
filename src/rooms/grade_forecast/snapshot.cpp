#include "rooms/grade_forecast/snapshot.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "base/parallel.h"
#include "learn/lifetimes.h"
#include "learn/log_odds.h"

namespace danggol::rooms {
namespace {

using learn::Lifetime;
using Leaving = learn::LifetimeFamily::Leaving;

constexpr double least_chance = 1e-9;

// A column of the features, in their order.
struct Row {
  std::vector<double> values;
  std::vector<const char*> names;  // of the first row alone
  void put(const char* name, double value) { values.push_back(value), names.push_back(name); }
};

// Counts of the days bought in pieces of the horizon before a date, and of the horizon before that.
constexpr struct {
  const char* name;
  double from, until;  // of the horizon, back from the date
} pieces[] = {{"days_1", 0, 1.0 / 6},
              {"days_2", 1.0 / 6, 1.0 / 3},
              {"days_3", 1.0 / 3, 2.0 / 3},
              {"days_4", 2.0 / 3, 1.0},
              {"days_before", 1.0, 2.0}};

struct Lifes {
  learn::LifetimeModel bg, mbg;
};

void put_lifetime(const Lifes& models, const Lifetime& known, double horizon, Row& row) {
  row.put("lifetime_bg", learn::log_odds(models.bg.p_none(known, horizon), least_chance));
  row.put("lifetime_mbg", learn::log_odds(models.mbg.p_none(known, horizon), least_chance));
  row.put("lifetime_alive", learn::log_odds(models.mbg.p_alive(known), least_chance));
}

void put_rhythm(std::span<const int32_t> days, const Lifetime& known, Date at, double horizon, Row& row) {
  double silence = at.days - days.back(), n = static_cast<double>(days.size()) - 1, sum = 0, squares = 0,
         longest = 0;
  for (size_t i = 1; i < days.size(); ++i) {
    double gap = days[i] - days[i - 1];
    sum += gap, squares += gap * gap, longest = std::max(longest, gap);
  }
  bool has_gap = n > 0, has_two = n > 1;
  double mean = has_gap ? sum / n : NAN, last = has_gap ? days.back() - days[days.size() - 2] : NAN;
  row.put("silence", silence / horizon);
  row.put("repeats", std::log1p(known.x));
  row.put("tenure", std::min(known.T, 2 * horizon) / horizon);
  row.put("pace", std::log((known.x + 0.5) / (known.T / horizon + 0.5)));
  row.put("came_back", has_gap);
  row.put("came_back_twice", has_two);
  row.put("pause", std::log(mean / horizon));
  row.put("silence_by_pause", std::log((silence + 1) / (mean + 1)));
  row.put("silence_by_longest", has_gap ? std::log((silence + 1) / (longest + 1)) : NAN);
  row.put("irregularity", has_two ? std::sqrt(std::max(0.0, squares / n - mean * mean)) / mean : NAN);
  row.put("last_pause", std::log(last / mean));
  for (const auto& piece : pieces) {
    auto count = std::count_if(days.begin(), days.end(), [&](int32_t day) {
      double age = at.days - day;
      return age > piece.from * horizon && age <= piece.until * horizon;
    });
    bool is_known = piece.until <= 1 || known.T >= 1.5 * horizon;
    row.put(piece.name, is_known ? static_cast<double>(count) : NAN);
  }
}

double amount_of(Money money) {
  return std::log1p(std::max<double>(0, static_cast<double>(money.ten_thousandths)) / Money::scale);
}

// Against the mean of what everybody spent on a day within the horizon before the date.
void put_spending(std::span<const Money> spent, double usual, size_t days_within, Row& row) {
  double mean = 0, within = 0;
  for (size_t i = 0; i < spent.size(); ++i) {
    mean += amount_of(spent[i]) / static_cast<double>(spent.size());
    if (i + days_within >= spent.size())
      within += std::max<double>(0, static_cast<double>(spent[i].ten_thousandths));
  }
  row.put("spend_day", mean - usual);
  row.put("spend_last", amount_of(spent.back()) - mean);
  row.put("spend_window", std::log1p(within / Money::scale) - usual);
}

}  // namespace

double level_shift(const std::vector<double>& log_odds, const std::vector<int32_t>& came) {
  constexpr double prior_precision = 4;
  double all = static_cast<double>(std::accumulate(came.begin(), came.end(), int64_t{0})), shift = 0;
  for (int step = 0; step < 100; ++step) {
    double sum = 0, curve = 0;
    for (double z : log_odds) {
      double p = learn::chance(z + shift);
      sum += p, curve += p * (1 - p);
    }
    double by = std::clamp((all - sum - prior_precision * shift) / (curve + prior_precision), -1.0, 1.0);
    shift += by;
    if (std::abs(by) < 1e-10) break;
  }
  return shift;
}

Snapshot snapshot_at(const PurchaseDays& history, Date at, int32_t horizon_months, Date known_until,
                     bool with_amounts) {
  Snapshot out{at, {}, {}, {}, {}, 0};
  Date from = add_months(at, -horizon_months), until = add_months(at, horizon_months);
  double horizon = until.days - at.days, usual = 0, bought = 0;
  std::vector<Lifetime> everybody;
  for (size_t i = 0; i < history.size(); ++i) {
    auto days = history.before(i, at);
    if (days.empty()) continue;
    everybody.push_back(learn::lifetime_of(days, at.days));
    auto within = history.of(i, from, at);
    if (within.empty()) continue;
    out.customers.push_back(i);
    auto spent = history.spent_of(i).subspan(days.size() - within.size(), within.size());
    for (Money money : spent) usual += amount_of(money), ++bought;
  }
  if (out.customers.empty()) return out;
  usual /= bought;
  learn::Lifetimes merged(std::move(everybody));
  Lifes models{learn::fit_lifetimes({Leaving::after_repeat}, merged, 100'000).model,
               learn::fit_lifetimes({Leaving::after_any}, merged, 100'000).model};
  std::vector<Row> rows(out.customers.size());
  parallel_for(rows.size(), [&](size_t i) {
    size_t customer = out.customers[i];
    auto days = history.before(customer, at);
    Lifetime known = learn::lifetime_of(days, at.days);
    put_lifetime(models, known, horizon, rows[i]);
    put_rhythm(days, known, at, horizon, rows[i]);
    if (with_amounts)
      put_spending(history.spent_of(customer).first(days.size()), usual,
                   history.of(customer, from, at).size(), rows[i]);
  });
  out.features.names.assign(rows[0].names.begin(), rows[0].names.end());
  bool is_over = until <= known_until;
  for (size_t i = 0; i < rows.size(); ++i) {
    out.features.values.insert(out.features.values.end(), rows[i].values.begin(), rows[i].values.end());
    out.lifetime.push_back(rows[i].values[0]);
    if (is_over) out.left.push_back(history.of(out.customers[i], at, until).empty());
  }
  if (is_over) out.shift = level_shift(out.lifetime, out.left);
  return out;
}

double usual_pause_days(const PurchaseDays& history) {
  constexpr double usual = 0.95;
  std::map<int32_t, double> weight_of;
  double all = 0;
  for (size_t customer = 0; customer < history.size(); ++customer) {
    auto days = history.of(customer);
    if (days.size() < 2) continue;
    ++all;
    for (size_t i = 1; i < days.size(); ++i)
      weight_of[days[i] - days[i - 1]] += 1 / static_cast<double>(days.size() - 1);
  }
  double reached = 0;
  for (const auto& [days, weight] : weight_of)
    if (reached += weight; reached >= usual * all - 1e-9) return days;
  return NAN;
}

}  // namespace danggol::rooms
