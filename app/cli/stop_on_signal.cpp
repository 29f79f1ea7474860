#include "stop_on_signal.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "danggol/engine.h"
#include "output.h"
#include "progress_bar.h"

namespace danggol::cli::stop_on_signal {
namespace {

constexpr int patience = 30;  // pauses
std::atomic<bool> is_asked = false;

sigset_t signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

void end(const Error& error) {
  Engine::abandon_outputs();
  fail(error);
  _exit(exit_status(error.code));
}

}  // namespace

void block() {
  sigset_t set = signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void watch(std::function<bool(bool for_good)> interrupt) {
  std::thread([interrupt = std::move(interrupt)] {
    sigset_t set = signals();
    int number = 0;
    sigwait(&set, &number);
    is_asked = true;
    constexpr timespec pause = {0, 20'000'000};
    for (int round = 0; sigtimedwait(&set, nullptr, &pause) < 0; ++round)
      if (interrupt(round >= patience) && round >= patience) break;
    end(stopped());
  }).detach();
}

void end_after(double seconds, Error error) {
  std::thread([seconds, error = std::move(error)] {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    end(error);
  }).detach();
}

Progress progress() {
  return [bar = progress_bar()](double done, std::string_view what) -> Status {
    if (is_asked) return stopped();
    return bar(done, what);
  };
}

}  // namespace danggol::cli::stop_on_signal
