#include "ingest/rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "ingest/words.h"

namespace danggol::ingest {

Text RejectReason::words() const { return ingest_words::all.text(fmt::format("reject.{}", name)); }
Text RejectReason::remedy() const { return ingest_words::all.text(fmt::format("remedy.{}", name)); }

const std::vector<RejectReason>& reject_reasons() {
  static const std::vector<RejectReason> reasons = {
      {"no_customer"},     {"bad_time"},       {"ambiguous_time"}, {"default_time"}, {"lonely_time"},
      {"placeholder_id"},  {"spreadsheet_id"}, {"future_time"},    {"bad_amount"},   {"no_amount"},
      {"bad_quantity"},    {"unknown_action"}, {"no_event"},       {"bad_hour"},     {"no_offer"},
      {"bad_propensity"},  {"no_id"},          {"duplicate_id"},   {"lost_zeros"},   {"unknown_customer"},
      {"unknown_product"}, {"unknown_store"},  {"field_count"},    {"open_quote"},   {"bad_quote"},
      {"too_long"},        {"encoding"},       {"unmatched"},      {"id_too_long"},  {"forgotten"}};
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
    if (!plays_role(roles, column)) continue;
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
