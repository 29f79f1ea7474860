#include "ingest/watch.h"

#include <fmt/core.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>

namespace danggol::ingest {

Status go_on(const std::stop_token& stop) {
  if (stop.stop_requested()) return stopped();
  return {};
}

Status watched(const Progress& progress, const std::function<Status(const Work&)>& work,
               const std::function<void()>& interrupt) {
  std::mutex mutex;  // what follows
  std::condition_variable ended;
  std::string at = "reading";
  Status outcome;
  bool done = false;

  TRY(caught("progress", [&] { return progress(-1, at); }));
  auto do_it = [&](const std::stop_token& stop) {
    auto say = [&](std::string what) {
      std::lock_guard lock(mutex);
      at = std::move(what);
    };
    Status end = caught("import", [&] { return work({stop, say}); });
    std::lock_guard lock(mutex);
    outcome = std::move(end);
    done = true;
    ended.notify_one();
  };
  std::jthread worker;
  TRY(caught("import", [&] {
    worker = std::jthread(do_it);
    return Status();
  }));
  Status wish;
  std::unique_lock lock(mutex);
  do {
    ended.wait_for(lock, std::chrono::milliseconds(50), [&] { return done; });
    std::string what = at;
    lock.unlock();
    if (wish) wish = caught("progress", [&] { return progress(-1, what); });
    lock.lock();
    if (!wish && !done) {
      worker.request_stop();
      interrupt();
    }
  } while (!done);
  return wish ? outcome : wish;
}

Status caught(const std::string& subject, const std::function<Status()>& work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return Error{Code::memory, fmt::format("{}: not enough memory; end other programs, or import less at a "
                                           "time",
                                           subject)};
  } catch (const std::system_error& error) {  // of files and threads
    return Error{Code::io, fmt::format("{}: {}", subject, error.what())};
  } catch (const std::exception& error) {
    return Error{Code::internal, fmt::format("{}: a bug in danggol: {}", subject, error.what())};
  }
}

}  // namespace danggol::ingest
