// What was typed wrong, in one line: the nearest that would be right, and the help of the command it was
// typed at.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "danggol/result.h"

namespace danggol::cli {

Error mistake(const CLI::App& app, const CLI::ParseError& error);
Error no_such_command(const CLI::App& parent, const std::string& word);

}  // namespace danggol::cli
