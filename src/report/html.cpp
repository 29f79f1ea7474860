#include "report/html.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/clock.h"
#include "contract/words.h"
#include "report/report.html.h"
#include "report/text_json.h"
#include "report/words.h"

namespace danggol::report {
namespace {

using Json = nlohmann::ordered_json;

namespace words = report_words;

constexpr std::string_view data_token = "__DANGGOL_REPORT_JSON__";

Json own_words(std::string_view key) { return text_json(words::all.text(key)); }

Json rows_json(const Table& table) {
  Json rows = Json::array();
  for (size_t i = 0; i < table.rows(); ++i) {
    Json row = Json::array();
    for (const auto& column : table.columns) {
      if (column.is_null(i)) row.push_back(nullptr);
      else if (column.is_real())
        row.push_back(std::isfinite(column.reals[i]) ? Json(column.reals[i]) : Json(nullptr));
      else if (column.type == Type::date)
        row.push_back(to_text(Date{static_cast<int32_t>(column.integers[i])}));
      else if (column.type == Type::timestamp) row.push_back(to_text(Timestamp{column.integers[i]}));
      else if (column.type == Type::boolean) row.push_back(column.integers[i] ? "yes" : "no");
      else if (column.is_integral()) row.push_back(column.integers[i]);
      else row.push_back(column.texts[i]);
    }
    rows.push_back(row);
  }
  return rows;
}

std::string iso_time(Timestamp ts) {
  std::string text = to_text(ts);
  return text.replace(10, 1, "T") + "Z";
}

std::string tail(const std::string& where, const std::string& order_by, int64_t most_rows) {
  return fmt::format("{}{}{}{} LIMIT {}", where.empty() ? "" : " WHERE ", where,
                     order_by.empty() ? "" : " ORDER BY ", order_by, most_rows);
}

const ColumnInfo* find_column(const AnalysisInfo& info, const std::string& table, const std::string& column) {
  for (const auto& written : info.writes)
    if (written.name == table)
      for (const auto& candidate : written.columns)
        if (candidate.name == column) return &candidate;
  return nullptr;
}

// The words and the unit of an axis come from the column it shows.
void describe_axis(const AnalysisInfo& info, const ChartInfo& chart, const std::string& axis,
                   const std::string& column, Json& json) {
  const ColumnInfo* declared = find_column(info, chart.table, column);
  if (!declared) return;
  json[axis + "_label"] = text_json(declared->label);
  if (axis == "x" && declared->unit == "share") json["x_unit"] = "share";
}

bool is_switch(const std::string& part) { return part == "true" || part == "false"; }

// Whether there is anything to see: figures that are not all zero, and of a line or a histogram more than
// one.
bool says_something(const ChartInfo& chart, const Table& rows, const Json& values) {
  bool is_course = chart.kind == ChartKind::line || chart.kind == ChartKind::histogram;
  for (const auto& [role, column] : chart.encoding) {
    if (role != "x" && role != "y" && role != "value") continue;
    size_t at = static_cast<size_t>(&rows[column] - rows.columns.data());
    std::set<Json> different;
    for (const Json& row : values) different.insert(row[at]);
    if (role == "x" ? is_course && different.size() < 2
                    : std::all_of(different.begin(), different.end(),
                                  [](const Json& v) { return v.is_null() || v == 0; }))
      return false;
  }
  return true;
}

// The shop's notes and sale days that lie under a line over time, the last ones.
Result<Json> marks_of(store::Connection& connection, const ColumnData& x) {
  Json marks = Json::array();
  if (x.type != Type::date || x.integers.empty()) return marks;
  auto [first, last] = std::ranges::minmax(x.integers);
  constexpr int most_marks = 12, longest_month_days = 31;
  Table noted = TRY(connection.query(
      fmt::format("SELECT * FROM (SELECT first_day, name, name_ko FROM raw.calendar WHERE kind IN ('note', "
                  "'sale') AND "
                  "first_day BETWEEN $first AND $last ORDER BY kind, first_day DESC, name LIMIT {}) ORDER BY "
                  "first_day, name",
                  most_marks),
      {{"first", Date{static_cast<int32_t>(first)}},
       {"last", Date{static_cast<int32_t>(last) + longest_month_days - 1}}}));
  for (size_t i = 0; i < noted.rows(); ++i)
    marks.push_back({{"day", to_text(Date{static_cast<int32_t>(noted.integers("first_day")[i])})},
                     {"text", text_json(Text({noted.texts("name")[i], noted.texts("name_ko")[i]}))}});
  return marks;
}

// Its columns, and no others; nothing where there is nothing to see.
Result<std::optional<Json>> chart_json(store::Connection& connection, const AnalysisInfo& info,
                                       const ChartInfo& chart) {
  std::vector<std::string> drawn;
  for (const auto& [role, column] : chart.encoding)
    if (!is_switch(column) && std::find(drawn.begin(), drawn.end(), column) == drawn.end())
      drawn.push_back(column);
  Table rows = TRY(connection.query(fmt::format("SELECT {} FROM {}{}", fmt::join(drawn, ", "), chart.table,
                                                tail(chart.where, chart.order_by, chart.most_rows))));
  Json values = rows_json(rows);
  if (!says_something(chart, rows, values)) return std::optional<Json>();
  Json columns = Json::array();
  for (const auto& column : rows.columns) columns.push_back(column.name);
  Json json = {{"id", chart.id},     {"kind", name(chart.kind)}, {"title", text_json(chart.title)},
               {"columns", columns}, {"rows", values},           {"unit", chart.unit}};
  if (!chart.note.empty()) json["note"] = text_json(chart.note);
  if (!chart.order.empty()) json["order"] = chart.order;
  if (chart.level > 0) json["level"] = chart.level;
  if (!chart.width.empty()) json["width"] = chart.width;
  for (const auto& [role, column] : chart.encoding) {
    if (is_switch(column)) json[role] = column == "true";
    else json[role] = column;
    if (role == "x" || role == "y") describe_axis(info, chart, role, column, json);
    if (role == "x" && (chart.kind == ChartKind::line || chart.kind == ChartKind::fan))
      if (Json marks = TRY(marks_of(connection, rows[column])); !marks.empty())
        json["marks"] = std::move(marks);
  }
  if (chart.evidence) json["evidence"] = true;
  return std::optional(std::move(json));
}

// Ids of products, each told by its name where it has one.
Status name_products(store::Connection& connection, ColumnData& ids) {
  constexpr std::string_view between = "\x1f";
  Table named = TRY(connection.query(
      "SELECT product_id, min(product_name) AS name FROM raw.product WHERE product_name <> '' "
      "AND product_id IN (SELECT unnest(string_split($ids, chr(31)))) GROUP BY product_id",
      {{"ids", fmt::format("{}", fmt::join(ids.texts, between))}}));
  std::map<std::string, std::string> names;
  for (size_t i = 0; i < named.rows(); ++i) names[named.texts("product_id")[i]] = named.texts("name")[i];
  for (std::string& id : ids.texts)
    if (auto name = names.find(id); name != names.end()) id = name->second;
  return {};
}

Result<Json> table_json(store::Connection& connection, const AnalysisInfo& info,
                        const ReportTableInfo& shown) {
  std::string from = "FROM " + shown.table;
  std::string columns_shown = shown.columns.empty() ? "*" : fmt::format("{}", fmt::join(shown.columns, ", "));
  Table rows = TRY(connection.query(fmt::format("SELECT {} {}{}", columns_shown, from,
                                                tail(shown.where, shown.order_by, shown.most_rows))));
  for (auto& column : rows.columns)
    if (const ColumnInfo* declared = find_column(info, shown.table, column.name);
        declared && declared->unit == "product")
      TRY(name_products(connection, column));
  int64_t total = TRY(
      connection.integer("SELECT count(*) " + from + (shown.where.empty() ? "" : " WHERE " + shown.where)));
  Json columns = Json::array();
  for (const auto& column : rows.columns) {
    const ColumnInfo* declared = find_column(info, shown.table, column.name);
    Json json = {
        {"name", column.name},
        {"label", declared ? text_json(declared->label) : text_json(written(Name{column.name}))},
        {"type", declared && (declared->unit == "share" || declared->unit == "points") ? "share"
                                                                                       : name(column.type)}};
    if (declared && declared->unit == "currency") json["type"] = "money";
    columns.push_back(json);
  }
  Text title = written(Name{shown.table});
  for (const auto& written : info.writes)
    if (written.name == shown.table) title = written.title;
  Json json = {{"id", shown.table},
               {"title", text_json(title)},
               {"columns", columns},
               {"rows", rows_json(rows)},
               {"total_rows", total}};
  if (shown.evidence) json["evidence"] = true;
  return json;
}

// Of a table its first customers, one row each, and the columns that the report's opening says of them.
Json lead_table(const AnalysisInfo& info, const ReportTableInfo& shown, const Json& table) {
  constexpr size_t most_customers = 5;
  std::vector<size_t> places;
  size_t subject = 0;
  for (const auto& name : shown.lead)
    for (size_t i = 0; i < table["columns"].size(); ++i)
      if (table["columns"][i]["name"] == name) places.push_back(i);
  for (size_t i = 0; i < table["columns"].size(); ++i)
    if (auto* column = find_column(info, shown.table, table["columns"][i]["name"]); column && column->subject)
      subject = i;
  Json lead = table;
  lead["columns"] = lead["rows"] = Json::array();
  for (size_t i : places) lead["columns"].push_back(table["columns"][i]);
  std::set<Json> customers;
  for (const Json& row : table["rows"]) {
    if (customers.size() == most_customers) break;
    if (!customers.insert(row[subject]).second) continue;
    Json first = Json::array();
    for (size_t i : places) first.push_back(row[i]);
    lead["rows"].push_back(first);
  }
  lead["total_rows"] = lead["rows"].size();  // the way to the others is below it
  return lead;
}

Result<Json> section_json(store::Connection& connection, const AnalysisInfo& info, int64_t run_id,
                          const ReportFacts& facts) {
  Table said =
      TRY(connection.query("SELECT kind, scope, id, arguments, en, ko FROM run.sentence WHERE run_id = $id "
                           "ORDER BY position",
                           {{"id", run_id}}));
  Json sentences = Json::array(), warnings = Json::array(), charts = Json::array(), tables = Json::array();
  std::map<std::string, Json> by_id;
  for (size_t i = 0; i < said.rows(); ++i) {
    Json text =
        text_json(facts.said_again(said.texts("scope")[i], said.texts("id")[i], said.texts("arguments")[i],
                                   Text({said.texts("en")[i], said.texts("ko")[i]})));
    by_id.emplace(said.texts("id")[i], text);
    (said.texts("kind")[i] == "warning" ? warnings : sentences).push_back(std::move(text));
  }
  for (const auto& chart : info.charts)  // a shop without partners has no picture of them
    if (auto drawn = TRY(chart_json(connection, info, chart))) charts.push_back(*std::move(drawn));
  Json lead = {{"sentences", Json::array()}, {"tables", Json::array()}};
  for (const auto& id : info.lead)
    if (auto text = by_id.find(id); text != by_id.end()) lead["sentences"].push_back(text->second);
  for (const auto& table : info.tables) {
    tables.push_back(TRY(table_json(connection, info, table)));
    if (!table.lead.empty() && !tables.back()["rows"].empty())
      lead["tables"].push_back(lead_table(info, table, tables.back()));
  }
  Json section = {{"id", info.name},
                  {"title", text_json(info.title)},
                  {"question", text_json(info.question)},
                  {"sentences", sentences},
                  {"warnings", warnings},
                  {"charts", charts},
                  {"tables", tables},
                  {"method", text_json(info.method)},
                  {"evidence", info.evidence}};
  if (!lead["sentences"].empty()) section["lead"] = lead;
  return section;
}

// A report opens with what leads. Where nothing of that has run, with the first thing that is said of each
// question.
void open_with_first_sentences(Json& sections) {
  for (const Json& section : sections)
    if (section.contains("lead")) return;
  for (Json& section : sections)
    if (!section["evidence"] && !section["sentences"].empty())
      section["lead"] = {{"sentences", Json::array({section["sentences"][0]})}, {"tables", Json::array()}};
}

// What leads, then what else there is, then how good it is.
int place_of(const AnalysisInfo& info) { return info.evidence ? 2 : info.lead.empty() ? 1 : 0; }

// Are all results there that the shown run wrote? Not so where another version of danggol wrote them.
Result<bool> has_results(store::Connection& connection, const AnalysisInfo& info) {
  for (const auto& table : info.writes)
    if (table.name.starts_with("result.") &&
        TRY(connection.integer("SELECT count(*) FROM duckdb_views() WHERE database_name = $own AND "
                               "schema_name || '.' || view_name = $name",
                               {{"own", connection.own_catalogue()}, {"name", table.name}})) == 0)
      return false;
  return true;
}

// What has run, but of other dates or data than what is shown.
Result<bool> has_run(store::Connection& connection, const AnalysisInfo& info) {
  return TRY(connection.integer("SELECT count(*) FROM run.log WHERE room = $room AND state = 'done'",
                                {{"room", info.name}})) > 0;
}

// Whether the newest run of a room found too little to say anything.
Result<bool> lacks_data(store::Connection& connection, const AnalysisInfo& info) {
  return TRY(connection.integer(
             "SELECT count(*) FROM (SELECT arg_max(code, run_id) AS code FROM run.log WHERE room = "
             "$room) WHERE code = 'no_data'",
             {{"room", info.name}})) > 0;
}

Text said(const Sentence& sentence) { return render(words::all, sentence); }

Text of_other_dates(const std::vector<Text>& titles) {
  std::vector<std::string> listed(languages().size());
  for (const Text& title : titles) {
    Text quoted = said(words::quoted({.title = title}));
    for (size_t i = 0; i < listed.size(); ++i)
      listed[i] += (listed[i].empty() ? "" : ", ") + quoted.in(static_cast<Language>(i));
  }
  return said(words::of_other_dates({.titles = Text(std::move(listed))}));
}

// Files that came after what is shown.
Result<std::optional<Text>> newer_data(store::Connection& connection) {
  int64_t files = TRY(connection.integer(
      "SELECT count(*) FROM raw.load WHERE loaded_at > (SELECT max(started_at) FROM run.log JOIN run.shown "
      "USING (run_id))"));
  if (files == 0) return std::optional<Text>();
  return std::optional(said(words::newer_data({.files = files})));
}

// Of a room whose newest run failed: what stands here is what an earlier one said.
Result<std::optional<Text>> failed_since(store::Connection& connection, const AnalysisInfo& info,
                                         int64_t done) {
  Table rows =
      TRY(connection.query("SELECT run_id, error FROM run.log WHERE room = $room AND run_id > $done AND "
                           "state = 'failed' AND code <> "
                           "'no_data' ORDER BY run_id DESC LIMIT 1",
                           {{"room", info.name}, {"done", done}}));
  if (rows.rows() == 0) return std::optional<Text>();
  Name why{rows.texts("error")[0]};
  return std::optional(said(done > 0 ? words::failed_since({.title = info.title, .why = why})
                                     : words::failed({.title = info.title, .why = why})));
}

Status add_tiles(store::Connection& connection, const AnalysisInfo& info, int64_t run_id, Json& tiles) {
  Table figures = TRY(connection.query(
      "SELECT name, value, unit, lo, hi, about_from, about_until FROM run.fact WHERE run_id = $id "
      "AND about_from >= DATE '1900-01-01' AND about_until < DATE '9999-12-31' ORDER BY position",
      {{"id", run_id}}));
  auto day = [&](const char* column, size_t i) {
    return Date{static_cast<int32_t>(figures.integers(column)[i])};
  };
  for (size_t i = 0; i < figures.rows(); ++i) {
    auto label = std::find_if(info.key_figures.begin(), info.key_figures.end(),
                              [&](const auto& known) { return known.first == figures.texts("name")[i]; });
    if (label == info.key_figures.end()) continue;
    bool is_money = figures.texts("unit")[i] == "currency";
    if (is_money && figures["value"].number(i) == 0) continue;  // a shop whose amounts nobody knows
    Json tile = {{"label", text_json(label->second)},
                 {"period", text_json(written(Period{day("about_from", i), day("about_until", i)}))},
                 {"value", figures["value"].number(i)},
                 {"unit", is_money ? "money" : figures.texts("unit")[i]},
                 {"lo", nullptr},
                 {"hi", nullptr}};
    if (!figures["lo"].is_null(i)) tile["lo"] = figures["lo"].number(i), tile["hi"] = figures["hi"].number(i);
    tiles.push_back(tile);
  }
  return {};
}

// What was loaded and what was turned down: the first thing to doubt.
Result<Json> loads_section(store::Connection& connection, Json& tiles) {
  Table totals = TRY(connection.query(
      "SELECT coalesce(sum(rows_read), 0)::BIGINT AS read, coalesce(sum(rows_loaded), 0)::BIGINT AS loaded, "
      "coalesce(sum(rows_rejected), 0)::BIGINT AS rejected, count(*) AS files, min(first_day) AS first_day, "
      "max(last_day) AS last_day FROM raw.load"));
  int64_t read = totals.integers("read")[0], loaded = totals.integers("loaded")[0],
          rejected = totals.integers("rejected")[0];
  int64_t customers = TRY(connection.integer("SELECT count(*) FROM customer"));
  auto tile = [&](const char* key, int64_t value, const char* unit) {
    Json made = {
        {"label", own_words(key)}, {"value", value}, {"unit", unit}, {"lo", nullptr}, {"hi", nullptr}};
    if (!totals["first_day"].is_null(0)) {
      auto day = [&](const char* column) { return static_cast<int32_t>(totals.integers(column)[0]); };
      made["period"] = text_json(written(Period{Date{day("first_day")}, Date{day("last_day") + 1}}));
    }
    tiles.push_back(made);
  };
  tile("report.tile.customers", customers, "customers");
  tile("report.tile.events", TRY(connection.integer("SELECT count(*) FROM raw.event")), "");
  Table by_reason =
      TRY(connection.query("SELECT reason, count(*) AS rows, count(*) / (SELECT sum(rows_read) FROM "
                           "raw.load) AS share FROM raw.reject GROUP BY reason ORDER BY rows DESC, reason"));
  Json rows = Json::array();
  for (size_t i = 0; i < by_reason.rows(); ++i) {
    std::string reason = by_reason.texts("reason")[i];
    rows.push_back({reason, by_reason.integers("rows")[i], by_reason.reals("share")[i]});
  }
  Json section = {
      {"id", "loads"},
      {"title", own_words("report.loads.title")},
      {"question", own_words("report.loads.question")},
      {"sentences",
       Json::array({text_json(said(words::rows_read(
           {.rows = read, .files = totals.integers("files")[0], .loaded = loaded, .rejected = rejected})))})},
      {"warnings", Json::array()},
      {"charts", Json::array()},
      {"tables", Json::array()}};
  if (rejected > 0) {
    section["charts"].push_back({{"id", "reject_reasons"},
                                 {"kind", "bar"},
                                 {"title", own_words("report.loads.reasons")},
                                 {"columns", {"reason", "rows", "share"}},
                                 {"rows", rows},
                                 {"x", "reason"},
                                 {"y", "rows"},
                                 {"horizontal", true},
                                 {"unit", "count"}});
  }
  return section;
}

// JSON inside a script element: no "<" may end it early.
std::string escaped(const Json& json) {
  std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), out;
  out.reserve(text.size());
  for (char c : text) {
    if (c == '<') out += "\\u003c";
    else out += c;
  }
  return out;
}

}  // namespace

