// Declarations by name. What is said of tables, columns, charts and parameters stands in the room's
// words.toml; a declaration names what there is.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "danggol/analysis.h"

namespace danggol {

// A result table: Columns("rfm").key("period").count("customers"), in the order in which rows are appended.
class Columns {
 public:
  explicit Columns(std::string_view name) { table_.name = "result." + std::string(name); }

  // Part of what identifies a row.
  Columns& key(std::string name, Type type = Type::text, std::string unit = "") {
    return add({.name = std::move(name), .type = type, .unit = std::move(unit), .key = true});
  }
  // The same, and a row says something about a person: erasing the person must reach it.
  Columns& customer_key() {
    return add({.name = "customer_id", .type = Type::text, .key = true, .subject = true});
  }
  Columns& text(std::string name) { return add({.name = std::move(name), .type = Type::text}); }
  // An id of a product: the report tells it by its name.
  Columns& product(std::string name) {
    return add({.name = std::move(name), .type = Type::text, .unit = "product"});
  }
  Columns& product_key() { return key("product_id", Type::text, "product"); }
  Columns& date(std::string name) { return add({.name = std::move(name), .type = Type::date}); }
  Columns& flag(std::string name) { return add({.name = std::move(name), .type = Type::boolean}); }
  Columns& count(std::string name, std::string unit = "customers") {
    return add({.name = std::move(name), .type = Type::integer, .unit = std::move(unit)});
  }
  Columns& real(std::string name, std::string unit = "") {
    return add({.name = std::move(name), .type = Type::real, .unit = std::move(unit)});
  }
  Columns& share(std::string name) { return real(std::move(name), "share"); }
  Columns& money(std::string name) {  // summed exactly
    return add({.name = std::move(name), .type = Type::money, .unit = "currency"});
  }
  Columns& amount(std::string name) { return real(std::move(name), "currency"); }  // of money, computed

  // The bounds of the figure before them, or of `name`: name_lo and name_hi, of its type and unit. `how` is
  // what they are, a word among [bounds].
  Columns& bounds(std::string how, std::string name = "") {
    ColumnInfo figure = table_.columns.back();
    if (name.empty()) name = figure.name;
    for (const char* end : {"_lo", "_hi"})
      add({.name = name + end, .type = figure.type, .unit = figure.unit, .bounds = how});
    return *this;
  }
  // Of the column before: how it came about, a word among [bounds].
  Columns& by(std::string how) {
    table_.columns.back().bounds = std::move(how);
    return *this;
  }

  operator TableInfo() const { return table_; }

 private:
  Columns& add(ColumnInfo column) {
    table_.columns.push_back(std::move(column));
    return *this;
  }
  TableInfo table_;
};

// A picture: bar("leavers", "pay_share_dose").x("bucket").y("leaves").bounds(). The parts that a kind takes,
// and what the page makes of the rest, are in web/README.md.
class Chart {
 public:
  Chart(ChartKind kind, std::string id, std::string_view table) {
    chart_.kind = kind, chart_.id = std::move(id), chart_.table = "result." + std::string(table);
  }
  Chart& x(std::string column) { return part("x", std::move(column)); }
  Chart& y(std::string column) { return part("y", std::move(column)); }
  Chart& bin(std::string from, std::string until) {
    return x(std::move(from)).part("x_hi", std::move(until));
  }
  Chart& value(std::string column) { return part("value", std::move(column)); }
  Chart& flow(std::string source, std::string target) {
    return part("source", std::move(source)).part("target", std::move(target));
  }
  Chart& series(std::string column) { return part("series", std::move(column)); }
  Chart& size(std::string column) { return part("size", std::move(column)); }
  Chart& label(std::string column) { return part("label", std::move(column)); }
  // Of y, NAME_lo and NAME_hi, at this level.
  Chart& bounds(double level = 0.95) {
    for (const auto& [role, column] : std::vector(chart_.encoding))
      if (role == "y") part("lo", column + "_lo").part("hi", column + "_hi");
    chart_.level = level;
    return *this;
  }
  Chart& horizontal() { return part("horizontal", "true"); }
  Chart& stacked() { return part("stacked", "true"); }

  Chart& unit(std::string of_values) { return chart_.unit = std::move(of_values), *this; }
  Chart& where(std::string condition) { return chart_.where = std::move(condition), *this; }
  Chart& order_by(std::string columns) { return chart_.order_by = std::move(columns), *this; }
  Chart& rows(int64_t most) { return chart_.most_rows = most, *this; }
  Chart& order(std::vector<std::string> categories) { return chart_.order = std::move(categories), *this; }
  Chart& half() { return chart_.width = "half", *this; }
  Chart& full() { return chart_.width = "full", *this; }
  Chart& evidence() { return chart_.evidence = true, *this; }

  operator ChartInfo() const { return chart_; }

 private:
  Chart& part(std::string role, std::string column) {
    chart_.encoding.emplace_back(std::move(role), std::move(column));
    return *this;
  }
  ChartInfo chart_;
};

inline Chart line(std::string id, std::string_view table) { return {ChartKind::line, std::move(id), table}; }
inline Chart bar(std::string id, std::string_view table) { return {ChartKind::bar, std::move(id), table}; }
inline Chart histogram(std::string id, std::string_view table) {
  return {ChartKind::histogram, std::move(id), table};
}
inline Chart heat_map(std::string id, std::string_view table) {
  return {ChartKind::heat_map, std::move(id), table};
}
inline Chart sankey(std::string id, std::string_view table) {
  return {ChartKind::sankey, std::move(id), table};
}
inline Chart scatter(std::string id, std::string_view table) {
  return {ChartKind::scatter, std::move(id), table};
}
inline Chart ecdf(std::string id, std::string_view table) { return {ChartKind::ecdf, std::move(id), table}; }
inline Chart calibration(std::string id, std::string_view table) {
  return {ChartKind::calibration, std::move(id), table};
}
inline Chart fan(std::string id, std::string_view table) { return {ChartKind::fan, std::move(id), table}; }
inline Chart graph(std::string id, std::string_view table) {
  return {ChartKind::graph, std::move(id), table};
}

// A table whose first rows the report prints.
class Shown {
 public:
  Shown(std::string_view table) { table_.table = "result." + std::string(table); }
  Shown& rows(int64_t most) { return table_.most_rows = most, *this; }
  Shown& where(std::string condition) { return table_.where = std::move(condition), *this; }
  Shown& order_by(std::string columns) { return table_.order_by = std::move(columns), *this; }
  Shown& columns(std::vector<std::string> names) { return table_.columns = std::move(names), *this; }
  // The opening of the report names the first customers of it, and says this of each.
  Shown& lead(std::vector<std::string> columns) { return table_.lead = std::move(columns), *this; }
  Shown& evidence() { return table_.evidence = true, *this; }
  operator ReportTableInfo() const { return table_; }

 private:
  ReportTableInfo table_;
};

}  // namespace danggol
