#include "simulate/lpoint_offers.h"

#include <algorithm>
#include <cmath>

#include "simulate/draw.h"

namespace danggol::lpoint {
namespace {

constexpr uint64_t offer_seed = 0x0ffe5;  // keeps these streams apart from the customers' own

// Who bought lately gets the coupon book more often, who did not the single coupons. Known to whoever
// evaluates.
constexpr size_t recent_days = 30;
constexpr std::array<double, offer_count> chances_recent = {0.40, 0.20, 0.15, 0.25};
constexpr std::array<double, offer_count> chances_lapsed = {0.25, 0.30, 0.25, 0.20};

// Visits to its outlets that an offer adds, as a multiple of those the customer makes anyway: the mean, and
// how it varies between customers.
constexpr std::array<double, offer_count> uplift = {0, 1.2, 1.5, 0.15};
constexpr double uplift_spread = 3;           // gamma shape
constexpr double uplift_of_lpay_users = 1.4;  // coupons give more to who pays with L.pay

bool covers(size_t offer, size_t outlet) {
  const char* code = partners[outlets[outlet].partner].code;
  switch (offer) {
    case 1: return code == std::string_view("A06");
    case 2: return code == std::string_view("C01");
    case 3: return outlet < retail_outlets;
    default: return false;
  }
}

}  // namespace

std::vector<Exposure> expose(const Model& model, uint64_t seed, uint64_t number, History& history) {
  const Customer& customer = history.customer;
  Random random(mix(seed ^ offer_seed), number);
  std::array<double, offer_count> own_uplift;
  for (size_t a = 0; a < offer_count; ++a)
    own_uplift[a] = uplift[a] * draw::gamma(random, uplift_spread, 1) *
                    (customer.pay_share > 0 ? uplift_of_lpay_users : 1);

  std::vector<Exposure> exposures;
  for (size_t day : offer_days) {
    const Receipt* last = nullptr;
    for (const Receipt& receipt : history.receipts)
      if (receipt.day < day) last = &receipt;
    if (!last) continue;  // not yet known
    const auto& chances = day - last->day <= recent_days ? chances_recent : chances_lapsed;
    Exposure exposure{};
    exposure.day = day;
    exposure.offer = draw::index(random, chances);
    exposure.propensity = chances[exposure.offer];

    bool there = customer.left_at >= static_cast<double>(day);
    double stays = std::exp(-customer.hazard_per_day), still_there = there ? 1 : 0;
    for (size_t d = day; d < day + offer_window_days; ++d) {
      still_there *= stays;
      for (size_t o = 0; o < outlet_count; ++o) {
        double visits = model.visits(customer, o, d);
        for (size_t a = 0; a < offer_count; ++a) {
          if (!covers(a, o)) continue;
          double added = own_uplift[a] * visits;
          exposure.effect_receipts[a] += still_there * added;
          exposure.effect_krw[a] += still_there * added * model.expected_ticket_krw(customer, o, d);
          if (a != exposure.offer || d >= customer.left_day()) continue;
          for (int count = draw::poisson(random, added); count > 0; --count) {
            model.add_receipt(random, history, o, d);
            ++exposure.added_receipts;
          }
        }
      }
    }
    model.complete(random, history);
    exposures.push_back(exposure);
  }
  return exposures;
}

}  // namespace danggol::lpoint