Result<std::string> html(store::Connection& connection, const std::vector<AnalysisInfo>& analyses,
                         const ReportFacts& facts) {
  Json sections = Json::array(), tiles = Json::array(), notes = Json::array();
  Json labels = {{"yes", own_words("label.yes")}, {"no", own_words("label.no")}};
  for (const auto& [reason, text] : facts.reject_reasons) labels[reason] = text_json(text);
  for (const Text& doubt : facts.doubts) notes.push_back(text_json(doubt));
  if (auto newer = TRY(newer_data(connection))) notes.push_back(text_json(*newer));
  else if (facts.is_stale) notes.push_back(text_json(said(words::other_data())));
  std::vector<Text> left_out;
  auto ordered = analyses;
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& a, const auto& b) { return place_of(a) < place_of(b); });
  for (const auto& info : ordered) {
    auto shown = facts.shown.find(info.name);
    int64_t run_id = shown == facts.shown.end() ? 0 : shown->second;
    auto failed = TRY(failed_since(connection, info, run_id));
    if (failed) notes.push_back(text_json(*failed));
    if (run_id == 0) {
      if (failed) continue;
      if (!TRY(lacks_data(connection, info)) && TRY(has_run(connection, info)))
        left_out.push_back(info.title);
      else if (info.contacts) notes.push_back(text_json(said(words::no_list())));
      continue;
    }
    if (!TRY(has_results(connection, info))) {
      notes.push_back(text_json(said(words::of_another_version({.title = info.title}))));
      continue;
    }
    Json section = TRY(section_json(connection, info, run_id, facts));
    if (failed) section["warnings"].push_back(text_json(*failed));
    for (const auto& [word, text] : info.labels) labels[word] = text_json(text);
    for (const auto& table : info.writes)
      for (const auto& column : table.columns) labels.emplace(column.name, text_json(column.label));
    TRY(add_tiles(connection, info, run_id, tiles));
    bool shows = !section["charts"].empty() || !section["tables"].empty() || !section["sentences"].empty();
    if (shows) sections.push_back(section);
  }
  if (!left_out.empty()) notes.insert(notes.begin(), text_json(of_other_dates(left_out)));
  open_with_first_sentences(sections);
  sections.push_back(TRY(loads_section(connection, tiles)));
  Json json = {{"title", own_words("report.title")},
               {"lang", languages()[static_cast<size_t>(facts.language)].code},
               {"version", DANGGOL_VERSION},
               {"as_of", facts.as_of},
               {"currency", facts.currency.empty() ? Json(nullptr) : Json(facts.currency)},
               {"generated", iso_time(now_utc())},
               {"store", facts.store_name},
               {"labels", labels},
               {"notes", notes},
               {"tiles", tiles},
               {"sections", sections}};
  std::string page(page::report);
  size_t at = page.find(data_token);
  DANGGOL_ASSERT(at != page.npos);
  return page.replace(at, data_token.size(), escaped(json));
}

}  // namespace danggol::report
