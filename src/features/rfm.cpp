#include "features/rfm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <tuple>

#include "features/buyer.sql.h"

namespace danggol::features {
namespace {

// 1 + min(4, floor(5 * #{smaller} / n)) of each value: one more for each of the four quintiles' ends below
// it.
template <class Value>
std::vector<int32_t> quintile_scores(const std::vector<Value>& values) {
  size_t n = values.size();
  if (n == 0) return {};
  std::vector<Value> rest = values;
  std::array<Value, 4> ends;
  auto from = rest.begin();
  for (size_t k = 1; k <= ends.size(); ++k) {
    auto end = rest.begin() + static_cast<int64_t>((k * n + 4) / 5 - 1);
    std::nth_element(from, end, rest.end());
    ends[k - 1] = *end;
    from = end;
  }
  std::vector<int32_t> scores;
  scores.reserve(n);
  for (const Value& value : values) {
    auto below = [&](const Value& end) { return end < value; };
    scores.push_back(1 + static_cast<int32_t>(std::count_if(ends.begin(), ends.end(), below)));
  }
  return scores;
}

// (3, 1, 2) is 41.99999999999999 in IEEE arithmetic.
double rounded(double value) { return std::round(value * 1e9) / 1e9; }

void grade_by_band(const std::vector<double>& bands, Graded& buyers) {
  for (double score : buyers.rfm_score) {
    auto reached = [&](double least) { return score >= least; };
    buyers.grade.push_back(
        static_cast<int32_t>(std::find_if(bands.begin(), bands.end(), reached) - bands.begin()));
  }
}

void grade_by_rank(const std::vector<double>& shares, Graded& buyers) {
  size_t n = buyers.size();
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  auto key = [&](size_t i) {
    return std::tuple(-buyers.rfm_score[i], -buyers.monetary[i].ten_thousandths, -buyers.frequency[i],
                      buyers.recency_days[i], std::string_view(buyers.customer_id[i]));
  };
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return key(a) < key(b); });
  buyers.grade.resize(n);
  for (size_t place = 0; place < n; ++place) {
    double share = 0;
    size_t grade = 0;
    for (; grade < shares.size(); ++grade) {
      share += shares[grade];
      if (static_cast<double>(place) < rounded(share * static_cast<double>(n))) break;
    }
    buyers.grade[order[place]] = static_cast<int32_t>(grade);
  }
}

}  // namespace

void grade(const Grading& grading, Graded& buyers) {
  std::vector<int32_t> recent;
  for (int32_t days : buyers.recency_days) recent.push_back(-days);
  buyers.r_score = quintile_scores(recent);
  buyers.f_score = quintile_scores(buyers.frequency);
  buyers.m_score = quintile_scores(buyers.monetary);
  double w_monetary = buyers.knows_amounts ? grading.w_monetary : 0,
         weights = buyers.knows_amounts ? 1 : grading.w_recency + grading.w_frequency;
  for (size_t i = 0; i < buyers.size(); ++i)
    buyers.rfm_score.push_back(
        rounded((grading.w_recency * buyers.r_score[i] + grading.w_frequency * buyers.f_score[i] +
                 w_monetary * buyers.m_score[i]) /
                weights * 100 / 5));
  if (grading.rule == "rank") grade_by_rank(grading.shares, buyers);
  else grade_by_band(grading.bands, buyers);
}

Result<Graded> graded(store::Connection& connection, Date from, Date until, const Grading& grading) {
  Table rows = TRY(connection.query(sql::buyer, {{"window_from", to_timestamp(from)},
                                                 {"window_until", to_timestamp(until)},
                                                 {"net_cancellations", grading.net_cancellations}}));
  Graded buyers;
  buyers.knows_amounts = rows.rows() == 0 || rows.integers("knows_amounts")[0] != 0;
  if (!buyers.knows_amounts && grading.w_recency + grading.w_frequency == 0)
    return Error{
        Code::bad_input,
        fmt::format("w-monetary={}: no purchase from {} to {} has an amount; give weight to recency or "
                    "frequency",
                    grading.w_monetary, to_text(from), to_text(until))};
  constexpr double most = static_cast<double>(INT64_MAX) / Money::scale;
  for (size_t i = 0; i < rows.rows(); ++i) {
    double spent = rows.reals("monetary")[i];
    if (std::abs(spent) >= most)
      return Error{
          Code::bad_input,
          fmt::format("customer {}: spent {:g} from {} to {}: must be below {:g}; import the amounts "
                      "in a larger unit",
                      rows.texts("customer_id")[i], spent, to_text(from), to_text(until), most)};
    buyers.monetary.push_back({std::llround(spent * Money::scale)});
  }
  for (int64_t last : rows.integers("last_ts"))
    buyers.recency_days.push_back(static_cast<int32_t>((to_timestamp(until).micros - last) / micros_per_day));
  auto whole = [&](std::string_view name) {
    const auto& values = rows.integers(name);
    return std::vector<int32_t>(values.begin(), values.end());
  };
  buyers.customer_no = whole("customer_no");
  buyers.customer_id = rows.texts("customer_id");
  buyers.frequency = whole("frequency");
  grade(grading, buyers);
  return buyers;
}

}  // namespace danggol::features
