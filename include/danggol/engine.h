// danggol as a library: open a store, import files, run analyses, read results. The command line, the HTTP
// and MCP servers and the Python module are made of nothing else.
//
//   auto engine = Engine::open("shop.duckdb", Engine::Access::write);
//   engine->import({.preset = "online-retail", .paths = {"2010_2011.csv.gz"}}, progress);
//   Job job = engine->start(RunRequest{"rfm", {{"split", "2011-06-01"}}});
//   Cursor rows = *engine->table("raw.customer");   // while that runs
//   job.wait();
//
// The promise to threads: any thread may call any function of an Engine, a Job or a Cursor, at any time, and
// of copies of them, with no lock of its own. A process opens a store once: every Engine of the same file
// shares its database, its queue and its memory.
//   - Work that changes the store is queued and done by one thread, in the order in which it was asked for;
//     what it did is seen all at once, when it is done.
//   - Reading never waits for that work nor it for reading: each Cursor, answer, report or SELECT sees the
//     store as it was when it began, and results of one consistent set.
//   - cancel() and an interrupter stop what is queued, running or being read at that moment, and nothing
//     that begins later.
//   - An Engine, Job or Cursor ends before main() returns: a static one would outlive what it needs.
#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "danggol/analysis.h"
#include "danggol/cursor.h"
#include "danggol/job.h"
#include "danggol/progress.h"
#include "danggol/result.h"

namespace danggol {

// One line of danggol.toml beside a store: `section` is shop, import, run or an analysis.
struct Setting {
  std::string section, name, value;
};

struct SimulatorInfo {
  std::string name;
  Text title;
  std::vector<ParamInfo> params;
};

enum class Format { text, csv, json, parquet, xlsx };

// How rows are written. Texts never steer a terminal or run in a spreadsheet: control characters are written
// out in text tables, and a CSV cell that a spreadsheet would take for a formula starts with an apostrophe.
struct RowStyle {
  Format format = Format::text;
  bool plain = false;                // CSV exactly as it is: no apostrophes, no byte-order mark
  bool for_spreadsheet = true;       // CSV starts with a byte-order mark, without which Excel garbles Korean
  Language language = Language::en;  // of an answer's words in a text table, and of a workbook's headings
  // Of a table that is keyed by customer: the first so many rows of each beside one another, in one row; 0 is
  // off.
  int64_t per_customer = 0;
};

// What a SELECT from outside may take.
struct SqlLimits {
  int64_t rows = 1'000'000;
  double seconds = 60;
  Error too_slow() const, too_many() const;
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
    int64_t memory_bytes = int64_t{4} << 30;  // at most, for the database and what analyses keep together
    double idle_seconds = 30;                 // a cursor that nobody asks for so long is closed
  };

  // What there is to run, in dependency order, without a store.
  static std::vector<AnalysisInfo> analyses();
  static Result<AnalysisInfo> analysis(const std::string& name);
  static std::vector<ParamInfo> run_params();  // as-of, from, split, until, seed: every analysis takes them
  static std::vector<ParamInfo> suppress_params();  // what says whom to contact (`contacts`) takes these, too
  static std::vector<std::string> presets();
  static std::vector<std::string> column_roles();  // what ImportRequest::columns may name
  // A dry run of import: reads everything, writes nothing, needs no store; what is settled beside it counts.
  static Result<std::vector<FileSummary>> check(const ImportRequest& request, const Progress& progress,
                                                const std::string& store_path = {});
  // What the shop has settled once, in danggol.toml beside the store, which need not be there yet: every
  // import, run and pipeline goes by it where nothing else is asked for. To set an empty value takes a
  // setting away; all are set, or none.
  static Result<std::vector<Setting>> settings(const std::string& store_path);
  static Status set(const std::string& store_path, const std::vector<Setting>& settings);

  // Writes a shop that never was, with its truth beside it, into a folder.
  static std::vector<SimulatorInfo> simulators();
  static Status simulate(const std::string& simulator, ParamTexts params, const std::string& out_dir,
                         const Progress& progress);

  // Only for write is a store made where there is none, and it is taken away again if nothing comes into it.
  // A store from elsewhere is not trusted: what it should hold is checked, its views and macros are never
  // run. Where this process has it open already, the settings are those of the first; Code::conflict where
  // that reads it and this would write.
  static Result<Engine> open(const std::string& store_path, Access access, const Settings& settings);
  static Result<Engine> open(const std::string& store_path, Access access);

  // Queues work. What is wrong with the request is the job's error.
  Job start(JobRequest request, Events events = {});
  std::vector<Job> jobs() const;  // that are queued or running, in their order
  // The same and waited for. A failed or cancelled run leaves the last good results; a customer who is
  // suppressed is in no contact list from now on, of no run.
  Result<std::vector<FileSummary>> import(const ImportRequest& request, const Progress& progress);
  Result<UnloadSummary> unload(const UnloadRequest& request);
  // The file is made anew, so that no byte is left, when the store is next opened for writing by a process
  // that has it open nowhere else.
  Result<ForgetSummary> forget(const ForgetRequest& request, const Progress& progress);
  Result<SuppressSummary> suppress(const SuppressRequest& request);
  Result<ConsentSummary> consent(const ConsentRequest& request);
  Result<RunSummary> run(const std::string& room, ParamTexts params, const Progress& progress);
  Result<PipelineSummary> pipeline(const PipelineRequest& request, const Progress& progress);

  // What was imported, by number; whom the consents that are kept let reach.
  Result<std::vector<LoadSummary>> loads();
  Result<ConsentSummary> consents();

  // Rows, a chunk at a time: of a table ("result.rfm"; limit below 0 is all) in its order, unless an import
  // runs meanwhile; of one SELECT from outside, which can reach nothing but the store's tables; of a
  // query-kind analysis.
  Result<Cursor> table(const std::string& table, int64_t limit = -1);
  Result<Cursor> select(const std::string& sql, const SqlLimits& limits);
  Result<Cursor> query(const std::string& room, ParamTexts params);
  // The same, written out. That a result rests on other data than there are now is in the texts.
  Result<std::vector<Text>> show(const std::string& table, int64_t limit, const RowStyle& style,
                                 std::ostream& out);
  Status sql(const std::string& select, const RowStyle& style, const SqlLimits& limits, std::ostream& out);
  // What the answer lacks, because it is of other dates or data, is in the texts.
  Result<std::vector<Text>> answer(const std::string& room, ParamTexts params, const RowStyle& style,
                                   std::ostream& out);
  Status export_parquet(const std::string& table, int64_t limit, const std::string& path);
  // One self-contained HTML file from the newest results; written whole or not at all.
  Status report(const std::string& path, Language language);

  // A file to write answers to: readable by its owner alone, whole or absent. Refused where the path leads to
  // the store or to a file that was loaded into it. Pipes and devices are written as they are.
  Result<Output> output(const std::string& path) const;
  // The same refusal for what is written by other means, such as "/dev/stdout".
  Status check_output(const std::string& path) const;
  // For a process that ends at once: takes away what no Output or report has committed yet.
  static void abandon_outputs();

  // Stops what is queued, running or being read: it ends with Code::cancelled and has changed nothing. Does
  // not keep the engine open. `for_good` is for a process that then ends without waiting: nothing can be
  // committed any more, unless it answers false, for something is just being.
  std::function<bool(bool for_good)> interrupter() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
  Access access_ = Access::read;
};

}  // namespace danggol
