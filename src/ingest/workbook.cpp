#include "ingest/workbook.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <pugixml.hpp>

#include "base/ids.h"
#include "base/units.h"

namespace danggol::ingest {
namespace {

constexpr size_t most_columns = 16'384, most_part_bytes = 64 << 20;
constexpr int64_t most_rows = 1'048'576;

std::string_view local(std::string_view name) {
  size_t prefix = name.find(':');
  return prefix == name.npos ? name : name.substr(prefix + 1);
}
bool is_a(pugi::xml_node node, std::string_view name) { return local(node.name()) == name; }

pugi::xml_node child(pugi::xml_node of, std::string_view name) {
  for (pugi::xml_node node : of.children())
    if (is_a(node, name)) return node;
  return {};
}

std::string_view attribute(pugi::xml_node of, std::string_view name) {
  for (pugi::xml_attribute found : of.attributes())
    if (local(found.name()) == name) return found.value();
  return {};
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number value;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

Error damaged(const Zip& zip) {
  return {Code::corrupt,
          fmt::format("{}: not a workbook that can be read; save it again, or its sheet as CSV UTF-8",
                      zip.path())};
}

// A part that is small, whole.
Result<pugi::xml_document> document(const Zip& zip, std::string_view part) {
  const Zip::Member* member = zip.member(part);
  if (!member) return damaged(zip);
  std::string text;
  TRY(zip.read(*member, [&](std::string_view piece) -> Status {
    text += piece;
    return text.size() > most_part_bytes ? Status(damaged(zip)) : Status();
  }));
  pugi::xml_document out;
  if (!out.load_buffer(text.data(), text.size())) return damaged(zip);
  return out;
}

// Gives the elements of that name, of which none holds another, one after the other, whatever the size of the
// part: as many as are whole are parsed at a time.
class Elements {
 public:
  using Use = std::function<Status(pugi::xml_node)>;
  Elements(const Zip& zip, std::string_view name, const Use& use) : zip_(zip), name_(name), use_(use) {}

  Status of(const Zip::Member& member) {
    TRY(zip_.read(member, [&](std::string_view piece) -> Status {
      text_ += piece;
      if (!began_) begin();
      size_t end = began_ ? after_last_end() : 0;
      if (end == 0) return text_.size() > most_part_bytes ? Status(damaged(zip_)) : Status();
      TRY(parse(end));
      text_.erase(0, end);
      return {};
    }));
    if (!began_) return {};
    // what follows may be elements without content, then what is about them all
    size_t end = std::min(text_.find("</"), text_.size());
    return parse(end);
  }

 private:
  // Where the first one begins, with the prefix that all have.
  void begin() {
    for (size_t at = 0; (at = text_.find(name_, at + 1)) != text_.npos;) {
      size_t open = text_.rfind('<', at), after = at + name_.size();
      if (open == text_.npos || after >= text_.size()) continue;
      std::string prefix = text_.substr(open + 1, at - open - 1);
      bool is_prefix = prefix.empty() || (prefix.back() == ':' && prefix.find_first_of(" />") == prefix.npos);
      if (!is_prefix || std::string_view(" \t\r\n/>").find(text_[after]) == std::string_view::npos) continue;
      end_tag_ = fmt::format("</{}{}>", prefix, name_);
      text_.erase(0, open);
      began_ = true;
      return;
    }
  }
  size_t after_last_end() const {
    size_t end = text_.rfind(end_tag_);
    return end == text_.npos ? 0 : end + end_tag_.size();
  }
  Status parse(size_t end) {
    auto outcome = parsed_.load_buffer(text_.data(), end, pugi::parse_default | pugi::parse_fragment);
    if (!outcome && outcome.status != pugi::status_no_document_element) return damaged(zip_);
    for (pugi::xml_node node : parsed_.children())
      if (is_a(node, name_)) TRY(use_(node));
    return {};
  }

  const Zip& zip_;
  std::string name_, end_tag_;
  const Use& use_;
  std::string text_;
  bool began_ = false;
  pugi::xml_document parsed_;
};

// The text in <t>, of one or of several runs; what is pronounced stands beside it in <rPh>.
void append_text(pugi::xml_node of, std::string& out) {
  for (pugi::xml_node node : of.children()) {
    if (is_a(node, "t")) out += node.text().get();
    else if (is_a(node, "r")) append_text(node, out);
  }
}

// A carriage return as spreadsheets write one, and a line end: blanks.
void make_one_line(std::string& text) {
  constexpr std::string_view written_return = "_x000D_";
  for (size_t at; (at = text.find(written_return)) != text.npos;)
    text.replace(at, written_return.size(), " ");
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

void append_field(std::string_view field, std::string& line) {
  if (field.find_first_of(",\"") == field.npos) {
    line += field;
    return;
  }
  line += '"';
  for (char c : field) line.append(c == '"' ? 2 : 1, c);
  line += '"';
}

// "BC23": 54; from 0.
std::optional<size_t> column_of(std::string_view reference) {
  size_t column = 0;
  for (char c : reference) {
    if (c < 'A' || c > 'Z') break;
    column = column * 26 + static_cast<size_t>(c - 'A') + 1;
    if (column > most_columns) return {};
  }
  if (column == 0) return {};
  return column - 1;
}

}  // namespace

bool Workbook::is(const Zip& zip) {
  return zip.member("xl/workbook.xml") || zip.member("xl/workbook.bin") ||
         (zip.member("[Content_Types].xml") && zip.member("_rels/.rels"));
}

Result<Workbook> Workbook::open(Zip zip) {
  Workbook book;
  book.zip_ = std::move(zip);
  if (book.zip_.member("xl/workbook.bin"))
    return Error{Code::bad_input,
                 fmt::format("{}: a workbook in the form .xlsb; save it as .xlsx, or its sheet as CSV UTF-8",
                             book.zip_.path())};
  TRY(book.read_book());
  TRY(book.read_styles());
  TRY(book.read_texts());
  return book;
}

Status Workbook::read_book() {
  std::string part = "xl/workbook.xml";
  if (!zip_.member(part)) {
    pugi::xml_document start = TRY(document(zip_, "_rels/.rels"));
    for (pugi::xml_node link : start.document_element().children())
      if (attribute(link, "Type").ends_with("/officeDocument")) part = attribute(link, "Target");
    if (part.starts_with('/')) part.erase(0, 1);
  }
  std::string folder = part.substr(0, part.rfind('/') + 1);
  auto whole = [&](std::string_view target) {
    return target.starts_with('/') ? std::string(target.substr(1)) : folder + std::string(target);
  };
  pugi::xml_document links = TRY(document(zip_, folder + "_rels/" + part.substr(folder.size()) + ".rels"));
  std::map<std::string, std::string, std::less<>> targets;
  for (pugi::xml_node link : links.document_element().children()) {
    std::string_view type = attribute(link, "Type");
    std::string target = whole(attribute(link, "Target"));
    if (type.ends_with("/styles")) styles_part_ = target;
    if (type.ends_with("/sharedStrings")) texts_part_ = target;
    if (type.ends_with("/worksheet")) targets.emplace(attribute(link, "Id"), target);
  }
  pugi::xml_document book = TRY(document(zip_, part));
  pugi::xml_node root = book.document_element();
  std::string_view since = attribute(child(root, "workbookPr"), "date1904");
  since_1904_ = since == "1" || since == "true";
  for (pugi::xml_node sheet : child(root, "sheets").children()) {
    auto target = targets.find(attribute(sheet, "id"));
    if (target == targets.end() || attribute(sheet, "state").ends_with("idden")) continue;
    names_.emplace_back(attribute(sheet, "name"));
    parts_.push_back(target->second);
  }
  if (!is_a(root, "workbook")) return damaged(zip_);
  return {};
}

// By the codes of number formats (ECMA-376, 18.8.30 and 18.8.31).
Workbook::Format Workbook::format_of(int builtin) {
  auto is_in = [&](int from, int until) { return builtin >= from && builtin <= until; };
  if (builtin == 22) return {true, true};
  if (is_in(14, 17) || is_in(27, 31) || is_in(34, 36) || is_in(50, 58)) return {true, false};
  if (is_in(18, 21) || is_in(32, 33) || is_in(45, 47)) return {false, true};
  return {};
}

Workbook::Format Workbook::format_of(std::string_view code) {
  Format out;
  if (!code.empty() && code.find_first_not_of('0') == code.npos) {
    out.digits = code.size() > 1 ? code.size() : 0;
    return out;
  }
  for (size_t i = 0; i < code.size() && code[i] != ';'; ++i) {
    char c = code[i] >= 'A' && code[i] <= 'Z' ? static_cast<char>(code[i] + 32) : code[i];
    if (c == '\\' || c == '_' || c == '*') {
      ++i;
    } else if (c == '"' || c == '[') {
      i = std::min(code.find(c == '"' ? '"' : ']', i + 1), code.size());
    } else if (code.substr(i).starts_with("General")) {
      i += std::string_view("General").size() - 1;
    } else if (c == 'y' || c == 'd') {
      out.has_day = true;
    } else if (c == 'h' || c == 's') {
      out.has_time = true;
    }
  }
  return out;
}

Status Workbook::read_styles() {
  if (!zip_.member(styles_part_)) return {};
  pugi::xml_document styles = TRY(document(zip_, styles_part_));
  pugi::xml_node root = styles.document_element();
  std::map<int, Format> formats;
  for (pugi::xml_node format : child(root, "numFmts").children())
    if (auto id = number_of<int>(attribute(format, "numFmtId")))
      formats[*id] = format_of(attribute(format, "formatCode"));
  for (pugi::xml_node style : child(root, "cellXfs").children()) {
    int id = number_of<int>(attribute(style, "numFmtId")).value_or(0);
    auto own = formats.find(id);
    styles_.push_back(own == formats.end() ? format_of(id) : own->second);
  }
  return {};
}

Status Workbook::read_texts() {
  const Zip::Member* member = zip_.member(texts_part_);
  if (!member) return {};
  Elements::Use keep = [&](pugi::xml_node text) -> Status {
    append_text(text, texts_.emplace_back());
    make_one_line(texts_.back());
    return {};
  };
  return Elements(zip_, "si", keep).of(*member);
}

std::string Workbook::text_of_number(std::string_view value, size_t style) const {
  auto number = number_of<double>(value);
  if (!number || !std::isfinite(*number)) return std::string(value);
  Format format = style < styles_.size() ? styles_[style] : Format();
  constexpr double last_day = 2'958'465;  // 9999-12-31
  if ((format.has_day || format.has_time) && *number >= 0 && *number < last_day + 1) {
    constexpr int32_t to_1970 = 25'569, from_1900_to_1904 = 1'462, false_leap_day = 60;
    double day = std::floor(*number);
    auto serial = static_cast<int32_t>(day) + (since_1904_ ? from_1900_to_1904 : 0);
    // 1900 was no leap year, but counts as one
    Timestamp ts = to_timestamp(Date{serial - to_1970 + (serial < false_leap_day ? 1 : 0)});
    ts.micros += std::llround((*number - day) * 86'400) * 1'000'000;
    std::string text = to_text(ts);
    constexpr size_t day_length = 10;
    if (!format.has_day && day == 0) return text.substr(day_length + 1);
    return format.has_time || ts != to_timestamp(to_date(ts)) ? text : text.substr(0, day_length);
  }
  std::string text = fmt::format("{:.15g}", *number);
  if (format.digits > text.size() && text.find_first_not_of("0123456789") == text.npos)
    text.insert(0, format.digits - text.size(), '0');
  // three digits after a point may be thousands
  size_t point = text.find('.');
  if (point != text.npos && text.find('e') == text.npos && text.size() - point == 4) text += '0';
  return text;
}

Result<InputFile> Workbook::csv_of(size_t sheet) const {
  const Zip::Member* member = zip_.member(parts_[sheet]);
  if (!member) return damaged(zip_);
  std::string path = fmt::format("{}/{}", zip_.path(), names_[sheet]);
  std::vector<size_t> commas;  // of each line
  size_t most_commas = 0;
  auto write_rows = [&](const InputFile::Put& put) -> Status {
    std::vector<std::string> cells;
    std::string line;
    auto each_row = [&](pugi::xml_node row) -> Status {
      std::string_view written = attribute(row, "r");
      int64_t number =
          written.empty() ? static_cast<int64_t>(commas.size()) + 1 : number_of<int64_t>(written).value_or(0);
      if (number <= static_cast<int64_t>(commas.size()) || number > most_rows) return damaged(zip_);
      line.assign(static_cast<size_t>(number) - commas.size() - 1, '\n');
      commas.resize(static_cast<size_t>(number) - 1);
      cells.clear();
      size_t next = 0;
      for (pugi::xml_node cell : row.children()) {
        if (!is_a(cell, "c")) continue;
        std::string_view reference = attribute(cell, "r"), type = attribute(cell, "t"),
                         style = attribute(cell, "s");
        auto column = reference.empty() ? std::optional(next) : column_of(reference);
        if (!column || *column < next || *column >= most_columns) return damaged(zip_);
        next = *column + 1;
        std::string_view value = child(cell, "v").text().get();
        std::string text;
        if (type == "s") {
          auto n = number_of<size_t>(value);
          if (!n || *n >= texts_.size()) return damaged(zip_);
          text = texts_[*n];
        } else if (type == "inlineStr") {
          append_text(child(cell, "is"), text);
        } else if (type.empty() || type == "n") {
          if (!value.empty()) text = text_of_number(value, number_of<size_t>(style).value_or(SIZE_MAX));
        } else {
          text = type == "b" ? value == "1" ? "TRUE" : "FALSE" : value;
        }
        if (trimmed(text).empty()) continue;
        cells.resize(*column + 1);
        make_one_line(text);
        cells[*column] = std::move(text);
      }
      for (size_t c = 0; c < cells.size(); ++c) {
        if (c > 0) line += ',';
        append_field(cells[c], line);
      }
      line += '\n';
      commas.push_back(cells.empty() ? 0 : cells.size() - 1);
      most_commas = std::max(most_commas, commas.back());
      return put(line);
    };
    Elements::Use use = each_row;
    return Elements(zip_, "row", use).of(*member);
  };
  InputFile rows = TRY(InputFile::make(path, "XLSX", write_rows));
  // Once more, for how wide the sheet is only its end tells.
  size_t row = 0;
  char before = '\n';
  auto fill_up = [&](const InputFile::Put& put) -> Status {
    std::string block(1 << 20, '\0'), out;
    while (size_t got = TRY(rows.read(block.data(), block.size()))) {
      out.clear();
      for (char c : std::string_view(block.data(), got)) {
        if (c == '\n' && before != '\n') out.append(most_commas - commas[row], ',');
        if (c == '\n') ++row;
        out += before = c;
      }
      TRY(put(out));
    }
    return {};
  };
  return InputFile::make(path, "XLSX", fill_up);
}

}  // namespace danggol::ingest
