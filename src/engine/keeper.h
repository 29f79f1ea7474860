// What is under way on a store, looked at every few milliseconds by one thread: that what was asked to stop
// does, and that nothing outstays its time.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "danggol/progress.h"
#include "store/database.h"

namespace danggol::engine {

// That something shall stop, told from any thread: a flag, and interrupts of the connection that is busy with
// it. One that comes between two statements is lost, and one may begin just before it sees the flag; so they
// are repeated.
class Stop {
 public:
  void request();
  bool is_requested() const { return requested_; }
  void press();  // interrupts what is busy if stopping was requested
  // `progress`, and an error once stopping was requested.
  Progress heeded_by(const Progress& progress) const;

  class Busy {
   public:
    Busy(Stop& stop, store::Connection& connection);
    ~Busy();
    Busy(const Busy&) = delete;

   private:
    Stop& stop_;
  };

 private:
  std::atomic<bool> requested_ = false;
  std::mutex mutex_;
  store::Connection* busy_ = nullptr;
};

class Kept {
 public:
  using Time = std::chrono::steady_clock::time_point;
  virtual ~Kept() = default;
  virtual void tend(Time now) { (void)now, stop.press(); }
  Stop stop;
};

class Keeper {
 public:
  ~Keeper();
  void keep(const std::shared_ptr<Kept>& kept);  // for as long as it lives
  void stop_all();

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::list<std::weak_ptr<Kept>> all;
    bool closing = false;
    void watch();
    std::list<std::shared_ptr<Kept>> living();
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::once_flag started_;
  std::thread thread_;
};

// The end of a thread that works for its owner, and may be the very one that lets go of it.
void end_thread(std::thread& thread);

}  // namespace danggol::engine
