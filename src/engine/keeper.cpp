#include "engine/keeper.h"

namespace danggol::engine {

void Stop::request() {
  requested_ = true;
  press();
}

void Stop::press() {
  if (!requested_) return;
  std::lock_guard lock(mutex_);
  if (busy_) busy_->interrupt();
}

Progress Stop::heeded_by(const Progress& progress) const {
  return [this, progress](double done, std::string_view what) -> Status {
    if (requested_) return stopped();
    return progress ? progress(done, what) : Status();
  };
}

Stop::Busy::Busy(Stop& stop, store::Connection& connection) : stop_(stop) {
  connection.stop_by(&stop.requested_);
  std::lock_guard lock(stop_.mutex_);
  stop_.busy_ = &connection;
}

Stop::Busy::~Busy() {
  std::lock_guard lock(stop_.mutex_);
  stop_.busy_->stop_by(nullptr);
  stop_.busy_ = nullptr;
}

void Keeper::keep(const std::shared_ptr<Kept>& kept) {
  std::call_once(started_, [&] { thread_ = std::thread([shared = shared_] { shared->watch(); }); });
  {
    std::lock_guard lock(shared_->mutex);
    shared_->all.push_back(kept);
  }
  shared_->changed.notify_one();
}

void Keeper::stop_all() {
  for (const auto& kept : shared_->living()) kept->stop.request();
}

std::list<std::shared_ptr<Kept>> Keeper::Shared::living() {
  std::list<std::shared_ptr<Kept>> out;
  std::lock_guard lock(mutex);
  for (auto at = all.begin(); at != all.end();)
    if (auto kept = at->lock()) out.push_back(std::move(kept)), ++at;
    else at = all.erase(at);
  return out;
}

void Keeper::Shared::watch() {
  constexpr auto pause = std::chrono::milliseconds(20);
  for (;;) {
    {
      std::unique_lock lock(mutex);
      if (all.empty()) changed.wait(lock, [&] { return closing || !all.empty(); });
      else changed.wait_for(lock, pause, [&] { return closing; });
      if (closing) return;
    }
    for (const auto& kept : living()) kept->tend(std::chrono::steady_clock::now());
  }
}

Keeper::~Keeper() {
  {
    std::lock_guard lock(shared_->mutex);
    shared_->closing = true;
  }
  shared_->changed.notify_one();
  end_thread(thread_);
}

void end_thread(std::thread& thread) {
  if (!thread.joinable()) return;
  if (thread.get_id() == std::this_thread::get_id()) thread.detach();
  else thread.join();
}

}  // namespace danggol::engine
