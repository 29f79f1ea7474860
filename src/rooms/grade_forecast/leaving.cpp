#include "rooms/grade_forecast/leaving.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>

#include "base/assert.h"
#include "base/parallel.h"
#include "contract/frame.h"
#include "learn/gbdt_lightgbm.h"
#include "learn/intervals.h"
#include "learn/log_odds.h"
#include "learn/metrics.h"
#include "learn/model_text.h"

namespace danggol::rooms {
namespace {

constexpr size_t most_origins = 12;
constexpr double half_life_months = 12, level_half_life_months = 4;

using learn::chance;

double log_loss(double z, int32_t left) {
  double towards = left ? z : -z;
  return towards > 0 ? std::log1p(std::exp(-towards)) : std::log1p(std::exp(towards)) - towards;
}

// ---- what is learned from

// Snapshots below one another.
struct Stacked {
  Matrix features;
  std::vector<int32_t> left;
  std::vector<double> weights, offset;  // offset: the lifetime model's log odds, moved to what came
};

Stacked stack(const std::vector<const Snapshot*>& known) {
  Stacked out;
  out.features.names = known[0]->features.names;
  for (size_t age = 0; age < std::min(known.size(), most_origins); ++age) {
    const Snapshot& of = *known[age];
    const auto& values = of.features.values;
    out.features.values.insert(out.features.values.end(), values.begin(), values.end());
    out.left.insert(out.left.end(), of.left.begin(), of.left.end());
    out.weights.resize(out.left.size(), std::pow(0.5, static_cast<double>(age) / half_life_months));
    for (double z : of.lifetime) out.offset.push_back(z + of.shift);
  }
  return out;
}

size_t column(const Matrix& features, std::string_view name) {
  auto at = std::find(features.names.begin(), features.names.end(), name);
  DANGGOL_ASSERT(at != features.names.end());
  return static_cast<size_t>(at - features.names.begin());
}

Matrix recency_and_frequency(const Matrix& features) {
  Matrix out{{"recency", "frequency"}, {}};
  size_t silence = column(features, "silence"), first = column(features, "days_1");
  for (size_t i = 0; i < features.rows(); ++i) {
    const double* row = features.row(i);
    out.values.push_back(std::log1p(row[silence] * 100));
    out.values.push_back(std::log1p(std::accumulate(row + first, row + first + 4, 0.0)));
  }
  return out;
}

Result<learn::Gbdt> learn_trees(const Stacked& known, uint64_t seed) {
  learn::GbdtParams params;
  params.rounds = 150, params.leaves = 8, params.learning_rate = 0.04, params.l2 = 10, params.row_share = 0.7;
  params.least_rows_in_leaf = std::max<int64_t>(40, static_cast<int64_t>(known.left.size()) / 200);
  std::vector<float> weights(known.weights.begin(), known.weights.end());
  std::vector<double> start;  // half against and half for
  for (double side : {-0.5, 0.5})
    for (double z : known.offset) start.push_back(side * z);
  return train_lightgbm(known.features, known.left, 2, params, seed, weights, start);
}

std::vector<double> log_odds_by(const learn::Gbdt& trees, const Matrix& features) {
  constexpr double least = 1e-9;
  std::vector<double> p = trees.predict(features), out(p.size() / 2);
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = std::log(std::max(p[2 * i + 1], least) / std::max(p[2 * i], least));
  return out;
}

}  // namespace

const char* name(Teller teller) {
  switch (teller) {
    case Teller::lifetime: return "lifetime";
    case Teller::rhythm: return "rhythm";
    case Teller::trees: return "trees";
    case Teller::recency: return "recency and frequency";
  }
  return "";
}

std::vector<double> blend(const Told& told, const Weights& weights) {
  std::vector<double> out(told[0].size());
  for (size_t t = 0; t < tellers; ++t)
    for (size_t i = 0; weights[t] > 0 && i < out.size(); ++i) out[i] += weights[t] * told[t][i];
  return out;
}

// ---- level

Level level_of(const std::vector<const Snapshot*>& known, int32_t horizon_months,
               const Snapshot* year_before) {
  constexpr double usual = 0.2, least_variance = 0.01, untold_variance = 0.1;  // between shops; of one origin
  constexpr double season_share = 0.5, helps = 0.8;
  Level out;
  // their mean, the newer ones counting more, held towards none by how little they tell (empirical Bayes)
  double apart = 1.0 / horizon_months, all = 0, squares = 0, mean = 0, variance = 0;
  std::vector<double> weights;
  for (size_t age = 0; age < known.size(); ++age) {
    double weight = std::pow(0.5, static_cast<double>(age) / level_half_life_months);
    weights.push_back(weight), all += weight, squares += weight * weight;
    mean += weight * known[age]->shift;
  }
  mean /= all;
  double n = all * all / squares;
  for (size_t age = 0; age < known.size(); ++age)
    variance += weights[age] / all * std::pow(known[age]->shift - mean, 2) * n / std::max(1.0, n - 1);
  variance = (known.size() > 2 ? variance : untold_variance) + least_variance;
  out.now = mean * usual * usual / (usual * usual + variance / std::max(1.0, n * apart));
  std::vector<double> errors;
  for (const Snapshot* of : known) errors.push_back(of->shift - out.now);

  // the same season: whether what a year before was off by told what came, wherever both are known
  std::vector<double> corrected;
  double without = 0, with = 0;
  for (size_t i = 0; i < known.size(); ++i)
    for (size_t then = i + 1; then < known.size(); ++then)
      if (known[then]->at == add_months(known[i]->at, -12)) {
        corrected.push_back(errors[i] - season_share * errors[then]);
        without += errors[i] * errors[i], with += corrected.back() * corrected.back();
      }
  if (year_before) {
    bool enough = corrected.size() >= static_cast<size_t>(std::max(3, horizon_months));
    out.season_is = !enough                  ? Level::Season::unclear
                    : with > without         ? Level::Season::harms
                    : with < helps * without ? Level::Season::helps
                                             : Level::Season::unclear;
    if (out.season_is == Level::Season::helps) {
      out.season = season_share * (year_before->shift - out.now);
      errors = corrected;
      out.now += out.season;
    }
  }
  out.next = learn::next_error(errors, apart);
  return out;
}

Estimate leavers_of(const std::vector<double>& log_odds, const Level& level) {
  auto sum = [&](double by) {
    return std::accumulate(log_odds.begin(), log_odds.end(), 0.0,
                           [&](double all, double z) { return all + chance(z + by); });
  };
  double curve = 0;
  for (double z : log_odds) curve += chance(z) * (1 - chance(z));
  double half = level.next.half(1 / std::max(curve, 1e-9));
  return {sum(0), sum(-half), sum(half)};
}

// ---- model

Result<LeavingModel> LeavingModel::learn(const std::vector<const Snapshot*>& known, int32_t horizon_months,
                                         const Snapshot* year_before, uint64_t seed) {
  DANGGOL_ASSERT(!known.empty());
  constexpr double rhythm_ridge = 100, recency_ridge = 0.1;
  Stacked all = stack(known);
  auto rhythm = learn::Logistic::fit(all.features, all.offset, all.left, all.weights, rhythm_ridge);
  const Snapshot& newest = *known[0];
  std::vector<double> zero(newest.left.size()), one(newest.left.size(), 1);
  auto recency =
      learn::Logistic::fit(recency_and_frequency(newest.features), zero, newest.left, one, recency_ridge);
  LeavingModel out(std::move(rhythm), std::move(recency), TRY(learn_trees(all, seed)));
  out.columns_ = all.features.names;
  out.level_ = level_of(known, horizon_months, year_before);
  return out;
}

Told LeavingModel::tell(const Snapshot& of) const {
  DANGGOL_ASSERT(of.features.names == columns_);
  Told out = {of.lifetime, rhythm_.predict(of.features), log_odds_by(trees_, of.features),
              recency_.predict(recency_and_frequency(of.features))};
  for (size_t i = 0; i < of.lifetime.size(); ++i) {
    double start = of.lifetime[i] + level_.now;
    out[0][i] = start, out[1][i] += start, out[2][i] += start;
  }
  return out;
}

bool LeavingModel::with_amounts() const {
  return std::find(columns_.begin(), columns_.end(), "spend_day") != columns_.end();
}

std::string LeavingModel::text() const {
  std::string out =
      fmt::format("danggol leaving model 1\nweights={}\nlevel={} {} {} {}\nseason={}\ncolumns={}\n",
                  fmt::join(weights_, " "), level_.now, level_.season, level_.next.spread,
                  level_.next.degrees, static_cast<int>(level_.season_is), columns_.size());
  for (const auto& column : columns_) out += fmt::format("column={}\n{}\n", column.size(), column);
  return out + rhythm_.text() + recency_.text() + trees_.text();
}

Result<LeavingModel> LeavingModel::read(std::string_view bytes) {
  constexpr double most = 1e6;
  learn::ModelText text(bytes);
  TRY(text.line("danggol leaving model 1"));
  auto weights = TRY(text.reals("weights", tellers, 0, 1));
  auto level = TRY(text.reals("level", 4, -most, most));
  auto season = TRY(text.integer("season", 0, 3));
  auto count = TRY(text.integer("columns", 1, 1000));
  std::vector<std::string> columns;
  for (int64_t c = 0; c < count; ++c) columns.emplace_back(TRY(text.bytes("column", 1, 1000)));
  auto rhythm = TRY(learn::Logistic::read(text, columns.size()));
  auto recency = TRY(learn::Logistic::read(text, 2));
  LeavingModel out(std::move(rhythm), std::move(recency), TRY(learn::Gbdt::read(text, columns.size(), 2)));
  TRY(text.end());
  if (level[2] < 0 || level[3] < 1) return text.damaged("level: must have a spread and degrees of freedom");
  std::copy(weights.begin(), weights.end(), out.weights_.begin());
  out.level_ = {level[0], {level[2], level[3]}, level[1], static_cast<Level::Season>(season)};
  out.columns_ = std::move(columns);
  return out;
}

// ---- tests

namespace {

// Months between a date and those before it that it may learn from.
struct Grid {
  std::vector<Snapshot> snapshots;  // i is horizon + i months before the cutoff
  int32_t horizon;

