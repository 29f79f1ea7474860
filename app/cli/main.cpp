// The command line: danggol's declarations turned into flags, its answers into text. Results go to stdout,
// everything else to stderr.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

#include "danggol/engine.h"
#include "danggol/printable.h"
#include "danggol/render.h"
#include "progress_bar.h"

namespace danggol::cli {
namespace {

// Everything the flags can say; each command reads its part.
struct Options {
  std::string store = "./danggol.duckdb";
  std::string language = "en";
  bool json = false;
  // import, check
  ImportRequest import;
  std::vector<std::string> words;  // [PRESET] PATH...
  // run, describe, pipeline
  std::string room;
  std::vector<std::string> rooms;
  ParamTexts params, flags;
  std::string report_path;
  bool force = false;
  // unload, suppress
  UnloadRequest unload;
  SuppressRequest suppress;
  // simulate
  std::string simulator;
  // show, sql, report
  std::string target, format = "text", out;
  bool plain = false;
  int64_t limit = -1, per_customer = 0;
  SqlLimits sql;
  std::string memory;
};

Language language(const Options& options) {
  for (size_t i = 0; i < languages().size(); ++i)
    if (languages()[i].code == options.language) return static_cast<Language>(i);
  return Language::en;
}

RowStyle style(const Options& options) {
  RowStyle style{.plain = options.plain,
                 .for_spreadsheet = !options.out.empty(),
                 .language = language(options),
                 .per_customer = options.per_customer};
  if (options.format == "csv") style.format = Format::csv;
  if (options.format == "parquet") style.format = Format::parquet;
  if (options.format == "xlsx") style.format = Format::xlsx;
  if (options.json || options.format == "json") style.format = Format::json;
  return style;
}

int fail(const Error& error) {
  clear_progress_bar();
  fmt::print(stderr, "danggol: {}\n", printable(error.message));
  return exit_status(error.code);
}

// Ctrl-C and kill end the work in order: the thread that waits for the signal sets a flag that all progress
// looks at, and interrupts the engine until the transaction has rolled back and the program ends with one
// line. What is deaf to that is abandoned, which leaves the store as it was, too; so it is at once after a
// second signal.
class StopOnSignal {
 public:
  static void block() {
    sigset_t set = signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
  }
  static void watch(std::function<bool(bool for_good)> interrupt) {
    std::thread([interrupt = std::move(interrupt)] {
      sigset_t set = signals();
      int number = 0;
      sigwait(&set, &number);
      stop_ = true;
      constexpr timespec pause = {0, 20'000'000};
      for (int round = 0; sigtimedwait(&set, nullptr, &pause) < 0; ++round)
        if (interrupt(round >= patience) && round >= patience) break;
      end(stopped());
    }).detach();
  }
  // Of work that only reads and may be deaf to an interrupt.
  static void end_after(double seconds, Error error) {
    std::thread([seconds, error = std::move(error)] {
      std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
      end(error);
    }).detach();
  }
  static Progress progress() {
    return [bar = progress_bar()](double done, std::string_view what) -> Status {
      if (stop_) return stopped();
      return bar(done, what);
    };
  }

