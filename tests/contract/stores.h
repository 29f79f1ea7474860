// Store files of the suite: some that all rooms' cases share, each made once with every job run in it, and
// copies of them that a case may change.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "danggol/engine.h"
#include "store/database.h"

namespace danggol::contract {

// "schema.table" -> its columns, number of rows and a hash of them; of a view what it shows.
using Snapshot = std::map<std::string, std::string>;

// A store opened for reading, for as long as this lives: as people do, and by its SQL. Each is opened when it
// is first asked for.
class OpenStore {
 public:
  explicit OpenStore(std::string path) : path_(std::move(path)) {}
  Table rows(const std::string& select) const;
  std::string text(const std::string& select) const;  // the one value of a one-row answer; "" for null
  double number(const std::string& select) const;
  std::vector<double> numbers(const std::string& select) const;     // the row of a one-row answer
  std::vector<std::string> texts(const std::string& select) const;  // the one column of an answer
  std::string csv(const std::string& table) const;                  // all rows of a table, as people see them
  Result<std::string> answer(const std::string& room, ParamTexts params) const;  // of a query, as CSV
  Snapshot snapshot() const;

 private:
  Engine& engine() const;
  std::string path_;
  mutable std::optional<Engine> engine_;
  mutable std::optional<store::Connection> sql_;
};

// A store file in a temporary folder, opened for one call at a time.
class Store {
 public:
  Store();                                      // not there yet
  explicit Store(const std::string& original);  // a copy of that file
  const std::string& path() const { return path_; }
  Result<Engine> open(Engine::Access access) const { return Engine::open(path_, access); }
  OpenStore read() const { return OpenStore(path_); }

 private:
  std::string path_;
};

// Stores with the shop in them. But for the first, every job ran once in them, in the registry's order, as of
// `as_of`; the tables must not show in which of the ways.
enum class Way {
  imported,    // and nothing run
  once,        // job by job
  again,       // the same in a fresh store
  shuffled,    // the rows in another order
  one_core,    // by the program, in one pipeline, held to one processor
  later_load,  // events from as_of on loaded after it
  one_load,    // events from as_of on in the same file
  twice,       // as `once`, and then every job once more, as of `earlier_as_of`
  // As `later_load`, with the dates of `once` but for one that is another: what runs then.
  moved_as_of,
  moved_from,
  moved_split,
  moved_until
};
// The parameter that is another in one of the last four, "" for all others.
std::string moved_date(Way way);
const std::vector<std::pair<Way, std::string>>& ways();  // with their names
void make(Way way);  // anew, on disk; the shop's files with `imported`, which is the first to be made
// Opened once a process; made before if it is not there or older than the program.
const OpenStore& shared(Way way);
Store copy_of(Way way);
// The tables that were new or other than before after the job had run in Way::once.
std::set<std::string> written_by(const std::string& room);

// Values for the parameters that must be given, from the columns they are declared to be of.
ParamTexts needed_params(const AnalysisInfo& info);

}  // namespace danggol::contract
