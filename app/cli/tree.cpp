#include "tree.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <map>

#include "commands.h"
#include "completion.h"
#include "danggol/engine.h"
#include "danggol/nearest.h"
#include "mistakes.h"
#include "output.h"

namespace danggol::cli {
namespace {

// Checks of CLI11: what is wrong with the text, or nothing.
std::string not_empty(const std::string& text) { return text.empty() ? ": must name a file" : ""; }

std::string whole_number(const std::string& text) {
  bool is_one = !text.empty() && text.find_first_not_of("0123456789") == text.npos && text.size() <= 18;
  return is_one ? "" : text + ": must be a whole number, 0 or more";
}

std::string up_to_100(const std::string& text) {
  bool is_one =
      whole_number(text).empty() && text.size() <= 3 && std::stoi(text) >= 1 && std::stoi(text) <= 100;
  return is_one ? "" : text + ": must be a whole number in 1..100";
}

std::string seconds(const std::string& text) {
  char* end = nullptr;
  double read = std::strtod(text.c_str(), &end);
  bool is_good = !text.empty() && *end == 0 && read >= 0.1 && read <= 1e6;
  return is_good ? "" : text + ": must be a number of seconds in 0.1..1000000";
}

std::function<std::string(const std::string&)> one_of(std::vector<std::string> choices) {
  return [choices = std::move(choices)](const std::string& text) -> std::string {
    if (std::find(choices.begin(), choices.end(), text) != choices.end()) return "";
    return fmt::format("{}: must be one of {}{}", text, fmt::join(choices, ", "),
                       nearest_hint(text, choices));
  };
}

// A placeholder and what a help text adds of limits.
std::string placeholder(const ParamInfo& param) {
  if (!param.choices.empty()) return fmt::format("{}", fmt::join(param.choices, "|"));
  std::string type = name(param.type);
  std::transform(type.begin(), type.end(), type.begin(), [](char c) { return c - 'a' + 'A'; });
  return type;
}

std::string limits(const ParamInfo& param) {
  std::string out;
  if (param.least) out += fmt::format("{}..{}", *param.least, *param.most);
  if (!param.default_text.empty()) out += (out.empty() ? "" : ", ") + ("default " + param.default_text);
  if (param.type == ParamType::date) out += fmt::format("such as --{}=2011-10-01", param.name);
  if (param.type == ParamType::group)
    out += fmt::format("such as --{}=raw.customer:region=Seoul", param.name);
  return out.empty() ? "" : " (" + out + ")";
}

struct ImportFlag {
  std::string name, help, placeholder, example;
};

std::vector<ImportFlag> import_flags() {
  static const std::map<std::string, std::string> names_of_columns = {
      {"customer", "wer"},         {"time", "wann"},
      {"hour", "stunde"},          {"product", "sku"},
      {"product-name", "artikel"}, {"quantity", "menge"},
      {"price", "\"unit price\""}, {"amount", "\"line total\""},
      {"receipt", "bon"},          {"action", "status"},
      {"partner", "seller"},       {"channel", "kanal"},
      {"branch", "filiale"},       {"region", "plz"},
      {"gender", "sex"},           {"age", "\"age group\""},
      {"class-top", "department"}, {"class-middle", "aisle"},
      {"brand", "maker"},          {"offer", "coupon"},
      {"propensity", "chance"}};
  std::vector<ImportFlag> flags;
  for (const std::string& role : Engine::column_roles()) {
    auto example = names_of_columns.find(role);
    flags.push_back({role, fmt::format("the column that holds the {}; - for none", role), "COLUMN",
                     example == names_of_columns.end() ? "" : example->second});
  }
  const std::vector<ImportFlag> rules = {
      {"all-actions", "what every row is, where no column says it", "ACTION", "view"},
      {"action-values", "what values of the action column mean; none for no event",
       "VALUE=ACTION,VALUE=ACTION...", "shipped=purchase,lost=canceled,test=none"},
      {"negative-rows", "what a purchase of a negative amount or quantity is", "return|sale", ""},
      {"amount-of", "whose the amount is; of an order, whose rows stand together, it counts once",
       "line|order", ""},
      {"cancel-prefix", "receipts that start so are cancellations", "TEXT", "C"},
      {"hold-out", "offers that are none: of whom was held out by chance", "NAME,NAME...",
       "No E-Mail,control"},
      {"nobody", "ids that are no customer's, such as a till's", "ID,ID...", "0,CASH"},
      {"time-format", "how 1/2/2010 is to be read, where the column does not show it",
       "auto|mdy|dmy|ymd|unix", ""},
      {"zone", "the shop's time zone, by whose clocks instants are told", "AREA/CITY", "Asia/Seoul"},
      {"decimal", "the decimal mark of numbers, where the columns do not show it", ".|,", ""},
      {"header", "the names of the columns, where no line of the file has them", "NAME,NAME...",
       "customer,time,amount"},
      {"encoding", "of the files' text, where their bytes do not show it", "NAME", "cp949"}};
  flags.insert(flags.end(), rules.begin(), rules.end());
  return flags;
}

Status tell(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* at = &app;
  for (const std::string& word : words) {
    const CLI::App* inner = command_named(*at, word);
    if (!inner) return no_such_command(*at, word);
    at = inner;
  }
  print(at->get_formatter()->make_help(at, path(*at), CLI::AppFormatMode::Normal));
  return {};
}

class Grower {
 public:
  Grower(CLI::App& app, Options& options) : app_(app), options_(options) {}