  // Those whose outcome was known `months` before the cutoff.
  std::vector<const Snapshot*> known(size_t first) const {
    std::vector<const Snapshot*> out;
    for (size_t i = first; i < snapshots.size(); ++i)
      if (!snapshots[i].customers.empty()) out.push_back(&snapshots[i]);
    return out;
  }
  // A year before a date that many months before the cutoff.
  const Snapshot* year_before(size_t months) const {
    size_t at = months + 12 - static_cast<size_t>(horizon);
    bool is_there = months + 12 >= static_cast<size_t>(horizon) && at < snapshots.size() &&
                    !snapshots[at].customers.empty();
    return is_there ? &snapshots[at] : nullptr;
  }
};

// To learn from, or to test on: some who left, and some who stayed.
bool is_enough(const std::vector<const Snapshot*>& all) {
  constexpr int64_t least = 5;
  int64_t left = 0, customers = 0;
  for (size_t i = 0; i < std::min(all.size(), most_origins); ++i) {
    const Snapshot* of = all[i];
    left += std::accumulate(of->left.begin(), of->left.end(), int64_t{0});
    customers += static_cast<int64_t>(of->left.size());
  }
  return left >= least && customers - left >= least;
}

LeavingTest::Judged judge(std::string name, const std::vector<double>& log_odds,
                          const std::vector<int32_t>& left) {
  LeavingTest::Judged out{std::move(name)};
  std::vector<bool> leaves;
  for (size_t i = 0; i < left.size(); ++i) {
    out.expected += chance(log_odds[i]);
    out.losses.push_back(log_loss(log_odds[i], left[i]));
    leaves.push_back(left[i] != 0);
  }
  out.log_loss =
      std::accumulate(out.losses.begin(), out.losses.end(), 0.0) / static_cast<double>(left.size());
  out.auc = learn::Ranking(log_odds, leaves).auc();
  return out;
}

Result<LeavingTest> test_at(const Grid& grid, size_t i, uint64_t seed) {
  const Snapshot& at = grid.snapshots[i];
  size_t months = i + static_cast<size_t>(grid.horizon);
  auto model = TRY(LeavingModel::learn(grid.known(months), grid.horizon, grid.year_before(months), seed));
  LeavingTest out{&at, add_months(at.at, grid.horizon), model.level(), model.tell(at), {}, {}};
  for (size_t t = 0; t < tellers; ++t)
    out.judged.push_back(judge(name(static_cast<Teller>(t)), out.told[t], at.left));
  return out;
}

// What the mean log loss of every test would be with weights of a grid; which are the best by all tests but
// one, held towards equal ones: a teller alone must be better by `towards_equal` to be used alone (stacking;
// Wolpert, 1992).
class Stacking {
 public:
  explicit Stacking(const std::vector<LeavingTest>& tests) {
    constexpr int steps = 10;
    for (int a = 0; a <= steps; ++a)
      for (int b = 0; a + b <= steps; ++b)
        grid_.push_back({a / double{steps}, b / double{steps}, (steps - a - b) / double{steps}, 0});
    grid_.push_back(equal_weights);
    losses_.resize(grid_.size());
    parallel_for(grid_.size(), [&](size_t w) {
      for (const LeavingTest& test : tests) {
        auto z = blend(test.told, grid_[w]);
        double sum = 0;
        for (size_t i = 0; i < z.size(); ++i) sum += log_loss(z[i], test.at->left[i]);
        losses_[w].push_back(sum / static_cast<double>(z.size()) / static_cast<double>(tests.size()));
      }
    });
  }
  const Weights& best(size_t but) const {
    constexpr double towards_equal = 0.004;
    std::vector<double> cost(grid_.size());
    for (size_t w = 0; w < grid_.size(); ++w) {
      for (size_t i = 0; i < 3; ++i) cost[w] += towards_equal * 1.5 * std::pow(grid_[w][i] - 1.0 / 3, 2);
      for (size_t t = 0; t < losses_[w].size(); ++t)
        if (t != but) cost[w] += losses_[w][t];
    }
    return grid_[static_cast<size_t>(std::min_element(cost.begin(), cost.end()) - cost.begin())];
  }

