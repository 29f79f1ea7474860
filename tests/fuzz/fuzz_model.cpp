// Any bytes as a stored model. Whatever they are: no crash, an error of one line, or a model that gives
// probabilities and reads back as itself.
#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/random.h"
#include "expect.h"
#include "model_bytes.h"

namespace danggol {
namespace {

const std::string& trained_bytes() {
  static const std::string bytes = small_model().to_bytes();
  return bytes;
}

// What may stand where a number or a word did.
constexpr const char* words[] = {"0",        "-1",         "1",
                                 "2",        "3",          "5",
                                 "101",      "400",        "401",
                                 "-1024",    "1025",       "0.5",
                                 "1e-9",     "1e99",       "1.7e308",
                                 "-1.7e308", "-0",         "nan",
                                 "inf",      "-inf",       "",
                                 " ",        "2147483648", "00",
                                 "1 1",      "tree",       "\n",
                                 "Tree=0",   "=",          "8",
                                 "10",       "9",          "18446744073709551615"};

// The bounds of the word, or of the line, that a byte is in.
std::pair<size_t, size_t> around(const std::string& text, size_t at, std::string_view ends) {
  size_t from = text.find_last_of(ends, at == 0 ? 0 : at - 1), to = text.find_first_of(ends, at);
  return {from == text.npos ? 0 : from + 1, to == text.npos ? text.size() : to};
}

// Every word of every line with that key becomes `word`.
void set_all(std::string& text, const std::string& key, const std::string& word) {
  for (size_t at = 0; (at = text.find('\n' + key, at)) != text.npos;) {
    at += 1 + key.size();
    size_t end = std::min(text.find('\n', at), text.size());
    auto apart =
        std::count(text.begin() + static_cast<int64_t>(at), text.begin() + static_cast<int64_t>(end), ' ');
    std::string line = word;
    for (; apart > 0; --apart) line += ' ' + word;
    text.replace(at, end - at, line);
  }
}

void mutate(std::string& text, Random& random) {
  size_t at = random.below(text.size());
  auto [word, word_end] = around(text, at, "= \n");
  auto [line, line_end] = around(text, at, "\n");
  if (word > word_end || line > line_end) return;
  std::string whole = text.substr(line, line_end - line) + '\n';
  switch (random.below(12)) {
    case 0: text[at] = static_cast<char>(text[at] ^ (1 << random.below(8))); break;
    case 1: text[at] = static_cast<char>(random()); break;
    case 2: text.erase(at, 1 + random.below(20)); break;
    case 3: text.erase(line, whole.size()); break;
    case 4: text.insert(line, whole); break;
    case 5: {  // another line of the same or of another kind
      auto [from, to] = around(text, random.below(text.size()), "\n");
      if (from <= to) text.replace(line, line_end - line, text.substr(from, to - from));
      break;
    }
    case 6: {  // another word of the same line
      auto [from, to] = around(text, line + random.below(whole.size()), "= \n");
      if (from <= to) text.replace(word, word_end - word, text.substr(from, to - from));
      break;
    }
    case 7: {
      size_t equals = whole.find('=');
      if (equals != whole.npos)
        set_all(text, whole.substr(0, equals + 1), words[random.below(std::size(words))]);
      break;
    }
    default: text.replace(word, word_end - word, words[random.below(std::size(words))]);
  }
}

// Rows like those learned from, and one of every odd value.
const Matrix& rows() {
  static const Matrix some = [] {
    Matrix out = EasyProblem(6, 2).features;
    for (double odd : {0.0, -1e300, 1e300, std::numeric_limits<double>::infinity(),
                       -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
      out.values.insert(out.values.end(), out.columns(), odd);
    return out;
  }();
  return some;
}

}  // namespace
}  // namespace danggol

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  using namespace danggol;
  Random random(seed);
  std::string text(reinterpret_cast<const char*>(data), size);
  if (text.empty() || random.below(4) == 0) text = trained_bytes();
  for (uint64_t n = 1 + random.below(4); n > 0 && !text.empty(); --n) mutate(text, random);
  if (random.below(2)) text = with_lengths(text);
  text.resize(std::min(text.size(), most));
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace danggol;
  using learn::ProbabilityModel;
  auto model = ProbabilityModel::from_bytes({reinterpret_cast<const char*>(data), size});
  if (!model) {
    const Error& error = model.error();
    EXPECT(error.code == Code::corrupt, "{}: code {}", error.message, static_cast<int>(error.code));
    expect_plain(error);
    return 0;
  }
  auto out = model->predict(rows());
  size_t classes = model->decision_weights().size();
  EXPECT(out.p.size() == rows().rows() * classes, "{} probabilities", out.p.size());
  for (size_t row = 0; row < rows().rows(); ++row) {
    double sum = 0;
    for (size_t c = 0; c < classes; ++c) {
      double p = out.p[row * classes + c];
      EXPECT(p >= 0 && p <= 1, "row {}: {}", row, p);
      sum += p;
    }
    EXPECT(sum > 1 - 1e-9 && sum < 1 + 1e-9, "row {}: sum {}", row, sum);
    EXPECT(out.lo[row] >= 0 && out.lo[row] <= out.hi[row] && out.hi[row] <= 1, "row {}: {} to {}", row,
           out.lo[row], out.hi[row]);
  }
  for (int32_t decided : model->decide(out.p))
    EXPECT(decided >= 0 && decided < static_cast<int32_t>(classes), "{}", decided);
  EXPECT(model->gain().size() == model->columns().size(), "{} gains", model->gain().size());
  std::string bytes = model->to_bytes();
  auto again = ProbabilityModel::from_bytes(bytes);
  EXPECT(again, "{}", again.error().message);
  EXPECT(again->to_bytes() == bytes, "other bytes");
  return 0;
}
