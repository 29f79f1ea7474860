#include "contract/params.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "danggol/nearest.h"

namespace danggol::param_text {
namespace {

Error bad(const ParamInfo& info, std::string_view text, std::string_view limit) {
  return {Code::bad_input, fmt::format("{}={}: {}", info.name, text, limit)};
}

template <class Number>
Status parse_number(const ParamInfo& info, std::string_view text, Number& value, std::string_view what) {
  Number read{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), read);
  bool in_range = error == std::errc{} && end == text.data() + text.size() &&
                  std::isfinite(static_cast<double>(read)) &&
                  (!info.least || static_cast<double>(read) >= *info.least) &&
                  (!info.most || static_cast<double>(read) <= *info.most);
  if (!in_range) {
    if (!info.least) return bad(info, text, fmt::format("must be {}", what));
    return bad(info, text, fmt::format("must be {} in {}..{}", what, *info.least, *info.most));
  }
  value = read;
  return {};
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    size_t comma = std::min(text.find(','), text.size());
    parts.push_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

}  // namespace

std::string format(int64_t value) { return fmt::format("{}", value); }
std::string format(double value) { return fmt::format("{}", value); }
std::string format(bool value) { return value ? "true" : "false"; }
std::string format(const std::string& value) { return value; }
std::string format(const std::optional<Date>& value) { return value ? to_text(*value) : ""; }
std::string format(const std::vector<double>& value) { return fmt::format("{}", fmt::join(value, ",")); }
std::string format(const std::vector<std::string>& value) { return fmt::format("{}", fmt::join(value, ",")); }
std::string format(const Group& value) {
  return value.empty() ? "" : fmt::format("{}:{}={}", value.table, value.column, value.value);
}

Error missing(const ParamInfo& info) {
  return bad(info, "", fmt::format("must be given: --{0}=..., one of {1}", info.name, info.values));
}

Status parse(const ParamInfo& info, std::string_view text, int64_t& value) {
  return parse_number(info, text, value, "a whole number");
}
Status parse(const ParamInfo& info, std::string_view text, double& value) {
  return parse_number(info, text, value, "a number");
}
Status parse(const ParamInfo& info, std::string_view text, bool& value) {
  if (text != "true" && text != "false") return bad(info, text, "must be true or false");
  value = text == "true";
  return {};
}
Status parse(const ParamInfo& info, std::string_view text, std::string& value) {
  if (info.type == ParamType::choice &&
      std::find(info.choices.begin(), info.choices.end(), text) == info.choices.end())
    return bad(
        info, text,
        fmt::format("must be one of {}{}", fmt::join(info.choices, ", "), nearest_hint(text, info.choices)));
  if (info.required && text.empty()) return missing(info);
  value = text;
  return {};
}
Status parse(const ParamInfo& info, std::string_view text, std::optional<Date>& value) {
  auto date = parse_date(text);
  if (!date && !text.empty()) return bad(info, text, "must be a date such as 2011-06-01");
  value = date;
  return {};
}
Status parse(const ParamInfo& info, std::string_view text, std::vector<double>& value) {
  std::vector<double> read;
  for (auto part : split(text)) TRY(parse(info, part, read.emplace_back()));
  value = read;
  return {};
}
Status parse(const ParamInfo&, std::string_view text, std::vector<std::string>& value) {
  value.clear();
  for (auto part : split(text)) value.emplace_back(part);
  return {};
}

Status parse(const ParamInfo& info, std::string_view text, Group& value) {
  if (text.empty()) {
    value = {};
    return {};
  }
  size_t colon = text.find(':'), equals = text.find('=', colon == text.npos ? 0 : colon);
  std::string_view table = text.substr(0, colon);
  if (colon == text.npos || equals == text.npos || equals == colon + 1 ||
      !(table.starts_with("raw.") || table.starts_with("result.")))
    return bad(info, text,
               "must be a table of raw or result, a column and a value, such as raw.customer:region=Seoul");
  value = {std::string(table), std::string(text.substr(colon + 1, equals - colon - 1)),
           std::string(text.substr(equals + 1))};
  return {};
}

}  // namespace danggol::param_text
