// Ctrl-C and kill end the work in order: the thread that waits for the signal sets a flag that all progress
// looks at, and interrupts the engine until the transaction has rolled back and the program ends with one
// line. What is deaf to that is abandoned, which leaves the store as it was, too; so it is at once after a
// second signal.
#pragma once

#include <functional>

#include "danggol/progress.h"
#include "danggol/result.h"

namespace danggol::cli::stop_on_signal {

void block();  // before any thread is made
void watch(std::function<bool(bool for_good)> interrupt);
// Of work that only reads and may be deaf to an interrupt.
void end_after(double seconds, Error error);
Progress progress();

}  // namespace danggol::cli::stop_on_signal
