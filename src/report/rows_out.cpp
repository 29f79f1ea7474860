#include "report/rows_out.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>

#include "danggol/printable.h"
#include "report/row_writer.h"
#include "report/workbook_out.h"

namespace danggol::report {
namespace {

constexpr size_t most_text_rows = 100'000;  // a text table must be held to be aligned
constexpr size_t most_text_bytes = 256 << 20;

// Columns a terminal gives a text: Korean and other wide characters take two.
size_t display_width(std::string_view text) {
  size_t width = 0;
  for (size_t i = 0; i < text.size();) {
    unsigned char lead = static_cast<unsigned char>(text[i]);
    size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    width += length >= 3 ? 2 : 1;
    i += length;
  }
  return width;
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n\t") == text.npos) return std::string(text);
  std::string out = "\"";
  for (char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

// Whether a spreadsheet would run the text: one that starts like a formula and is no number. Spaces do not
// keep it from doing so.
bool is_formula(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (text.empty()) return false;
  constexpr std::string_view starts[] = {
      "=",           "+", "-", "@", "|", "%", "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
      "\xef\xbc\xa0"};  // the last four are full-width = + - @
  if (std::none_of(std::begin(starts), std::end(starts), [&](auto start) { return text.starts_with(start); }))
    return false;
  double number = 0;
  std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error != std::errc{} || end != digits.data() + digits.size();
}

class CsvWriter : public RowWriter {
 public:
  CsvWriter(std::ostream& out, const Table& columns, const RowStyle& style) : out_(out), plain_(style.plain) {
    if (style.for_spreadsheet && !style.plain) out_ << "\xef\xbb\xbf";
    std::string line;
    for (const auto& column : columns.columns) {
      is_text_.push_back(!is_numeric(column.type));
      if (is_text_.size() > 1) line += ',';
      line += cell(column.name, true);
    }
    out_ << line << '\n';
  }
  Status rows(const Table& texts) override {
    fmt::memory_buffer buffer;
    for (size_t i = 0; i < texts.rows(); ++i) {
      for (size_t c = 0; c < texts.columns.size(); ++c) {
        if (c > 0) buffer.push_back(',');
        if (!texts.columns[c].is_null(i)) buffer.append(cell(texts.columns[c].texts[i], is_text_[c]));
      }
      buffer.push_back('\n');
    }
    out_.write(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    return {};
  }
  Status end() override { return {}; }

 private:
  std::string cell(const std::string& text, bool is_text) const {
    return csv_field(!plain_ && is_text && is_formula(text) ? "'" + text : text);
  }
  std::ostream& out_;
  bool plain_;
  std::vector<bool> is_text_;
};

class JsonWriter : public RowWriter {
 public:
  JsonWriter(std::ostream& out, const Table& columns) : out_(out) {
    std::set<std::string> names;  // a key stands once in an object
    for (const auto& column : columns.columns) {
      std::string name = column.name;
      while (!names.insert(name).second) name += '_';
      keys_.push_back((keys_.empty() ? "{" : ",") + quoted(name) + ":");
      types_.push_back(column.type);
    }
    out_ << "[";
  }
  Status rows(const Table& texts) override {
    for (size_t i = 0; i < texts.rows(); ++i) {
      out_ << (first_ ? "\n" : ",\n");
      for (size_t c = 0; c < keys_.size(); ++c) {
        const auto& column = texts.columns[c];
        out_ << keys_[c] << (column.is_null(i) ? "null" : value(column.texts[i], types_[c]));
      }
      out_ << '}';
      first_ = false;
    }
    return {};
  }
  Status end() override {
    out_ << "\n]\n";
    return {};
  }

 private:
  static std::string quoted(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  // Numbers with all their digits; nan and inf are no JSON.
  static std::string value(const std::string& text, Type type) {
    if (type != Type::boolean && !is_numeric(type)) return quoted(text);
    return nlohmann::json::accept(text) ? text : "null";
  }
  std::ostream& out_;
  std::vector<std::string> keys_;
  std::vector<Type> types_;
  bool first_ = true;
};

class TextWriter : public RowWriter {
 public:
  TextWriter(std::ostream& out, const Table& columns) : out_(out), columns_(columns), all_(columns) {
    for (auto& column : all_.columns) column.type = Type::text;
  }
  Status rows(const Table& texts) override {
    for (size_t c = 0; c < all_.columns.size(); ++c) {
      for (const auto& text : texts.columns[c].texts) bytes_ += text.size() + sizeof text;
      ColumnData shown = texts.columns[c];
      for (auto& text : shown.texts) text = printable(text);
      all_.columns[c].append(shown);
    }
    if (bytes_ > most_text_bytes)
      return Error{Code::bad_input,
                   fmt::format("rows: a text table holds at most {} MB; use --limit or --format csv",
                               most_text_bytes >> 20)};
    if (all_.rows() > most_text_rows)
      return Error{Code::bad_input,
                   fmt::format("rows={}+: a text table holds at most {}; use --limit or --format csv",
                               all_.rows(), most_text_rows)};
    return {};
  }
  Status end() override {
    std::vector<size_t> widths;
    for (const auto& column : all_.columns) {
      size_t width = display_width(printable(column.name));
      for (const auto& text : column.texts)
        width = std::max(width, std::min<size_t>(display_width(text), 60));
      widths.push_back(width);
    }
    auto line = [&](auto cell) {
      std::string row;
      for (size_t c = 0; c < widths.size(); ++c) {
        std::string text = cell(c);
        std::string space(widths[c] - std::min(widths[c], display_width(text)), ' ');
        bool right = is_numeric(columns_.columns[c].type);
        row += (c > 0 ? "  " : "") + (right ? space + text : text + space);
      }
      while (row.ends_with(' ')) row.pop_back();
      out_ << row << '\n';
    };
    line([&](size_t c) { return printable(all_.columns[c].name); });
    line([&](size_t c) { return std::string(widths[c], '-'); });
    for (size_t i = 0; i < all_.rows(); ++i) line([&](size_t c) { return all_.columns[c].texts[i]; });
    return {};
  }

 private:
  std::ostream& out_;
  Table columns_, all_;
  size_t bytes_ = 0;
};

std::unique_ptr<RowWriter> writer(const RowStyle& style, std::ostream& out, const Table& columns) {
  if (style.format == Format::csv) return std::make_unique<CsvWriter>(out, columns, style);
  if (style.format == Format::xlsx) return workbook_writer(out, columns);
  if (style.format == Format::json) return std::make_unique<JsonWriter>(out, columns);
  return std::make_unique<TextWriter>(out, columns);
}

// Nobody reads on where nothing can be written.
Status check(const std::ostream& out) {
  if (out) return {};
  return Error{Code::io, "the answer cannot be written; is the disk full, or did the reader go?"};
}

}  // namespace

Status write_rows(store::Connection::Texts& rows, const RowStyle& style, const SqlLimits& limits,
                  std::ostream& out) {
  auto to = writer(style, out, rows.types);
  Table chunk;
  int64_t written = 0;
  while (TRY(rows.rows.next(chunk))) {
    written += static_cast<int64_t>(chunk.rows());
    if (written > limits.rows) return limits.too_many();
    TRY(to->rows(chunk));
    TRY(check(out));
  }
  TRY(to->end());
  return check(out);
}

Status write_rows(const Table& rows, const RowStyle& style, std::ostream& out) {
  Table texts = rows;
  for (auto& column : texts.columns) {
    if (column.type == Type::text || column.type == Type::blob) continue;
    for (size_t i = 0; i < column.size(); ++i) {
      switch (column.type) {
        case Type::date:
          column.texts.push_back(to_text(Date{static_cast<int32_t>(column.integers[i])}));
          break;
        case Type::timestamp: column.texts.push_back(to_text(Timestamp{column.integers[i]})); break;
        case Type::boolean: column.texts.push_back(column.integers[i] ? "true" : "false"); break;
        case Type::integer: column.texts.push_back(fmt::format("{}", column.integers[i])); break;
        default: column.texts.push_back(fmt::format("{}", column.reals[i]));
      }
      if (column.is_null(i)) column.texts.back().clear();
    }
    column.type = Type::text;
    column.integers.clear();
    column.reals.clear();
  }
  auto to = writer(style, out, rows.without_rows());
  TRY(to->rows(texts));
  TRY(to->end());
  return check(out);
}

}  // namespace danggol::report
