// Loops over all cores. Bodies must write only to their own index, so that the number of threads never
// shows in a result.
#pragma once

#include <tbb/parallel_for.h>

#include <cstddef>

namespace danggol {

template <class Body>
void parallel_for(size_t count, const Body& body) {
  tbb::parallel_for(size_t{0}, count, body);
}

}  // namespace danggol
