// Rows in memory, by column: what a query answers and what a room hands over to be written.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/assert.h"
#include "base/interval.h"
#include "base/units.h"
#include "danggol/analysis.h"

namespace danggol {

using Value = std::variant<std::monostate, bool, int64_t, double, std::string, Date, Timestamp>;
using Bindings = std::vector<std::pair<std::string, Value>>;

// One column. Integers, dates, timestamps and booleans live in `integers`, reals and money in `reals`,
// everything else in `texts`. `null` is empty where nothing is null.
struct ColumnData {
  std::string name;
  Type type = Type::text;
  std::vector<int64_t> integers = {};
  std::vector<double> reals = {};
  std::vector<std::string> texts = {};
  std::vector<bool> null = {};

  bool is_null(size_t row) const { return !null.empty() && null[row]; }
  bool is_integral() const {
    return type == Type::integer || type == Type::date || type == Type::timestamp || type == Type::boolean;
  }
  bool is_real() const { return type == Type::real || type == Type::money; }
  size_t size() const { return is_integral() ? integers.size() : is_real() ? reals.size() : texts.size(); }
  double number(size_t row) const {  // NaN where null
    if (is_null(row)) return std::numeric_limits<double>::quiet_NaN();
    return is_real() ? reals[row] : static_cast<double>(integers[row]);
  }

  void append(const ColumnData& more) {
    size_t before = size();
    integers.insert(integers.end(), more.integers.begin(), more.integers.end());
    reals.insert(reals.end(), more.reals.begin(), more.reals.end());
    texts.insert(texts.end(), more.texts.begin(), more.texts.end());
    if (null.empty() && more.null.empty()) return;
    null.resize(before, false);
    null.insert(null.end(), more.null.begin(), more.null.end());
    null.resize(size(), false);
  }
  void push(std::string_view value) { texts.emplace_back(value), mark(false); }
  void push(Date value) { integers.push_back(value.days), mark(false); }
  void push(Money value) { push(static_cast<double>(value.ten_thousandths) / Money::scale); }
  template <class Number>
  requires std::is_arithmetic_v<Number>
  void push(Number value) {  // a NaN is stored as null
    if (is_real()) {
      reals.push_back(static_cast<double>(value)), mark(std::isnan(static_cast<double>(value)));
    } else {
      DANGGOL_ASSERT(is_integral() && std::is_integral_v<Number>);
      integers.push_back(static_cast<int64_t>(value)), mark(false);
    }
  }
  template <class Known>
  void push(const std::optional<Known>& value) {
    value ? push(*value) : push(nullptr);
  }
  void push(std::nullptr_t) {
    if (is_integral()) integers.push_back(0);
    else if (is_real()) reals.push_back(0);
    else texts.emplace_back();
    mark(true);
  }

 private:
  void mark(bool is_null) {
    if (!is_null && null.empty()) return;
    null.resize(size() - 1, false);
    null.push_back(is_null);
  }
};

struct Table {
  std::vector<ColumnData> columns;

  size_t rows() const { return columns.empty() ? 0 : columns[0].size(); }
  const ColumnData& operator[](std::string_view name) const {
    for (const auto& column : columns)
      if (column.name == name) return column;
    DANGGOL_ASSERT(!"a column the query does not have");
    return columns[0];
  }
  const std::vector<int64_t>& integers(std::string_view name) const { return (*this)[name].integers; }
  const std::vector<double>& reals(std::string_view name) const { return (*this)[name].reals; }
  const std::vector<std::string>& texts(std::string_view name) const { return (*this)[name].texts; }

  Table without_rows() const {
    Table out;
    for (const auto& column : columns) out.columns.push_back({column.name, column.type});
    return out;
  }
  void append_rows(const Table& more) {  // of the same columns
    for (size_t c = 0; c < columns.size(); ++c) columns[c].append(more.columns[c]);
  }

  // Building: a column of `table` by its declared name; push one value a row.
  static Table of(const TableInfo& info) {
    Table table;
    for (const auto& column : info.columns) table.columns.push_back({column.name, column.type});
    return table;
  }
  template <class... Values>
  void append(
      const Values&... values) {  // one row, in the declared order; an Estimate is a figure and its bounds
    size_t i = 0;
    (put(i, values), ...);
    DANGGOL_ASSERT(i == columns.size());
  }

 private:
  template <class Value>
  void put(size_t& i, const Value& value) {
    DANGGOL_ASSERT(i < columns.size());
    columns[i++].push(value);
  }
  void put(size_t& i, const Interval& of) { put(i, of.lo), put(i, of.hi); }
  void put(size_t& i, const Estimate& of) { put(i, of.value), put(i, of.interval()); }
};

}  // namespace danggol
