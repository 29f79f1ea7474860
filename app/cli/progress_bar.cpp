#include "progress_bar.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "danggol/printable.h"

namespace danggol::cli {
namespace {

bool shown = false;

}  // namespace

void clear_progress_bar() {
  if (shown) fmt::print(stderr, "\r\033[K");
  shown = false;
}

Progress progress_bar() {
  if (!isatty(STDERR_FILENO)) return [](double, std::string_view) { return Status(); };
  auto last = std::chrono::steady_clock::time_point{};
  return [last](double done, std::string_view what) mutable -> Status {
    auto now = std::chrono::steady_clock::now();
    if (now - last < std::chrono::milliseconds(50)) return {};
    last = now;
    constexpr int width = 24;
    std::string bar;
    if (done >= 0) {
      int filled = static_cast<int>(std::clamp(done, 0.0, 1.0) * width);
      bar = fmt::format("[{}{}] {:3.0f} % ", std::string(filled, '#'), std::string(width - filled, '.'),
                        done * 100);
    }
    fmt::print(stderr, "\r\033[K{}{}", bar, printable(what));
    shown = true;
    return {};
  };
}

}  // namespace danggol::cli
