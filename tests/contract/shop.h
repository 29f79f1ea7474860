// A small simulated shop, and stores in which every room has run on it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "danggol/engine.h"

namespace danggol::contract {

// The day everything is seen as of; the shop goes on for a month after it.
inline constexpr const char* as_of = "2025-02-01";
// A day on which the newest results do not speak.
inline constexpr const char* earlier_as_of = "2025-01-01";

// Values for the parameters that have no default: there is nothing to guess in a customer's id.
ParamTexts needed_params(const AnalysisInfo& info);

struct ShopFiles {
  std::string before;    // events.csv up to as_of
  std::string shuffled;  // the same rows in another order
  std::string after;     // the rows from as_of on
  std::string all;       // both in one file
  std::string exposures, later_exposures;
};
const ShopFiles& shop_files();

// A store file in the suite's folder, opened for one call at a time.
class Store {
 public:
  explicit Store(std::string path) : path_(std::move(path)) {}
  const std::string& path() const { return path_; }

  Result<Engine> open(Engine::Access access) const { return Engine::open(path_, access); }
  Result<std::vector<FileSummary>> import(const std::string& file,
                                          const std::string& preset = "events") const;
  Result<RunSummary> run(const std::string& room, ParamTexts params,
                         const Progress& progress = nullptr) const;
  // What a query-kind room answers, as CSV.
  Result<std::string> answer(const std::string& room, ParamTexts params) const;
  std::string csv(const std::string& table) const;    // all rows of a table
  std::string text(const std::string& select) const;  // the one value of a one-row answer; "" for null
  double number(const std::string& select) const;
  std::vector<double> numbers(const std::string& select) const;     // the row of a one-row answer
  std::vector<std::string> texts(const std::string& select) const;  // the one column of an answer
  Store copy() const;                                               // the same content in a file of its own

  // What there is, to see what changed: "schema.table" -> columns, number of rows and hash of them.
  std::map<std::string, std::string> snapshot() const;

 private:
  std::string path_;
};

Store new_store();

// A store with the files imported and every job run once, in the registry's order, as of `as_of`.
struct Finished {
  Store store;
  std::map<std::string, RunSummary> runs;              // by room
  std::map<std::string, std::set<std::string>> wrote;  // by room: tables that are new or other than before
};
const Finished& finished();
// The same store after every job ran once more, as of `earlier_as_of`.
const Finished& finished_twice();

// The same by other ways; the tables must not show which.
enum class Way {
  again,       // once more in a fresh store
  shuffled,    // the rows in another order
  one_core,    // by the program, held to one processor
  later_load,  // events from as_of on loaded after it
  one_load,    // events from as_of on in the same file
};
const Store& finished_by(Way way);

}  // namespace danggol::contract
