// What a test expects to succeed: the value, or a failure that says why not.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "danggol/result.h"

namespace danggol {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}
inline void must(Status status) {
  if (!status) throw std::runtime_error(status.error().message);
}

// The code of a failure; nullopt where there is none.
template <class T>
std::optional<Code> code(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error().code;
}

template <class T>
std::string message(const Result<T>& result) {
  return result ? "" : result.error().message;
}

}  // namespace danggol
