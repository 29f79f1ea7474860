// A result is known by its inputs: the version of its room, its parameters and seed, the dates it depends on,
// the data of its window, and what was read of other rooms. A run keeps a fingerprint of them; one whose
// fingerprint is what it would be now is current, and nothing is taken from one that is not.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contract/room.h"
#include "store/database.h"

namespace danggol::engine {

// A run that finished and whose rows are still there.
struct KeptRun {
  int64_t run_id = 0;
  ParamTexts params;
  uint64_t seed = 0;
  std::string fingerprint;
  TimeFrame time;  // but for what follows from the four dates
};

// The parameters that a run was recorded with, in run.log.params.
Result<ParamTexts> recorded_params(const std::string& json, int64_t run_id);

// What stands for a table of another room among the inputs.
struct Input {
  std::string table;
  const Room* writer = nullptr;
  bool needed = false;           // reads, not uses
  const KeptRun* run = nullptr;  // the current one, if there is
};

struct Identity {
  std::string fingerprint;
  std::vector<Input> inputs;
};

// Which run of each room result.NAME shows: all of the same dates and data, each resting on the others. By
// room.
using Shown = std::map<std::string, int64_t>;

class Ledger {
 public:
  // What the store says now. Runs to come are of `time`.
  static Result<Ledger> read(store::Connection& connection, const TimeFrame& time);

  // Of a run of the room; `params` in full.
  Identity identity(const Room& room, const ParamTexts& params, uint64_t seed) const;
  // The run of the room that is current, the shown one before newer ones; nullptr where none is.
  const KeptRun* current(const Room& room) const;
  // The same with exactly these parameters.
  const KeptRun* current(const Room& room, const ParamTexts& params, uint64_t seed) const;
  // The newest, current or not.
  const KeptRun* newest(const Room& room) const;
  // What is wrong with an input that is needed and has no current run.
  Error missing(const Room& room, const Input& input) const;
  // Why the newest run of that fingerprint had no data, "" where that is not so.
  std::string no_data(const Room& room, const std::string& fingerprint) const;
  // What is to be shown with the runs of `chosen`: they, what they rest on, and of what is shown now whatever
  // is current beside them.
  Shown shown_with(const Shown& chosen) const;
  // From now on this is the shown run of its room; `add` one that has just finished.
  void prefer(const Room& room, int64_t run_id);
  void add(const Room& room, KeptRun run);

 private:
  struct Load {
    std::string line;
    std::optional<Date> first_day;
    bool told = false;
  };
  struct Refusal {
    std::string fingerprint, why;
  };
  std::string data_version(const Room& room) const;
  std::string fingerprint(const Room& room, const ParamTexts& params, uint64_t seed,
                          const std::vector<Input>& inputs) const;
  std::vector<Input> inputs_of(const Room& room, const ParamTexts& params) const;
  bool is_current(const Room& room, const KeptRun& run) const;
  void add_with_inputs(const Room& room, const KeptRun& run, Shown& shown) const;

  TimeFrame time_;
  std::vector<Load> loads_;
  std::string suppression_, calendar_;
  std::map<std::string, std::vector<KeptRun>> kept_;  // by room, newest first
  std::map<std::string, Refusal> refusals_;           // by room: the newest run, if it had no data
  Shown shown_;
  mutable std::map<std::string, const KeptRun*> current_;
};

}  // namespace danggol::engine
