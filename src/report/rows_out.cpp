#include "report/rows_out.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

namespace danggol::report {
namespace {

constexpr size_t most_text_rows = 100'000;  // a text table must be held to be aligned

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
  if (text.find_first_of(",\"\r\n") == text.npos) return std::string(text);
  std::string out = "\"";
  for (char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

bool is_numeric(Type type) { return type == Type::integer || type == Type::real || type == Type::money; }

class Writer {
 public:
  virtual ~Writer() = default;
  virtual Status rows(const Table& texts) = 0;  // every column as text
  virtual void end() = 0;
};

class CsvWriter : public Writer {
 public:
  CsvWriter(std::ostream& out, const Table& columns) : out_(out) {
    std::string line;
    for (const auto& column : columns.columns) line += (line.empty() ? "" : ",") + csv_field(column.name);
    out_ << line << '\n';
  }
  Status rows(const Table& texts) override {
    fmt::memory_buffer buffer;
    for (size_t i = 0; i < texts.rows(); ++i) {
      for (size_t c = 0; c < texts.columns.size(); ++c) {
        if (c > 0) buffer.push_back(',');
        if (!texts.columns[c].is_null(i))
          fmt::format_to(std::back_inserter(buffer), "{}", csv_field(texts.columns[c].texts[i]));
      }
      buffer.push_back('\n');
    }
    out_.write(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    return {};
  }
  void end() override {}

 private:
  std::ostream& out_;
};

class JsonWriter : public Writer {
 public:
  JsonWriter(std::ostream& out, const Table& columns) : out_(out), columns_(columns) { out_ << "["; }
  Status rows(const Table& texts) override {
    for (size_t i = 0; i < texts.rows(); ++i) {
      nlohmann::ordered_json row = nlohmann::ordered_json::object();
      for (size_t c = 0; c < texts.columns.size(); ++c) {
        const std::string& text = texts.columns[c].texts[i];
        auto& cell = row[columns_.columns[c].name];
        if (texts.columns[c].is_null(i)) cell = nullptr;
        else if (columns_.columns[c].type == Type::boolean) cell = text == "true";
        else if (is_numeric(columns_.columns[c].type)) cell = nlohmann::json::parse(text, nullptr, false);
        else cell = text;
        if (cell.is_discarded()) cell = nullptr;  // nan and inf are no JSON
      }
      out_ << (first_ ? "\n" : ",\n") << row.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
      first_ = false;
    }
    return {};
  }
  void end() override { out_ << "\n]\n"; }

 private:
  std::ostream& out_;
  Table columns_;
  bool first_ = true;
};

class TextWriter : public Writer {
 public:
  TextWriter(std::ostream& out, const Table& columns) : out_(out), columns_(columns), all_(columns) {
    for (auto& column : all_.columns) column.type = Type::text;
  }
  Status rows(const Table& texts) override {
    all_.append_rows(texts);
    if (all_.rows() > most_text_rows)
      return Error{Code::bad_input,
                   fmt::format("rows={}+: a text table holds at most {}; use --limit or --format csv",
                               all_.rows(), most_text_rows)};
    return {};
  }
  void end() override {
    std::vector<size_t> widths;
    for (const auto& column : all_.columns) {
      size_t width = display_width(column.name);
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
    line([&](size_t c) { return all_.columns[c].name; });
    line([&](size_t c) { return std::string(widths[c], '-'); });
    for (size_t i = 0; i < all_.rows(); ++i) line([&](size_t c) { return all_.columns[c].texts[i]; });
  }

 private:
  std::ostream& out_;
  Table columns_, all_;
};

std::unique_ptr<Writer> writer(Format format, std::ostream& out, const Table& columns) {
  if (format == Format::csv) return std::make_unique<CsvWriter>(out, columns);
  if (format == Format::json) return std::make_unique<JsonWriter>(out, columns);
  return std::make_unique<TextWriter>(out, columns);
}

}  // namespace

Status write_rows(store::Connection& connection, const std::string& from, Format format, std::ostream& out) {
  Table columns = TRY(connection.query(fmt::format("SELECT * FROM {} LIMIT 0", from)));
  auto rows = TRY(connection.rows(fmt::format("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM {}", from)));
  auto to = writer(format, out, columns);
  Table chunk;
  while (TRY(rows.next(chunk))) TRY(to->rows(chunk));
  to->end();
  return {};
}

Status write_rows(const Table& rows, Format format, std::ostream& out) {
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
  auto to = writer(format, out, rows.without_rows());
  TRY(to->rows(texts));
  to->end();
  return {};
}

}  // namespace danggol::report
