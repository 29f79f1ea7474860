#include "mistakes.h"

#include <fmt/format.h>

#include <algorithm>

#include "danggol/nearest.h"
#include "tree.h"

namespace danggol::cli {
namespace {

Error wrong(const CLI::App& at, std::string_view what) {
  return {Code::bad_input, fmt::format("{}; see {} --help", what, path(at))};
}

// The innermost command that was understood.
const CLI::App& typed_at(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().back();
  return *at;
}

Error no_such_flag(const CLI::App& at, const std::string& word) {
  std::string flag = word.substr(0, word.find('=')), name = flag.substr(flag.find_first_not_of('-'));
  auto known = names(flags(at));
  if (std::find(known.begin(), known.end(), name) != known.end())
    return wrong(at, fmt::format("{}: must stand behind {}", flag, path(at)));
  std::string near = nearest(name, known);
  return wrong(at, fmt::format("{}: no such flag{}", flag, near.empty() ? "" : ", the nearest is --" + near));
}

// CLI11 names the flag, then what is wrong with its value.
std::string in_our_words(const CLI::ParseError& error) {
  std::string said = error.what(), kind = error.get_name();
  std::string before = said.substr(0, said.find(": "));
  std::string after = said.substr(std::min(before.size() + 2, said.size()));
  if (kind == "ValidationError") return fmt::format("{}={}", before, after);
  if (kind == "ArgumentMismatch") return fmt::format("{}: needs a value", before);
  if (kind == "RequiredError") return fmt::format("no {} given", said.substr(0, said.find(' ')));
  if (size_t equals = after.find(" = "); kind == "ConversionError" && equals != after.npos)  // of a switch
    return fmt::format("{}={}: must be true or false", after.substr(0, equals), after.substr(equals + 3));
  return said.substr(0, said.find('\n'));
}

}  // namespace

Error no_such_command(const CLI::App& parent, const std::string& word) {
  const std::string& of = parent.get_name();
  const char* what = of == "run" ? "analysis" : of == "simulate" ? "simulator" : "command";
  return wrong(parent,
               fmt::format("{}: no such {}{}", word, what, nearest_hint(word, names(commands(parent)))));
}

Error mistake(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& at = typed_at(app);
  auto rest = app.remaining(true);
  bool lacks_command = error.get_name() == "RequiredError" && !commands(at).empty();
  if (!rest.empty() && rest[0].size() > 1 && rest[0].find_first_not_of('-') != rest[0].npos &&
      rest[0][0] == '-')
    return no_such_flag(at, rest[0]);
  if (lacks_command && rest.empty()) return wrong(at, "no command given");
  if (!rest.empty() && !commands(at).empty()) return no_such_command(at, rest[0]);
  if (!rest.empty()) return wrong(at, fmt::format("{}: one word too many", rest[0]));
  return wrong(at, in_our_words(error));
}

}  // namespace danggol::cli
