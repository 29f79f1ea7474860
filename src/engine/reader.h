// One reading of a store: it sees the store as it was when it began, and stops when it is asked to or its
// time is over.
#pragma once

#include <memory>
#include <optional>

#include "engine/keeper.h"
#include "store/database.h"

namespace danggol::engine {

class Reader : public Kept {
 public:
  // Of what is shown; `seconds` are all it may take.
  static Result<std::shared_ptr<Reader>> open(const store::Database& database, Keeper& keeper,
                                              std::optional<double> seconds = {});
  explicit Reader(store::Connection connection);
  store::Connection& connection() { return connection_; }
  // From now on nothing changes for it, and it changes nothing. What it needs besides is made before.
  Status begin();
  bool is_late() const { return is_late_; }
  void tend(Time now) override;

 private:
  store::Connection connection_;
  Stop::Busy busy_;
  std::optional<Time> deadline_;
  std::atomic<bool> is_late_ = false;
};

}  // namespace danggol::engine
