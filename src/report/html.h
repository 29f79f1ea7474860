// The report: one HTML file that needs nothing beside it, drawn from the newest result tables by the charts
// and tables the rooms declare.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "danggol/engine.h"
#include "store/database.h"

namespace danggol::report {

struct ReportFacts {
  std::string store_name, as_of;
  std::vector<Text> doubts;              // of the data, to be said before anything else
  bool is_stale = false;                 // something rests on other data than there are now
  std::map<std::string, int64_t> shown;  // by analysis, the run of it that is shown
  Language language = Language::en;
  std::string currency;  // ISO 4217, of all amounts; "" where it is not known
  std::vector<std::pair<std::string, Text>> reject_reasons;  // code -> words
  // A row of run.sentence in today's words: scope, id, arguments, and what was said then.
  std::function<Text(const std::string&, const std::string&, const std::string&, Text)> said_again;
};

// `analyses` in the order of their sections; those that are not shown have none.
Result<std::string> html(store::Connection& connection, const std::vector<AnalysisInfo>& analyses,
                         const ReportFacts& facts);

}  // namespace danggol::report
