#include <gtest/gtest.h>

#include <cmath>
#include <regex>

#include "easy_problem.h"
#include "learn/probability_model.h"
#include "model_bytes.h"
#include "must.h"

namespace danggol::learn {
namespace {

const std::string& some_bytes() {
  static const std::string bytes = small_model().to_bytes();
  return bytes;
}

void expect_refused(const std::string& bytes, const std::string& why) {
  auto model = ProbabilityModel::from_bytes(bytes);
  ASSERT_FALSE(model) << why;
  EXPECT_EQ(model.error().code, Code::corrupt) << why;
  EXPECT_EQ(model.error().message.find('\n'), std::string::npos) << model.error().message;
  EXPECT_TRUE(model.error().message.starts_with("the stored model is damaged at byte "))
      << model.error().message;
  EXPECT_TRUE(model.error().message.ends_with("; train it again")) << model.error().message;
}

void expect_probabilities(const ProbabilityModel& model, const std::string& why) {
  EasyProblem later(20, 2);
  ClassProbabilities out = model.predict(later.features);
  ASSERT_EQ(out.p.size() % out.lo.size(), 0u) << why;
  size_t classes = out.p.size() / out.lo.size();
  for (size_t row = 0; row < out.lo.size(); ++row) {
    double sum = 0;
    for (size_t c = 0; c < classes; ++c) {
      double p = out.p[row * classes + c];
      ASSERT_TRUE(p >= 0 && p <= 1) << p << " " << why;
      sum += p;
    }
    ASSERT_NEAR(sum, 1, 1e-9) << why;
    ASSERT_TRUE(out.lo[row] >= 0 && out.lo[row] <= out.hi[row] && out.hi[row] <= 1) << why;
  }
}

// The first match of `pattern` replaced; the pattern must be there.
std::string with(const std::string& bytes, const std::string& pattern, const std::string& replacement) {
  std::regex regex(pattern, std::regex::ECMAScript | std::regex::multiline);
  EXPECT_TRUE(std::regex_search(bytes, regex)) << pattern;
  return std::regex_replace(bytes, regex, replacement, std::regex_constants::format_first_only);
}

TEST(StoredModel, IsTheSameAfterItsBytes) {
  ProbabilityModel model = small_model();
  ProbabilityModel again = must(ProbabilityModel::from_bytes(model.to_bytes()));
  EXPECT_EQ(again.to_bytes(), model.to_bytes());
  EXPECT_EQ(with_lengths(model.to_bytes()), model.to_bytes());
  EasyProblem later(200, 2);
  ClassProbabilities before = model.predict(later.features), after = again.predict(later.features);
  EXPECT_EQ(after.p, before.p);
  EXPECT_EQ(after.lo, before.lo);
  EXPECT_EQ(after.hi, before.hi);
  EXPECT_EQ(again.decide(after.p), model.decide(before.p));
  EXPECT_EQ(again.gain(), model.gain());
  EXPECT_EQ(again.columns(), model.columns());
  expect_probabilities(again, "");
}

TEST(StoredModel, ColumnNamesAreAnyText) {
  EasyProblem problem(400, 1);
  problem.features.names = {"a column\nof two lines", "", "단골", "trees=1", std::string("\0\xff", 2)};
  ProbabilityModel model = must(
      ProbabilityModel::train(problem.features, problem.labels, EasyProblem::classes, 2, {.rounds = 2}, 1));
  EXPECT_EQ(must(ProbabilityModel::from_bytes(model.to_bytes())).columns(), problem.features.names);
}

TEST(StoredModel, WithAnythingMissingIsRefused) {
  const std::string& bytes = some_bytes();
  for (size_t length = 0; length < bytes.size(); length += 1 + length / 50)
    expect_refused(bytes.substr(0, length), std::to_string(length));
  for (size_t length = bytes.size() - 20; length < bytes.size(); ++length)
    expect_refused(bytes.substr(0, length), std::to_string(length));
  for (size_t at = 0, end; at < bytes.size(); at = end + 1) {
    end = bytes.find('\n', at);
    expect_refused(bytes.substr(0, at) + bytes.substr(end + 1), bytes.substr(at, end - at));
  }
}

TEST(StoredModel, WithAnythingMoreIsRefused) {
  const std::string& bytes = some_bytes();
  for (const char* more : {"\n", "x", "leaf_count=1\n", "is_linear=1\n"}) {
    expect_refused(bytes + more, more);
    for (size_t at = bytes.find('\n') + 1, next; at < bytes.size(); at = next + 1) {
      next = bytes.find('\n', at);
      expect_refused(with_lengths(bytes.substr(0, at) + more + bytes.substr(at)),
                     more + (" before " + bytes.substr(at, next - at)));
    }
  }
}

TEST(StoredModel, ThatSaysSomethingElseIsRefused) {
  const struct {
    const char *pattern, *replacement;
  } forged[] = {
      {"^danggol probability model 2$", "danggol probability model 1"},
      {"^classes=3$", "classes=1"},
      {"^classes=3$", "classes=4"},
      {"^classes=3$", "classes=101"},
      {"^classes=3$", "classes=-3"},
      {"^classes=3$", "classes=3.0"},
      {"^classes=3$", "classes= 3"},
      {"^classes=3$", "classes=4294967299"},
      {"^special=2$", "special=3"},
      {"^special=2$", "special=-1"},
      {"^temperature=", "temperature=-"},
      {"^temperature=.*$", "temperature=0"},
      {"^temperature=.*$", "temperature=nan"},
      {"^temperature=.*$", "temperature=inf"},
      {"^temperature=.*$", "temperature=1e300"},
      {"^decision_weights=", "decision_weights=1 "},
      {"^decision_weights=\\S+", "decision_weights=0"},
      {"^decision_weights=\\S+", "decision_weights=-1"},
      {"^columns=5$", "columns=0"},
      {"^columns=5$", "columns=4"},
      {"^columns=5$", "columns=6"},
      {"^columns=5$", "columns=9999999999"},
      {"^column=5\nspend", "column=6\nvisits"},
      {"^column=5\nspend", "column=6\nspend"},
      {"^column=5\nspend", "column=4\nspend"},
      {"^column=5\nspend", "column=999999999999\nspend"},
      {"^levels=\\d+$", "levels=0"},
      {"^levels=\\d+$", "levels=401"},
      {"^levels=\\d+$", "levels=18446744073709551615"},
      {"^upto=(\\S+) (\\S+)", "upto=$2 $1"},
      {"^upto=(\\S+) (\\S+)", "upto=$1 $1"},
      {"^upto=\\S+", "upto=-1"},
      {"^lo=\\S+", "lo=1"},
      {"^hi=\\S+", "hi=0"},
      {"^hi=\\S+", "hi=1.0000001"},
      {"^lo=\\S+", "lo=nan"},
      {"^lo=(\\S+)(.*)\nhi=\\S+", "lo=$1$2\nhi=$1"},
      {"^tree$", "trees"},
      {"^version=v4$", "version=v3"},
      {"^num_class=3$", "num_class=4"},
      {"^num_tree_per_iteration=3$", "num_tree_per_iteration=1"},
      {"^max_feature_idx=4$", "max_feature_idx=5"},
      {"^objective=.*$", "objective=binary"},
      {"^feature_names=Column_0", "feature_names=Column_1"},
      {"^feature_infos=\\S+ ", "feature_infos="},
      {"^Tree=1$", "Tree=2"},
      {"^num_leaves=\\d+$", "num_leaves=0"},
      {"^num_leaves=\\d+$", "num_leaves=1"},
      {"^num_leaves=\\d+$", "num_leaves=1025"},
      {"^num_leaves=\\d+$", "num_leaves=2000000000"},
      {"^num_cat=0$", "num_cat=1"},
      {"^split_feature=\\d", "split_feature=5"},
      {"^split_feature=\\d", "split_feature=-1"},
      {"^threshold=\\S+", "threshold=nan"},
      {"^threshold=\\S+", "threshold=-inf"},
      {"^decision_type=\\d+", "decision_type=1"},
      {"^decision_type=\\d+", "decision_type=4"},
      {"^decision_type=\\d+", "decision_type=9"},
      {"^decision_type=\\d+", "decision_type=12"},
      {"^decision_type=\\d+", "decision_type=-2"},
      {"^left_child=\\S+", "left_child=0"},     // itself
      {"^left_child=\\S+", "left_child=1000"},  // none
      {"^left_child=\\S+", "left_child=-1000"},
      {"^left_child=\\S+ (\\S+)", "left_child=$1 $1"},  // two parents
      {"^left_child=(.*)\nright_child=.*$", "left_child=$1\nright_child=$1"},
      {"^left_child=(.*) \\S+$", "left_child=$1 1"},  // one that comes before
      {"^leaf_value=\\S+", "leaf_value=nan"},
      {"^leaf_value=\\S+", "leaf_value=inf"},
      {"^leaf_value=\\S+", "leaf_value=1e101"},
      {"^leaf_value=\\S+ ", "leaf_value="},
      {"^leaf_value=\\S+ ", "leaf_value= "},
      {"^leaf_count=\\S+", "leaf_count=1.5"},
      {"^internal_value=\\S+", "internal_value=x"},
      {"^is_linear=0$", "is_linear=1"},
      {"^shrinkage=", "shrinkage=0x"},
      {"^end of trees$", "end of tree"},
  };
  for (const auto& change : forged)
    expect_refused(with_lengths(with(some_bytes(), change.pattern, change.replacement)), change.replacement);
}

TEST(StoredModel, WithTreesOfAnotherLengthIsRefused) {
  for (const char* pattern : {"1$1", "-$1", "0$1", "", "$1 $1"})
    expect_refused(with(some_bytes(), "^tree_sizes=(\\S+)", std::string("tree_sizes=") + pattern), pattern);
  std::string bytes = some_bytes();
  size_t first = bytes.find("Tree=0\n");
  bytes.erase(first, bytes.find("end of trees") - first);
  expect_refused(with(bytes, "^tree_sizes=.*$", "tree_sizes="), "none");
}

TEST(StoredModel, WithNodesThatLeadNowhereIsRefused) {
  // Every child once, but two nodes beside the root are each other's.
  std::string bytes = some_bytes();
  size_t at = bytes.find("num_leaves=4\n");
  ASSERT_NE(at, bytes.npos);
  std::string tree = bytes.substr(at, bytes.find("is_linear", at) - at);
  std::string circle =
      with(with(tree, "^left_child=.*$", "left_child=-1 2 1"), "^right_child=.*$", "right_child=-2 -3 -4");
  expect_refused(with_lengths(bytes.replace(at, tree.size(), circle)), "circle");
}

// Every number of the model becomes something else. What is still a model gives probabilities.
TEST(StoredModel, WhateverItsNumbersGivesProbabilitiesOrIsRefused) {
  const std::string& bytes = some_bytes();
  size_t refused = 0, taken = 0;
  const std::regex number("[= ](-?[0-9.][-+0-9.e]*)");
  const char* others[] = {"-1", "0", "1", "2", "0.5", "1e99", "1e-320", "4294967296", "inf", ""};
  size_t next = 0;
  for (std::sregex_iterator found(bytes.begin(), bytes.end(), number), none; found != none; ++found) {
    for (int n = 0; n < 3; ++n) {
      const char* other = others[next++ % std::size(others)];
      std::string changed = bytes;
      changed.replace(static_cast<size_t>(found->position(1)), static_cast<size_t>(found->length(1)), other);
      auto model = ProbabilityModel::from_bytes(with_lengths(changed));
      ++(model ? taken : refused);
      if (model) expect_probabilities(*model, other);
      else EXPECT_EQ(model.error().code, Code::corrupt);
    }
  }
  EXPECT_GT(refused, 3'000u);
  EXPECT_GT(taken, 1'000u);
}

}  // namespace
}  // namespace danggol::learn
