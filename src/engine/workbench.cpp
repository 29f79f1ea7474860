#include "engine/workbench.h"

#include <fmt/format.h>

#include "features/frame.h"

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
  return connection.limit_memory(memory_bytes_ - frame_bytes_ - sequence_bytes_);
}

Result<Sequences> Workbench::sequences(store::Connection& connection) {
  if (!index_) index_ = TRY(features::index_sequences(connection));
  return Sequences(index_->places, index_->customers(), [this, &connection](const Sequences::Use& use) {
    return lend_sequences(connection, use);
  });
}

Status Workbench::lend_sequences(store::Connection& connection, const Sequences::Use& use) {
  const std::vector<size_t>& start = index_->start;
  for (size_t first = 0, end = 0; first < index_->customers(); first = end) {
    end = index_->end_of_range(first, memory_bytes_ / 2);
    size_t events = start[end] - start[first];
    if (end == first)
      return Error{Code::memory,
                   fmt::format("{} events of one customer do not fit into half of --memory; raise it",
                               grouped(static_cast<int64_t>(start[first + 1] - start[first])))};
    features::Events lent;
    if (!all_events_) {
      lent = TRY(features::load_sequences(connection, *index_, first, end));
      sequence_bytes_ = static_cast<int64_t>(events * sizeof(Event));
      TRY(leave_the_rest(connection));
      if (end - first == index_->customers()) all_events_ = std::move(lent);
    }
    const Event* at = all_events_ ? all_events_.get() : lent.get();
    Status used = use(SequenceRange(first, std::span(start).subspan(first, end - first + 1), {at, events}));
    if (!all_events_) {
      sequence_bytes_ = 0;
      TRY(leave_the_rest(connection));
    }
    TRY(std::move(used));
  }
  return {};
}

Result<std::shared_ptr<const Frame>> Workbench::frame(store::Connection& connection, Date cutoff,
                                                      int32_t months, std::optional<Date> label_until,
                                                      const Grading& grading) {
  std::string key =
      fmt::format("{} {} {}", to_text(cutoff), months, label_until ? to_text(*label_until) : "");
  for (const auto& [name, value] : grading_params().write(grading)) key += " " + value;
  if (auto kept = frames_.find(key); kept != frames_.end()) return kept->second;
  auto frame = std::make_shared<const Frame>(
      TRY(features::build(connection, as_of_, cutoff, months, label_until, grading)));
  if (frame_bytes_ + bytes_of(*frame) > memory_bytes_ / 16) return frame;
  frame_bytes_ += bytes_of(*frame);
  frames_.emplace(key, frame);
  TRY(leave_the_rest(connection));
  return frame;
}

}  // namespace danggol::engine
