// Results go to stdout, everything else to stderr.
#pragma once

#include <string>

#include "danggol/result.h"

namespace danggol::cli {

void print(const std::string& text);
// One line, and the status to exit with.
int fail(const Error& error);

}  // namespace danggol::cli
