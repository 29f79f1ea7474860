#include "ingest/nested_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/utf8.h"
#include "ingest/byte_source.h"
#include "ingest/mapping.h"
#include "ingest/watch.h"

namespace danggol::ingest {
namespace {

constexpr size_t rows_per_block = 65'536, bytes_per_block = 4 << 20;
constexpr size_t most_columns = 2'000, most_levels = 4;
constexpr size_t most_lists = 2;  // of orders in an answer, of lines in an order

bool is_called_lines(std::string_view name) {
  constexpr std::array<std::string_view, 10> usual = {"lineitems",  "items",    "orderitems", "lines",
                                                      "orderlines", "products", "상품목록",   "주문상품",
                                                      "상품",       "품목"};
  if (size_t object = name.rfind('.'); object != name.npos) name.remove_prefix(object + 1);
  return std::find(usual.begin(), usual.end(), plain(name)) != usual.end();
}

}  // namespace

std::string_view name(NestedFormat format) {
  switch (format) {
    case NestedFormat::parquet: return "Parquet";
    case NestedFormat::json: return "JSON";
  }
  return {};
}

bool begins_json(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  size_t first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return false;
  size_t second = text.find_first_not_of(" \t\r\n", first + 1);
  char opens = text[first], next = second == text.npos ? 0 : text[second];
  return opens == '{' ? next == '"' : opens == '[' && next == '{';
}

Result<std::unique_ptr<NestedSource>> NestedSource::open(InputFile file, NestedFormat format, Packing packing,
                                                         const std::string& lines, std::stop_token stop) {
  auto source = std::make_unique<NestedSource>();
  auto database = TRY(store::Database::in_memory());
  source->connection_ = TRY(database.connect());
  std::string name = store::literal(file.name_of_open());
  TRY(source->connection_.execute(
      fmt::format("SET allowed_paths = [{}]; SET enable_external_access = false", name)));
  // no format of dates is known, so that their texts come as they stand
  source->table_ =
      format == NestedFormat::parquet
          ? fmt::format(
                "read_parquet({}, hive_partitioning = false, union_by_name = false, filename = false)", name)
          : fmt::format(
                "read_json({}, format = 'auto', records = true, sample_size = -1, filename = false, "
                "hive_partitioning = false, dateformat = 'none', timestampformat = 'none', "
                "maximum_depth = 9, field_appearance_threshold = 0, map_inference_threshold = -1, "
                "compression = '{}')",
                name, packing == Packing::none ? "uncompressed" : ingest::name(packing));
  source->format_ = format;
  source->file_ = std::move(file);
  source->stop_ = std::move(stop);
  if (auto flat = source->lay_out_flat(lines); !flat) return source->unreadable(flat.error());
  return source;
}

Status NestedSource::lay_out_flat(const std::string& lines) {
  struct Found {
    std::string name, type, expression;
  };
  auto described = [&](const std::string& select, const std::string& prefix,
                       const std::string& of) -> Result<std::vector<Found>> {
    Table rows = TRY(connection_.query(
        fmt::format("SELECT column_name, column_type FROM (DESCRIBE SELECT {} FROM {})", select, table_)));
    std::vector<Found> out;
    for (size_t i = 0; i < rows.rows(); ++i) {
      const std::string& name = rows.texts("column_name")[i];
      out.push_back(
          {prefix + name, rows.texts("column_type")[i],
           of.empty() ? store::identifier(name) : fmt::format("({})[{}]", of, store::literal(name))});
    }
    return out;
  };
  auto is_object = [](const Found& of) { return of.type.starts_with("STRUCT(") && !of.type.ends_with("]"); };
  auto is_list = [](const Found& of) { return of.type.starts_with("STRUCT(") && of.type.ends_with(")[]"); };

  // The fields of objects become columns.
  auto flatten = [&](std::vector<Found>& found) -> Status {
    for (size_t level = 0; level < most_levels && std::any_of(found.begin(), found.end(), is_object);
         ++level) {
      std::vector<Found> flat;
      for (Found& of : found) {
        if (!is_object(of)) {
          flat.push_back(std::move(of));
          continue;
        }
        std::vector<Found> fields =
            TRY(described(fmt::format("unnest({})", of.expression), of.name + ".", of.expression));
        flat.insert(flat.end(), fields.begin(), fields.end());
      }
      found = std::move(flat);
    }
    return {};
  };

  std::vector<Found> found = TRY(described("*", "", ""));
  TRY(flatten(found));
  for (size_t list = 0; list < most_lists; ++list) {
    // of several lists the one that is called as lines of orders are
    bool are_several = std::count_if(found.begin(), found.end(), is_list) > 1;
    auto rows = std::find_if(found.begin(), found.end(), [&](const Found& of) {
      return is_list(of) && (lines.empty() ? !are_several || is_called_lines(of.name) : of.name == lines);
    });
    if (rows == found.end()) break;
    std::string row = store::identifier(fmt::format("danggol.row.{}", list));
    table_ =
        fmt::format("(SELECT *, unnest(CASE WHEN len({0}) > 0 THEN {0} ELSE [NULL] END) AS {1} FROM {2})",
                    rows->expression, row, table_);
    lines_ = rows->name + ".";
    std::vector<Found> fields = TRY(described(fmt::format("unnest({})", row), lines_, row));
    auto at = found.erase(rows);
    found.insert(at, fields.begin(), fields.end());
    TRY(flatten(found));
    if (are_several && lines.empty()) break;  // the others are of the order, not of its lines
  }
  if (found.size() > most_columns)
    return Error{Code::bad_input, fmt::format("{} columns, with those of its objects: at most {} are read",
                                              found.size(), most_columns)};
  for (Found& of : found) {
    std::string text = fmt::format("{}::VARCHAR", of.expression);
    bool has_point = of.type == "DOUBLE" || of.type == "FLOAT" || of.type.starts_with("DECIMAL(");
    // three digits after a point may be thousands
    if (has_point) text = fmt::format("CASE WHEN ({0})[-4] = '.' THEN {0} || '0' ELSE {0} END", text);
    columns_.push_back({as_text(of.name), text});
  }
  return {};
}

std::vector<std::string> NestedSource::header() const {
  std::vector<std::string> names;
  for (const Column& column : columns_) names.push_back(column.name);
  return names;
}

Result<RecordBlock> NestedSource::first_rows(size_t most) {
  std::vector<std::string> fields;
  for (const Column& column : columns_) fields.push_back(column.expression);
  auto rows =
      connection_.stream(fmt::format("SELECT {} FROM {} LIMIT {}", fmt::join(fields, ", "), table_, most));
  if (!rows) return unreadable(rows.error());
  rows_ = std::move(*rows);
  RecordBlock block;
  TRY(next(block));
  at_end_ = false, line_ = 0;
  return block;
}

Status NestedSource::begin(std::vector<bool> needed) {
  std::vector<std::string> fields;
  for (size_t c = 0; c < columns_.size(); ++c) fields.push_back(needed[c] ? columns_[c].expression : "''");
  TRY(go_on(stop_));
  auto rows = connection_.stream(fmt::format("SELECT {} FROM {}", fmt::join(fields, ", "), table_));
  if (!rows) return unreadable(rows.error());
  rows_ = std::move(*rows);
  return {};
}

Result<bool> NestedSource::next(RecordBlock& block) {
  Table rows;
  size_t bytes = 0;
  while (!at_end_ && block.records.size() < rows_per_block && bytes < bytes_per_block) {
    TRY(go_on(stop_));
    auto more = rows_.next(rows);
    if (!more) return unreadable(more.error());
    at_end_ = !*more;
    for (size_t i = 0; !at_end_ && i < rows.rows(); ++i) {
      Record record{++line_,
                    static_cast<uint32_t>(block.fields.size()),
                    static_cast<uint32_t>(rows.columns.size()),
                    {}};
      size_t before = bytes;
      for (auto& column : rows.columns) {
        std::string_view field = block.unescaped.emplace_back(std::move(column.texts[i]));
        block.fields.push_back(field);
        bytes += field.size();
        if (!is_utf8(field)) record.problem = RecordProblem::encoding;
      }
      if (bytes - before > most_record_bytes) record.problem = RecordProblem::too_long;
      block.records.push_back(record);
    }
  }
  if (block.records.empty()) TRY(file_.unchanged());
  return !block.records.empty();
}

Error NestedSource::unreadable(const Error& error) const {
  if (error.code == Code::cancelled || error.code == Code::memory) return error;
  if (auto same = file_.unchanged(); !same) return same.error();
  std::string why = error.message, name = file_.name_of_open();
  for (size_t at = 0; (at = why.find(name, at)) != why.npos; at += file_.path().size())
    why.replace(at, name.size(), file_.path());
  return {Code::corrupt, fmt::format("{}: not a {} file that can be read: {}", file_.path(),
                                     format_ == NestedFormat::parquet ? "Parquet" : "JSON", why)};
}

}  // namespace danggol::ingest
