#include "engine/import_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "features/frame.h"
#include "ingest/removal.h"

namespace danggol::engine {

Result<ingest::OnOverlap> on_overlap_of(const ImportRequest& request) {
  const auto& names = ingest::on_overlap_names;
  auto at = std::find(names.begin(), names.end(), request.on_overlap);
  if (at != names.end()) return static_cast<ingest::OnOverlap>(at - names.begin());
  return Error{Code::bad_input,
               fmt::format("on-overlap={}: must be refuse, skip or keep", ingest::shown(request.on_overlap))};
}

Result<ingest::Mapping> mapping_of(const ImportRequest& request, const ParamTexts& settled) {
  ingest::Mapping mapping = ingest::guessing();
  if (!request.preset.empty()) mapping = TRY(ingest::preset(request.preset));
  TRY(ingest::override_columns(settled, mapping));
  if (!request.map_file.empty()) TRY(ingest::override_from_file(request.map_file, mapping));
  TRY(ingest::override_columns(request.columns, mapping));
  return mapping;
}

namespace {

FileSummary summary_of(const ingest::FileReport& report) {
  FileSummary file;
  file.path = report.facts.path;
  file.format = report.facts.format;
  file.encoding = report.facts.encoding;
  for (size_t c = 0; c < report.facts.header.size(); ++c) {
    size_t before = file.columns.size();
    for (size_t role = 0; role < ingest::role_count; ++role)
      if (report.facts.roles[role] == static_cast<int>(c))
        file.columns.push_back(
            {report.facts.header[c], std::string(ingest::name(static_cast<ingest::Role>(role))),
             report.facts.examples[c], report.facts.found[role] == ingest::Found::by_values});
    for (const ingest::Undoing& undoing : report.facts.beside.undoing)
      if (undoing.column == static_cast<int>(c))
        file.columns.push_back({report.facts.header[c], "undone", report.facts.examples[c], false});
    if (file.columns.size() == before) file.columns.push_back({.name = report.facts.header[c]});
  }
  for (const auto& [value, seen] : report.seen.actions)
    file.actions.push_back({value, seen.meaning ? ingest::name(*seen.meaning) : "", seen.rows});
  std::stable_sort(file.actions.begin(), file.actions.end(),
                   [](const auto& a, const auto& b) { return a.rows > b.rows; });
  file.table = report.facts.table;
  file.kind = ingest::name(report.facts.kind);
  for (ingest::Kind kind : report.unchecked) file.unchecked.emplace_back(ingest::name(kind));
  file.rows_read = report.rows_read();
  file.rows_loaded = report.rows_loaded;
  file.rows_rejected = report.rows_rejected;
  file.rows_aside = report.rows_aside;
  file.overlap_seconds = report.overlap_seconds;
  for (const auto& [reason, rows] : report.rejects) {
    Text words;
    for (const auto& known : ingest::reject_reasons())
      if (known.name == reason) words = known.words();
    file.rejects.emplace_back(words, rows);
  }
  file.warnings = report.warnings;
  if (report.first_day) file.first = to_text(*report.first_day), file.last = to_text(*report.last_day);
  return file;
}

}  // namespace

std::vector<FileSummary> summaries_of(const std::vector<ingest::FileReport>& reports) {
  std::vector<FileSummary> out;
  for (const auto& report : reports) out.push_back(summary_of(report));
  return out;
}

Result<std::vector<LoadSummary>> loads_of(store::Connection& connection) {
  Table rows =
      TRY(connection.query("SELECT load_no, file, preset, strftime(loaded_at, '%Y-%m-%d %H:%M') AS "
                           "loaded_at, first_day::VARCHAR AS first, "
                           "last_day::VARCHAR AS last, rows_read, rows_loaded, rows_rejected, "
                           "coalesce(aside, 0) AS aside FROM raw.load "
                           "LEFT JOIN (SELECT source AS load_no, count(*) AS aside FROM raw.repeated GROUP "
                           "BY source) USING (load_no) "
                           "ORDER BY load_no"));
  std::vector<LoadSummary> loads;
  for (size_t i = 0; i < rows.rows(); ++i)
    loads.push_back({rows.integers("load_no")[i], rows.texts("file")[i], rows.texts("preset")[i],
                     rows.texts("loaded_at")[i], rows.texts("first")[i], rows.texts("last")[i],
                     rows.integers("rows_read")[i], rows.integers("rows_loaded")[i],
                     rows.integers("rows_rejected")[i], rows.integers("aside")[i]});
  return loads;
}

Result<UnloadSummary> unload(store::Connection& connection, const UnloadRequest& request) {
  if (request.loads.empty())
    return Error{Code::bad_input, "unload: no load named; danggol loads names those there are"};
  auto loads = TRY(loads_of(connection));
  TRY(connection.together(
      [&] { return ingest::unload(connection, request.loads, features::renew_receipts); }));
  std::erase_if(loads, [&](const LoadSummary& load) {
    return std::find(request.loads.begin(), request.loads.end(), load.load_no) == request.loads.end();
  });
  return UnloadSummary{std::move(loads)};
}

}  // namespace danggol::engine
