// Refuses a processor that lacks the instructions all other files are compiled for, before any of them runs:
// the linker's preinit array comes before every initialiser, and this file alone is compiled for any x86-64.
// See docs/decisions/0008-x86-64-v3.md.
#include <unistd.h>

#include "danggol/result.h"

namespace danggol::cli {
namespace {

// The sanitizers have not started yet.
__attribute__((no_sanitize("address", "undefined"))) void require_processor() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v3")) return;
  static constexpr char message[] =
      "danggol: this processor has no AVX2 and FMA: must be x86-64-v3 (Intel since 2013, AMD since 2015); "
      "use another "
      "machine\n";
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, message, sizeof message - 1);
  _exit(exit_status(Code::refused));
}

__attribute__((section(".preinit_array"), used)) void (*const before_all)() = require_processor;

}  // namespace
}  // namespace danggol::cli
