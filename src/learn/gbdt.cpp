#include "learn/gbdt.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/assert.h"
#include "learn/model_text.h"

namespace danggol::learn {
namespace {

constexpr double finite = std::numeric_limits<double>::max();
constexpr double infinity = std::numeric_limits<double>::infinity();  // "all that is known goes left"
constexpr double most_gain = std::numeric_limits<float>::max();
constexpr double most_leaf = 1e100;  // a sum over all trees stays finite
constexpr double zero = 1e-35f;      // LightGBM takes what is not further from 0 for 0
constexpr size_t rows_at_once = 64;
constexpr int64_t most_rows = std::numeric_limits<int32_t>::max();

// decision_type: bit 0 a category, bit 1 missing goes left, bits 2 and 3 what is missing (0 nothing, 2 NaN).
constexpr int64_t missing_left_bit = 2, missing_is_nan = 8;

}  // namespace

Status Gbdt::read_tree(ModelText& text) {
  auto count = static_cast<size_t>(TRY(text.integer("num_leaves", 1, most_leaves)));
  size_t inner = count - 1;
  TRY(text.line("num_cat=0"));
  auto columns = TRY(text.integers("split_feature", inner, 0, static_cast<int64_t>(gain_.size()) - 1));
  auto gain = TRY(text.reals("split_gain", inner, -most_gain, most_gain));
  auto threshold = TRY(text.reals("threshold", inner, -finite, infinity));
  auto decision = TRY(text.integers("decision_type", inner, 0, missing_left_bit | missing_is_nan));
  auto last = static_cast<int64_t>(inner) - 1, last_leaf = -static_cast<int64_t>(count);
  auto left = TRY(text.integers("left_child", inner, last_leaf, last));
  auto right = TRY(text.integers("right_child", inner, last_leaf, last));
  auto leaves = TRY(text.reals("leaf_value", count, -most_leaf, most_leaf));
  TRY(text.reals("leaf_weight", count, -finite, finite));
  TRY(text.integers("leaf_count", count, 0, most_rows));
  TRY(text.reals("internal_value", inner, -finite, finite));
  TRY(text.reals("internal_weight", inner, -finite, finite));
  TRY(text.integers("internal_count", inner, 0, most_rows));
  TRY(text.line("is_linear=0"));
  TRY(text.real("shrinkage", -finite, finite));

  // A tree: every leaf and every node but the first has one parent, which comes before it.
  auto first_node = static_cast<int32_t>(nodes_.size()), first_leaf = static_cast<int32_t>(leaves_.size());
  std::vector<bool> has_parent(inner + count);  // nodes, then leaves
  auto child = [&](int64_t to, size_t parent) -> Result<int32_t> {
    size_t at = to >= 0 ? static_cast<size_t>(to) : inner + static_cast<size_t>(~to);
    if ((to >= 0 && at <= parent) || has_parent[at])
      return text.damaged(fmt::format("children of node {}: must make a tree", parent));
    has_parent[at] = true;
    return static_cast<int32_t>(to >= 0 ? first_node + to : ~(first_leaf + ~to));
  };
  for (size_t i = 0; i < inner; ++i) {
    if (decision[i] & ~(missing_left_bit | missing_is_nan))
      return text.damaged("decision_type: must be 0, 2, 8 or 10");
    // Where nothing was missing in training, what is missing later is as good as 0.
    bool missing_left = decision[i] & missing_is_nan ? decision[i] & missing_left_bit : 0 <= threshold[i];
    nodes_.push_back({threshold[i], static_cast<int32_t>(columns[i]), TRY(child(left[i], i)),
                      TRY(child(right[i], i)), missing_left});
    if (gain[i] > 0) gain_[static_cast<size_t>(columns[i])] += static_cast<float>(gain[i]);
  }
  roots_.push_back(inner > 0 ? first_node : ~first_leaf);
  leaves_.insert(leaves_.end(), leaves.begin(), leaves.end());
  return {};
}

Result<Gbdt> Gbdt::read(ModelText& text, size_t columns, int32_t classes) {
  DANGGOL_ASSERT(columns > 0 && classes >= 2 && classes <= most_classes);
  Gbdt model(columns, classes);
  size_t beginning = text.position();
  std::vector<std::string> names;
  for (size_t c = 0; c < columns; ++c) names.push_back(fmt::format("Column_{}", c));
  for (const std::string& line :
       {std::string("tree"), std::string("version=v4"), fmt::format("num_class={}", classes),
        fmt::format("num_tree_per_iteration={}", classes), std::string("label_index=0"),
        fmt::format("max_feature_idx={}", columns - 1),
        fmt::format("objective=multiclass num_class:{}", classes),
        fmt::format("feature_names={}", fmt::join(names, " "))})
    TRY(text.line(line));
  TRY(text.words("feature_infos", columns));
  auto sizes = TRY(text.words("tree_sizes"));
  size_t rounds = sizes.size() / static_cast<size_t>(classes);
  if (rounds < 1 || rounds > most_rounds || sizes.size() % static_cast<size_t>(classes) != 0)
    return text.damaged(fmt::format("tree_sizes: must be {} for each of 1..{} rounds", classes, most_rounds));
  TRY(text.line(""));
  for (size_t i = 0; i < sizes.size(); ++i) {
    size_t start = text.position();
    TRY(text.line(fmt::format("Tree={}", i)));
    TRY(model.read_tree(text));
    TRY(text.line(""));
    TRY(text.line(""));
    if (sizes[i] != fmt::to_string(text.position() - start))
      return text.damaged(fmt::format("tree {}: must be {} bytes long", i, text.position() - start));
  }
  TRY(text.line("end of trees"));
  model.text_ = text.since(beginning);
  return model;
}

double Gbdt::value(int32_t root, const double* row) const {
  int32_t at = root;
  while (at >= 0) {
    const Node& node = nodes_[static_cast<size_t>(at)];
    double x = row[node.column];
    at = (std::isnan(x) ? node.missing_left : x <= node.threshold) ? node.left : node.right;
  }
  return leaves_[static_cast<size_t>(~at)];
}

std::vector<double> Gbdt::predict(const Matrix& features) const {
  DANGGOL_ASSERT(features.columns() == gain_.size());
  auto classes = static_cast<size_t>(classes_);
  std::vector<double> out(features.rows() * classes), known(rows_at_once * features.columns());
  // Some rows at a time: a tree stays near while they all go down it.
  for (size_t first = 0; first < features.rows(); first += rows_at_once) {
    size_t rows = std::min(rows_at_once, features.rows() - first);
    for (size_t i = 0; i < rows * features.columns(); ++i) {
      double x = features.row(first)[i];
      known[i] = std::abs(x) <= zero ? 0 : x;
    }
    double* p = &out[first * classes];
    for (size_t tree = 0; tree < roots_.size(); ++tree)
      for (size_t i = 0; i < rows; ++i)
        p[i * classes + tree % classes] += value(roots_[tree], &known[i * features.columns()]);
    for (; p < out.data() + (first + rows) * classes; p += classes) {
      double most = *std::max_element(p, p + classes), sum = 0;
      for (size_t c = 0; c < classes; ++c) sum += p[c] = std::exp(p[c] - most);
      for (size_t c = 0; c < classes; ++c) p[c] /= sum;
    }
  }
  return out;
}

}  // namespace danggol::learn
