// What each command does.
#pragma once

#include "danggol/result.h"
#include "options.h"

namespace danggol::cli {

using Command = Status(const Options&);

Command check, set, import, loads, unload, forget, suppress, consent, run, pipeline, show, sql, report,
    simulate, list, describe, version;

}  // namespace danggol::cli
