// How long work tells how far it is and learns that it should stop.
#pragma once

#include <functional>
#include <string_view>

#include "danggol/result.h"

namespace danggol {

// `done` is 0..1, or below 0 where the end is not known; an error (Code::cancelled) asks the work to stop.
using Progress = std::function<Status(double done, std::string_view what)>;

// What work says that was asked to stop and did.
inline Error stopped() { return {Code::cancelled, "stopped: nothing was changed"}; }

}  // namespace danggol
