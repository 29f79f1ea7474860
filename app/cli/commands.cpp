#include "commands.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "danggol/engine.h"
#include "danggol/nearest.h"
#include "danggol/printable.h"
#include "danggol/render.h"
#include "output.h"
#include "stop_on_signal.h"

namespace danggol::cli {
namespace {

// What is asked for, else what the shop has settled. What is wrong with that is told by what needs it.
Language language(const Options& options) {
  std::string code = options.language;
  auto settings = code.empty() ? Engine::settings(options.store) : std::vector<Setting>();
  if (settings)
    for (const Setting& setting : *settings)
      if (setting.section == "shop" && setting.name == "language") code = setting.value;
  for (size_t i = 0; i < languages().size(); ++i)
    if (languages()[i].code == code) return static_cast<Language>(i);
  return Language::en;
}

// The format that is asked for, else the one that the name of the file to write ends with.
std::string asked_format(const Options& options) {
  if (!options.format.empty()) return options.format;
  std::string end = std::filesystem::path(options.out).extension().string();
  for (const char* known : {"csv", "json", "parquet", "xlsx"})
    if (end == std::string(".") + known) return known;
  return "text";
}

RowStyle style(const Options& options) {
  RowStyle style{.plain = options.plain,
                 .for_spreadsheet = !options.out.empty(),
                 .language = language(options),
                 .per_customer = options.per_customer};
  std::string format = asked_format(options);
  if (format == "csv") style.format = Format::csv;
  if (format == "parquet") style.format = Format::parquet;
  if (format == "xlsx") style.format = Format::xlsx;
  if (options.json || format == "json") style.format = Format::json;
  return style;
}

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
  stop_on_signal::watch(engine.interrupter());
  if (access == Engine::Access::read) bound_memory(given.memory_bytes);
  return engine;
}

// The first word is a preset if one has that name; the rest are files.
Result<ImportRequest> import_request(const Options& options) {
  ImportRequest request = options.import;
  auto presets = Engine::presets();
  const std::string& first = options.words[0];
  std::error_code error;
  bool is_preset = std::find(presets.begin(), presets.end(), first) != presets.end();
  if (auto meant = nearest(first, presets);
      !is_preset && !meant.empty() && options.words.size() > 1 && !std::filesystem::exists(first, error))
    return Error{Code::not_found,
                 fmt::format("{}: no such file or preset, the nearest preset is {}", first, meant)};
  if (is_preset) request.preset = first;
  request.paths.assign(options.words.begin() + (is_preset ? 1 : 0), options.words.end());
  return request;
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

// The same, and on stderr what they lack.
Status write_what_there_is(const Engine& engine, const Options& options,
                           const std::function<Result<std::vector<Text>>(std::ostream&)>& rows) {
  std::vector<Text> lacks;
  TRY(write(engine, options, [&](std::ostream& out) -> Status {
    lacks = TRY(rows(out));
    return {};
  }));
  for (const Text& text : lacks) fmt::print(stderr, "danggol: {}\n", printable(text.in(language(options))));
  return {};
}

}  // namespace

Status check(const Options& options) {
  stop_on_signal::watch([](bool) { return true; });
  ImportRequest request = TRY(import_request(options));
  auto files = TRY(Engine::check(request, stop_on_signal::progress(), options.store));
  print(options.json ? to_json(files) : to_text(files, language(options)));
  return {};
}

Status set(const Options& options) {
  std::vector<Setting> asked;
  for (const std::string& assignment : options.words) {
    size_t equals = assignment.find('='), dot = assignment.rfind('.', equals);
    if (equals == assignment.npos || dot == assignment.npos)
      return Error{
          Code::bad_input,
          fmt::format("{}: must be SECTION.NAME=VALUE, such as shop.currency=KRW or campaign.discount=0.2",
                      assignment)};
    asked.push_back({assignment.substr(0, dot), assignment.substr(dot + 1, equals - dot - 1),
                     assignment.substr(equals + 1)});
  }
  if (!asked.empty()) TRY(Engine::set(options.store, asked));
  auto settings = TRY(Engine::settings(options.store));
  print(options.json ? to_json(settings) : to_text(settings, language(options)));
  return {};
}

Status import(const Options& options) {
  ImportRequest request = TRY(import_request(options));
  Engine engine = TRY(open(options, Engine::Access::write));
  auto files = TRY(engine.import(request, stop_on_signal::progress()));
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
  auto summary = TRY(engine.unload(options.unload));
  print(options.json ? to_json(summary) : to_text(summary, language(options)));
  return {};
}

Status forget(const Options& options) {
  TRY(must_exist(options));
  ForgetSummary summary;
  {
    Engine engine = TRY(open(options, Engine::Access::write));
    summary = TRY(engine.forget(options.forget, stop_on_signal::progress()));
  }
  if (!options.forget.dry_run) (void)TRY(open(options, Engine::Access::write));  // makes the file anew
  print(options.json ? to_json(summary) : to_text(summary, language(options)));
  if (summary.failed.empty()) return {};
  const auto& [room, error] = summary.failed[0];
  return Error{error.code,
               fmt::format("forget: they are out, but {} of {} analyses could not run again, the first "
                           "of them {}: {}",
                           summary.failed.size(), summary.again.size(), room, error.message)};
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

Status consent(const Options& options) {
  TRY(must_exist(options));
  ConsentRequest request = options.consent;
  request.given = !options.refuses;
  bool asks = request.ids.empty() && request.file.empty() && request.media.empty() && request.given;
  Engine engine = TRY(open(options, asks ? Engine::Access::read : Engine::Access::write));
  auto summary = TRY(asks ? engine.consents() : engine.consent(request));
  print(options.json ? to_json(summary) : to_text(summary, language(options)));
  return {};
}

Status run(const Options& options) {
  AnalysisInfo info = TRY(Engine::analysis(options.room));
  if (info.kind == Kind::query) {
    Engine engine = TRY(open(options, Engine::Access::read));
    return write_what_there_is(engine, options, [&](std::ostream& out) {
      return engine.answer(options.room, options.params, style(options), out);
    });
  }
  TRY(must_exist(options));
  Engine engine = TRY(open(options, Engine::Access::write));
  auto summary = TRY(engine.run(options.room, options.params, stop_on_signal::progress()));
  print(options.json ? to_json(summary) : to_text(summary, language(options)));
  return {};
}

Status pipeline(const Options& options) {
  TRY(must_exist(options));
  Engine engine = TRY(open(options, Engine::Access::write));
  if (!options.report_path.empty()) TRY(engine.check_output(options.report_path));
  auto summary =
      TRY(engine.pipeline({options.rooms, options.params, options.force}, stop_on_signal::progress()));
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
  return write_what_there_is(engine, options, [&](std::ostream& out) {
    return engine.show(options.target, options.limit, style(options), out);
  });
}

Status sql(const Options& options) {
  Engine engine = TRY(open(options, Engine::Access::read));
  stop_on_signal::end_after(options.sql.seconds + 1, options.sql.too_slow());
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
  stop_on_signal::watch([](bool) { return true; });
  TRY(Engine::simulate(options.simulator, options.params, options.out, stop_on_signal::progress()));
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

Status version(const Options&) {
  print(DANGGOL_VERSION);
  return {};
}

}  // namespace danggol::cli
