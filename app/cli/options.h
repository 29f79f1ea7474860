// What was typed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "danggol/engine.h"

namespace danggol::cli {

// Everything the flags can say; each command reads its part.
struct Options {
  std::function<Status(const Options&)> does = nullptr;  // the command
  std::string store = "./danggol.duckdb";
  std::string language = {};  // "" where none is asked for
  bool json = false;
  // import, check
  ImportRequest import;
  std::vector<std::string> words;  // [PRESET] PATH...; also ids, and the commands that help is asked of
  // run, describe, pipeline
  std::string room;
  std::vector<std::string> rooms;
  ParamTexts params, flags;
  std::string report_path;
  bool force = false;
  // unload, forget, suppress, consent
  UnloadRequest unload;
  ForgetRequest forget;
  SuppressRequest suppress;
  ConsentRequest consent;
  bool refuses = false;
  // simulate
  std::string simulator;
  // show, sql, report, completion
  std::string target, format, out;  // no format: as the name of `out` ends, else a text table
  bool plain = false;
  int64_t limit = -1, per_customer = 0;
  SqlLimits sql;
  std::string memory;
};

}  // namespace danggol::cli
