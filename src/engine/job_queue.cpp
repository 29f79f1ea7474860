#include "engine/job_queue.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <new>
#include <optional>

namespace danggol {

struct Job::Handle : engine::Kept {
  int64_t id = 0;
  JobQueue::Work work;
  Events events;
  std::mutex mutex;
  std::condition_variable changed;
  State state = State::queued;
  Step step;
  std::optional<Result<JobSummary>> summary;
  bool is_told = false;  // and with that over
  std::thread::id teller;

  // Under the lock. Who is being told may ask for the summary already.
  bool is_over() const { return is_told || (summary && teller == std::this_thread::get_id()); }

  // Events are told without the lock, for they ask back.
  static void tell(const std::shared_ptr<Handle>& job) {
    if (job->events.on_change) job->events.on_change(Job(job));
  }

  static void finish(const std::shared_ptr<Handle>& job, State from, Result<JobSummary> outcome) {
    {
      std::lock_guard lock(job->mutex);
      if (job->state != from) return;
      job->state = outcome                                   ? State::done
                   : outcome.error().code == Code::cancelled ? State::cancelled
                                                             : State::failed;
      job->summary = std::move(outcome);
      job->teller = std::this_thread::get_id();
    }
    job->work = nullptr;
    try {
      tell(job);
    } catch (...) {  // of the listener; the work is over
    }
    job->events = {};
    {
      std::lock_guard lock(job->mutex);
      job->is_told = true;
    }
    job->changed.notify_all();
  }

  static void run(const std::shared_ptr<Handle>& job) {
    {
      std::lock_guard lock(job->mutex);
      if (job->state != State::queued) return;
      job->state = State::running;
    }
    auto outcome = [&]() -> Result<JobSummary> {
      try {
        tell(job);
        return job->work(job->stop, [&](double done, std::string_view what) -> Status {
          {
            std::lock_guard lock(job->mutex);
            job->step = {done, std::string(what)};
          }
          return job->events.progress ? job->events.progress(done, what) : Status();
        });
      } catch (const std::bad_alloc&) {
        return Error{Code::memory, "not enough memory; raise --memory"};
      } catch (const std::exception& error) {
        return Error{Code::internal, std::string("a bug in danggol: ") + error.what()};
      }
    }();
    finish(job, State::running, std::move(outcome));
  }
};

const char* name(Job::State state) {
  switch (state) {
    case Job::State::queued: return "queued";
    case Job::State::running: return "running";
    case Job::State::done: return "done";
    case Job::State::failed: return "failed";
    case Job::State::cancelled: return "cancelled";
  }
  return "?";
}

int64_t Job::id() const { return handle_->id; }

Job::State Job::state() const {
  std::lock_guard lock(handle_->mutex);
  return handle_->state;
}

Job::Step Job::step() const {
  std::lock_guard lock(handle_->mutex);
  return handle_->step;
}

void Job::cancel() const {
  handle_->stop.request();
  Handle::finish(handle_, State::queued, stopped());
}

Result<JobSummary> Job::wait() const {
  std::unique_lock lock(handle_->mutex);
  handle_->changed.wait(lock, [&] { return handle_->is_over(); });
  return *handle_->summary;
}

bool Job::wait_for(double seconds) const {
  std::unique_lock lock(handle_->mutex);
  return handle_->changed.wait_for(lock, std::chrono::duration<double>(seconds),
                                   [&] { return handle_->is_over(); });
}

struct JobQueue::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  int64_t newest_id = 0;
  std::deque<std::shared_ptr<Job::Handle>> waiting;
  std::shared_ptr<Job::Handle> running;
  bool closing = false;

  void work() {
    for (;;) {
      std::shared_ptr<Job::Handle> job;
      {
        std::unique_lock lock(mutex);
        running = nullptr;
        changed.wait(lock, [&] { return closing || !waiting.empty(); });
        if (waiting.empty()) return;
        job = running = std::move(waiting.front());
        waiting.pop_front();
      }
      Job::Handle::run(job);
    }
  }
};

JobQueue::JobQueue(std::shared_ptr<engine::Keeper> keeper)
    : keeper_(std::move(keeper)), shared_(std::make_shared<Shared>()) {}

Job JobQueue::add(Work work, Events events) {
  auto job = std::make_shared<Job::Handle>();
  job->work = std::move(work);
  job->events = std::move(events);
  {
    std::lock_guard lock(shared_->mutex);
    job->id = ++shared_->newest_id;
    shared_->waiting.push_back(job);
    keeper_->keep(job);
    if (!thread_.joinable()) thread_ = std::thread([shared = shared_] { shared->work(); });
  }
  shared_->changed.notify_one();
  return Job(job);
}

Job JobQueue::refuse(Error error) {
  auto job = std::make_shared<Job::Handle>();
  {
    std::lock_guard lock(shared_->mutex);
    job->id = ++shared_->newest_id;
  }
  Job::Handle::finish(job, Job::State::queued, std::move(error));
  return Job(job);
}

std::vector<Job> JobQueue::jobs() const {
  std::lock_guard lock(shared_->mutex);
  std::vector<Job> out;
  if (shared_->running) out.push_back(Job(shared_->running));
  for (const auto& job : shared_->waiting) out.push_back(Job(job));
  std::erase_if(out, [](const Job& job) { return job.state() > Job::State::running; });
  return out;
}

void JobQueue::cancel_all() {
  for (const Job& job : jobs()) job.cancel();
}

JobQueue::~JobQueue() {
  cancel_all();
  {
    std::lock_guard lock(shared_->mutex);
    shared_->closing = true;
  }
  shared_->changed.notify_one();
  engine::end_thread(thread_);
}

}  // namespace danggol
