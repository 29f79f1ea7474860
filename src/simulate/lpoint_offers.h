// Coupons: on the first day of every second month each known customer is offered one of three coupons or
// nothing, at random, and a coupon adds visits for four weeks. Visits that a coupon adds are a Poisson
// process of their own beside the others, so every row of the programme without offers is there with offers,
// too.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "simulate/lpoint_model.h"

namespace danggol::lpoint {

inline constexpr size_t offer_count = 4;
inline constexpr std::array<const char*, offer_count> offer_names = {"none", "coupon_A06", "coupon_C01",
                                                                     "coupon_book"};
inline constexpr std::array<size_t, 5> offer_days = {59, 120, 181, 243, 304};  // 1 March, May, ... November
inline constexpr size_t offer_window_days = 28;

struct Exposure {
  size_t day;
  size_t offer;
  double propensity;  // the chance this customer had of this offer, by days since the last receipt
  uint32_t added_receipts;
  // What each offer would add to the customer's receipts and spend in the window, on average over what else
  // may happen; 0 for who has left.
  std::array<double, offer_count> effect_receipts, effect_krw;
};

// Draws the exposures of a customer and adds to the history what they bring about.
std::vector<Exposure> expose(const Model& model, uint64_t seed, uint64_t number, History& history);

}  // namespace danggol::lpoint
