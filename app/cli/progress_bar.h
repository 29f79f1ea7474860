// A progress bar on stderr; silent where stderr is no terminal.
#pragma once

#include "danggol/progress.h"

namespace danggol::cli {

Progress progress_bar();
void clear_progress_bar();

}  // namespace danggol::cli
