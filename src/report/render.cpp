#include "danggol/render.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "contract/words.h"
#include "report/text_json.h"
#include "report/words.h"

namespace danggol {
namespace {

using report::text_json;
namespace words = report_words;

std::string said(const Sentence& sentence, Language language) {  // as a line
  return render(words::all, sentence).in(language) + "\n";
}

using Json = nlohmann::ordered_json;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json json_of(const AnalysisInfo& info);
Json json_of(const RunSummary& run);
// Of each part, in their order.
template <class Part>
Json json_of(const std::vector<Part>& parts);

Json json_of(const std::pair<std::string, Error>& failed) {
  return {{"room", failed.first}, {"code", name(failed.second.code)}, {"why", failed.second.message}};
}

Json json_of(const ParamInfo& param) {
  Json json = {{"name", param.name}, {"type", name(param.type)}, {"default", param.default_text}};
  if (param.type == ParamType::list) json["element"] = name(param.element);
  if (!param.unit.empty()) json["unit"] = param.unit;
  if (param.least) json["least"] = *param.least;
  if (param.most) json["most"] = *param.most;
  if (!param.choices.empty()) json["choices"] = param.choices;
  json["required"] = param.required;
  json["nullable"] = param.nullable;
  if (!param.values.empty()) json["values"] = param.values;
  json["help"] = text_json(param.help);
  return json;
}

Json json_of(const TableInfo& table) {
  Json columns = Json::array();
  for (const auto& column : table.columns) {
    Json json = {{"name", column.name},
                 {"type", name(column.type)},
                 {"unit", column.unit},
                 {"label", text_json(column.label)}};
    if (column.key) json["key"] = true;
    if (column.subject) json["subject"] = true;
    if (!column.bounds.empty()) json["bounds"] = column.bounds;
    if (!column.help.empty()) json["help"] = text_json(column.help);
    columns.push_back(json);
  }
  return {{"name", table.name}, {"title", text_json(table.title)}, {"columns", columns}};
}

Json json_of(const ChartInfo& chart) {
  Json encoding = Json::object();
  for (const auto& [role, column] : chart.encoding) encoding[role] = column;
  return {{"id", chart.id},
          {"kind", name(chart.kind)},
          {"title", text_json(chart.title)},
          {"table", chart.table},
          {"encoding", encoding},
          {"where", chart.where},
          {"unit", chart.unit},
          {"note", text_json(chart.note)},
          {"order_by", chart.order_by},
          {"most_rows", chart.most_rows},
          {"order", chart.order},
          {"level", chart.level},
          {"width", chart.width},
          {"evidence", chart.evidence}};
}

Json json_of(const ReportTableInfo& table) {
  return {{"table", table.table},      {"order_by", table.order_by}, {"most_rows", table.most_rows},
          {"where", table.where},      {"columns", table.columns},   {"lead", table.lead},
          {"evidence", table.evidence}};
}

Json json_of(const AnalysisInfo& info) {
  Json labels = Json::object(), key_figures = Json::object();
  for (const auto& [word, text] : info.labels) labels[word] = text_json(text);
  for (const auto& [fact, text] : info.key_figures) key_figures[fact] = text_json(text);
  return {{"name", info.name},
          {"kind", info.kind == Kind::job ? "job" : "query"},
          {"title", text_json(info.title)},
          {"question", text_json(info.question)},
          {"method", text_json(info.method)},
          {"params", json_of(info.params)},
          {"reads", info.reads},
          {"uses", info.uses},
          {"dates", info.dates},
          {"writes", json_of(info.writes)},
          {"trains", info.trains},
          {"charts", json_of(info.charts)},
          {"tables", json_of(info.tables)},
          {"labels", labels},
          {"key_figures", key_figures},
          {"lead", info.lead},
          {"evidence", info.evidence},
          {"contacts", info.contacts}};
}

Json json_of(const RunSummary& run) {
  Json facts = Json::array(), sentences = Json::array(), warnings = Json::array(), doubts = Json::array(),
       rows = Json::object();
  for (const auto& fact : run.facts) {
    Json json = {{"name", fact.name}, {"value", number(fact.value)}, {"unit", fact.unit}};
    if (fact.lo) json["lo"] = number(*fact.lo);
    if (fact.hi) json["hi"] = number(*fact.hi);
    facts.push_back(json);
  }
  for (const auto& text : run.doubts) doubts.push_back(text_json(text));
  for (const auto& text : run.sentences) sentences.push_back(text_json(text));
  for (const auto& text : run.warnings) warnings.push_back(text_json(text));
  for (const auto& [table, count] : run.rows_written) rows[table] = count;
  return {{"room", run.room},     {"run_id", run.run_id}, {"seconds", run.seconds}, {"as_of", run.as_of},
          {"from", run.from},     {"split", run.split},   {"until", run.until},     {"seed", run.seed},
          {"rows_written", rows}, {"facts", facts},       {"doubts", doubts},       {"sentences", sentences},
          {"warnings", warnings}};
}

template <class Part>
Json json_of(const std::vector<Part>& parts) {
  Json json = Json::array();
  for (const Part& part : parts) json.push_back(json_of(part));
  return json;
}

std::string range_of(const ParamInfo& param) {
  if (!param.choices.empty()) return fmt::format("{}", fmt::join(param.choices, "|"));
  if (param.least) return fmt::format("{}..{}", *param.least, *param.most);
  return name(param.type);
}

}  // namespace

std::string to_json(const std::vector<AnalysisInfo>& analyses) { return json_of(analyses).dump(2); }
std::string to_json(const AnalysisInfo& analysis) { return json_of(analysis).dump(2); }
std::string to_json(const RunSummary& run) { return json_of(run).dump(2); }
std::string to_json(const SuppressSummary& suppressed) {
  Json warnings = Json::array();
  for (const auto& text : suppressed.warnings) warnings.push_back(text_json(text));
  return Json{{"added", suppressed.added},
              {"removed", suppressed.removed},
              {"unknown", suppressed.unknown},
              {"ids_on_list", suppressed.ids_on_list},
              {"customers", suppressed.customers},
              {"rows_removed", suppressed.rows_removed},
              {"warnings", warnings}}
      .dump(2);
}
std::string to_json(const ConsentSummary& consents) {
  Json reachable = Json::object();
  for (const auto& [medium, customers] : consents.reachable) reachable[medium] = customers;
  Json columns = Json::object();
  for (const auto& [column, medium] : consents.columns) columns[column] = medium;
  return Json{{"added", consents.added},
              {"columns", columns},
              {"rows_removed", consents.rows_removed},
              {"is_kept", consents.is_kept},
              {"customers", consents.customers},
              {"reachable", reachable},
              {"unknown", consents.unknown}}
      .dump(2);
}
std::string to_json(const PipelineSummary& pipeline) {
  Json doubts = Json::array(), skipped = Json::array(), unchanged = Json::array();
  for (const auto& text : pipeline.doubts) doubts.push_back(text_json(text));
  for (const auto& [room, run_id] : pipeline.unchanged)
    unchanged.push_back({{"room", room}, {"run_id", run_id}});
  for (const auto& [room, why] : pipeline.skipped) skipped.push_back({{"room", room}, {"why", why}});
  return Json{{"doubts", doubts},
              {"runs", json_of(pipeline.runs)},
              {"unchanged", unchanged},
              {"skipped", skipped},
              {"failed", json_of(pipeline.failed)}}
      .dump(2);
}
std::string to_json(const std::vector<FileSummary>& files) {
  Json json = Json::array();
  for (const auto& file : files) {
    Json columns = Json::array(), rejects = Json::array(), warnings = Json::array();
    for (const auto& column : file.columns)
      columns.push_back({{"column", column.name},
                         {"role", column.role.empty() ? Json(nullptr) : Json(column.role)},
                         {"value", column.role.empty() ? Json(nullptr) : Json(column.value)},
                         {"by_values", column.by_values}});
    for (const auto& [reason, rows] : file.rejects)
      rejects.push_back({{"reason", text_json(reason)}, {"rows", rows}});
    for (const auto& warning : file.warnings) warnings.push_back(text_json(warning));
    Json actions = Json::array();
    for (const auto& action : file.actions)
      actions.push_back({{"value", action.value},
                         {"meaning", action.meaning.empty() ? Json(nullptr) : Json(action.meaning)},
                         {"rows", action.rows}});
    json.push_back({{"file", file.path},
                    {"format", file.format},
                    {"encoding", file.encoding},
                    {"table", file.table},
                    {"kind", file.kind},
                    {"unchecked", file.unchecked},
                    {"columns", columns},
                    {"actions", actions},
                    {"rows_read", file.rows_read},
                    {"rows_loaded", file.rows_loaded},
                    {"rows_rejected", file.rows_rejected},
                    {"rejects", rejects},
                    {"rows_aside", file.rows_aside},
                    {"overlap_seconds", file.overlap_seconds},
                    {"warnings", warnings},
                    {"first", file.first},
                    {"last", file.last}});
  }
  return json.dump(2);
}

std::string to_json(const std::vector<LoadSummary>& loads) {
  Json json = Json::array();
  for (const auto& load : loads)
    json.push_back({{"load", load.load_no},
                    {"file", load.file},
                    {"preset", load.preset},
                    {"loaded_at", load.loaded_at},
                    {"rows_read", load.rows_read},
                    {"rows_loaded", load.rows_loaded},
                    {"rows_rejected", load.rows_rejected},
                    {"rows_aside", load.rows_aside},
                    {"first", load.first},
                    {"last", load.last}});
  return json.dump(2);
}

std::string to_json(const std::vector<Setting>& settings) {
  Json json = Json::object();
  for (const Setting& setting : settings) json[setting.section][setting.name] = setting.value;
  return json.dump(2);
}

std::string to_json(const UnloadSummary& unloaded) { return to_json(unloaded.loads); }

std::string to_json(const ForgetSummary& forgotten) {
  return Json{{"dry_run", forgotten.dry_run},        {"customers", forgotten.customers},
              {"events", forgotten.events},          {"exposures", forgotten.exposures},
              {"rejects", forgotten.rejects},        {"runs", forgotten.runs},
              {"models", forgotten.models},          {"again", forgotten.again},
              {"reruns", json_of(forgotten.reruns)}, {"failed", json_of(forgotten.failed)}}
      .dump(2);
}

std::string to_text(const std::vector<AnalysisInfo>& analyses, Language language) {
  size_t width = 0;
  for (const auto& info : analyses) width = std::max(width, info.name.size() + 2);
  std::string out;
  for (const auto& info : analyses)
    out += fmt::format("{:<{}}{}\n", info.name, width, info.question.in(language));
  return out;
}

std::string to_text(const AnalysisInfo& info, Language language) {
  std::string out = fmt::format("{}: {}\n  {}\n  {}\n", info.name, info.title.in(language),
                                info.question.in(language), info.method.in(language));
  if (!info.params.empty()) out += "\nparameters\n";
  for (const auto& param : info.params)
    out += fmt::format("  --{:<22}{} [{}; default {}]{}\n", param.name, param.help.in(language),
                       range_of(param), param.default_text.empty() ? "none" : param.default_text,
                       param.unit.empty() ? "" : " " + param.unit);
  if (!info.reads.empty()) out += fmt::format("\nreads   {}\n", fmt::join(info.reads, ", "));
  if (!info.uses.empty()) out += fmt::format("uses    {}\n", fmt::join(info.uses, ", "));
  for (const auto& table : info.writes) {
    out += fmt::format("\nwrites  {}: {}\n", table.name, table.title.in(language));
    for (const auto& column : table.columns) {
      std::string about =
          column.unit + (column.unit.empty() || column.help.empty() ? "" : "; ") + column.help.in(language);
      if (column.key) about += about.empty() ? "(key)" : " (key)";
      out += about.empty() ? fmt::format("  {:<24}{}\n", column.name, name(column.type))
                           : fmt::format("  {:<24}{:<10}{}\n", column.name, name(column.type), about);
    }
  }
  return out;
}

namespace {

// On a screen: a character of three bytes and more takes two.
size_t places(std::string_view text) {
  size_t out = 0;
  for (; !text.empty(); text.remove_prefix(static_cast<size_t>(std::max(character_bytes(text), 1))))
    out += character_bytes(text) >= 3 ? 2 : 1;
  return out;
}

// What check and import answer, in one language.
class FilesText {
 public:
  explicit FilesText(Language language) : language_(language) {}

