// Work that takes long and can be stopped within a moment, wherever it is.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "danggol/progress.h"

namespace danggol::ingest {

// Code::cancelled once a stop was asked for. What takes long asks every few milliseconds.
Status go_on(const std::stop_token& stop);

struct Work {
  std::stop_token stop;
  std::function<void(std::string)> say;  // what it is at; from any thread
};

// Does `work` in a thread of its own; the calling thread alone speaks to `progress`, every 50 ms, whatever
// the work is waiting for. If `progress` says to stop, the work is asked to, `interrupt` is called until it
// has ended, and the answer is what `progress` said.
Status watched(
    const Progress& progress, const std::function<Status(const Work&)>& work,
    const std::function<void()>& interrupt = [] {});

// Does `work` and makes an Error of what a library throws in it.
Status caught(const std::string& subject, const std::function<Status()>& work);

}  // namespace danggol::ingest
