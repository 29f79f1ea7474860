// Parameters are a plain struct whose members hold the defaults. One row a member beside it gives the name,
// unit, range and help; from those rows come parsing, checks, help texts and the run log.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "danggol/analysis.h"
#include "danggol/result.h"

namespace danggol {

struct Range {
  double least, most;
};

// The customers of whom a row of `table` (raw or result, by customer_id) has `value` in `column`; typed as
// "raw.customer:region=Seoul". Nobody in particular where it is empty.
struct Group {
  std::string table, column, value;
  bool empty() const { return table.empty(); }
};

namespace param_text {
std::string format(int64_t value);
std::string format(double value);
std::string format(bool value);
std::string format(const std::string& value);
std::string format(const std::optional<Date>& value);
std::string format(const std::vector<double>& value);
std::string format(const std::vector<std::string>& value);
std::string format(const Group& value);
// What format() wrote is read back; "" as a date or a group is "not given".
Status parse(const ParamInfo& info, std::string_view text, int64_t& value);
Status parse(const ParamInfo& info, std::string_view text, double& value);
Status parse(const ParamInfo& info, std::string_view text, bool& value);
Status parse(const ParamInfo& info, std::string_view text, std::string& value);
Status parse(const ParamInfo& info, std::string_view text, std::optional<Date>& value);
Status parse(const ParamInfo& info, std::string_view text, std::vector<double>& value);
Status parse(const ParamInfo& info, std::string_view text, std::vector<std::string>& value);
Status parse(const ParamInfo& info, std::string_view text, Group& value);
Error missing(const ParamInfo& info);
}  // namespace param_text

template <class Params>
class ParamTable {
 public:
  struct Row {
    ParamInfo info;
    std::function<std::string(const Params&)> format;
    std::function<Status(Params&, std::string_view)> parse;
  };

  ParamTable& integer(std::string name, int64_t Params::*member, Range range, std::string unit) {
    return add(number(name, ParamType::integer, range, unit), member);
  }
  ParamTable& real(std::string name, double Params::*member, Range range, std::string unit) {
    return add(number(name, ParamType::real, range, unit), member);
  }
  ParamTable& flag(std::string name, bool Params::*member) {
    return add({.name = name, .type = ParamType::boolean}, member);
  }
  ParamTable& text(std::string name, std::string Params::*member) {
    return add({.name = name, .type = ParamType::text}, member);
  }
  ParamTable& choice(std::string name, std::string Params::*member, std::vector<std::string> choices) {
    return add({.name = name, .type = ParamType::choice, .choices = std::move(choices)}, member);
  }
  ParamTable& date(std::string name, std::optional<Date> Params::*member) {
    return add({.name = name, .type = ParamType::date, .nullable = true}, member);
  }
  ParamTable& reals(std::string name, std::vector<double> Params::*member, Range range, std::string unit) {
    ParamInfo info = number(name, ParamType::list, range, unit);
    info.element = ParamType::real;
    return add(info, member);
  }
  ParamTable& texts(std::string name, std::vector<std::string> Params::*member) {
    return add({.name = name, .type = ParamType::list}, member);
  }
  ParamTable& group(std::string name, Group Params::*member) {
    return add({.name = name, .type = ParamType::group, .nullable = true}, member);
  }
  // One of the values of a column ("raw.customer:customer_id"); it must be given.
  ParamTable& one_of(std::string name, std::string Params::*member, std::string column) {
    return add({.name = name, .type = ParamType::text, .required = true, .values = column}, member);
  }
  // The rows of a struct that is a member of this one.
  template <class Inner>
  ParamTable& include(Inner Params::*member, const ParamTable<Inner>& inner) {
    for (const auto& row : inner.rows())
      rows_.push_back({row.info, [=](const Params& p) { return row.format(p.*member); },
                       [=](Params& p, std::string_view t) { return row.parse(p.*member, t); }});
    return *this;
  }

  const std::vector<Row>& rows() const { return rows_; }
  std::vector<ParamInfo> info() const {
    std::vector<ParamInfo> out;
    for (const auto& row : rows_) out.push_back(row.info);
    return out;
  }
  // Sets the members that `texts` names and takes those names out of it; what is left is somebody else's.
  Status read(ParamTexts& texts, Params& params) const {
    for (const auto& row : rows_) {
      auto given = texts.find(row.info.name);
      if (given == texts.end() && row.info.required) return param_text::missing(row.info);
      if (given == texts.end()) continue;
      TRY(row.parse(params, given->second));
      texts.erase(given);
    }
    return {};
  }
  ParamTexts write(const Params& params) const {
    ParamTexts texts;
    for (const auto& row : rows_) texts[row.info.name] = row.format(params);
    return texts;
  }

 private:
  static ParamInfo number(std::string name, ParamType type, Range range, std::string unit) {
    return {.name = name, .type = type, .unit = unit, .least = range.least, .most = range.most};
  }
  template <class Member>
  ParamTable& add(ParamInfo info, Member Params::*member) {
    info.default_text = param_text::format(Params{}.*member);
    rows_.push_back({info, [=](const Params& p) { return param_text::format(p.*member); },
                     [=](Params& p, std::string_view t) { return param_text::parse(info, t, p.*member); }});
    return *this;
  }
  std::vector<Row> rows_;
};

}  // namespace danggol
