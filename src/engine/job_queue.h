// Work on a store, one piece at a time in the order of asking, by a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "danggol/job.h"
#include "engine/keeper.h"

namespace danggol {

class JobQueue {
 public:
  using Work = std::function<Result<JobSummary>(engine::Stop&, const Progress&)>;

  explicit JobQueue(std::shared_ptr<engine::Keeper> keeper);
  ~JobQueue();  // cancels what is not over, and waits for it
  Job add(Work work, Events events);
  Job refuse(Error error);  // one that is over
  std::vector<Job> jobs() const;
  void cancel_all();

 private:
  struct Shared;
  std::shared_ptr<engine::Keeper> keeper_;
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace danggol
