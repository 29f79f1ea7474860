// Runs one room inside one transaction and keeps the record of it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contract/room.h"
#include "danggol/engine.h"
#include "danggol/progress.h"
#include "engine/identity.h"
#include "engine/time_frame.h"
#include "engine/workbench.h"
#include "store/database.h"

namespace danggol::engine {

struct RunSettings {
  TimeFrame time;
  uint64_t seed = 1;
  std::string key_file;  // store/store_key.h
  // A pipeline's runs are shown together in the end, and seen to be in the file.
  bool is_part = false;
  std::map<std::string, ParamTexts> params_of_rooms = {};  // of a pipeline's runs, beside the defaults
  std::shared_ptr<Workbench> workbench = nullptr;
};

// What the rooms of this connection see of the store: nothing from as_of on. With it the one SQL
// function they share: the 95 % interval of k in n (Wilson, 1927). To be called before any of them runs.
Status create_visible(store::Connection& connection, const TimeFrame& time);

// All or nothing: result tables, what is shown, model and log appear together. Refused (Code::conflict) where
// an input that it needs is not current; one that it would use is left out with a warning. A failed run is
// logged as failed; an exception of a room is Code::internal.
Result<RunSummary> run_job(store::Connection& connection, const Room& room, const ParamTexts& params,
                           const RunSettings& settings, const Progress& progress);

// The rooms of a pipeline, one after the other. Nothing else changes the store meanwhile.
class Parts {
 public:
  static Result<Parts> begin(store::Connection& connection, RunSettings settings);
  // What became of the room: it ran, or the run there is is current. Code::no_data also where it had none for
  // the same reasons before.
  struct Outcome {
    std::optional<RunSummary> run;
    int64_t unchanged = 0;  // that run
  };
  Result<Outcome> run(const Room& room, bool force, const Progress& progress);
  // What became of them is shown, in a transaction of its own; false, and nothing written, where it is
  // already.
  Result<bool> show();

 private:
  Parts(store::Connection& connection, RunSettings settings, Ledger ledger)
      : connection_(&connection), settings_(std::move(settings)), ledger_(std::move(ledger)) {}
  store::Connection* connection_;
  RunSettings settings_;
  Ledger ledger_;
  Shown chosen_;
};

// A query room over what is shown, read-only. What of that is not current at its dates is left out, and said
// in `warnings`.
struct QueryAnswer {
  Table rows;
  std::vector<Text> warnings;
};
Result<QueryAnswer> run_query(store::Connection& connection, const Room& room, const ParamTexts& params,
                              const RunSettings& settings);

}  // namespace danggol::engine
