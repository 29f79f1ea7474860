#include "completion.h"

#include <fmt/format.h>

#include <algorithm>

#include "danggol/engine.h"
#include "output.h"
#include "shell/bash.sh.h"
#include "shell/fish.fish.h"
#include "shell/zsh.zsh.h"
#include "tree.h"

namespace danggol::cli {
namespace {

struct Candidate {
  std::string word, help;
};
using Candidates = std::vector<Candidate>;

Candidates all_commands(const CLI::App& at) {
  Candidates out;
  for (const CLI::App* command : commands(at))
    out.push_back({command->get_name(), command->get_description()});
  return out;
}

Candidates rooms() {
  Candidates out;
  for (const AnalysisInfo& info : Engine::analyses()) out.push_back({info.name, info.title.in(Language::en)});
  return out;
}

Candidates tables() {
  Candidates out;
  for (const AnalysisInfo& info : Engine::analyses())
    for (const TableInfo& table : info.writes) out.push_back({table.name, table.title.in(Language::en)});
  return out;
}

bool is_list(const CLI::Option& option) { return option.get_delimiter() == ','; }

// Its placeholder says what an option takes: a|b|c, ROOM, TABLE, or something that nobody can list.
Candidates values(const CLI::Option& option, bool is_first) {
  std::string type = option.get_type_name();
  Candidates out;
  if (type.starts_with("ROOM")) return rooms();
  if (type.starts_with("TABLE")) return tables();
  if (type.starts_with("[PRESET]") && is_first)
    for (const std::string& preset : Engine::presets()) out.push_back({preset, "preset"});
  if (type.find('|') != type.npos)
    for (const std::string& choice : CLI::detail::split(type, '|')) out.push_back({choice, ""});
  return out;
}

bool takes_files(const CLI::Option& option) {
  std::string type = option.get_type_name();
  return type.starts_with("FILE") || type == "DIR" || type.ends_with("PATH");
}

// What was typed before the word in question.
struct Before {
  const CLI::App* at;
  const CLI::Option* open = nullptr;  // a flag that waits for its value
  size_t words = 0;                   // that are no commands and no flags

  void read(const std::string& word) {
    if (open) {
      open = nullptr;
    } else if (word.starts_with("--")) {
      const CLI::Option* flag = flag_named(*at, word.substr(2));
      if (flag && flag->get_items_expected_max() > 0) open = flag;
    } else if (const CLI::App* inner = command_named(*at, word)) {
      at = inner;
      if (word == "help") at = at->get_parent();  // of which more commands follow
    } else {
      ++words;
    }
  }
  // The option that a word without dashes is for.
  const CLI::Option* positional() const {
    auto all = at->get_options([](const CLI::Option* option) { return option->get_positional(); });
    if (all.empty()) return nullptr;
    bool is_one_of_many = words >= all.size() && all.back()->get_items_expected_max() > 1;
    return words < all.size() ? all[words] : is_one_of_many ? all.back() : nullptr;
  }
};

}  // namespace

std::string complete(const CLI::App& app, const std::vector<std::string>& words) {
  Before before{&app};
  for (size_t i = 0; i + 1 < words.size(); ++i) before.read(words[i]);
  std::string word = words.empty() ? "" : words.back(), kept;  // the part that stands already
  const CLI::Option* option = before.open;
  size_t equals = word.find('=');
  Candidates found;
  if (!option && word.starts_with("--") && equals != word.npos) {
    option = flag_named(*before.at, word.substr(2, equals - 2));
    if (!option) return "";
    kept = word.substr(0, equals + 1);
  } else if (!option && word.starts_with('-')) {
    for (const CLI::Option* flag : flags(*before.at))
      found.push_back({"--" + flag->get_lnames()[0], flag->get_description()});
  } else if (!option) {
    found = all_commands(*before.at);
    if (found.empty()) option = before.positional();
  }
  bool files = option && takes_files(*option);
  if (option) {
    if (is_list(*option)) kept = word.substr(0, std::max(kept.size(), word.rfind(',') + 1));
    found = values(*option, before.words == 0);
  }
  std::string out;
  for (const auto& [name, help] : found)
    if ((kept + name).starts_with(word)) out += fmt::format("{}{}\t{}\n", kept, name, help);
  return out + (files ? ":files\n" : "");
}

Status completion(const Options& options) {
  print(std::string(options.target == "bash"  ? shell::bash
                    : options.target == "zsh" ? shell::zsh
                                              : shell::fish));
  return {};
}

}  // namespace danggol::cli
