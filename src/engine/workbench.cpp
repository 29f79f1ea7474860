#include "engine/workbench.h"

#include <fmt/format.h>

#include "features/frame.h"
#include "features/histories.h"

namespace danggol::engine {
namespace {

int64_t bytes_of(const Frame& frame) {
  constexpr size_t bytes_a_customer = 64;  // id, grade and label
  return static_cast<int64_t>(frame.features.values.size() * sizeof frame.features.values[0] +
                              frame.customer_id.size() * bytes_a_customer);
}

}  // namespace

// To the database.
Status Workbench::leave_the_rest(store::Connection& connection) const {
  int64_t lent = frame_bytes_ + (histories_ ? static_cast<int64_t>(histories_->bytes()) : 0);
  return connection.limit_memory(memory_bytes_ - lent);
}

Result<const Histories*> Workbench::histories(store::Connection& connection) {
  if (!histories_) {
    histories_ = TRY(features::load_histories(connection, memory_bytes_ / 2));
    TRY(leave_the_rest(connection));
  }
  return &*histories_;
}

Result<std::shared_ptr<const Frame>> Workbench::frame(store::Connection& connection, Date cutoff,
                                                      int32_t months, std::optional<Date> label_until,
                                                      const Grading& grading) {
  std::string key =
      fmt::format("{} {} {}", to_text(cutoff), months, label_until ? to_text(*label_until) : "");
  for (const auto& [name, value] : grading_params().write(grading)) key += " " + value;
  if (auto kept = frames_.find(key); kept != frames_.end()) return kept->second;
  auto frame =
      std::make_shared<const Frame>(TRY(features::build(connection, cutoff, months, label_until, grading)));
  if (frame_bytes_ + bytes_of(*frame) > memory_bytes_ / 16) return frame;
  frame_bytes_ += bytes_of(*frame);
  frames_.emplace(key, frame);
  TRY(leave_the_rest(connection));
  return frame;
}

}  // namespace danggol::engine
