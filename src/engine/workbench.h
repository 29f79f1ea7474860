// What the runs of one as_of ask for again and again, made once and lent to all of them, within the memory
// that they and the database may take together.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "contract/frame.h"
#include "contract/grading.h"
#include "contract/sequences.h"
#include "features/sequences.h"
#include "store/database.h"

namespace danggol::engine {

class Workbench {
 public:
  Workbench(Date as_of, int64_t memory_bytes) : as_of_(as_of), memory_bytes_(memory_bytes) {}
  // By ranges of customers that take at most half of the memory; Code::memory where one customer's events
  // take more. To be used while the workbench and the connection are there.
  Result<Sequences> sequences(store::Connection& connection);
  // As features::build makes it. What is beyond a sixteenth of the memory is made anew instead of kept.
  Result<std::shared_ptr<const Frame>> frame(store::Connection& connection, Date cutoff, int32_t months,
                                             std::optional<Date> label_until, const Grading& grading);

 private:
  Status lend_sequences(store::Connection& connection, const Sequences::Use& use);
  Status leave_the_rest(store::Connection& connection) const;

  Date as_of_;
  int64_t memory_bytes_, frame_bytes_ = 0, sequence_bytes_ = 0;
  std::optional<features::SequenceIndex> index_;
  features::Events all_events_;  // where they fit
  std::map<std::string, std::shared_ptr<const Frame>> frames_;
};

}  // namespace danggol::engine
