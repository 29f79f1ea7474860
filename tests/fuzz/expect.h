// What a fuzz target holds to be so. Where it is not, the input is saved and the program ends.
#pragma once

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>

#include "danggol/result.h"

#define EXPECT(condition, ...)                                                   \
  do {                                                                           \
    if (!(condition)) {                                                          \
      fmt::print(stderr, "{}:{}: not so: {}: ", __FILE__, __LINE__, #condition); \
      fmt::print(stderr, __VA_ARGS__);                                           \
      fmt::print(stderr, "\n");                                                  \
      std::abort();                                                              \
    }                                                                            \
  } while (false)

namespace danggol {

// A message that a person can be shown: one line, of no great length, that cannot steer a terminal.
inline void expect_plain(const Error& error) {
  EXPECT(!error.message.empty() && error.message.size() < 2'000, "{} bytes", error.message.size());
  EXPECT(error.message.find_first_of("\n\r") == std::string::npos, "{}", error.message);
}

}  // namespace danggol
