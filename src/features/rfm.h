// Recency, frequency and monetary value, scored and graded (Hughes, 1994).
#pragma once

#include "contract/grading.h"
#include "store/database.h"

namespace danggol::features {

// Fills in scores and grades from recency_days, frequency and, where amounts are known, monetary; the weights
// of those that count are not both 0.
void grade(const Grading& grading, Graded& buyers);

// The buyers of [from, until), graded among themselves; bad_input where somebody spent what no number holds,
// and where amounts alone are to count and none is known.
Result<Graded> graded(store::Connection& connection, Date from, Date until, const Grading& grading);

}  // namespace danggol::features
