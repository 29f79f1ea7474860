#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "danggol/progress.h"
#include "store/duckdb_c.h"

namespace danggol::store {
namespace {

std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

// By DuckDB's name of the type.
Code code_of(const std::string& type, bool from_system, Author author) {
  if (type == "INTERRUPT") return Code::cancelled;
  if (type == "Out of Memory") return Code::memory;
  if (type == "TransactionContext") return Code::conflict;  // other transactions are in the way
  if (type == "IO") return from_system ? Code::io : Code::corrupt;
  if (type == "Serialization") return Code::corrupt;
  // An assertion of DuckDB's own, which SQL of ours meets only over bytes that are wrong.
  if (author == Author::danggol) return type == "INTERNAL" ? Code::corrupt : Code::internal;
  if (type == "Permission") return Code::refused;
  return type == "INTERNAL" || type == "FATAL" ? Code::internal : Code::bad_input;
}

}  // namespace

Error failure(const char* message, Author author) {
  std::string_view text = message ? message : "";
  text.remove_prefix(std::min(text.find('{'), text.size()));  // what fails to parse says so before its JSON
  auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("exception_type"))
    return {author == Author::danggol ? Code::internal : Code::bad_input,
            first_line(message ? message : "unknown error")};
  Code code = code_of(json.value("exception_type", ""), json.contains("errno"), author);
  if (code == Code::cancelled) return stopped();
  if (code == Code::refused) return {code, "sql: reaches no file but the store"};
  std::string words = first_line(json.value("exception_message", ""));
  if (code == Code::memory) return {code, fmt::format("not enough memory: {}; raise --memory", words)};
  return {code, words};
}

}  // namespace danggol::store
