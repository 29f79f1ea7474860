// An assertion states what our own code promises itself. It stays on in release builds: a wrong answer is
// worse than none. It throws, so that what was running ends as Code::internal and the process goes on. Bad
// input is never a reason to assert; that is a Result.
#pragma once

#include <stdexcept>
#include <string>

#define DANGGOL_ASSERT(condition)                                                                            \
  do {                                                                                                       \
    if (!(condition))                                                                                        \
      throw std::logic_error("broken promise at " + std::string(__FILE__) + ":" + std::to_string(__LINE__) + \
                             ": " #condition);                                                               \
  } while (false)
