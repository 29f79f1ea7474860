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
#include "engine/time_frame.h"
#include "store/database.h"

namespace danggol::engine {

struct RunSettings {
  TimeFrame time;
  uint64_t seed = 1;
  int64_t memory_bytes = 0;  // for DuckDB and histories together
  std::string key_file;      // store/store_key.h
  bool is_part = false;      // of a pipeline, which sees to the file
  // What these runs have asked for, to be shared: it is the same for all of one as_of.
  struct Shared {
    std::optional<Histories> histories;
    std::map<std::string, Frame> frames;
  };
  std::shared_ptr<Shared> shared = std::make_shared<Shared>();
};

// What the rooms of this connection see of the store: nothing from as_of on. With it the one SQL
// function they share: the 95 % interval of k in n (Wilson, 1927). To be called before any of them runs.
Status create_visible(store::Connection& connection, const TimeFrame& time);

// All or nothing: result tables, views, model and log appear together. A failed run is logged as failed; an
// exception of a room is Code::internal.
Result<RunSummary> run_job(store::Connection& connection, const Room& room, const ParamTexts& params,
                           const RunSettings& settings, const Progress& progress);

// A query room over the store as it is, read-only.
Result<Table> run_query(store::Connection& connection, const Room& room, const ParamTexts& params,
                        const RunSettings& settings);

}  // namespace danggol::engine
