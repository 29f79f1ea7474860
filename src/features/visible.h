// The rows as rooms see them: nothing from a day on, and what a device stood for is of whoever logged in on
// it.
#pragma once

#include <string_view>

#include "base/units.h"
#include "store/database.h"

namespace danggol::features {

// The temporary views `event`, `receipt`, `customer` and `list_price` (event_id, price of a piece) of what is
// known before `as_of`. A login after it joins nothing: then the device is a customer of its own.
Status see(store::Connection& connection, Date as_of);

// Whether a temporary table is one that these views rest on.
bool is_of_views(std::string_view table);

// The temporary table `joined` (event_id, stand_in_no, customer_no) of that: the rows, counted or aside, that
// a device stood for, and whose they are. Whether there are any.
Result<bool> join_devices(store::Connection& connection, Date as_of);
Result<bool> has_joined(store::Connection& connection);  // by the last of the two above

}  // namespace danggol::features
