// What danggol says about itself: every analysis (a room of the house) declares its question, parameters,
// the tables it reads and writes and its pictures once, in these types; help texts, documentation, reports
// and servers are made from them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "danggol/text.h"

namespace danggol {

enum class Type { integer, real, text, date, timestamp, money, boolean, blob };
const char* name(Type type);

struct ColumnInfo {
  std::string name;
  Type type = Type::text;
  std::string unit = {};    // "days", "share", "customers", "score", ...; "" where there is none
  Text label = {};          // what a report writes above the column
  bool key = false;         // part of what identifies a row
  bool subject = false;     // says something about a person; erasing the person must reach it
  std::string bounds = {};  // for an interval or a p-value: how it came about, a word of the room's [bounds]
  Text help = {};           // the same in words
};

struct TableInfo {
  std::string name;  // schema.table
  Text title = {};
  std::vector<ColumnInfo> columns = {};
};

enum class ParamType { integer, real, text, boolean, choice, date, duration, list, column, table, group };
const char* name(ParamType type);

struct ParamInfo {
  std::string name;  // as typed after "--", words joined by '-'
  ParamType type = ParamType::text;
  std::string unit = {};
  std::string default_text = {};
  std::optional<double> least = {}, most = {};  // of a number, or of a list's every element
  std::vector<std::string> choices = {};
  Text help = {};
  bool required = false;                // there is no default: a run without it is refused
  std::string values = {};              // "table:column" where it is one of that column's values
  bool nullable = false;                // "" says that it is not given
  ParamType element = ParamType::text;  // of a list
};

// Parameter values as typed: name without dashes -> text.
using ParamTexts = std::map<std::string, std::string>;

enum class ChartKind { line, bar, histogram, heat_map, sankey, scatter, ecdf, calibration, fan, graph };
const char* name(ChartKind kind);

// A picture over the columns of one result table. Which encodings a kind takes is in web/README.md.
struct ChartInfo {
  std::string id;
  ChartKind kind = ChartKind::bar;
  Text title = {};
  std::string table = {};
  std::vector<std::pair<std::string, std::string>> encoding =
      {};                  // {"x", "h1_grade"}, {"value", "customers"}
  std::string where = {};  // an SQL condition over the table's columns
  std::string unit = {};   // of the value axis
  Text note = {};
  std::string order_by = {};
  int64_t most_rows = 2'000;            // a picture is bounded
  std::vector<std::string> order = {};  // of categories; those of the rows where it is empty
  double level = 0;                     // of lo and hi: 0.95; 0 where there are none
  std::string width = {};               // "half" or "full"; as the kind has it where it is empty
  bool evidence = false;                // a proof, for who asks: a report folds it away
};

// A table whose first rows the report prints.
struct ReportTableInfo {
  std::string table;
  std::string order_by = {};
  int64_t most_rows = 20;
  std::string where = {};
  std::vector<std::string> columns = {};  // in their order; all where it is empty
  std::vector<std::string> lead = {};     // of its first customers, what the report's opening says
  bool evidence = false;                  // as a chart's
};

enum class Kind {
  job,   // reads tables, writes result tables, has a run id, progress and cancel
  query  // one request in, bounded rows out, read-only, not logged
};

struct AnalysisInfo {
  std::string name;  // "rfm", "grade_forecast.train"
  Kind kind = Kind::job;
  Text title = {};
  Text question = {};
  Text method = {};  // and its source, in a sentence or two
  std::vector<ParamInfo> params = {};
  std::vector<std::string> reads = {};  // tables of raw, or results and models of other analyses
  std::vector<std::string> uses =
      {};  // results it takes into account where they are there, of the same dates
  // Of as-of, from, split and until, those its tables depend on besides what it reads: others may move and
  // nothing changes.
  std::vector<std::string> dates = {"as-of", "from", "split", "until"};
  std::vector<TableInfo> writes = {};
  std::vector<std::string> trains = {};  // models
  std::vector<ChartInfo> charts = {};
  std::vector<ReportTableInfo> tables = {};
  std::vector<std::pair<std::string, Text>> labels = {};  // words of its tables' values: "sms" -> SMS, 문자
  std::vector<std::pair<std::string, Text>> key_figures = {};  // words of its facts that a report sets large
  // The ids of its sentences that open a report, in their order; its section then comes before all others.
  std::vector<std::string> lead = {};
  bool evidence = false;    // says how good other analyses are: a report has it at its end, folded
  bool on_request = false;  // a pipeline runs it where it is named, and not with everything
  bool contacts = false;    // its tables say whom to contact: nobody who is suppressed may be in them
};

}  // namespace danggol
