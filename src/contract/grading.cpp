#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "contract/grade_pair.h"

namespace danggol {

ParamTable<Grading> grading_params() {
  ParamTable<Grading> table;
  table.real("w-recency", &Grading::w_recency, {0, 1}, "")
      .real("w-frequency", &Grading::w_frequency, {0, 1}, "")
      .real("w-monetary", &Grading::w_monetary, {0, 1}, "")
      .choice("rule", &Grading::rule, {"band", "rank"})
      .reals("bands", &Grading::bands, {0, 100}, "score")
      .reals("shares", &Grading::shares, {0, 1}, "share")
      .flag("net-cancellations", &Grading::net_cancellations);
  return table;
}

Status validate(const Grading& grading) {
  double sum = grading.w_recency + grading.w_frequency + grading.w_monetary;
  if (std::abs(sum - 1) > 1e-9)
    return Error{Code::bad_input,
                 fmt::format("w-recency + w-frequency + w-monetary = {}: must add up to 1", sum)};
  const auto& b = grading.bands;
  if (b.size() != 3 || b[0] < b[1] || b[1] < b[2])
    return Error{Code::bad_input,
                 fmt::format("bands={}: must be three falling scores, such as 80,60,40", fmt::join(b, ","))};
  const auto& s = grading.shares;
  if (s.size() != 3 || s[0] + s[1] + s[2] > 1 + 1e-9)
    return Error{Code::bad_input,
                 fmt::format("shares={}: must be three shares that add up to at most 1", fmt::join(s, ","))};
  return {};
}

std::vector<std::string> grade_list() { return {std::begin(grade_names), std::end(grade_names)}; }

int32_t grade_number(std::string_view grade) {
  auto at = std::find(std::begin(grade_names), std::end(grade_names), grade);
  DANGGOL_ASSERT(at != std::end(grade_names));
  return static_cast<int32_t>(at - std::begin(grade_names));
}

int32_t receipts_class(int64_t receipts) {
  int32_t number = 0;
  for (int64_t first = 0; first + std::max<int64_t>(1, first / 2 - 1) <= receipts; ++number)
    first += std::max<int64_t>(1, first / 2 - 1);
  return number;
}

Result<std::vector<GradePair>> grade_pairs(Context& context) {
  Table rows =
      TRY(context.query("SELECT customer_no, period = 'H1' AS is_h1, grade, frequency FROM result.rfm JOIN "
                        "customer USING (customer_id) "
                        "ORDER BY customer_id"));
  const auto &customers = rows.integers("customer_no"), &is_h1 = rows.integers("is_h1"),
             &receipts = rows.integers("frequency");
  const auto& grades = rows.texts("grade");
  std::vector<GradePair> pairs;
  for (size_t i = 0; i < rows.rows(); ++i) {
    size_t customer = static_cast<size_t>(customers[i]);
    if (pairs.empty() || pairs.back().customer_no != customer)
      pairs.push_back({customer, inactive_grade, inactive_grade});
    (is_h1[i] != 0 ? pairs.back().h1 : pairs.back().h2) = grade_number(grades[i]);
    if (is_h1[i] != 0) pairs.back().h1_receipts = receipts[i];
  }
  return pairs;
}

}  // namespace danggol