  void grow() {
    app_.set_version_flag("--version", DANGGOL_VERSION);
    app_.require_subcommand(1);
    with_language(with_json(with_store(&app_)));  // before the command or after it
    loading();
    running();
    reading();
    telling();
  }

 private:
  CLI::App* command(const char* name, const char* help, Command* does) {
    CLI::App* sub = app_.add_subcommand(name, help);
    sub->callback([&options = options_, does] { options.does = does; });
    return sub;
  }
  CLI::App* with_store(CLI::App* sub) {
    sub->add_option("--store", options_.store, "the store's file; else $DANGGOL_STORE, else ./danggol.duckdb")
        ->type_name("FILE");
    sub->add_option("--memory", options_.memory,
                    "the most that may be held in memory, such as 512MB (default 4GB)")
        ->type_name("SIZE");
    return sub;
  }
  CLI::App* with_json(CLI::App* sub) {
    sub->add_flag("--json", options_.json, "answer in JSON");
    return sub;
  }
  static void choice(CLI::Option* option, const std::vector<std::string>& choices) {
    option->check(one_of(choices), "")->type_name(fmt::format("{}", fmt::join(choices, "|")));
  }
  CLI::App* with_language(CLI::App* sub) {
    std::vector<std::string> codes;
    for (const LanguageInfo& known : languages()) codes.emplace_back(known.code);
    choice(sub->add_option("--lang", options_.language, "language of sentences"), codes);
    return sub;
  }
  CLI::App* with_format(CLI::App* sub, const std::vector<std::string>& formats) {
    choice(sub->add_option("--format", options_.format, "of the rows"), formats);
    sub->add_option("--out", options_.out, "write to this file instead of stdout")
        ->check(not_empty, "")
        ->type_name("FILE");
    sub->add_flag("--plain", options_.plain,
                  "CSV as it is: no byte-order mark, no apostrophe before formulas");
    return sub;
  }
  CLI::App* with_files(CLI::App* sub) {
    sub->add_option("files", options_.words,
                    fmt::format("files, folders, zips, BOOK.xlsx/SHEET; presets: {}",
                                fmt::join(Engine::presets(), ", ")))
        ->required()
        ->type_name("[PRESET] PATH");
    sub->add_option("--map", options_.import.map_file,
                    "TOML with [columns] role = \"column\", [rules] and [action_values]")
        ->type_name("FILE");
    for (const ImportFlag& flag : import_flags())
      sub->add_option_function<std::string>(
             "--" + flag.name,
             [&options = options_, name = flag.name](const std::string& text) {
               options.import.columns[name] = text;
             },
             flag.help +
                 (flag.example.empty() ? "" : fmt::format(" (such as --{}={})", flag.name, flag.example)))
          ->type_name(flag.placeholder);
    return sub;
  }
  void with_params(CLI::App* sub, const std::vector<ParamInfo>& params) {
    for (const auto& param : params) {
      std::string name = param.name, help = param.help.in(Language::en);
      if (param.type == ParamType::boolean) {  // --name alone says true; --name=false
        sub->add_flag("--" + name, options_.flags[name], help);
        continue;
      }
      sub->add_option_function<std::string>(
             "--" + name,
             [&options = options_, name](const std::string& text) { options.params[name] = text; },
             help + limits(param))
          ->type_name(placeholder(param));
    }
  }

