// A value or the reason there is none. Everything that can fail for a reason outside our code returns a
// Result; an assertion (base/assert.h) is for our own bugs. A message names the value, the limit and the
// remedy in one line: "buckets=99: must be 2..10".
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace danggol {

enum class Code {
  bad_input,  // what was asked for cannot be: a parameter, a name, a file that is no table
  not_found,  // what was named is not there
  no_data,    // the store has nothing for this to work on; the only one that lets a pipeline leave a room out
  conflict,   // somebody else has it, or it speaks of something else
  refused,    // allowed to nobody
  corrupt,    // bytes that are not what they should be
  memory,     // the memory limit was not enough
  cancelled,  // the person asked to stop
  io,         // the disk: space, permission, a path that cannot be
  internal    // a bug of ours
};

constexpr const char* name(Code code) {
  switch (code) {
    case Code::bad_input: return "bad_input";
    case Code::not_found: return "not_found";
    case Code::no_data: return "no_data";
    case Code::conflict: return "conflict";
    case Code::refused: return "refused";
    case Code::corrupt: return "corrupt";
    case Code::memory: return "memory";
    case Code::cancelled: return "cancelled";
    case Code::io: return "io";
    case Code::internal: return "internal";
  }
  return "internal";
}

struct Error {
  Code code = Code::internal;
  std::string message;
};

// The one table from codes to what the outside sees.
constexpr int exit_status(Code code) {
  switch (code) {
    case Code::bad_input: return 2;
    case Code::not_found:
    case Code::no_data: return 3;
    case Code::conflict: return 4;
    case Code::refused: return 5;
    case Code::corrupt: return 6;
    case Code::io: return 7;
    case Code::memory: return 8;
    case Code::cancelled: return 130;
    case Code::internal: return 70;
  }
  return 70;
}
constexpr int http_status(Code code) {
  switch (code) {
    case Code::bad_input: return 400;
    case Code::not_found:
    case Code::no_data: return 404;
    case Code::conflict: return 409;
    case Code::refused: return 403;
    case Code::cancelled: return 499;
    case Code::memory: return 507;
    case Code::corrupt:
    case Code::io:
    case Code::internal: return 500;
  }
  return 500;
}

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}
  explicit operator bool() const { return !failed_; }
  void operator*() const {}
  const Error& error() const& { return error_; }
  Error&& error() && { return std::move(error_); }

 private:
  Error error_;
  bool failed_ = false;
};

using Status = Result<void>;

}  // namespace danggol

// The value of a Result, or return its error from this function.
#define TRY(expression)                                        \
  __extension__({                                              \
    auto danggol_try_ = (expression);                          \
    if (!danggol_try_) return std::move(danggol_try_).error(); \
    *std::move(danggol_try_);                                  \
  })
