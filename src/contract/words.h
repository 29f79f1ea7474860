// What danggol says to people, as data: which sentence, and what it says. The words stand in files: a room's
// in its words.toml, those that several share in contract/words.toml, how a language writes numbers in
// contract/languages.toml. The build makes of each file a header with one function a sentence, so that a
// sentence or an argument that is not there does not compile; here is what those headers are made of, and the
// one place where figures, units and Korean particles are written.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/interval.h"
#include "base/units.h"
#include "contract/languages.h"
#include "danggol/analysis.h"

namespace danggol {

// The arguments of sentences. None can be left out: they have no default.
struct Count {
  template <std::integral Number>
  Count(Number number) : value(static_cast<int64_t>(number)) {}
  template <std::integral Number>
  Count(Number number, Interval of) : value(static_cast<int64_t>(number)), bounds(of) {}
  // Rounded, of an estimate that may have no bounds, and then is told without.
  static Count perhaps_bounded(const Estimate& of) {
    auto value = std::llround(of.value);
    return std::isfinite(of.lo) && std::isfinite(of.hi) ? Count(value, of.interval()) : Count(value);
  }
  int64_t value;
  std::optional<Interval> bounds = {};
};
// A figure with the bounds that belong to it. What kind it is says how it is written.
template <int kind>
struct Figure {
  explicit Figure(double number) : value(number) {}
  Figure(double number, Interval of) : value(number), bounds(of) {}
  explicit Figure(const Estimate& estimate) : value(estimate.value), bounds(estimate.interval()) {}
  // Of an estimate that may have no bounds, and then is told without.
  static Figure perhaps_bounded(const Estimate& of) {
    return std::isfinite(of.lo) && std::isfinite(of.hi) ? Figure(of) : Figure(of.value);
  }
  double value;
  std::optional<Interval> bounds = {};
};
using Share = Figure<0>;   // 0.123 is 12.3 %
using Points = Figure<1>;  // a difference of shares, or an error of them: 0.012 is 1.2 points
using Change = Figure<2>;  // relative: 0.05 is +5.0 %
using Number = Figure<3>;
using Amount = Figure<4>;  // of money
using Gain = Figure<5>;    // of money, with its sign
struct Name {              // as the shop writes it
  std::string text;
};
struct Word {  // a value of our own, told by its label: "inactive"
  std::string value;
};
// A field that must be given, of a type that has a default.
template <class Of>
struct Needed {
  template <class... Parts>
  requires(sizeof...(Parts) > 0 && !(std::is_same_v<std::remove_cvref_t<Parts>, Needed> && ...))
      Needed(Parts&&... parts)
      : value{std::forward<Parts>(parts)...} {}
  Of value;
};
// A Text is said already, in every language.
using Argument =
    std::variant<Count, Share, Points, Change, Number, Amount, Gain, Date, Period, Name, Word, Text>;
using Arguments = std::vector<std::pair<std::string, Argument>>;

struct Sentence {
  std::string scope, id;  // whose words.toml, and its [sentence.ID]
  Arguments arguments;
};
// Whether all of its figures are numbers. What says nan says nothing.
bool is_sound(const Sentence& sentence);

// What a run keeps of it. from_json() is nothing where it is not what to_json() wrote.
std::string to_json(const Arguments& arguments);
std::optional<Arguments> arguments_from_json(std::string_view json);

// A words.toml.
struct WordEntry {
  std::string_view key;  // "table.rfm.title"
  std::string_view texts[language_count];
};
struct Words {
  std::string_view scope;
  std::span<const WordEntry> entries;  // ascending by key

  Text text(std::string_view key) const;  // "" where there is none
};
const Words& shared_words();

// In every language; "" where `words` and the shared ones do not know it.
Text render(const Words& words, const Sentence& sentence);
// An argument alone, as each language writes it.
Text written(const Argument& argument);
// Of what stands before a colon with what comes after it: "region:Seoul".
Text label_of(const Words& words, std::string_view value);
Text parameter_words(const Words& words, const std::string& name);

}  // namespace danggol
