#include "rooms/grade_forecast/forecast_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "contract/grading.h"
#include "learn/log_odds.h"
#include "learn/model_text.h"

namespace danggol::rooms {
namespace {

constexpr std::string_view first_line = "danggol forecast 1";
constexpr int64_t most_bytes = int64_t{1} << 30;

}  // namespace

std::string ForecastModel::to_bytes() const {
  std::string out = fmt::format("{}\n", first_line);
  for (const auto& [part, text] :
       {std::pair("leaving", leaving.text()), std::pair("grades", grades.to_bytes())})
    out += fmt::format("{}={}\n{}\n", part, text.size(), text);
  return out;
}

Result<ForecastModel> ForecastModel::from_bytes(std::string_view bytes) {
  learn::ModelText text(bytes);
  TRY(text.line(first_line));
  std::string_view leaving_text = TRY(text.bytes("leaving", 0, most_bytes));
  auto leaving = TRY(LeavingModel::read(leaving_text));
  std::string_view grades_text = TRY(text.bytes("grades", 0, most_bytes));
  auto grades = TRY(learn::ProbabilityModel::from_bytes(grades_text));
  TRY(text.end());
  return ForecastModel{std::move(leaving), std::move(grades)};
}

Estimate ForecastModel::put_leaving(const PurchaseDays& history, const Frame& frame, int32_t horizon_months,
                                    learn::ClassProbabilities& probabilities) const {
  constexpr double least = 1e-9;
  Snapshot now = snapshot_at(history, frame.cutoff, horizon_months, frame.cutoff, leaving.with_amounts());
  std::vector<double> log_odds = leaving.log_odds(now);
  double half = leaving.level().next.half();
  auto chance = [&](double z) { return std::clamp(learn::chance(z), least, 1 - least); };
  size_t at = 0;  // both are ascending by customer_id
  for (size_t i = 0; i < frame.customer_id.size(); ++i) {
    auto id = [&] { return std::string_view(history.customer_id[now.customers[at]]); };
    while (at < now.customers.size() && id() < frame.customer_id[i]) ++at;
    if (at == now.customers.size() || id() != frame.customer_id[i]) continue;
    double* p = &probabilities.p[i * grade_count];
    double leaves = chance(log_odds[at]), scale = (1 - leaves) / std::max(1 - p[inactive_grade], least),
           sum = leaves;
    for (int32_t g = 0; g < inactive_grade; ++g) sum += p[g] *= scale;
    p[inactive_grade] = leaves;
    for (int32_t g = 0; g < grade_count; ++g) p[g] /= sum;
    probabilities.lo[i] = chance(log_odds[at] - half), probabilities.hi[i] = chance(log_odds[at] + half);
  }
  return leavers_of(log_odds, leaving.level());
}

Prediction ForecastModel::predict(const PurchaseDays& history, const Frame& frame,
                                  int32_t horizon_months) const {
  Prediction out{grades.predict(frame.features), {}, {}};
  out.leavers = put_leaving(history, frame, horizon_months, out.probabilities);
  out.decided = grades.decide(out.probabilities.p);
  return out;
}

void ForecastModel::choose_decisions(const PurchaseDays& history, const Frame& known,
                                     int32_t horizon_months) {
  size_t rows = known.label.size();
  learn::ClassProbabilities probabilities{grades.crossed(), std::vector<double>(rows),
                                          std::vector<double>(rows)};
  put_leaving(history, known, horizon_months, probabilities);
  grades.choose_decisions(probabilities.p, known.label);
}

}  // namespace danggol::rooms
