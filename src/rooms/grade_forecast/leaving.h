// Who will leave: a lifetime model, a logistic regression and boosted trees over rhythms, which start from
// it, and the mean of the three; what past origins say of how good that is and how far it may be off.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "danggol/result.h"
#include "learn/gbdt.h"
#include "learn/logistic.h"
#include "learn/origin_errors.h"
#include "rooms/grade_forecast/snapshot.h"

namespace danggol::rooms {

// What can tell of leaving alone. `recency` is a logistic regression of recency and frequency.
enum class Teller { lifetime, rhythm, trees, recency };
inline constexpr size_t tellers = 4;
using Weights = std::array<double, tellers>;  // of their log odds; they add up to 1
inline constexpr Weights equal_weights = {1.0 / 3, 1.0 / 3, 1.0 / 3, 0};
using Told = std::array<std::vector<double>, tellers>;  // log odds of leaving by each, of every customer
std::vector<double> blend(const Told& told, const Weights& weights);
inline constexpr const char* blend_name = "blend";
const char* name(Teller teller);

// How many leave moves from date to date, by much more than chance among customers.
struct Level {
  double now = 0;         // what the date of the forecast is expected to be off by; log odds
  learn::NextError next;  // how far off even so
  double season = 0;      // of it, what the same season a year before adds
  enum class Season { none, unclear, harms, helps } season_is = Season::none;
};

// Of snapshots of known outcome, a month apart, the newest first.
Level level_of(const std::vector<const Snapshot*>& known, int32_t horizon_months,
               const Snapshot* year_before);

class LeavingModel {
 public:
  // Of snapshots of known outcome, a month apart, the newest first; what is a year older counts half as much.
  static Result<LeavingModel> learn(const std::vector<const Snapshot*>& known, int32_t horizon_months,
                                    const Snapshot* year_before, uint64_t seed);

  Told tell(const Snapshot& of) const;
  std::vector<double> log_odds(const Snapshot& of) const { return blend(tell(of), weights_); }
  const Level& level() const { return level_; }
  bool with_amounts() const;  // whether snapshots must have their columns
  void use(const Weights& weights) { weights_ = weights; }

  std::string text() const;
  static Result<LeavingModel> read(std::string_view text);

 private:
  LeavingModel(learn::Logistic rhythm, learn::Logistic recency, learn::Gbdt trees)
      : rhythm_(std::move(rhythm)), recency_(std::move(recency)), trees_(std::move(trees)) {}

  std::vector<std::string> columns_;
  learn::Logistic rhythm_, recency_;
  learn::Gbdt trees_;
  Weights weights_ = equal_weights;
  Level level_;
};

// What would have been told at a past date, and what came.
struct LeavingTest {
  const Snapshot* at = nullptr;
  Date until;
  Level level;
  Told told;
  struct Judged {
    std::string name;
    double expected = 0, log_loss = 0, auc = 0;
    std::vector<double> losses = {};  // of each customer
  };
  std::vector<Judged> judged;  // each teller, then the blend, whose weights are chosen at the other origins
  Interval leavers = {};       // 95 % of the number of leavers by what is used

  int64_t left() const;
};

// Tests at up to four origins before a date, and the choice by them.
struct LeavingTests {
  std::vector<Snapshot> snapshots;  // of known outcome, a month apart, the newest first
  std::vector<LeavingTest> tests;   // the newest first
  std::string used;                 // a teller's name, or the blend's
};
struct Learned {
  LeavingModel model;
  LeavingTests past;
};

// From what was known before `cutoff`; no_data where the history is too short. With `tests` at most.
Result<Learned> learn_leaving(const PurchaseDays& history, Date first_sale, Date cutoff,
                              int32_t horizon_months, size_t tests, uint64_t seed);

// Expected number of leavers and its 95 % interval: the level's error, which all share, and chance.
Estimate leavers_of(const std::vector<double>& log_odds, const Level& level);

}  // namespace danggol::rooms