 private:
  std::vector<Weights> grid_;
  std::vector<std::vector<double>> losses_;  // by weights, then test
};

// Mean over customers of what each loses more by `a`, in standard errors; a customer of several tests counts
// once.
double excess(const std::vector<LeavingTest>& tests, size_t a, size_t b) {
  std::map<size_t, std::pair<double, double>> by_customer;
  for (const LeavingTest& test : tests)
    for (size_t i = 0; i < test.at->customers.size(); ++i) {
      auto& [sum, n] = by_customer[test.at->customers[i]];
      sum += test.judged[a].losses[i] - test.judged[b].losses[i], ++n;
    }
  double n = static_cast<double>(by_customer.size()), sum = 0, squares = 0;
  for (const auto& [customer, of] : by_customer) {
    double mean = of.first / of.second;
    sum += mean, squares += mean * mean;
  }
  double variance = (squares / n - sum / n * sum / n) / n;
  return variance > 0 ? sum / n / std::sqrt(variance) : 0;
}

double mean_loss(const std::vector<LeavingTest>& tests, size_t teller) {
  double sum = 0;
  for (const LeavingTest& test : tests)
    sum += test.judged[teller].log_loss / static_cast<double>(tests.size());
  return sum;
}

// At more than half of the origins: one that went wrong for all is no reason.
bool is_mostly_better(const std::vector<LeavingTest>& tests, size_t a, size_t b) {
  auto wins = std::count_if(tests.begin(), tests.end(), [&](const LeavingTest& test) {
    return test.judged[a].log_loss < test.judged[b].log_loss;
  });
  return 2 * static_cast<size_t>(wins) > tests.size();
}

// Judges the blend, too, and says what to use: it, unless BG/NBD was significantly better, or recency and
// frequency was, and at most origins; then the better of those.
std::pair<Weights, std::string> choose(std::vector<LeavingTest>& tests) {
  constexpr size_t of_blend = tellers;
  Stacking stacking(tests);
  for (size_t i = 0; i < tests.size(); ++i) {
    LeavingTest& test = tests[i];
    auto z = blend(test.told, tests.size() > 1 ? stacking.best(i) : equal_weights);
    test.judged.push_back(judge(blend_name, z, test.at->left));
    test.leavers = leavers_of(z, test.level).interval();
  }
  std::pair<Weights, std::string> out = {tests.empty() ? equal_weights : stacking.best(tests.size()),
                                         blend_name};
  double best = std::numeric_limits<double>::infinity();
  for (Teller simple : {Teller::lifetime, Teller::recency}) {
    auto of = static_cast<size_t>(simple);
    bool may = simple == Teller::lifetime || is_mostly_better(tests, of, of_blend);
    if (tests.empty() || excess(tests, of_blend, of) <= learn::z95 || !may || mean_loss(tests, of) >= best)
      continue;
    best = mean_loss(tests, of);
    out = {{}, name(simple)}, out.first[of] = 1;
    for (LeavingTest& test : tests) test.leavers = leavers_of(test.told[of], test.level).interval();
  }
  return out;
}

}  // namespace

int64_t LeavingTest::left() const { return std::accumulate(at->left.begin(), at->left.end(), int64_t{0}); }

Result<Learned> learn_leaving(const PurchaseDays& history, Date first_sale, Date cutoff,
                              int32_t horizon_months, size_t tests, uint64_t seed) {
  bool with_amounts = std::any_of(history.spent.begin(), history.spent.end(),
                                  [](Money of) { return of.ten_thousandths > 0; });
  // tests a horizon apart at most, and a year of months to learn from before the oldest, as far as the
  // history goes
  auto horizon = static_cast<size_t>(horizon_months);
  size_t most = most_origins + std::max<size_t>(12, tests * horizon);
  std::vector<Date> dates;
  for (size_t i = 0; i < most; ++i) {
    Date at = add_months(cutoff, -static_cast<int32_t>(horizon + i));
    if (add_months(at, -horizon_months).days < first_sale.days - slack_days) break;
    dates.push_back(at);
  }
  Grid grid{std::vector<Snapshot>(dates.size()), horizon_months};
  parallel_for(dates.size(), [&](size_t i) {
    grid.snapshots[i] = snapshot_at(history, dates[i], horizon_months, cutoff, with_amounts);
  });
  while (!grid.snapshots.empty() && grid.snapshots.back().customers.empty()) grid.snapshots.pop_back();
  if (!is_enough(grid.known(0)))
    return Error{
        Code::no_data,
        fmt::format("fewer than 5 customers left, or stayed, in periods of {} months before {}; another "
                    "horizon (--horizon-months) may have more",
                    horizon_months, to_text(cutoff))};
  // the newest test is over at the cutoff; the others are as far apart as leaves one to learn from before the
  // last
  std::vector<size_t> at;
  size_t last = grid.snapshots.size() > horizon ? grid.snapshots.size() - 1 - horizon : 0;
  size_t step = tests > 1 ? std::clamp<size_t>(last / (tests - 1), 1, horizon) : 1;
  for (size_t i = 0; at.size() < tests && i + horizon < grid.snapshots.size(); i += step)
    if (is_enough({&grid.snapshots[i]}) && is_enough(grid.known(i + horizon))) at.push_back(i);
  std::vector<std::optional<Result<LeavingTest>>> tested(at.size());
  std::optional<Result<LeavingModel>> model;
  parallel_for(at.size() + 1, [&](size_t i) {
    if (i < at.size()) tested[i] = test_at(grid, at[i], seed);
    else model = LeavingModel::learn(grid.known(0), horizon_months, grid.year_before(0), seed);
  });
  Learned out{TRY(*std::move(model)), {}};
  for (auto& test : tested) out.past.tests.push_back(TRY(*std::move(test)));
  auto [weights, used] = choose(out.past.tests);
  out.model.use(weights), out.past.used = used;
  // where the tests' pointers still point: a vector's move keeps them
  out.past.snapshots = std::move(grid.snapshots);
  return out;
}

}  // namespace danggol::rooms
