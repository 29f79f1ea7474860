// What may be typed next, answered from the tree: the scripts that shells load only ask for it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "danggol/result.h"
#include "options.h"

namespace danggol::cli {

// For `danggol complete -- WORD...`, the last word being the one that is typed, perhaps empty: what it may
// become, a line each, then a tab and what that is. A last line ":files" says that the names of files may
// stand there too.
std::string complete(const CLI::App& app, const std::vector<std::string>& words);
// The script of a shell.
Status completion(const Options& options);

}  // namespace danggol::cli
