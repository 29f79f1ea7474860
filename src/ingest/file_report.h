// What is said of a file that was read.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "danggol/text.h"
#include "ingest/inputs.h"
#include "ingest/join.h"
#include "ingest/rows.h"
#include "ingest/table_reader.h"
#include "store/database.h"

namespace danggol::ingest {

struct FileReport {
  FileFacts facts;
  int64_t rows_loaded = 0, rows_rejected = 0;
  int64_t rows_aside = 0;      // of the loaded, that earlier loads have: they stand aside
  double overlap_seconds = 0;  // that it took to look for such, in all files of the call: in the last report
  std::vector<std::pair<std::string, int64_t>> rejects;   // by reason, most first
  std::vector<std::pair<int64_t, std::string>> examples;  // of the first reason: lines, and what is in them
  std::optional<Date> first_day, last_day;  // of the loaded events or exposures, where there are any
  // Dimensions whose ids were taken as they are, for no file is the preset's table of them.
  std::vector<Kind> unchecked;
  std::string digest_of_read;  // TableReader's
  Notation notation;           // that the whole file shows
  std::string question;        // that only the user can answer; "" for none
  Evidence seen;
  std::vector<Text> warnings;  // in a line each
  int64_t rows_read() const { return rows_loaded + rows_rejected; }
};

// Why a file has no row that could be loaded: the reason that most of its rows have, and what to do; "" where
// that is not so.
std::string why_nothing(const FileReport& report);

// What its rows show and a person should know of.
void warn(const Mapping& mapping, FileReport& report);
// Of rejects, of which only so many are kept.
void warn_of_rejects(int64_t kept, FileReport& report);
// Of the files of the call that are in no report.
void name_left_out(const Inputs& inputs, const Joins& joins, FileReport& report);
// Where one id has more than a fifth of all visits of what is loaded from `first_load` on.
Status warn_of_one_for_all(store::Connection& connection, int64_t first_load, FileReport& report);

// Where a file of load `load_no` tells orders again: those that it says are undone and an earlier load has as
// bought, and those of several rows, each of another time.
Status warn_of_states(store::Connection& connection, int64_t load_no, FileReport& report);

// Where customers of the store differ by leading zeros alone.
Status warn_of_lost_zeros(store::Connection& connection, FileReport& report);

}  // namespace danggol::ingest
