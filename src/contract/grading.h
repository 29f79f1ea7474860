// How the buyers of a window are graded, and the grades they get.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "contract/params.h"
#include "danggol/result.h"

namespace danggol {

// How a window is graded; the features, the labels and the `rfm` room share it.
struct Grading {
  double w_recency = 0.3, w_frequency = 0.2, w_monetary = 0.5;
  std::string rule = "band";
  std::vector<double> bands = {80, 60, 40};
  std::vector<double> shares = {0.2, 0.2, 0.2};
  bool net_cancellations = true;
};
ParamTable<Grading> grading_params();
Status validate(const Grading& grading);

// Grades from best to worst; `inactive` is "no purchase in the window".
inline constexpr std::string_view grade_names[] = {"top", "good", "regular", "other", "inactive"};
inline constexpr int32_t grade_count = 5, inactive_grade = 4;
std::vector<std::string> grade_list();  // grade_names, as choices and orders take them

// The buyers of a window, graded among themselves: columns side by side, ascending by customer_id.
struct Graded {
  std::vector<int32_t> customer_no;
  std::vector<std::string> customer_id;
  std::vector<int32_t> recency_days;  // whole days from the last purchase to the window's end
  std::vector<int32_t> frequency;     // receipts
  std::vector<Money> monetary;
  bool knows_amounts = true;  // else no purchase has one: `monetary` is 0, and grades rest on the other two
  std::vector<int32_t> r_score, f_score, m_score;  // 1..5
  std::vector<double> rfm_score;                   // 20..100
  std::vector<int32_t> grade;                      // 0..3, see grade_names
  size_t size() const { return customer_no.size(); }
};

}  // namespace danggol
