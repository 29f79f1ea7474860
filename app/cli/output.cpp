#include "output.h"

#include <fmt/core.h>

#include "danggol/printable.h"
#include "progress_bar.h"

namespace danggol::cli {

void print(const std::string& text) {
  clear_progress_bar();
  std::string shown = printable_lines(text);
  std::fwrite(shown.data(), 1, shown.size(), stdout);
  if (!text.ends_with('\n')) std::fputc('\n', stdout);
}

int fail(const Error& error) {
  clear_progress_bar();
  fmt::print(stderr, "danggol: {}\n", printable(error.message));
  return exit_status(error.code);
}

}  // namespace danggol::cli