 private:
  static void end(const Error& error) {
    Engine::abandon_outputs();
    fail(error);
    _exit(exit_status(error.code));
  }
  static constexpr int patience = 30;  // pauses
  static inline std::atomic<bool> stop_ = false;
  static sigset_t signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
  }
};

// Only an import makes a store.
Status must_exist(const Options& options) {
  std::error_code error;
  if (std::filesystem::exists(options.store, error) || error) return {};
  return Error{Code::not_found,
               fmt::format("store {}: no such file; run danggol import first", options.store)};
}

// "512MB", "4GB" or a number of bytes.
Result<Engine::Settings> settings(const Options& options) {
  Engine::Settings settings;
  if (options.memory.empty()) return settings;
  constexpr double least = 64e6, most = 1e15;
  char* end = nullptr;
  double bytes = std::strtod(options.memory.c_str(), &end);
  std::string unit = end;
  for (auto [name, factor] : {std::pair("KB", 1e3), {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"", 1.0}})
    if (unit == name) {
      bytes *= factor;
      if (!(bytes >= least && bytes <= most)) break;
      settings.memory_bytes = static_cast<int64_t>(bytes);
      return settings;
    }
  return Error{Code::bad_input,
               fmt::format("--memory={}: must be 64MB or more, such as 512MB or 8GB", options.memory)};
}

// What we print must not end up in the store, whatever the descriptors lead to.
Status keep_off_the_store(const Options& options) {
  struct stat store {
  }, stream{};
  if (::stat(options.store.c_str(), &store) != 0) return {};
  auto is_store = [&](int number) {
    return ::fstat(number, &stream) == 0 && stream.st_dev == store.st_dev && stream.st_ino == store.st_ino;
  };
  if (is_store(STDERR_FILENO)) {
    int null = ::open("/dev/null", O_WRONLY);
    ::dup2(null, STDERR_FILENO);
    ::close(null);
  }
  if (is_store(STDOUT_FILENO))
    return Error{Code::refused,
                 fmt::format("standard output is the store {}; name another file", options.store)};
  return {};
}

// A single value of SQL may be larger than all that is counted beforehand; from here on the system refuses
// it.
void bound_memory(int64_t bytes) {
  constexpr rlim_t spare = 256 << 20;  // answers on their way out
  std::string word;
  rlim_t held = 0;
  for (std::ifstream status("/proc/self/status"); status >> word;)
    if (word == "VmData:") status >> held;
  rlimit limit{};
  if (::getrlimit(RLIMIT_DATA, &limit) != 0) return;
  limit.rlim_cur = std::min(limit.rlim_max, held * 1'024 + static_cast<rlim_t>(bytes) + spare);
  ::setrlimit(RLIMIT_DATA, &limit);
}

Result<Engine> open(const Options& options, Engine::Access access) {
  TRY(keep_off_the_store(options));
  Engine::Settings given = TRY(settings(options));
  Engine engine = TRY(Engine::open(options.store, access, given));
  StopOnSignal::watch(engine.interrupter());
  if (access == Engine::Access::read) bound_memory(given.memory_bytes);
  return engine;
}

void print(const std::string& text) {
  clear_progress_bar();
  std::string shown = printable_lines(text);
  std::fwrite(shown.data(), 1, shown.size(), stdout);
  if (!text.ends_with('\n')) std::fputc('\n', stdout);
}

// The first word is a preset if one has that name; the rest are files.
ImportRequest import_request(const Options& options) {
  ImportRequest request = options.import;
  auto presets = Engine::presets();
  size_t first = 0;
  if (!options.words.empty() &&
      std::find(presets.begin(), presets.end(), options.words[0]) != presets.end()) {
    request.preset = options.words[0];
    first = 1;
  }
  request.paths.assign(options.words.begin() + static_cast<int64_t>(first), options.words.end());
  return request;
}

Status check(const Options& options) {
  StopOnSignal::watch([](bool) { return true; });
  auto files = TRY(Engine::check(import_request(options), StopOnSignal::progress()));
  print(options.json ? to_json(files) : to_text(files, language(options)));
  return {};
}

Status import(const Options& options) {
  Engine engine = TRY(open(options, Engine::Access::write));
  auto files = TRY(engine.import(import_request(options), StopOnSignal::progress()));
  print(options.json ? to_json(files) : to_text(files, language(options)));
  return {};
}

Status loads(const Options& options) {
  Engine engine = TRY(open(options, Engine::Access::read));
  auto loads = TRY(engine.loads());
  print(options.json ? to_json(loads) : to_text(loads, language(options)));
  return {};
}

Status unload(const Options& options) {
  TRY(must_exist(options));
  Engine engine = TRY(open(options, Engine::Access::write));
  auto loads = TRY(engine.unload(options.unload));
  print(options.json ? to_json(loads) : to_text(loads, language(options)));
  return {};
}

Status suppress(const Options& options) {
  TRY(must_exist(options));
  SuppressRequest request = options.suppress;
  request.ids = fmt::format("{}", fmt::join(options.words, "\n"));
  if (request.ids.empty() && request.file.empty())
    return Error{Code::bad_input, "suppress: no customer named; give ids or --file FILE"};
  Engine engine = TRY(open(options, Engine::Access::write));
  auto summary = TRY(engine.suppress(request));
  print(options.json ? to_json(summary) : to_text(summary, language(options)));
  return {};
}

// Rows to --out or, where there is none, to stdout.
Status write(const Engine& engine, const Options& options, const std::function<Status(std::ostream&)>& rows) {
  if (options.out.empty() && style(options).format == Format::xlsx)
    return Error{Code::bad_input, "--format xlsx: needs --out FILE"};
  if (options.out.empty()) return rows(std::cout);
  Output file = TRY(engine.output(options.out));
  if (auto outcome = rows(file.stream()); !outcome && file.stream()) return outcome;
  return file.commit();  // which says what is wrong with the file
}

Status run(const Options& options) {
  AnalysisInfo info = TRY(Engine::analysis(options.room));
  if (info.kind == Kind::query) {
    Engine engine = TRY(open(options, Engine::Access::read));
    std::vector<Text> lacks;
    auto rows = [&](std::ostream& out) -> Status {
      lacks = TRY(engine.answer(options.room, options.params, style(options), out));
      return {};
    };
    TRY(write(engine, options, rows));
    for (const Text& text : lacks) fmt::print(stderr, "danggol: {}\n", printable(text.in(language(options))));
    return {};
  }
  TRY(must_exist(options));
  Engine engine = TRY(open(options, Engine::Access::write));
  auto summary = TRY(engine.run(options.room, options.params, StopOnSignal::progress()));
  print(options.json ? to_json(summary) : to_text(summary, language(options)));
  return {};
}

Status pipeline(const Options& options) {
  TRY(must_exist(options));
  Engine engine = TRY(open(options, Engine::Access::write));
  if (!options.report_path.empty()) TRY(engine.check_output(options.report_path));
  auto summary =
      TRY(engine.pipeline({options.rooms, options.params, options.force}, StopOnSignal::progress()));
  if (!options.report_path.empty()) TRY(engine.report(options.report_path, language(options)));
  print(options.json ? to_json(summary) : to_text(summary, language(options)));
  if (summary.failed.empty()) return {};
  const auto& [room, error] = summary.failed[0];
  return Error{error.code, fmt::format("pipeline: {} of {} analyses failed, the first of them {}: {}",
                                       summary.failed.size(), summary.failed.size() + summary.runs.size(),
                                       room, error.message)};
}

Status show(const Options& options) {
  Engine engine = TRY(open(options, Engine::Access::read));
  if (style(options).format == Format::parquet) {
    if (options.out.empty()) return Error{Code::bad_input, "--format parquet: needs --out FILE"};
    if (options.per_customer > 0)
      return Error{Code::bad_input, "--per-customer: is for text, csv, json and xlsx"};
    return engine.export_parquet(options.target, options.limit, options.out);
  }
  return write(engine, options, [&](std::ostream& out) {
    return engine.show(options.target, options.limit, style(options), out);
  });
}

Status sql(const Options& options) {
  Engine engine = TRY(open(options, Engine::Access::read));
  StopOnSignal::end_after(options.sql.seconds + 1, options.sql.too_slow());
  return write(engine, options, [&](std::ostream& out) {
    return engine.sql(options.target, style(options), options.sql, out);
  });
}

Status report(const Options& options) {
  Engine engine = TRY(open(options, Engine::Access::read));
  TRY(engine.report(options.target, language(options)));
  print(options.target);
  return {};
}

Status simulate(const Options& options) {
  StopOnSignal::watch([](bool) { return true; });
  TRY(Engine::simulate(options.simulator, options.params, options.out, StopOnSignal::progress()));
  print(options.out);
  return {};
}

Status list(const Options& options) {
  auto analyses = Engine::analyses();
  print(options.json ? to_json(analyses) : to_text(analyses, language(options)));
  return {};
}

Status describe(const Options& options) {
  AnalysisInfo info = TRY(Engine::analysis(options.room));
  auto add = [&](const std::vector<ParamInfo>& params) {
    info.params.insert(info.params.end(), params.begin(), params.end());
  };
  if (info.contacts) add(Engine::suppress_params());
  add(Engine::run_params());
  print(options.json ? to_json(info) : to_text(info, language(options)));
  return {};
}

std::string not_empty(const std::string& text) { return text.empty() ? "must name a file" : ""; }

using Command = Status (*)(const Options&);

// A check of CLI11: what is wrong with the text, or nothing.
std::string not_negative(const std::string& text) {
  return text.starts_with('-') ? text + ": must be 0 or more" : "";
}

// What was typed wrong, in one line. CLI11 says only that a command is missing where one was misspelt.
std::string what_is_wrong(const CLI::App& app, const CLI::ParseError& error) {
  std::string message = error.what();
  bool no_command = error.get_name() == "RequiredError" && message.starts_with("A subcommand");
  if (auto rest = app.remaining(true); no_command && !rest.empty()) message = rest[0] + ": no such command";
  else if (no_command) message = "no command given";
  return message.substr(0, message.find('\n')) + "; see danggol --help";
}

void add_params(CLI::App& app, const std::vector<ParamInfo>& params, Options& options) {
  for (const auto& param : params) {
    std::string name = param.name, help = param.help.in(Language::en);
    if (param.type == ParamType::boolean) {  // --name alone says true; --name=false
      app.add_flag("--" + name, options.flags[name], help);
      continue;
    }
    if (!param.default_text.empty()) help += fmt::format(" (default {})", param.default_text);
    auto* option = app.add_option_function<std::string>(
        "--" + name, [&options, name](const std::string& text) { options.params[name] = text; }, help);
    option->type_name(param.choices.empty() ? danggol::name(param.type)
                                            : fmt::format("{}", fmt::join(param.choices, "|")));
  }
}

// A closed descriptor would be given to the next file that is opened: the store, perhaps.
void open_standard_descriptors() {
  for (int number = 0; number <= 2; ++number)
    if (::fcntl(number, F_GETFD) < 0) (void)!::open("/dev/null", number == 0 ? O_RDONLY : O_WRONLY);
}

int main(int argc, char** argv) {
  open_standard_descriptors();
  umask(S_IRWXG | S_IRWXO);  // what we write says who bought what
  StopOnSignal::block();     // before any thread is made
  Options options;
  Command chosen = nullptr;
  if (const char* store = std::getenv("DANGGOL_STORE")) options.store = store;

  CLI::App app("danggol: who your customers are, what they will do next, and whom to contact", "danggol");
  app.set_version_flag("--version", DANGGOL_VERSION);
  app.require_subcommand(1);
  auto command = [&](CLI::App& parent, const char* name, const char* help, Command does) {
    CLI::App* sub = parent.add_subcommand(name, help);
    sub->callback([&chosen, does] { chosen = does; });
    return sub;
  };
  auto with_store = [&](CLI::App* sub) {
    sub->add_option("--store", options.store, "the store's file; else $DANGGOL_STORE, else ./danggol.duckdb")
        ->type_name("FILE");
    sub->add_option("--memory", options.memory,
                    "the most that may be held in memory, such as 512MB (default 4GB)")
        ->type_name("SIZE");
    return sub;
  };
  auto with_json = [&](CLI::App* sub) {
    sub->add_flag("--json", options.json, "answer in JSON");
    return sub;
  };
  auto with_language = [&](CLI::App* sub) {
    std::vector<std::string> codes;
    for (const LanguageInfo& known : languages()) codes.emplace_back(known.code);
    sub->add_option("--lang", options.language, "language of sentences")
        ->check(CLI::IsMember(codes))
        ->type_name(fmt::format("{}", fmt::join(codes, "|")));
    return sub;
  };
  auto with_format = [&](CLI::App* sub, std::vector<std::string> formats) {
    sub->add_option("--format", options.format, "of the rows")
        ->check(CLI::IsMember(formats))
        ->type_name(fmt::format("{}", fmt::join(formats, "|")));
    sub->add_option("--out", options.out, "write to this file instead of stdout")
        ->check(not_empty)
        ->type_name("FILE");
    sub->add_flag("--plain", options.plain,
                  "CSV as it is: no byte-order mark, no apostrophe before formulas");
    return sub;
  };
  auto with_files = [&](CLI::App* sub) {
    sub->add_option("files", options.words,
                    "[PRESET] files, folders, zips, BOOK.xlsx/SHEET; presets: " +
                        fmt::format("{}", fmt::join(Engine::presets(), ", ")))
        ->required()
        ->type_name("PATH");
    sub->add_option("--map", options.import.map_file,
                    "TOML with [columns] role = \"column\", [rules] and [action_values]")
        ->type_name("FILE");
    for (const std::string& role : Engine::column_roles())
      sub->add_option_function<std::string>(
             "--" + role, [&options, role](const std::string& text) { options.import.columns[role] = text; },
             fmt::format("the column that holds the {}; - for none", role))
          ->type_name("COLUMN");
    struct Rule {
      const char *name, *help, *type;
    };
    static constexpr Rule rules[] = {
        {"all-actions", "what every row is, where no column says it", "ACTION"},
        {"action-values", "what values of the action column mean; none for no event",
         "VALUE=ACTION,VALUE=ACTION..."},
        {"negative-rows", "what a purchase of a negative amount or quantity is", "return|sale"},
        {"amount-of", "whose the amount is; of an order, whose rows stand together, it counts once",
         "line|order"},
        {"cancel-prefix", "receipts that start so are cancellations", "TEXT"},
        {"nobody", "ids that are no customer's, such as a till's", "ID,ID..."},
        {"time-format", "how 1/2/2010 is to be read, where the column does not show it",
         "auto|mdy|dmy|ymd|unix"},
        {"zone", "the shop's time zone, by whose clocks instants are told", "AREA/CITY"},
        {"decimal", "the decimal mark of numbers, where the columns do not show it", ".|,"},
        {"header", "the names of the columns, where no line of the file has them", "NAME,NAME..."},
        {"encoding", "of the files' text, where their bytes do not show it", "NAME"}};
    for (const Rule& rule : rules)
      sub->add_option_function<std::string>(
             std::string("--") + rule.name,
             [&options, rule](const std::string& text) { options.import.columns[rule.name] = text; },
             rule.help)
          ->type_name(rule.type);
    return sub;
  };

  // before the command or after it
  with_language(with_json(with_store(&app)));
  with_language(with_json(with_files(
      command(app, "check", "look at files without importing: format, columns, rows, rejects", check))));
  auto* import_command = with_language(
      with_store(with_json(with_files(command(app, "import", "load files into the store", import)))));
  import_command
      ->add_option("--on-overlap", options.import.on_overlap,
                   "what to do with rows that are in the store already (default refuse)")
      ->type_name("refuse|skip|keep");
  import_command
      ->add_option("--replace", options.import.replace, "loads whose place this one takes, such as 3 or 3,4")
      ->delimiter(',')
      ->type_name("LOAD,...");
  with_language(with_store(with_json(command(app, "loads", "what was imported, by number", loads))));
  auto* unload_command = with_language(with_store(
      with_json(command(app, "unload", "take loads out again, as if they had never come", unload))));
  unload_command->add_option("loads", options.unload.loads, "numbers of loads, as danggol loads names them")
      ->required()
      ->type_name("LOAD");

  auto* suppress_command = with_language(with_store(
      with_json(command(app, "suppress", "customers never to contact, from now on, in any list", suppress))));
  suppress_command->add_option("ids", options.words, "customer ids, however separated")->type_name("ID");
  suppress_command
      ->add_option("--file", options.suppress.file, "a list of them, or a table with their column")
      ->type_name("FILE");
  suppress_command->add_flag("--remove", options.suppress.remove, "contact them again");

  auto* run_command = app.add_subcommand("run", "run one analysis; danggol list names them");
  run_command->require_subcommand(1);
  with_language(with_json(with_store(run_command)));
  for (const AnalysisInfo& info : Engine::analyses()) {
    auto* sub = run_command->add_subcommand(info.name, info.question.in(Language::en));
    sub->callback([&options, &chosen, name = info.name] {
      options.room = name;
      chosen = run;
    });
    with_store(with_json(with_language(sub)));
    add_params(*sub, info.params, options);
    if (info.contacts) add_params(*sub, Engine::suppress_params(), options);
    add_params(*sub, Engine::run_params(), options);
  }

  auto* pipeline_command = with_language(
      with_store(with_json(command(app, "pipeline", "run every analysis the store has data for", pipeline))));
  pipeline_command->add_option("--report", options.report_path, "write the HTML report here")
      ->check(not_empty)
      ->type_name("FILE.html");
  pipeline_command->add_option("--rooms", options.rooms, "only these analyses, comma-separated")
      ->delimiter(',')
      ->type_name("ROOM,...");
  pipeline_command->add_flag("--force", options.force, "run again what is unchanged, too");
  add_params(*pipeline_command, Engine::run_params(), options);

  auto* show_command = with_format(
      with_language(with_store(with_json(command(app, "show", "print a table, such as result.rfm", show)))),
      {"text", "csv", "json", "parquet", "xlsx"});
  show_command->add_option("table", options.target, "schema.table")->required()->type_name("TABLE");
  show_command
      ->add_option("--per-customer", options.per_customer,
                   "one row a customer: the first N of the table's beside one another")
      ->check(CLI::Range(1, 100))
      ->type_name("N");
  show_command->add_option("--limit", options.limit, "at most this many rows")
      ->check(not_negative)
      ->type_name("N");

  auto* sql_command =
      with_format(with_store(with_json(command(app, "sql", "read-only SQL over the store", sql))),
                  {"text", "csv", "json", "xlsx"});
  sql_command->add_option("statement", options.target, "a SELECT")->required()->type_name("SQL");
  sql_command->add_option("--rows", options.sql.rows, "the most rows it may have (default 1000000)")
      ->check(not_negative)
      ->type_name("N");
  sql_command->add_option("--seconds", options.sql.seconds, "the longest it may take (default 60)")
      ->check(CLI::Range(0.1, 1e6))
      ->type_name("N");

  auto* report_command = with_language(
      with_store(command(app, "report", "write the HTML report from the newest results", report)));
  report_command->add_option("file", options.target, "the file to write")->required()->type_name("FILE.html");

  auto* simulate_command =
      app.add_subcommand("simulate", "write a shop that never was, with its truth beside it");
  simulate_command->require_subcommand(1);
  for (const SimulatorInfo& info : Engine::simulators()) {
    auto* sub = simulate_command->add_subcommand(info.name, info.title.in(Language::en));
    sub->callback([&options, &chosen, name = info.name] {
      options.simulator = name;
      chosen = simulate;
    });
    sub->add_option("--out", options.out, "the folder to write to")->required()->type_name("DIR");
    add_params(*sub, info.params, options);
  }

  with_language(with_json(command(app, "list", "every analysis and its question", list)));
  auto* describe_command = with_language(
      with_json(command(app, "describe", "one analysis: parameters, tables, method", describe)));
  describe_command->add_option("room", options.room, "the analysis")->required()->type_name("ROOM");

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version);
  } catch (const CLI::ParseError& error) {
    return fail({Code::bad_input, what_is_wrong(app, error)});
  }
  for (const auto& [name, text] : options.flags)
    if (!text.empty()) options.params[name] = text;
  Status status = chosen(options);
  bool written = std::cout.flush() && std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (status && !written) status = Error{Code::io, "standard output cannot be written"};
  return status ? 0 : fail(status.error());
}

}  // namespace
}  // namespace danggol::cli

int main(int argc, char** argv) {
  try {
    return danggol::cli::main(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fputs("danggol: not enough memory; raise --memory\n", stderr);
    return danggol::exit_status(danggol::Code::memory);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "danggol: a bug in danggol: %s\n", error.what());
  }
  return 70;
}
