// The command line as a tree of commands, flags and words, made from what danggol declares: parsing, help,
// completion and what is said of slips all read this one tree.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "options.h"

namespace danggol::cli {

// Parsing sets `options`.
void grow(CLI::App& app, Options& options);

std::string path(const CLI::App& command);                                      // "danggol run rfm"
std::vector<const CLI::App*> commands(const CLI::App& command);                 // directly below it
const CLI::App* command_named(const CLI::App& command, std::string_view name);  // nullptr without
std::vector<const CLI::Option*> flags(const CLI::App& command);
const CLI::Option* flag_named(const CLI::App& command, std::string_view name);  // without "--"; nullptr
std::vector<std::string> names(const std::vector<const CLI::App*>& commands);
std::vector<std::string> names(const std::vector<const CLI::Option*>& flags);  // without "--"

}  // namespace danggol::cli