  void loading() {
    with_language(with_store(with_json(with_files(
        command("check", "look at files without importing: format, columns, rows, rejects", check)))));
    auto* settling = with_language(with_store(
        with_json(command("set", "what the shop settles once, in danggol.toml beside the store", set))));
    settling
        ->add_option("settings", options_.words, "such as shop.currency=KRW; an empty value takes it away")
        ->type_name("SECTION.NAME=VALUE");
    auto* load = with_language(
        with_store(with_json(with_files(command("import", "load files into the store", cli::import)))));
    choice(load->add_option("--on-overlap", options_.import.on_overlap,
                            "what to do with rows that are in the store already (default refuse)"),
           {"refuse", "skip", "keep"});
    load->add_option("--replace", options_.import.replace,
                     "loads whose place this one takes (such as --replace=3,4)")
        ->delimiter(',')
        ->check(whole_number, "")
        ->type_name("LOAD,...");
    with_language(with_store(with_json(command("loads", "what was imported, by number", loads))));
    auto* undo = with_language(
        with_store(with_json(command("unload", "take loads out again, as if they had never come", unload))));
    undo->add_option("loads", options_.unload.loads, "numbers of loads, as danggol loads names them")
        ->required()
        ->delimiter(',')
        ->check(whole_number, "")
        ->type_name("LOAD");
    auto* erasing = with_language(with_store(
        with_json(command("forget", "take people out for good, with all that rests on them", forget))));
    erasing->add_option("ids", options_.forget.ids, "customer ids (such as 12748 14911)")
        ->required()
        ->type_name("ID");
    erasing->add_flag("--dry-run", options_.forget.dry_run, "only say what would go");
    auto* suppressing = with_language(with_store(
        with_json(command("suppress", "customers never to contact, from now on, in any list", suppress))));
    suppressing->add_option("ids", options_.words, "customer ids, however separated")->type_name("ID");
    suppressing->add_option("--file", options_.suppress.file, "a list of them, or a table with their column")
        ->type_name("FILE");
    suppressing->add_flag("--remove", options_.suppress.remove, "contact them again");
    auto* consenting = with_language(with_store(with_json(command(
        "consent", "through which media customers agreed to be contacted; alone: how many", consent))));
    consenting->add_option("ids", options_.consent.ids, "customer ids (such as 12748 14911)")
        ->type_name("ID");
    consenting->add_option("--media", options_.consent.media, "some of sms, push, email, kakao, night")
        ->delimiter(',')
        ->type_name("MEDIUM,...");
    consenting->add_flag("--refuse", options_.refuses, "they refuse these media");
    consenting
        ->add_option("--date", options_.consent.date, "of what they said (such as 2024-01-31); else today")
        ->type_name("DATE");
    consenting
        ->add_option("--file", options_.consent.file,
                     "a table of customers with a column each medium, or with columns medium and consent")
        ->type_name("FILE");
  }

  void running() {
    auto* one = app_.add_subcommand("run", "run one analysis; danggol list names them");
    one->require_subcommand(1);
    with_language(with_json(with_store(one)));
    for (const AnalysisInfo& info : Engine::analyses()) {
      auto* sub = one->add_subcommand(info.name, info.question.in(Language::en));
      sub->callback([&options = options_, name = info.name] { options.room = name, options.does = run; });
      with_store(with_json(with_language(sub)));
      with_params(sub, info.params);
      if (info.contacts) with_params(sub, Engine::suppress_params());
      with_params(sub, Engine::run_params());
    }
    auto* all = with_language(
        with_store(with_json(command("pipeline", "run every analysis the store has data for", pipeline))));
    all->add_option("--report", options_.report_path, "write the HTML report here")
        ->check(not_empty, "")
        ->type_name("FILE.html");
    all->add_option("--rooms", options_.rooms, "only these analyses, comma-separated")
        ->delimiter(',')
        ->type_name("ROOM,...");
    all->add_flag("--force", options_.force, "run again what is unchanged, too");
    with_params(all, Engine::run_params());
  }