  std::string of(const FileSummary& file) const {
    std::string out = fmt::format("{}: {}, {}", file.path, file.format, file.encoding);
    if (!file.table.empty()) out += fmt::format(", {} {}", word("table"), file.table);
    out += "\n" + columns(file.columns) + "  " + rows(file) + "\n";
    for (const auto& [reason, rows] : file.rejects)
      out += fmt::format("  {:>10}  {}\n", rows, reason.in(language_));
    if (std::string of_actions = actions(file.actions); !of_actions.empty())
      out += fmt::format("  {}: {}\n", word("actions"), of_actions);
    if (file.rows_aside > 0) out += "  " + say(words::aside({.rows = file.rows_aside})) + "\n";
    for (const auto& kind : file.unchecked)
      out += "  " + say(words::unchecked({.kind = {text("kind." + kind)}})) + "\n";
    for (const auto& warning : file.warnings) out += fmt::format("  ! {}\n", warning.in(language_));
    return out;
  }

 private:
  static Text text(const std::string& key) { return words::all.text("check." + key); }
  std::string word(const std::string& key) const { return text(key).in(language_); }
  std::string say(const Sentence& sentence) const { return render(words::all, sentence).in(language_); }
  static std::string padded(std::string_view text, size_t width) {
    return std::string(text) + std::string(width - std::min(width, places(text)), ' ');
  }

