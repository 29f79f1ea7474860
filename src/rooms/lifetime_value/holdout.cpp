#include "rooms/lifetime_value/holdout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/parallel.h"
#include "rooms/lifetime_value/predictive.h"

namespace danggol::rooms {
namespace {

using learn::Lifetime;
using learn::LifetimeFamily;
using Leaving = LifetimeFamily::Leaving;

constexpr int32_t most_origins = 4;
constexpr int64_t most_group = 7;

// What is known of a customer at an origin, and how many purchase days then came.
struct Case {
  Lifetime known;
  int32_t came, before;
  auto operator<=>(const Case&) const = default;
};

std::vector<Case> cases_of(const PurchaseDays& history, const Known& known, Date origin, Date until) {
  int32_t days = until.days - origin.days;
  std::vector<Case> out(known.customers.size());
  parallel_for(out.size(), [&](size_t i) {
    size_t customer = known.customers[i];
    auto count = [&](Date from, Date to) {
      return static_cast<int32_t>(history.of(customer, from, to).size());
    };
    out[i] = {known.lifetimes[i], count(origin, until), count(Date{origin.days - days}, origin)};
  });
  std::sort(out.begin(), out.end());  // equal ones together
  return out;
}

struct Sums {
  double expected = 0, log_score = 0, squares = 0, held = 0;
  std::array<Group, most_group + 1> groups = {};
};

// Adds what a model says of the cases from `first` on that are known alike; the next one that is not.
size_t add_alike(const learn::LifetimeModel& model, const std::vector<Case>& cases, size_t first, double days,
                 std::vector<double>& more_than, Sums& sums) {
  const Lifetime& known = cases[first].known;
  model.more_than(known, days, more_than);
  double expected = std::accumulate(more_than.rbegin(), more_than.rend(), 0.0);
  auto chance_beyond = [&](size_t n) { return n < more_than.size() ? more_than[n] : 0; };
  Interval bounds = count_bounds(more_than);
  Group& group = sums.groups[static_cast<size_t>(std::min<double>(known.x, most_group))];
  size_t i = first;
  for (; i < cases.size() && cases[i].known == known; ++i) {
    double came = cases[i].came;
    auto n = static_cast<size_t>(cases[i].came);
    constexpr double least = 1e-10;
    sums.log_score += std::log(std::max(least, (n == 0 ? 1 : chance_beyond(n - 1)) - chance_beyond(n)));
    sums.expected += expected, sums.squares += (came - expected) * (came - expected);
    sums.held += bounds.lo <= came && came <= bounds.hi;
    ++group.customers, group.expected += expected, group.came += came, group.came_squares += came * came;
  }
  return i;
}

Sums score(const learn::LifetimeModel& model, const std::vector<Case>& cases, double days) {
  // ranges that begin where what is known changes
  constexpr size_t range = 1024;
  std::vector<size_t> start = {0};
  for (size_t i = range; i < cases.size(); i = std::max(i, start.back()) + range) {
    while (i < cases.size() && cases[i].known == cases[i - 1].known) ++i;
    start.push_back(i);
  }
  std::vector<Sums> parts(start.size());
  parallel_for(parts.size(), [&](size_t part) {
    std::vector<double> more_than;
    size_t end = part + 1 < start.size() ? start[part + 1] : cases.size();
    for (size_t i = start[part]; i < end;) i = add_alike(model, cases, i, days, more_than, parts[part]);
  });
  Sums out;
  for (const Sums& part : parts) {
    out.expected += part.expected, out.log_score += part.log_score, out.squares += part.squares;
    out.held += part.held;
    for (size_t g = 0; g < out.groups.size(); ++g) {
      Group& group = out.groups[g];
      group.customers += part.groups[g].customers, group.expected += part.groups[g].expected;
      group.came += part.groups[g].came, group.came_squares += part.groups[g].came_squares;
    }
  }
  return out;
}

Tested tested_as_before(const std::vector<Case>& cases, Tested out) {
  out.model = as_before, out.log_score = out.held = NAN;
  for (const Case& of : cases) {
    out.expected += of.before;
    out.rmse += std::pow(of.came - of.before, 2) / static_cast<double>(out.customers);
  }
  out.rmse = std::sqrt(out.rmse);
  return out;
}

// Months of a test, and between two origins.
struct Plan {
  int32_t months = 0, step = 1;
  std::vector<Date> origins;  // the newest first
};

Plan plan(const TimeFrame& time, int32_t wanted) {
  Date start{time.first_sale.days - slack_days};
  int32_t known = start < time.until ? months_between(start, time.until) : 0;
  Plan out{
      std::min(wanted, known > 2 ? known / 3 : known / 2), 1, {}};  // more to learn from than to foretell
  if (out.months == 0) return out;
  out.step = std::max(1, (known - 2 * out.months) / (most_origins - 1));
  out.step = std::min(out.step, out.months);
  for (int32_t i = 0; i < most_origins; ++i) {
    Date origin = add_months(time.until, -out.months - i * out.step);
    if (i > 0 && add_months(origin, -out.months) < start) break;
    out.origins.push_back(origin);
  }
  return out;
}

LifetimeFamily choose(const HoldOut& test, const std::vector<LifetimeFamily>& candidates) {
  auto mean = [](const std::vector<const Tested*>& tests) {
    return std::accumulate(tests.begin(), tests.end(), 0.0,
                           [](double sum, const Tested* of) { return sum + of->log_score; }) /
           static_cast<double>(tests.size());
  };
  LifetimeFamily best = candidates[0];
  auto simplest = test.of(best.name());
  for (const LifetimeFamily& candidate : candidates) {
    auto tests = test.of(candidate.name());
    size_t wins = 0;
    for (size_t i = 0; i < tests.size(); ++i) wins += tests[i]->log_score > simplest[i]->log_score;
    if (2 * wins > tests.size() && mean(tests) > mean(test.of(best.name()))) best = candidate;
  }
  return best;
}

}  // namespace

Known known_at(const PurchaseDays& history, Date at) {
  Known out;
  for (size_t i = 0; i < history.size(); ++i) {
    auto days = history.before(i, at);
    if (days.empty()) continue;
    out.customers.push_back(i);
    out.lifetimes.push_back(learn::lifetime_of(days, at.days));
    for (size_t d = 1; d < days.size(); ++d)
      out.log_pauses += std::log(static_cast<double>(days[d] - days[d - 1]));
  }
  return out;
}

int32_t likeliest_regularity(const Known& known) {
  constexpr int32_t most = 8;
  learn::Lifetimes merged(known.lifetimes, known.log_pauses);
  int32_t best = 1;
  double reached = -std::numeric_limits<double>::infinity();
  for (int32_t k = 1; k <= most; ++k) {
    double value = fit_lifetimes({Leaving::after_any, k}, merged).log_likelihood;
    if (value <= reached) break;
    best = k, reached = value;
  }
  return best;
}

std::vector<const Tested*> HoldOut::of(const std::string& model) const {
  std::vector<const Tested*> out;
  for (const Tested& test : tests)
    if (test.model == model) out.push_back(&test);
  return out;
}

HoldOut hold_out(const PurchaseDays& history, const TimeFrame& time, int32_t months,
                 const std::optional<LifetimeFamily>& asked) {
  Plan planned = plan(time, months);
  HoldOut out{planned.months, {}, {}, {}, static_cast<double>(planned.step) / std::max(1, planned.months)};
  if (asked) out.chosen = *asked;
  if (planned.months == 0) return out;
  std::vector<LifetimeFamily> candidates = {
      {Leaving::after_repeat}, {Leaving::after_any}, {Leaving::at_any_time}};
  if (int32_t k = likeliest_regularity(known_at(history, planned.origins.back())); k > 1)
    candidates.push_back({Leaving::after_any, k});
  auto is_asked = [&](const LifetimeFamily& of) { return asked && of.name() == asked->name(); };
  if (asked && std::none_of(candidates.begin(), candidates.end(), is_asked)) candidates.push_back(*asked);
  std::vector<std::array<Group, most_group + 1>> newest;
  for (Date origin : planned.origins) {
    Date until = add_months(origin, planned.months);
    Known known = known_at(history, origin);
    if (known.customers.empty()) break;
    std::vector<Case> cases = cases_of(history, known, origin, until);
    learn::Lifetimes merged(known.lifetimes, known.log_pauses);
    Tested common{origin, until, "", static_cast<int64_t>(cases.size())};
    for (const Case& of : cases) common.came += of.came;
    double n = static_cast<double>(cases.size());
    for (const LifetimeFamily& family : candidates) {
      Sums sums = score(fit_lifetimes(family, merged).model, cases, until.days - origin.days);
      Tested test = common;
      test.model = family.name(), test.expected = sums.expected, test.log_score = sums.log_score / n;
      test.rmse = std::sqrt(sums.squares / n), test.held = sums.held / n;
      out.tests.push_back(test);
      if (origin == planned.origins[0]) newest.push_back(sums.groups);
    }
    out.tests.push_back(tested_as_before(cases, common));
  }
  if (out.tests.empty()) return out.months = 0, out;
  if (!asked) out.chosen = choose(out, candidates);
  for (size_t c = 0; c < candidates.size(); ++c)
    if (candidates[c].name() == out.chosen.name())
      for (size_t g = 0; g < newest[c].size(); ++g)
        if (Group group = newest[c][g]; group.customers > 0)
          group.purchases = static_cast<int64_t>(g), out.groups.push_back(group);
  return out;
}

}  // namespace danggol::rooms
