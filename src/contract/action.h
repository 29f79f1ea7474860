// What an event is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace danggol {

// In the order of their names, as the ENUM in raw.event numbers them.
enum class Action : uint8_t {
  cancel,
  cart,
  click,
  exposure,
  partner_use,
  pay,
  purchase,
  review,
  search,
  view,
  wishlist
};
inline constexpr std::array<std::string_view, 11> action_names = {
    "cancel",   "cart",   "click",  "exposure", "partner_use", "pay",
    "purchase", "review", "search", "view",     "wishlist"};

constexpr std::string_view name_of(Action action) { return action_names[static_cast<size_t>(action)]; }

// Whether its lines with one number are a receipt: what moves money, or would.
constexpr bool has_receipt(Action action) {
  return action == Action::purchase || action == Action::cancel || action == Action::partner_use ||
         action == Action::pay;
}

// Whether something is sold: a purchase, or what a partner's service is used for.
constexpr bool is_sale(Action action) { return action == Action::purchase || action == Action::partner_use; }

}  // namespace danggol
