// Gradient boosted trees for classes (Friedman, 2001): reads LightGBM's model text, and predicts from it as
// LightGBM does, to the last bit. Stored bytes never reach LightGBM, which trusts them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/matrix.h"
#include "danggol/result.h"

namespace danggol::learn {

class ModelText;

class Gbdt {
 public:
  static constexpr int64_t most_rounds = 10'000, most_leaves = 1'024, most_classes = 100;

  // Of a model with so many columns and classes, from the first line of LightGBM's text to "end of trees".
  // Corrupt if it is in any way not what LightGBM writes for numerical columns.
  static Result<Gbdt> read(ModelText& text, size_t columns, int32_t classes);

  // rows * classes probabilities, row after row; columns as in training. NaN is "not known".
  std::vector<double> predict(const Matrix& features) const;
  const std::vector<double>& gain() const { return gain_; }  // of every column, summed over its splits
  const std::string& text() const { return text_; }          // what read() reads

 private:
  struct Node {
    double threshold;  // a value up to it goes left
    int32_t column;
    int32_t left, right;  // a node, or ~ of a leaf
    bool missing_left;
  };

  Gbdt(size_t columns, int32_t classes) : classes_(classes), gain_(columns) {}
  Status read_tree(ModelText& text);
  double value(int32_t root, const double* row) const;

  std::string text_;
  int32_t classes_;
  std::vector<int32_t> roots_;  // round after round, a tree for every class
  std::vector<Node> nodes_;
  std::vector<double> leaves_;
  std::vector<double> gain_;
};

}  // namespace danggol::learn