  void reading() {
    auto* rows = with_format(
        with_language(with_store(with_json(command("show", "print a table, such as result.rfm", show)))),
        {"text", "csv", "json", "parquet", "xlsx"});
    rows->add_option("table", options_.target, "schema.table")->required()->type_name("TABLE");
    rows->add_option("--per-customer", options_.per_customer,
                     "one row a customer: the first N of the table's beside one another")
        ->check(up_to_100, "")
        ->type_name("N");
    rows->add_option("--limit", options_.limit, "at most this many rows")
        ->check(whole_number, "")
        ->type_name("N");
    auto* select = with_format(with_store(with_json(command("sql", "read-only SQL over the store", sql))),
                               {"text", "csv", "json", "xlsx"});
    select->add_option("statement", options_.target, "a SELECT")->required()->type_name("SQL");
    select->add_option("--rows", options_.sql.rows, "the most rows it may have (default 1000000)")
        ->check(whole_number, "")
        ->type_name("N");
    select->add_option("--seconds", options_.sql.seconds, "the longest it may take (default 60)")
        ->check(seconds, "")
        ->type_name("N");
    auto* page =
        with_language(with_store(command("report", "write the HTML report from the newest results", report)));
    page->add_option("file", options_.target, "the file to write")->required()->type_name("FILE.html");
  }

  void telling() {
    auto* shops = app_.add_subcommand("simulate", "write a shop that never was, with its truth beside it");
    shops->require_subcommand(1);
    for (const SimulatorInfo& info : Engine::simulators()) {
      auto* sub = shops->add_subcommand(info.name, info.title.in(Language::en));
      sub->callback(
          [&options = options_, name = info.name] { options.simulator = name, options.does = simulate; });
      sub->add_option("--out", options_.out, "the folder to write to")->required()->type_name("DIR");
      with_params(sub, info.params);
    }
    with_language(with_json(command("list", "every analysis and its question", list)));
    with_language(with_json(command("describe", "one analysis: parameters, tables, method", describe)))
        ->add_option("room", options_.room, "the analysis")
        ->required()
        ->type_name("ROOM");
    auto* script = command("completion", "a script that completes danggol's words in a shell", completion);
    choice(script->add_option("shell", options_.target, "such as: source <(danggol completion bash)")
               ->required(),
           {"bash", "zsh", "fish"});
    command("version", "danggol's version", version);
    auto* help = app_.add_subcommand("help", "what a command does and takes");
    help->add_option("command", options_.words, "such as: run rfm")->type_name("COMMAND");
    help->callback([&app = app_, &options = options_] {
      options.does = [&app](const Options& asked) { return tell(app, asked.words); };
    });
  }

  CLI::App& app_;
  Options& options_;
};

}  // namespace

void grow(CLI::App& app, Options& options) { Grower(app, options).grow(); }

std::string path(const CLI::App& command) {
  return (command.get_parent() ? path(*command.get_parent()) + " " : "") + command.get_name();
}

std::vector<const CLI::App*> commands(const CLI::App& command) {
  return command.get_subcommands([](const CLI::App*) { return true; });
}

const CLI::App* command_named(const CLI::App& command, std::string_view name) {
  for (const CLI::App* sub : commands(command))
    if (sub->get_name() == name) return sub;
  return nullptr;
}

std::vector<const CLI::Option*> flags(const CLI::App& command) {
  return command.get_options([](const CLI::Option* option) { return !option->get_lnames().empty(); });
}

const CLI::Option* flag_named(const CLI::App& command, std::string_view name) {
  for (const CLI::Option* flag : flags(command))
    if (flag->get_lnames()[0] == name) return flag;
  return nullptr;
}

std::vector<std::string> names(const std::vector<const CLI::App*>& commands) {
  std::vector<std::string> out;
  for (const CLI::App* command : commands) out.push_back(command->get_name());
  return out;
}

std::vector<std::string> names(const std::vector<const CLI::Option*>& flags) {
  std::vector<std::string> out;
  for (const CLI::Option* flag : flags) out.push_back(flag->get_lnames()[0]);
  return out;
}

}  // namespace danggol::cli
