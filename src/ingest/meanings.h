// What the values of a column of actions, or of orders' states, mean.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "contract/action.h"
#include "danggol/result.h"

namespace danggol::ingest {

// Not every row is an event: an order that is not paid yet, or never was, is none.
struct Meaning {
  std::optional<Action> action;  // nothing: such rows are left out
  // The row is an order that was canceled, returned or refunded since: a cancellation without money or
  // pieces, for its purchase is not counted either.
  bool is_undone = false;
  bool operator==(const Meaning&) const = default;
};
// "purchase", "canceled" (undone), "none" ...: as --action-values names them.
std::string name(const Meaning& meaning);

class Meanings {
 public:
  // Over the words that are known: English and Korean, of shops, tills and trackers.
  Meanings() = default;
  // "shipped=purchase, test=none". Code::bad_input.
  Status add(std::string_view value, std::string_view meaning);
  // `is_state`, of an order: then "cancel" is what "canceled" is. Letters, blanks, '_', '-' and '.' do not
  // matter. Nothing for a word that nobody knows.
  std::optional<Meaning> of(std::string_view value, bool is_state) const;

 private:
  std::map<std::string, Meaning, std::less<>> own_;
};

// Whether a column so called holds the states of orders.
bool is_state_by_name(std::string_view column);

// What is called so may be money of an order and no product: what is paid beside the goods (shipping, a tax),
// or taken off (a discount).
enum class Charge : uint8_t { none, cost, discount };
Charge charge_of(std::string_view product_name);

}  // namespace danggol::ingest
