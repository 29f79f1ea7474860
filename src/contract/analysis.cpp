#include "danggol/analysis.h"

namespace danggol {

const char* name(Type type) {
  switch (type) {
    case Type::integer: return "integer";
    case Type::real: return "real";
    case Type::text: return "text";
    case Type::date: return "date";
    case Type::timestamp: return "timestamp";
    case Type::money: return "money";
    case Type::boolean: return "boolean";
    case Type::blob: return "blob";
  }
  return "?";
}

const char* name(ParamType type) {
  switch (type) {
    case ParamType::integer: return "integer";
    case ParamType::real: return "real";
    case ParamType::text: return "text";
    case ParamType::boolean: return "boolean";
    case ParamType::choice: return "choice";
    case ParamType::date: return "date";
    case ParamType::duration: return "duration";
    case ParamType::list: return "list";
    case ParamType::column: return "column";
    case ParamType::table: return "table";
    case ParamType::group: return "group";
  }
  return "?";
}

const char* name(ChartKind kind) {
  switch (kind) {
    case ChartKind::line: return "line";
    case ChartKind::bar: return "bar";
    case ChartKind::histogram: return "histogram";
    case ChartKind::heat_map: return "heat_map";
    case ChartKind::sankey: return "sankey";
    case ChartKind::scatter: return "scatter";
    case ChartKind::ecdf: return "ecdf";
    case ChartKind::calibration: return "calibration";
    case ChartKind::fan: return "fan";
    case ChartKind::graph: return "graph";
  }
  return "?";
}

}  // namespace danggol
