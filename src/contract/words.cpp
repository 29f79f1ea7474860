#include "contract/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "contract/shared_words.h"

namespace danggol {
namespace {

using Json = nlohmann::ordered_json;

// ---- figures

// The next two fill the places {} of a form.
std::string filled(std::string_view form, std::string_view with) {
  size_t at = form.find("{}");
  return fmt::format("{}{}{}", form.substr(0, at), with, form.substr(at + 2));
}
std::string filled(std::string_view form, std::string_view first, std::string_view second) {
  size_t at = form.find("{}");
  return fmt::format("{}{}{}", form.substr(0, at), first, filled(form.substr(at + 2), second));
}

std::string decimal(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (text.find_first_not_of("-0.") == text.npos && text.starts_with('-')) text.erase(0, 1);  // -0.0
  size_t point = std::min(text.find('.'), text.size()), sign = text.starts_with('-');
  for (size_t i = point; i > sign + 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

std::string with_sign(std::string text) { return text.starts_with('-') ? text : "+" + text; }

// 12,345,678 is 1,235만 where the language counts so: to three or four digits, as one would say it.
std::string written_money(double value, const LanguageRules& rules) {
  double size = std::abs(value);
  const LargeUnit &large = rules.large[0], &small = rules.large[std::size(rules.large) - 1];
  if (small.from == 0 || size < 100 * static_cast<double>(small.from)) return decimal(value, 0);
  int64_t units = std::llround(size / static_cast<double>(small.from)), of_large = large.from / small.from;
  std::string text = value < 0 ? "-" : "";
  if (of_large > 1 && units >= of_large) {
    text += fmt::format("{}{}", grouped(units / of_large), large.word);
    if (units / of_large >= 1'000 || units % of_large == 0) return text;
    text += ' ';
    units %= of_large;
  }
  return text + fmt::format("{}{}", grouped(units), small.word);
}

constexpr int default_decimals = 1;

// Each kind of argument, as a language writes it.
struct Writer {
  size_t language;
  const LanguageRules& rules = language_rules[language];
  int decimals = default_decimals;
  std::string_view unit = {};  // of a count

  std::string operator()(const Count& of) const {
    return bounded(of, fmt::format("{{}}{}", unit),
                   [](auto value) { return decimal(static_cast<double>(value), 0); });
  }
  std::string operator()(const Share& of) const {
    return bounded(of, rules.percent, [&](double value) { return percent(value); });
  }
  std::string operator()(const Points& of) const {
    return bounded(of, rules.points, [&](double value) { return percent(value); });
  }
  std::string operator()(const Change& of) const {
    return bounded(of, rules.percent, [&](double value) { return with_sign(percent(value)); });
  }
  // One that is small with its bounds has more decimals, so that something is left of it.
  std::string operator()(const Number& of) const {
    double size = size_of(of);
    int least =
        of.bounds && size > 0 && size < 0.1 ? std::min(static_cast<int>(-std::log10(size)) + 2, 6) : 0;
    return bounded(of, "{}", [&](double value) { return decimal(value, std::max(decimals, least)); });
  }
  std::string operator()(const Amount& of) const {
    return bounded(of, "{}", [&](double value) { return money(value, of); });
  }
  std::string operator()(const Gain& of) const {
    return bounded(of, "{}", [&](double value) { return with_sign(money(value, of)); });
  }
  std::string operator()(const Date& of) const { return to_text(of); }
  std::string operator()(const Period& of) const {
    Date last{of.until.days - 1};
    bool by_month = of.from == month_start(of.from) && of.until == month_start(of.until);
    std::string from = by_month ? month(of.from) : to_text(of.from),
                until = by_month ? month(last) : to_text(last);
    return from == until ? from : filled(rules.period, from, until);
  }
  std::string operator()(const Name& of) const { return of.text; }
  std::string operator()(const Text& of) const { return of.in(static_cast<Language>(language)); }
  std::string operator()(const Word& of) const { return of.value; }  // told by its label elsewhere

 private:
  std::string month(Date date) const {
    Civil civil = to_civil(date);
    std::string text(rules.month);
    for (const auto& [hole, with] : {std::pair("{year}", std::to_string(civil.year)),
                                     {"{month}", std::string(rules.months[civil.month - 1])}})
      text.replace(text.find(hole), std::string_view(hole).size(), with);
    return text;
  }
  // The largest of a figure and its bounds.
  template <class Figure>
  static double size_of(const Figure& of) {
    double size = std::abs(of.value);
    return of.bounds ? std::max({size, std::abs(of.bounds->lo), std::abs(of.bounds->hi)}) : size;
  }
  template <class Figure>
  std::string money(double value, const Figure& of) const {
    constexpr double least_whole = 10;
    double size = size_of(of);
    bool is_small = of.bounds && size < least_whole && size != std::floor(size);
    return is_small ? decimal(value, 2) : written_money(value, rules);
  }
  std::string percent(double share) const { return decimal(100 * share, decimals); }
  // A figure and its bounds: each number as `write` does, and what belongs to it around one or two of them.
  template <class Figure, class Write>
  std::string bounded(const Figure& of, std::string_view around, const Write& write) const {
    std::string text = filled(around, write(of.value));
    if (!of.bounds) return text;
    std::string range = filled(rules.range, write(of.bounds->lo), write(of.bounds->hi));
    return filled(rules.bounds, text, filled(around, range));
  }
};

// ---- particles

// How the last sound of a text ends: 0 in a vowel, 8 in the consonant ㄹ, else in another.
int final_consonant(std::string_view text) {
  constexpr std::string_view silent[] = {")", "]", "}", ">", "’", "”", "'", "\""};
  auto closing = [&] {
    return std::find_if(std::begin(silent), std::end(silent),
                        [&](auto mark) { return text.ends_with(mark); });
  };
  for (auto mark = closing(); mark != std::end(silent); mark = closing()) text.remove_suffix(mark->size());
  if (text.empty()) return 0;
  char last = text.back();
  constexpr std::array<int, 10> digits = {21, 8, 0, 16, 0, 0, 1, 8, 8, 0};  // 영 일 이 삼 사 오 육 칠 팔 구
  if (last >= '0' && last <= '9') return digits[static_cast<size_t>(last - '0')];
  if (last == 'l' || last == 'L' || last == 'r' || last == 'R') return 8;
  if (last == 'm' || last == 'M' || last == 'n' || last == 'N') return 16;
  if (text.size() < 3) return 0;
  auto byte = [&](size_t from_end) { return static_cast<unsigned char>(text[text.size() - from_end]); };
  int32_t code = (byte(3) & 0x0f) << 12 | (byte(2) & 0x3f) << 6 | (byte(1) & 0x3f);
  bool is_syllable = (byte(3) & 0xf0) == 0xe0 && code >= 0xac00 && code <= 0xd7a3;
  return is_syllable ? (code - 0xac00) % 28 : 0;
}

// "은/는", "이/가", "을/를", "과/와", "으로/로": the first after a consonant.
std::string_view particle(std::string_view pair, std::string_view after) {
  size_t slash = pair.find('/');
  std::string_view closed = pair.substr(0, slash), open = pair.substr(slash + 1);
  int final = final_consonant(after);
  if (closed == "으로" && final == 8) return open;
  return final > 0 ? closed : open;
}

// ---- templates

const Argument* find(const Arguments& arguments, std::string_view name) {
  for (const auto& [known, argument] : arguments)
    if (known == name) return &argument;
  return nullptr;
}

std::string_view cut(std::string_view& text, char at) {  // what is before it; the rest stays in `text`
  size_t end = std::min(text.find(at), text.size());
  std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

// {name}, {name:.2} with two decimals, {name:명} with a unit, {name|one|many}, {name|은/는}: what
// cmake/words.py lets through.
std::string filled_in(std::string_view text, const Arguments& arguments, const Words& words,
                      size_t language) {
  std::string out;
  while (!text.empty()) {
    out += cut(text, '{');
    if (text.empty()) break;
    std::string_view use = cut(text, '}');
    bool is_choice = use.find('|') != use.npos;
    std::string_view name = cut(use, is_choice ? '|' : ':');
    const Argument* argument = find(arguments, name);
    if (!argument) continue;  // of an older or newer version
    Writer write{language};
    if (!is_choice && use.starts_with('.')) write.decimals = use[1] - '0';
    else if (!is_choice) write.unit = use;
    std::string value = std::visit(write, *argument);
    if (const Word* word = std::get_if<Word>(argument))
      value = label_of(words, word->value).in(static_cast<Language>(language));
    if (!is_choice) {
      out += value;
    } else if (use.find('/') != use.npos) {
      out += particle(use, value);
    } else {
      std::string_view one = cut(use, '|');
      const Count* count = std::get_if<Count>(argument);
      out += count && count->value == 1 ? one : use;
    }
  }
  return out;
}

}  // namespace

// ---- languages

std::span<const LanguageInfo> languages() {
  static const auto all = [] {
    std::array<LanguageInfo, language_count> out;
    for (size_t i = 0; i < language_count; ++i) out[i] = {language_rules[i].code, language_rules[i].name};
    return out;
  }();
  return all;
}

const std::string& Text::in(Language language) const {
  static const std::string nothing;
  auto at = static_cast<size_t>(language);
  if (at < by_language_.size() && !by_language_[at].empty()) return by_language_[at];
  return by_language_.empty() ? nothing : by_language_[0];
}

// ---- words

Text Words::text(std::string_view key) const {
  auto at = std::lower_bound(entries.begin(), entries.end(), key,
                             [](const WordEntry& entry, std::string_view k) { return entry.key < k; });
  if (at == entries.end() || at->key != key) return {};
  return Text(std::vector<std::string>(std::begin(at->texts), std::end(at->texts)));
}

const Words& shared_words() { return shared::all; }

Text label_of(const Words& words, std::string_view value) {
  std::string key = fmt::format("label.{}", value);
  Text text = words.text(key);
  if (text.empty()) text = shared_words().text(key);
  if (size_t colon = value.find(':'); text.empty() && colon != value.npos) {
    Text of = label_of(words, value.substr(0, colon));
    std::vector<std::string> out;
    for (size_t i = 0; i < language_count; ++i)
      out.push_back(fmt::format("{} {}", of.in(static_cast<Language>(i)), value.substr(colon + 1)));
    return Text(std::move(out));
  }
  return text.empty() ? Text(std::vector<std::string>(language_count, std::string(value))) : text;
}

Text written(const Argument& argument) {
  std::vector<std::string> out;
  for (size_t language = 0; language < language_count; ++language)
    out.push_back(std::visit(Writer{language}, argument));
  return Text(std::move(out));
}

Text render(const Words& words, const Sentence& sentence) {
  Text form = words.text("sentence." + sentence.id);
  if (form.empty()) return {};
  std::vector<std::string> out;
  for (size_t language = 0; language < language_count; ++language)
    out.push_back(filled_in(form.in(static_cast<Language>(language)), sentence.arguments, words, language));
  return Text(std::move(out));
}

bool is_sound(const Sentence& sentence) {
  return std::all_of(sentence.arguments.begin(), sentence.arguments.end(), [](const auto& named) {
    return std::visit(
        [](const auto& of) {
          if constexpr (requires { of.bounds; })
            return std::isfinite(static_cast<double>(of.value)) &&
                   (!of.bounds || (std::isfinite(of.bounds->lo) && std::isfinite(of.bounds->hi)));
          else return true;
        },
        named.second);
  });
}

// ---- what a run keeps

namespace {

constexpr const char* kinds[] = {"count", "share", "points", "change", "number", "amount",
                                 "gain",  "date",  "period", "name",   "word",   "text"};
static_assert(std::size(kinds) == std::variant_size_v<Argument>);

// A store may have been written by anybody: what no run of ours keeps is none of its sentences.
struct Strange {};
double number_of(const Json& json) {
  auto number = json.get<double>();
  if (!(std::abs(number) <= 1e18)) throw Strange();
  return number;
}
Date day_of(const Json& json) {
  double days = number_of(json);
  if (std::abs(days) > 3'000'000) throw Strange();  // some eight thousand years
  return Date{static_cast<int32_t>(days)};
}

template <size_t kind>
std::optional<Argument> read_as(const Json& json) {
  using Of = std::variant_alternative_t<kind, Argument>;
  if constexpr (std::is_same_v<Of, Date>) {
    return day_of(json.at("day"));
  } else if constexpr (std::is_same_v<Of, Period>) {
    return Period{day_of(json.at("from")), day_of(json.at("until"))};
  } else if constexpr (std::is_same_v<Of, Name>) {
    return Name{json.at("text").get<std::string>()};
  } else if constexpr (std::is_same_v<Of, Word>) {
    return Word{json.at("value").get<std::string>()};
  } else if constexpr (std::is_same_v<Of, Text>) {
    std::vector<std::string> out;
    for (const LanguageInfo& language : languages())
      out.push_back(json.value(std::string(language.code), std::string()));
    return Text(std::move(out));
  } else {
    auto value = static_cast<decltype(Of::value)>(number_of(json.at("value")));
    if (!json.contains("lo")) return Of(value);
    return Of(value, Interval{number_of(json.at("lo")), number_of(json.at("hi"))});
  }
}

template <size_t... kind>
std::optional<Argument> read(const Json& json, std::index_sequence<kind...>) {
  std::optional<Argument> out;
  std::string name = json.at("is").get<std::string>();
  ((name == kinds[kind] ? void(out = read_as<kind>(json)) : void()), ...);
  return out;
}

}  // namespace

std::string to_json(const Arguments& arguments) {
  Json json = Json::object();
  for (const auto& [name, argument] : arguments) {
    Json& out = json[name] = {{"is", kinds[argument.index()]}};
    std::visit(
        [&](const auto& of) {
          using Of = std::decay_t<decltype(of)>;
          if constexpr (std::is_same_v<Of, Date>) out["day"] = of.days;
          else if constexpr (std::is_same_v<Of, Period>)
            out["from"] = of.from.days, out["until"] = of.until.days;
          else if constexpr (std::is_same_v<Of, Name>) out["text"] = of.text;
          else if constexpr (std::is_same_v<Of, Text>)
            for (size_t i = 0; i < language_count; ++i)
              out[std::string(languages()[i].code)] = of.in(static_cast<Language>(i));
          else out["value"] = of.value;
          if constexpr (requires { of.bounds; })
            if (of.bounds) out["lo"] = of.bounds->lo, out["hi"] = of.bounds->hi;
        },
        argument);
  }
  return json.dump();
}

std::optional<Arguments> arguments_from_json(std::string_view text) {
  constexpr size_t most_bytes = 1 << 16;
  if (text.size() > most_bytes) return std::nullopt;
  try {
    Arguments out;
    Json parsed = Json::parse(text);
    if (!parsed.is_object()) return std::nullopt;
    for (const auto& [name, json] : parsed.items()) {
      auto argument = read(json, std::make_index_sequence<std::variant_size_v<Argument>>());
      if (!argument) return std::nullopt;
      out.emplace_back(name, *argument);
    }
    return out;
  } catch (const Json::exception&) {
    return std::nullopt;
  } catch (const Strange&) {
    return std::nullopt;
  }
}

}  // namespace danggol
