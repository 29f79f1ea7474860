// Takes rows out of the store again, so that what stays is what it would be had they never come: the loads of
// an import, or all that is known of a person. Numbers of customers, products, stores and outlets stay
// without gaps: where one is free the last one moves there.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "store/database.h"

namespace danggol::ingest {

// Which rows go, as SQL conditions over the temporary tables `going` of one number each and, of customers,
// `going_event` (event_id).
struct Removal {
  const char *events, *details, *exposures, *rejects, *properties;
};
inline constexpr Removal of_loads = {"source IN (FROM going)", "source IN (FROM going)",
                                     "source IN (FROM going)", "load_no IN (FROM going)",
                                     "load_no IN (FROM going)"};
inline constexpr Removal of_customers = {"event_id IN (FROM going_event)", "event_id IN (FROM going_event)",
                                         "customer_no IN (FROM going)", "false",
                                         "about = 'customer' AND number IN (FROM going)"};

// All within the transaction. What is told of receipts is in feature.receipt: `renew_receipts` makes those of
// the temporary table `receipt_key` (customer_no, action, day, receipt) anew, before any number changes.
Status take_out(store::Connection& connection, const Removal& removal,
                const std::function<Status(store::Connection&)>& renew_receipts);

// After rows of customers were left out of the loads from `first_load` on: what these rows alone spoke of
// goes, and the loads say what they have. The temporary table `thinned` (load_no, number, gone) says of which
// products how many rows were left out.
Status settle_left_out(store::Connection& connection, int64_t first_load);

// The customers `going` with the rows `going_event`, counted or aside, and all that is known of them; what
// the loads have of rows and days follows.
Status remove_customers(store::Connection& connection,
                        const std::function<Status(store::Connection&)>& renew_receipts);

// The loads and all that came with them. Code::not_found names one that is not there.
Status unload(store::Connection& connection, const std::vector<int64_t>& loads,
              const std::function<Status(store::Connection&)>& renew_receipts);

}  // namespace danggol::ingest
