// How well each lifetime model would have foretold the purchases of months that are over.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contract/purchase_days.h"
#include "learn/lifetimes.h"

namespace danggol::rooms {

// Who had bought before a date, as they were known then. The last day known is the one before it.
struct Known {
  std::vector<size_t> customers;  // of PurchaseDays
  std::vector<learn::Lifetime> lifetimes;
  double log_pauses = 0;
};
Known known_at(const PurchaseDays& history, Date at);

// Of a forecast of the purchase days in [origin, until) by whoever had bought before it.
struct Tested {
  Date origin, until;
  std::string model;  // a family's name, or as_before
  int64_t customers = 0;
  double expected = 0, came = 0;
  double log_score = 0;  // mean log chance of what each customer did; NaN where no chances are told
  double rmse = 0;       // of a customer's number of purchase days
  double held = 0;       // share of customers who bought as often as 95 % were expected to
};
inline constexpr const char* as_before = "as before";  // as many as in the period of that length before

// Customers of about as many purchases: what was expected of them and what came, at the newest origin.
struct Group {
  int64_t purchases = 0, customers = 0;  // after the first; the last group's have as many or more
  double expected = 0, came = 0, came_squares = 0;
};

struct HoldOut {
  int32_t months = 0;         // of a test; 0 where the history is too short for one
  std::vector<Tested> tests;  // origin by origin, the newest first; candidates in order
  learn::LifetimeFamily chosen;
  std::vector<Group> groups;  // of what was chosen
  double apart = 1;           // share of a test's months that are not the one's before
  std::vector<const Tested*> of(const std::string& model) const;
};

// Candidates: BG/NBD, MBG/NBD, Pareto/NBD, and MBG/CNBD-k with the k that is likeliest before the oldest
// origin. What is chosen told the likeliest of what came, over all origins alike, and did so better than
// BG/NBD, the simplest, at more than half of them; else it is BG/NBD.
// Where one is asked for, it is tested, too, and is what is chosen.
HoldOut hold_out(const PurchaseDays& history, const TimeFrame& time, int32_t months,
                 const std::optional<learn::LifetimeFamily>& asked);

// The k from 1 on up to which the likelihood rises.
int32_t likeliest_regularity(const Known& known);

}  // namespace danggol::rooms
