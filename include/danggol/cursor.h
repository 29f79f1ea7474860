// Rows being read, some thousand at a time, so that memory does not grow with them.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "danggol/arrow.h"
#include "danggol/result.h"

namespace danggol {

// Sees the store as it was when it was made, and keeps it open. What was there it holds on to, until the end
// of its rows, close(), or Engine::Settings::idle_seconds in which nobody asked. Copies are the same cursor.
// Any thread may call any function; two that ask for rows at once each get other ones.
class Cursor {
 public:
  // A struct of the columns, before the end of the rows; the caller's to release.
  Status schema(ArrowSchema& schema) const;
  // The next rows, the caller's to release; they outlive the cursor. False, and nothing filled in, at the
  // end. Code::cancelled after cancel(), ::conflict after it was closed for being idle.
  Result<bool> next(ArrowArray& rows);
  void cancel();  // next() ends within moments
  void close();   // lets go of the store; cancels

 private:
  friend class Engine;
  struct Handle;
  explicit Cursor(std::shared_ptr<Handle> handle) : handle_(std::move(handle)) {}
  std::shared_ptr<Handle> handle_;
};

}  // namespace danggol
