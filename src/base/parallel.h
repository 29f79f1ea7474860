// Loops over all cores whose number of threads never shows in a result.
#pragma once

#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace danggol {

// Bodies must write only to their own index.
template <class Body>
void parallel_for(size_t count, const Body& body) {
#ifdef __SANITIZE_THREAD__  // TBB is not compiled with it, so it does not see how TBB's threads wait for each
                            // other
  for (size_t i = 0; i < count; ++i) body(i);
#else
  tbb::parallel_for(size_t{0}, count, body);
#endif
}

// body(own, i) adds to a copy of `fresh` that is the thread's own; add(own) takes each of them in at the end.
// What is added must not depend on the order: whole numbers, not floating ones.
template <class Own, class Body, class Add>
void parallel_add(size_t count, const Own& fresh, const Body& body, const Add& add) {
#ifdef __SANITIZE_THREAD__
  Own own = fresh;
  for (size_t i = 0; i < count; ++i) body(own, i);
  add(own);
#else
  tbb::enumerable_thread_specific<Own> owns(fresh);
  tbb::parallel_for(tbb::blocked_range<size_t>(0, count), [&](const auto& range) {
    Own& own = owns.local();
    for (size_t i = range.begin(); i < range.end(); ++i) body(own, i);
  });
  owns.combine_each(add);
#endif
}

// body(sum, i) adds to `sum`, a copy of `zero`, an array or vector of numbers; floating ones, too, for ranges
// of i are fixed and added in their order.
template <class Sum, class Body>
Sum parallel_sum(size_t count, const Sum& zero, const Body& body) {
  constexpr size_t range = 2048;
  std::vector<Sum> sums((count + range - 1) / range, zero);
  parallel_for(sums.size(), [&](size_t part) {
    for (size_t i = part * range; i < std::min(count, (part + 1) * range); ++i) body(sums[part], i);
  });
  Sum out = zero;
  for (const Sum& sum : sums)
    for (size_t i = 0; i < out.size(); ++i) out[i] += sum[i];
  return out;
}

}  // namespace danggol
