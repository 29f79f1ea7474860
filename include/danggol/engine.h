// danggol as a library: open a store, import files, run analyses, read results. The command line, the HTTP
// and MCP servers and the Python module are made of nothing else.
//
//   auto engine = Engine::open("shop.duckdb", Engine::Access::write);
//   engine->import({.preset = "online-retail", .paths = {"2010_2011.csv.gz"}}, progress);
//   engine->run("rfm", {{"split", "2011-06-01"}}, progress);
#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "danggol/analysis.h"
#include "danggol/progress.h"
#include "danggol/result.h"

namespace danggol {

struct ImportRequest {
  std::string preset;                          // "" to guess the columns
  std::vector<std::string> paths;              // files, or folders whose CSV and Parquet files are taken
  std::string map_file;                        // TOML, or ""
  std::map<std::string, std::string> columns;  // role -> column name; also "time-format", "cancel-prefix"
  bool again = false;                          // take a file whose content is already in the store
};

struct FileSummary {
  std::string path, format, encoding;
  std::string table;                                       // of the preset; "" if that has one only
  std::string kind;                                        // what its rows are: "events", "customers" ...
  std::vector<std::string> unchecked;                      // "products": no file says which of them there are
  std::vector<std::pair<std::string, std::string>> roles;  // role -> column
  int64_t rows_read = 0, rows_loaded = 0, rows_rejected = 0;
  std::vector<std::pair<std::string, int64_t>> rejects;  // reason in words -> rows, most first
  std::vector<std::string> warnings;                     // in a line each
  std::string first, last;                               // dates of the rows; "" without
};

// A change of the list of those who are never to be contacted. Ids may be parted by commas, semicolons, tabs,
// lines or blanks, in quotes or not; a file holds such text, or is a table with a column of customers.
struct SuppressRequest {
  std::string ids;      // one that is no customer's is an error
  std::string file;     // one that is no customer's is kept, for customers come; "" without
  bool remove = false;  // take them off the list
};

struct SuppressSummary {
  int64_t added = 0, removed = 0;
  int64_t unknown = 0;       // ids of the file that are no customer's, or not on the list
  int64_t ids_on_list = 0;   // now, from whatever source
  int64_t customers = 0;     // of the store's that the list keeps from being contacted
  int64_t rows_removed = 0;  // of the contact lists of earlier runs
  std::vector<Text> warnings;
};

struct FactValue {
  std::string name;
  double value = 0;
  std::string unit;
  std::optional<double> lo, hi;
};

struct RunSummary {
  int64_t run_id = 0;
  std::string room;
  double seconds = 0;
  std::string as_of, from, split, until;
  uint64_t seed = 0;
  std::vector<std::pair<std::string, int64_t>> rows_written;  // by table
  std::vector<FactValue> facts;
  std::vector<Text> sentences, warnings;
};

struct PipelineSummary {
  std::vector<RunSummary> runs;
  std::vector<std::pair<std::string, std::string>> skipped;  // room -> what the store has no data for
  std::vector<std::pair<std::string, Error>> failed;         // room -> why; what it wrote before still stands
};

struct SimulatorInfo {
  std::string name;
  Text title;
  std::vector<ParamInfo> params;
};

enum class Format { text, csv, json, parquet };
enum class Language { en, ko };

// How rows are written. Texts never steer a terminal or run in a spreadsheet: control characters are written
// out in text tables, and a CSV cell that a spreadsheet would take for a formula starts with an apostrophe.
struct RowStyle {
  Format format = Format::text;
  bool plain = false;           // CSV exactly as it is: no apostrophes, no byte-order mark
  bool for_spreadsheet = true;  // CSV starts with a byte-order mark, without which Excel garbles Korean
};

// What a SELECT from outside may take.
struct SqlLimits {
  int64_t rows = 1'000'000;
  double seconds = 60;
  Error too_slow() const;
};

// A file being written; see Engine::output. Without commit() nothing appears, and what was there stays.
class Output {
 public:
  std::ostream& stream();
  Status commit();

 private:
  friend class Engine;
  struct State;
  std::shared_ptr<State> state_;
};

class Engine {
 public:
  enum class Access { read, write };
  struct Settings {
    int64_t memory_bytes = int64_t{4} << 30;  // at most, for the database and the histories together
  };

  // What there is to run, in dependency order, without a store.
  static std::vector<AnalysisInfo> analyses();
  static Result<AnalysisInfo> analysis(const std::string& name);
  static std::vector<ParamInfo> run_params();  // as-of, from, split, until, seed: every analysis takes them
  static std::vector<ParamInfo> suppress_params();  // what says whom to contact (`contacts`) takes these, too
  static std::vector<std::string> presets();
  static std::vector<std::string> column_roles();  // what ImportRequest::columns may name
  // A dry run of import: reads everything, writes nothing, needs no store.
  static Result<std::vector<FileSummary>> check(const ImportRequest& request, const Progress& progress);

  // Writes a shop that never was, with its truth beside it, into a folder.
  static std::vector<SimulatorInfo> simulators();
  static Status simulate(const std::string& simulator, ParamTexts params, const std::string& out_dir,
                         const Progress& progress);

  // Only for write is a store made where there is none, and it is taken away again if nothing comes into it.
  // A store from elsewhere is not trusted: what it should hold is checked, its views and macros are never
  // run.
  static Result<Engine> open(const std::string& store_path, Access access, const Settings& settings);
  static Result<Engine> open(const std::string& store_path, Access access);

  Result<std::vector<FileSummary>> import(const ImportRequest& request, const Progress& progress);
  // Who is on the list is in no contact list from now on, of no run. It can be seen as raw.suppression.
  Result<SuppressSummary> suppress(const SuppressRequest& request);
  // Runs one job. `params` may hold run_params() too, and suppress_params() where it says whom to contact:
  // they are added to the store's list before it runs, and are no parameters of the run. A failed or
  // cancelled run leaves the last good results.
  Result<RunSummary> run(const std::string& room, ParamTexts params, const Progress& progress);
  // Runs the named jobs (all that the store has data for, if none is named) in dependency order. Parameters
  // are those of run_params() only.
  Result<PipelineSummary> pipeline(const std::vector<std::string>& rooms, ParamTexts params,
                                   const Progress& progress);
  // Answers one query-kind analysis.
  Status answer(const std::string& room, ParamTexts params, const RowStyle& style, std::ostream& out);
  // Rows of a table ("result.rfm"); limit below 0 is all. Parquet goes to a file only.
  Status show(const std::string& table, int64_t limit, const RowStyle& style, std::ostream& out);
  Status export_parquet(const std::string& table, int64_t limit, const std::string& path);
  // One SELECT from outside, of a store opened for reading; it can reach nothing but its tables.
  Status sql(const std::string& select, const RowStyle& style, const SqlLimits& limits, std::ostream& out);
  // One self-contained HTML file from the newest results; written whole or not at all.
  Status report(const std::string& path, Language language);

  // A file to write answers to: readable by its owner alone, whole or absent. Refused where the path leads to
  // the store or to a file that was loaded into it. Pipes and devices are written as they are.
  Result<Output> output(const std::string& path) const;
  // The same refusal for what is written by other means, such as "/dev/stdout".
  Status check_output(const std::string& path) const;
  // For a process that ends at once: takes away what no Output or report has committed yet.
  static void abandon_outputs();

  // Called from another thread, stops what is running: it ends with Code::cancelled and changes nothing. Does
  // not keep the engine open. `for_good` is for a process that then ends without waiting: nothing can be
  // committed any more, unless it answers false, for something is just being.
  std::function<bool(bool for_good)> interrupter() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace danggol
