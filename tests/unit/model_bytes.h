// A small model and its stored bytes, for tests of what is read back.
#pragma once

#include <algorithm>
#include <string>

#include "easy_problem.h"
#include "learn/probability_model.h"
#include "must.h"

namespace danggol {

inline learn::ProbabilityModel small_model() {
  EasyProblem problem(400, 1);
  return must(learn::ProbabilityModel::train(problem.features, problem.labels, EasyProblem::classes, 2,
                                             {.rounds = 3, .leaves = 5, .least_rows_in_leaf = 10}, 1));
}

// The bytes with the lengths of trees set right, so that nothing but what else was changed can be refused.
inline std::string with_lengths(const std::string& bytes) {
  std::string out;
  size_t done = 0;
  for (size_t at = 0; (at = bytes.find("tree_sizes=", done)) != bytes.npos;) {
    size_t line_end = bytes.find('\n', at), tree = bytes.find("Tree=0\n", at),
           end = bytes.find("end of trees", at);
    if (end == bytes.npos || tree > end) break;
    out += bytes.substr(done, at - done) + "tree_sizes";
    char apart = '=';
    while (tree < end) {
      size_t next = std::min(bytes.find("Tree=", tree + 1), end);
      out += apart + std::to_string(next - tree);
      apart = ' ';
      tree = next;
    }
    out += bytes.substr(line_end, end - line_end);
    done = end;
  }
  return out + bytes.substr(done);
}

}  // namespace danggol
