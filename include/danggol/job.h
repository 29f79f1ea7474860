// Work that changes a store: imports, changes of the suppression list, runs. One piece at a time, in the
// order in which it was asked for; results are read meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
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
  std::string on_overlap = "refuse";  // of rows that earlier loads have: "refuse", "skip" or "keep" them
  std::vector<int64_t> replace;       // loads whose place this one takes
};

// Takes loads out again: what stays is as if they had never come. Results that rest on them are stale.
struct UnloadRequest {
  std::vector<int64_t> loads;
};

struct LoadSummary {
  int64_t load_no = 0;
  std::string file, preset;
  std::string loaded_at;    // UTC
  std::string first, last;  // dates of the rows; "" without
  int64_t rows_read = 0, rows_loaded = 0, rows_rejected = 0;
  int64_t rows_aside = 0;  // of the loaded, that earlier loads have, too: they do not count
};

struct ColumnSummary {  // of a column and a role that it plays
  std::string name;
  std::string role;        // "" where it is not read
  std::string value;       // the first that is not empty, of a column that is read
  bool by_values = false;  // its role was told by its values, not by its name
};

// What a value of the action column was taken for: an action, "canceled" (of an order, whose money counts
// nowhere), "none", or "" where nobody knows it.
struct ActionSummary {
  std::string value, meaning;
  int64_t rows = 0;
};

struct FileSummary {
  std::string path, format, encoding;
  std::string table;                   // of the preset; "" if that has one only
  std::string kind;                    // what its rows are: "events", "customers" ...
  std::vector<std::string> unchecked;  // "products": no file says which of them there are
  std::vector<ColumnSummary> columns;  // in the order of the file
  std::vector<ActionSummary> actions;  // most rows first
  int64_t rows_read = 0, rows_loaded = 0, rows_rejected = 0;
  int64_t rows_aside = 0;                         // of the loaded, that earlier loads have: they do not count
  double overlap_seconds = 0;                     // of the whole import, in its last file: to look for such
  std::vector<std::pair<Text, int64_t>> rejects;  // reason in words -> rows, most first
  std::vector<Text> warnings;                     // in a line each
  std::string first, last;                        // dates of the rows; "" without
};

struct UnloadSummary {
  std::vector<LoadSummary> loads;  // that went
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

// What customers said of being contacted through a medium: some of sms, push, email, kakao, and night (after
// 21 and before 8 o'clock, too). Where any is kept a customer is contacted through the media they consented
// to, and no other.
struct ConsentRequest {
  std::vector<std::string> ids, media;  // one that is no customer's is an error
  bool given = true;                    // or refused
  std::string date;                     // of what was said, where the file does not say it; "" is today
  std::string file;  // a table of customers with a column each medium, or with the columns medium and consent
};

struct ConsentSummary {
  int64_t added = 0;                                         // words that were new
  std::vector<std::pair<std::string, std::string>> columns;  // of the file, that were read, and as what
  int64_t rows_removed = 0;                                  // of the contact lists of earlier runs
  bool is_kept = false;  // any consent is: else everybody is reachable, but not at night
  int64_t customers = 0;
  std::vector<std::pair<std::string, int64_t>> reachable;  // customers by medium
  int64_t unknown = 0;                                     // ids with a consent that are no customer's
};

// Takes people out of the store for good, by ids that are compared as a list of the suppressed is: their
// rows, what is known of them, every result and model that rests on a load of theirs, their place on the list
// of the suppressed. What was shown of these is run again. No import brings them back. An id of nobody is an
// error.
struct ForgetRequest {
  std::vector<std::string> ids;
  bool dry_run = false;  // only says what would go
};

// One job-kind analysis. `params` may hold Engine::run_params() too, and suppress_params() where it says whom
// to contact: those are added to the store's list before it runs, and are no parameters of the run.
struct RunRequest {
  std::string room;
  ParamTexts params;
};

// The named jobs (all that the store has data for, if none is named) in dependency order. Parameters are
// those of Engine::run_params() only. What is there already and would come out the same is left as it is.
struct PipelineRequest {
  std::vector<std::string> rooms = {};
  ParamTexts params = {};
  bool force = false;  // run again what is unchanged
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
  std::vector<Text> doubts;  // of the data, to be said before anything else
  std::vector<Text> sentences, warnings;
};

struct ForgetSummary {
  bool dry_run = false;
  int64_t customers = 0;  // of the store
  int64_t events = 0, exposures = 0;
  int64_t rejects = 0;              // whose text is blank now
  int64_t runs = 0;                 // whose results went
  std::vector<std::string> models;  // that went: "NAME of run N"
  std::vector<std::string> again;   // analyses whose results were shown: they are run again
  std::vector<RunSummary> reruns;
  std::vector<std::pair<std::string, Error>> failed;  // of these, and why
};

struct PipelineSummary {
  std::vector<Text> doubts;  // of the data, to be said before anything else; those of `runs` are empty
  std::vector<RunSummary> runs;
  std::vector<std::pair<std::string, int64_t>> unchanged;    // room -> the run that stands
  std::vector<std::pair<std::string, std::string>> skipped;  // room -> what the store has no data for
  std::vector<std::pair<std::string, Error>> failed;         // room -> why; what it wrote before still stands
};

using JobRequest = std::variant<ImportRequest, UnloadRequest, ForgetRequest, SuppressRequest, ConsentRequest,
                                RunRequest, PipelineRequest>;
using JobSummary = std::variant<std::vector<FileSummary>, UnloadSummary, ForgetSummary, SuppressSummary,
                                ConsentSummary, RunSummary, PipelineSummary>;

class Job;

// Called from the thread that does the work, one call at a time; an exception fails the job. Nothing may be
// waited for there that is queued behind it.
struct Events {
  Progress progress = nullptr;                          // an error (Code::cancelled) stops the job
  std::function<void(const Job&)> on_change = nullptr;  // its state is another one
};

// A handle on a piece of work; copies are handles on the same. Any thread may call any function. It does not
// keep the engine open: what is not over when that closes is cancelled.
class Job {
 public:
  enum class State { queued, running, done, failed, cancelled };
  struct Step {
    double done = 0;  // 0..1, or below 0 where the end is not known
    std::string what;
  };

  int64_t id() const;  // of its store in this process, from 1
  State state() const;
  Step step() const;  // the newest that the work told
  // One that is queued never begins. One that runs ends within moments with Code::cancelled and has changed
  // nothing, unless it is just being committed. One that is over stays as it is.
  void cancel() const;
  // Until it is over and its events are told: its summary is of the request's kind. What is done is in the
  // store's file, for which those are waited for who still read what was there before.
  Result<JobSummary> wait() const;
  bool wait_for(double seconds) const;  // false while it is not over

 private:
  friend class JobQueue;
  struct Handle;
  explicit Job(std::shared_ptr<Handle> handle) : handle_(std::move(handle)) {}
  std::shared_ptr<Handle> handle_;
};
const char* name(Job::State state);

}  // namespace danggol