  std::string rows(const FileSummary& file) const {
    Text kind = text("kind." + file.kind);
    auto first = parse_date(file.first), last = parse_date(file.last);
    if (!first || !last)
      return say(words::rows({.rows = file.rows_read,
                              .loaded = file.rows_loaded,
                              .kind = {kind},
                              .rejects = file.rows_rejected}));
    return say(words::rows_of({.rows = file.rows_read,
                               .loaded = file.rows_loaded,
                               .kind = {kind},
                               .rejects = file.rows_rejected,
                               .first = {*first},
                               .last = {*last}}));
  }

  // What each column was taken for, with a value of it, and those that are not read.
  std::string columns(const std::vector<ColumnSummary>& columns) const {
    constexpr size_t role_width = 14, most_width = 30, most_value_bytes = 60;
    size_t width = 0;
    for (const auto& column : columns)
      if (!column.role.empty()) width = std::max(width, places(column.name));
    width = std::min(width, most_width);
    constexpr size_t most_unread = 40;
    size_t unread_columns = 0;
    std::string out, unread;
    for (const auto& column : columns) {
      if (column.role.empty() && ++unread_columns > most_unread) continue;
      if (column.role.empty()) {
        unread += fmt::format("{}{}", unread.empty() ? "" : ", ", column.name);
        continue;
      }
      std::string value = column.value.substr(0, column.value.find_first_of("\r\n"));
      if (value.size() > most_value_bytes) value = fmt::format("{}...", beginning(value, most_value_bytes));
      std::string line = fmt::format("  {}{}  {}", padded(word("role." + column.role), role_width),
                                     padded(column.name, width), value);
      if (column.by_values) line += fmt::format("  ({})", word("by_values"));
      out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    if (unread_columns > most_unread)
      unread += ", " + say(words::and_more({.more = unread_columns - most_unread}));
    if (!unread.empty()) out += fmt::format("  {}{}\n", padded(word("not_read"), role_width), unread);
    return out;
  }

  // "delivered 5 (purchase), canceled 1, lost 2 (not known)"; "" where each value says itself what it is.
  std::string actions(const std::vector<ActionSummary>& actions) const {
    constexpr size_t most = 12;
    bool says_itself = true;
    std::string out;
    for (size_t i = 0; i < actions.size(); ++i) {
      const auto& [value, meaning, rows] = actions[i];
      says_itself &= value == meaning;
      if (i >= most) continue;
      out += fmt::format("{}{} {}", i > 0 ? ", " : "", value.empty() ? word("blank") : value, grouped(rows));
      std::string means = word(meaning.empty() ? "unknown" : "meaning." + meaning);
      if (value != means) out += fmt::format(" ({})", means);
    }
    if (says_itself) return {};
    if (actions.size() > most) out += ", " + say(words::and_more({.more = actions.size() - most}));
    return out;
  }

  Language language_;
};

}  // namespace

std::string to_text(const std::vector<FileSummary>& files, Language language) {
  std::string out;
  for (const auto& file : files) out += FilesText(language).of(file);
  return out;
}

std::string to_text(const std::vector<LoadSummary>& loads, Language language) {
  if (loads.empty()) return said(words::no_loads(), language);
  std::string out;
  for (const auto& load : loads) {
    out += fmt::format("{:>5}  {}  ", load.load_no, load.loaded_at);
    auto first = parse_date(load.first), last = parse_date(load.last);
    out +=
        first && last
            ? said(words::load_of({.file = {load.file},
                                   .rows = load.rows_loaded,
                                   .rejects = load.rows_rejected,
                                   .first = {*first},
                                   .last = {*last}}),
                   language)
            : said(
                  words::load({.file = {load.file}, .rows = load.rows_loaded, .rejects = load.rows_rejected}),
                  language);
    if (load.rows_aside > 0) out += "         " + said(words::aside({.rows = load.rows_aside}), language);
  }
  return out;
}

std::string to_text(const std::vector<Setting>& settings, Language language) {
  if (settings.empty()) return said(words::nothing_settled(), language);
  std::string out;
  for (const Setting& setting : settings)
    out += fmt::format("{}.{}={}\n", setting.section, setting.name, setting.value);
  return out;
}

std::string to_text(const UnloadSummary& unloaded, Language language) {
  return to_text(unloaded.loads, language) +
         said(words::unloaded({.loads = unloaded.loads.size()}), language);
}

std::string to_text(const ForgetSummary& f, Language language) {
  std::string out =
      f.dry_run ? said(words::would_forget({f.customers, f.events, f.exposures, f.rejects, f.runs}), language)
                : said(words::forgotten({f.customers, f.events, f.exposures, f.rejects, f.runs}), language);
  for (const auto& model : f.models) out += "  " + said(words::forgotten_model({.model = {model}}), language);
  if (!f.again.empty())
    out += "  " + said(words::ran_again({.rooms = {fmt::format("{}", fmt::join(f.again, ", "))}}), language);
  for (const auto& [room, error] : f.failed)
    out += "  " + said(words::room_failed({.room = {room}, .why = {error.message}}), language);
  return out + "  " + said(words::copies_stay(), language);
}

std::string to_text(const SuppressSummary& s, Language language) {
  std::string out =
      said(words::suppressed(
               {.added = s.added, .removed = s.removed, .ids = s.ids_on_list, .customers = s.customers}),
           language);
  if (s.rows_removed > 0) out += "  " + said(words::taken_off({.rows = s.rows_removed}), language);
  for (const auto& warning : s.warnings) out += "  ! " + warning.in(language) + "\n";
  return out;
}

std::string to_text(const ConsentSummary& c, Language language) {
  if (!c.is_kept) return said(words::no_consents(), language);
  std::string out;
  for (const auto& [column, medium] : c.columns)
    out += "  " + said(words::consent_column({.column = {column}, .medium = {medium}}), language);
  if (c.added > 0) out += said(words::consents_added({.words = c.added}), language);
  for (const auto& [medium, customers] : c.reachable)
    out += "  " + said(words::consenting({.medium = {medium}, .customers = customers, .all = c.customers}),
                       language);
  if (c.unknown > 0) out += "  " + said(words::consents_of_nobody({.ids = c.unknown}), language);
  if (c.rows_removed > 0) out += "  " + said(words::taken_off({.rows = c.rows_removed}), language);
  return out;
}

std::string to_text(const RunSummary& run, Language language) {
  std::string out = fmt::format("{}  (run {}, {:.2f} s)\n", run.room, run.run_id, run.seconds);
  for (const auto& doubt : run.doubts) out += "  ! " + doubt.in(language) + "\n";
  for (const auto& sentence : run.sentences) out += "  " + sentence.in(language) + "\n";
  for (const auto& warning : run.warnings) out += "  ! " + warning.in(language) + "\n";
  return out;
}

std::string to_text(const PipelineSummary& pipeline, Language language) {
  std::string out;
  for (const auto& doubt : pipeline.doubts) out += "! " + doubt.in(language) + "\n";
  for (const auto& [room, why] : pipeline.skipped)
    out += said(words::skipped({.room = {room}, .why = {why}}), language);
  for (const auto& run : pipeline.runs) out += to_text(run, language);
  for (const auto& [room, run_id] : pipeline.unchanged)
    out += said(words::unchanged({.room = {room}, .run = {std::to_string(run_id)}}), language);
  for (const auto& [room, error] : pipeline.failed)
    out += said(words::room_failed({.room = {room}, .why = {error.message}}), language);
  return out;
}

}  // namespace danggol
