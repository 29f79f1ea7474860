// The grades of a customer in the two halves, from result.rfm; a room that asks must name that among what it
// reads.
#pragma once

#include "contract/room.h"

namespace danggol {

struct GradePair {
  size_t customer_no;
  int32_t h1, h2;  // see grade_names; `inactive` without a purchase in the half
  int64_t h1_receipts = 0;
};

// Who is compared within it differs little in how often they bought: one class each up to 5 receipts, then
// classes that grow by about a half.
int32_t receipts_class(int64_t receipts);

int32_t grade_number(std::string_view grade);
// Of everybody who bought in either half, ascending by customer_id.
Result<std::vector<GradePair>> grade_pairs(Context& context);

}  // namespace danggol
