#include "ingest/rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "ingest/words.h"

namespace danggol::ingest {

Text RejectReason::words() const { return ingest_words::all.text(fmt::format("reject.{}", name)); }

const std::vector<RejectReason>& reject_reasons() {
  static const std::vector<RejectReason> reasons = {
      {"no_customer", "name the column with --customer=COLUMN"},
      {"bad_time", "name the column with --time=COLUMN"},
      {"ambiguous_time", ""},
      {"default_time", "name the column with --time=COLUMN"},
      {"lonely_time", "name the column with --time=COLUMN"},
      {"placeholder_id", "name the column with --customer=COLUMN"},
      {"spreadsheet_id", "export the file again with the ids as text"},
      {"future_time", "name the column with --time=COLUMN, or set this machine's clock"},
      {"bad_amount", "name the column with --amount=COLUMN or --price=COLUMN"},
      {"no_amount", "name the column with --amount=COLUMN or --price=COLUMN"},
      {"bad_quantity", "name the column with --quantity=COLUMN"},
      {"unknown_action",
       "say what they mean with --action-values=VALUE=ACTION, or name the column with --action=COLUMN"},
      {"no_event", "say what is one with --action-values=VALUE=ACTION"},
      {"bad_hour", "name the column with --hour=COLUMN"},
      {"no_offer", "name the column with --offer=COLUMN"},
      {"bad_propensity", "name the column with --propensity=COLUMN"},
      {"no_id", "name the column with --customer=COLUMN, --product=COLUMN or --branch=COLUMN"},
      {"duplicate_id", "name the column with --customer=COLUMN, --product=COLUMN or --branch=COLUMN"},
      {"unknown_customer", "give the table of customers that has them"},
      {"unknown_product", "give the table of products that has them"},
      {"unknown_store", "give the table of stores that has them"},
      {"field_count", "let the header name each field of a row"},
      {"open_quote", "close the quotes, or double those inside a field"},
      {"bad_quote", "double the quotes inside a field"},
      {"too_long", "check the file's line ends"},
      {"encoding", "save the file as UTF-8 (or CP949)"},
      {"unmatched", "give the whole of all tables"},
      {"id_too_long", "name the columns of ids, such as --customer=COLUMN"},
  };
  return reasons;
}

namespace {

// What the bytes of a word ask for; a byte of a longer character for nothing.
enum class Form : uint8_t { plain, quoted, several_lines };
constexpr std::array<Form, 256> forms_of_bytes = [] {
  std::array<Form, 256> forms{};
  for (char c : {',', '=', '"'}) forms[static_cast<unsigned char>(c)] = Form::quoted;
  for (char c : {'\n', '\r'}) forms[static_cast<unsigned char>(c)] = Form::several_lines;
  return forms;
}();

void append_word(std::string_view word, std::string& out) {
  Form form = word.starts_with(' ') || word.ends_with(' ') ? Form::quoted : Form::plain;
  for (char c : word) form = std::max(form, forms_of_bytes[static_cast<unsigned char>(c)]);
  if (form == Form::plain) {
    out += word;
  } else if (form == Form::several_lines) {
    out += "(several lines)";
  } else {
    out += '"';
    for (char c : word) out.append(c == '"' ? 2 : 1, c);
    out += '"';
  }
}

}  // namespace

RejectText::RejectText(const std::vector<std::string>& header, const RoleColumns& roles) {
  for (size_t c = 0; c < header.size(); ++c) {
    int column = static_cast<int>(c);
    if (std::find(roles.begin(), roles.end(), column) == roles.end()) continue;
    std::string name;
    append_word(header[c], name);
    columns_.emplace_back(column, name + '=');
  }
}

void RejectText::append(const RecordBlock& block, const Record& record, std::string& out) const {
  if (record.problem != RecordProblem::none && record.problem != RecordProblem::unmatched) return;
  size_t start = out.size();
  for (const auto& [column, name] : columns_) {
    std::string_view field = block.field(record, column);
    if (field.empty()) continue;
    if (out.size() > start) out += ", ";
    out += name;
    append_word(field, out);
    if (out.size() > start + most_bytes) return out.resize(beginning(out, start + most_bytes).size());
  }
}

}  // namespace danggol::ingest
