// The grades of a customer in the two halves, from result.rfm; a room that asks must name that among what it
// reads.
#pragma once

#include "contract/room.h"

namespace danggol {

struct GradePair {
  size_t customer_no;
  int32_t h1, h2;  // see grade_names; `inactive` without a purchase in the half
};

int32_t grade_number(std::string_view grade);
// Of everybody who bought in either half, ascending by customer_id.
Result<std::vector<GradePair>> grade_pairs(Context& context);

}  // namespace danggol
