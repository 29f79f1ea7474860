// What is kept of a training: who leaves, and which grade follows for who stays.
#pragma once

#include <string>
#include <string_view>

#include "contract/frame.h"
#include "danggol/result.h"
#include "learn/probability_model.h"
#include "rooms/grade_forecast/leaving.h"

namespace danggol::rooms {

struct ForecastModel {
  LeavingModel leaving;
  learn::ProbabilityModel grades;

  std::string to_bytes() const;
  static Result<ForecastModel> from_bytes(std::string_view bytes);
};

// Of a frame's customers, those of a snapshot among them, by the leaving model: its chance of leaving with
// the bounds of the level, and log odds; the grades share the rest as they did. Who is not in the snapshot
// stays as they are.
struct LeavingForecast {
  std::vector<double> log_odds;  // of the snapshot's customers
  void apply(const PurchaseDays& history, const Snapshot& snapshot, const Level& level, const Frame& frame,
             learn::ClassProbabilities& probabilities) const;
};

}  // namespace danggol::rooms
