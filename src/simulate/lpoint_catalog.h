// What stands still in the simulated programme: its partners, their stores, the products and who likes what
// kind of goods. The names of 20 of the 60 product classes are published; the other 40, the middle classes
// and the products are made up. Nothing here is fitted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace danggol::lpoint {

inline constexpr size_t retail_count = 6;     // A01 .. A06: partners 0 .. 5
inline constexpr size_t affiliate_count = 6;  // B01 C01 C02 D01 D02 E01: partners 6 .. 11
inline constexpr size_t partner_count = retail_count + affiliate_count;
inline constexpr size_t zone_count = 17;  // Z01 .. Z17

// Two payment places that are no partner: L.pay used outside the programme's own tills.
inline constexpr std::array<const char*, 2> pay_places = {"L00", "L01"};

struct Partner {
  const char* code;
  uint16_t stores;
  double lines_mean;  // product lines of a receipt
  double ticket_median_krw, ticket_log_sd;
  size_t hours;  // row of hour_weights
};

extern const std::array<Partner, partner_count> partners;
extern const std::array<std::array<double, 24>, 4> hour_weights;

enum class Kind : uint8_t {
  fresh,
  processed,
  snack,
  household,
  health,
  baby,
  pet,
  beauty,
  fashion,
  home,
  appliance,
  digital,
  sports,
  culture,
  service
};
inline constexpr size_t kind_count = 15;

inline constexpr size_t class_count = 60, middles_per_class = 4, products_per_middle = 8;
inline constexpr size_t products_per_class = middles_per_class * products_per_middle;
inline constexpr size_t product_count = class_count * products_per_class;

struct ProductClass {
  const char* name;
  Kind kind;
  double popularity;  // within its kind
  double price_krw;   // decides how a receipt's total is split over its lines
  std::array<const char*, middles_per_class> middles;
};

extern const std::array<ProductClass, class_count> classes;

// Product p belongs to class p / products_per_class; within a class, sales fall with the product's place.
const char* middle_name(size_t product);
std::string product_name(size_t product);

// How much of its shelf each retail partner gives to a kind.
extern const std::array<std::array<double, kind_count>, retail_count> shelf;

// What sort of household a customer is: which kinds of goods it likes and who it is.
struct Lifestyle {
  const char* name;
  double share;
  double women;                // share of women
  std::array<double, 6> ages;  // 20s .. 70s
  std::array<double, kind_count> liking;
};
inline constexpr size_t lifestyle_count = 7;
extern const std::array<Lifestyle, lifestyle_count> lifestyles;

extern const std::array<double, zone_count> zone_weights;

struct Store {
  size_t zone, district;  // district of the zone, from 1
};

// Stores of every partner; the first one of a partner is its on-line shop.
class StoreMap {
 public:
  StoreMap();
  const std::vector<Store>& of(size_t partner) const { return stores_[partner]; }
  // Off-line stores of a partner in a zone, or anywhere if there is none.
  const std::vector<uint16_t>& near(size_t partner, size_t zone) const { return near_[partner][zone]; }

 private:
  std::array<std::vector<Store>, partner_count> stores_;
  std::array<std::array<std::vector<uint16_t>, zone_count>, partner_count> near_;
};

}  // namespace danggol::lpoint
