// An assertion states what our own code promises itself. It stays on in release builds: a wrong answer
// is worse than none. Bad input is never a reason to assert; that is a Result.
#pragma once

#include <cstdio>
#include <cstdlib>

#define DANGGOL_ASSERT(condition)                                                                     \
  do {                                                                                                \
    if (!(condition)) {                                                                               \
      std::fprintf(stderr, "danggol: broken promise at %s:%d: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                                   \
    }                                                                                                 \
  } while (false)
