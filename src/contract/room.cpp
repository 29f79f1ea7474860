#include "contract/room.h"

#include <fmt/format.h>

#include "danggol/nearest.h"

namespace danggol {

Result<bool> knows_amounts(Context& context, const Period& period) {
  Table known = TRY(context.query(
      "SELECT count(amount) > 0 AS known FROM receipt WHERE action IN ('purchase', 'partner_use') "
      "AND day >= $first::DATE AND day < $last::DATE",
      {{"first", to_timestamp(period.from)}, {"last", to_timestamp(period.until)}}));
  return known.integers("known")[0] != 0;
}

Result<std::vector<std::string>> texts_by_number(Context& context, std::string_view view,
                                                 std::string_view column) {
  Table rows = TRY(context.query(fmt::format(
      "SELECT {0}_no AS number, coalesce({1}, '') AS name FROM {0} ORDER BY {0}_no", view, column)));
  std::vector<std::string> texts;
  for (size_t i = 0; i < rows.rows(); ++i) {
    texts.resize(static_cast<size_t>(rows.integers("number")[i]));
    texts.push_back(rows.texts("name")[i]);
  }
  return texts;
}

Text parameter_words(const Words& words, const std::string& name) {
  std::string key = "parameter." + name;
  Text help = words.text(key);
  return help.empty() ? shared_words().text(key) : help;
}

namespace room_detail {
namespace {

// The table's own, the room's, the shared ones; bounds are "from" and "to" wherever they are.
Text column_label(const Words& words, std::string_view table, const ColumnInfo& column) {
  const std::string& name = column.name;
  bool is_lo = name.ends_with("_lo"), is_bound = !column.bounds.empty() && (is_lo || name.ends_with("_hi"));
  if (is_bound) return shared_words().text(is_lo ? "column.lo" : "column.hi");
  Text label = words.text(fmt::format("table.{}.column.{}", table, name));
  if (label.empty()) label = words.text("column." + name);
  return label.empty() ? shared_words().text("column." + name) : label;
}

}  // namespace

Error no_such_param(const std::string& room, const std::string& name, const std::vector<ParamInfo>& params) {
  std::vector<std::string> names;
  for (const ParamInfo& param : params) names.push_back(param.name);
  return {Code::bad_input, fmt::format("{}: no parameter {}{}; see danggol describe {}", room, name,
                                       nearest_hint(name, names), room)};
}

void put_words(AnalysisInfo& info, const Words& words) {
  std::string analysis = "analysis." + info.name;
  info.title = words.text(analysis + ".title");
  info.question = words.text(analysis + ".question");
  info.method = words.text(analysis + ".method");
  for (ParamInfo& param : info.params) param.help = parameter_words(words, param.name);
  for (TableInfo& table : info.writes) {
    std::string name = table.name.substr(table.name.find('.') + 1);
    table.title = words.text(fmt::format("table.{}.title", name));
    for (ColumnInfo& column : table.columns) {
      column.label = column_label(words, name, column);
      if (column.bounds.empty()) continue;
      column.help = words.text("bounds." + column.bounds);
      if (column.help.empty()) column.help = shared_words().text("bounds." + column.bounds);
    }
  }
  for (ChartInfo& chart : info.charts) {
    chart.title = words.text(fmt::format("chart.{}.title", chart.id));
    chart.note = words.text(fmt::format("chart.{}.note", chart.id));
  }
  auto all = [](const Words& of, std::string_view prefix, std::vector<std::pair<std::string, Text>>& out) {
    for (const WordEntry& entry : of.entries)
      if (entry.key.starts_with(prefix))
        out.emplace_back(std::string(entry.key.substr(prefix.size())), of.text(entry.key));
  };
  all(shared_words(), "label.", info.labels), all(words, "label.", info.labels);
  all(words, "fact.", info.key_figures);
}

}  // namespace room_detail

}  // namespace danggol
