// A small simulated shop as files, made once for the whole suite.
#pragma once

#include <string>

namespace danggol::contract {

// The day everything is seen as of; the shop goes on for a month after it.
inline constexpr const char* as_of = "2025-02-01";
// A day on which the newest results do not speak.
inline constexpr const char* earlier_as_of = "2025-01-01";

struct ShopFiles {
  std::string before;    // events.csv up to as_of
  std::string shuffled;  // the same rows in another order
  std::string after;     // the rows from as_of on
  std::string all;       // both in one file
  std::string exposures, later_exposures;
  std::string goods;  // the category of every product
};
ShopFiles shop_files(const std::string& folder);   // their names
void write_shop_files(const std::string& folder);  // each whole or not at all

}  // namespace danggol::contract
