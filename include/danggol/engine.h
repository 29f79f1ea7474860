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
  std::string first, last;                               // dates of the rows; "" without
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
  std::vector<std::pair<std::string, std::string>> skipped;  // room -> why
};

struct SimulatorInfo {
  std::string name;
  Text title;
  std::vector<ParamInfo> params;
};

enum class Format { text, csv, json, parquet };
enum class Language { en, ko };

class Engine {
 public:
  enum class Access { read, write };

  // What there is to run, in dependency order, without a store.
  static std::vector<AnalysisInfo> analyses();
  static Result<AnalysisInfo> analysis(const std::string& name);
  static std::vector<ParamInfo> run_params();  // as-of, from, split, until, seed: every analysis takes them
  static std::vector<std::string> presets();
  static std::vector<std::string> column_roles();  // what ImportRequest::columns may name
  // A dry run of import: reads everything, writes nothing, needs no store.
  static Result<std::vector<FileSummary>> check(const ImportRequest& request, const Progress& progress);

  // Writes a shop that never was, with its truth beside it, into a folder.
  static std::vector<SimulatorInfo> simulators();
  static Status simulate(const std::string& simulator, ParamTexts params, const std::string& out_dir,
                         const Progress& progress);

  static Result<Engine> open(const std::string& store_path, Access access);

  Result<std::vector<FileSummary>> import(const ImportRequest& request, const Progress& progress);
  // Runs one job. `params` may hold run_params() too. A failed or cancelled run leaves the last good results.
  Result<RunSummary> run(const std::string& room, ParamTexts params, const Progress& progress);
  // Runs the named jobs (all that the store has data for, if none is named) in dependency order. Parameters
  // are those of run_params() only.
  Result<PipelineSummary> pipeline(const std::vector<std::string>& rooms, ParamTexts params,
                                   const Progress& progress);
  // Answers one query-kind analysis.
  Status answer(const std::string& room, ParamTexts params, Format format, std::ostream& out);
  // Rows of a table ("result.rfm"); limit below 0 is all. Parquet goes to `path` only.
  Status show(const std::string& table, int64_t limit, Format format, std::ostream& out);
  Status export_parquet(const std::string& table, int64_t limit, const std::string& path);
  // Any read-only SQL; it can reach no file but the store.
  Status sql(const std::string& statement, Format format, std::ostream& out);
  // One self-contained HTML file from the newest results; written whole or not at all.
  Status report(const std::string& path, Language language);

  // Called from another thread, stops what is running: it ends with Code::cancelled and changes nothing. Does
  // not keep the engine open.
  std::function<void()> interrupter() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace danggol
