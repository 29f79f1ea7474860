// Who leaves, and which grade follows for who stays.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/interval.h"
#include "contract/frame.h"
#include "danggol/result.h"
#include "learn/probability_model.h"
#include "rooms/grade_forecast/leaving.h"

namespace danggol::rooms {

struct Prediction {
  learn::ClassProbabilities probabilities;  // lo and hi: what the level of leaving may be off by
  std::vector<int32_t> decided;
  Estimate leavers;  // of all customers
};

struct ForecastModel {
  LeavingModel leaving;
  learn::ProbabilityModel grades;

  // Of a frame whose horizon is `horizon_months`.
  Prediction predict(const PurchaseDays& history, const Frame& frame, int32_t horizon_months) const;
  // Decisions are to be good at the grades that followed.
  void choose_decisions(const PurchaseDays& history, const Frame& known, int32_t horizon_months);

  std::string to_bytes() const;
  static Result<ForecastModel> from_bytes(std::string_view bytes);

 private:
  // Puts the chances of leaving into those of the grades, which share the rest as they did. Who is not among
  // the buyers that `history` knows (a device, since somebody's) keeps theirs.
  Estimate put_leaving(const PurchaseDays& history, const Frame& frame, int32_t horizon_months,
                       learn::ClassProbabilities& probabilities) const;
};

}  // namespace danggol::rooms
