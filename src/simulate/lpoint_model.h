// The customers of the simulated programme and what each of them does in 2021. README.md has the model in
// words; lpoint_shape.h has the numbers it was fitted with.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "simulate/lpoint_catalog.h"

namespace danggol::lpoint {

inline constexpr size_t days_of_year = 365, month_count = 12;  // 2021

// Where receipts come from: a retail partner's off-line or on-line tills, or an affiliate.
struct Outlet {
  size_t partner;
  bool online;  // of an affiliate, every receipt has its own channel
};
inline constexpr size_t retail_outlets = 10, outlet_count = retail_outlets + affiliate_count;
// clang-format off
inline constexpr std::array<Outlet, outlet_count> outlets = {{
    {0, false}, {0, true},  {1, false}, {1, true},  {2, false},  {2, true},  {3, false}, {4, false},
    {4, true},  {5, true},  {6, false}, {7, false}, {8, false},  {9, false}, {10, false}, {11, false},
}};
// clang-format on

std::string outlet_name(size_t outlet);  // "A01 off-line", "C01"

// The declared multipliers, all found by fit_lpoint.cpp.
struct Shape {
  struct Visits {
    double per_month;   // of a customer of engagement 1
    double elasticity;  // power of engagement below 1, low for outlets that light customers use more than
                        // others do; above 1, visits rise in proportion
  };
  double light_engagement;                   // mean, of the customers who are not regular ones
  double newcomer_share;                     // of customers, joined during the year
  double passer_by_share;                    // of customers, come for one event at any time of the year
  double hazard_per_day;                     // of leaving, at engagement 1
  double hazard_slope;                       // hazard falls with this power of engagement
  double novelty;                            // the higher, the more different products a customer buys
  double lines;                              // multiplies the partners' lines of a receipt beyond the first
  std::array<double, month_count> rate;      // by month, multiplies retail visits; mean 1
  std::array<double, month_count> evenness;  // by month: gamma shape of a customer's retail visits about the
                                             // own rate, at engagement 0
  std::array<double, month_count> ticket;    // by month, multiplies every ticket
  std::array<Visits, outlet_count> visits;
};

struct Customer {
  size_t lifestyle, age, zone;
  bool woman, passer_by;
  double engagement, online, ticket, pay_share, hazard_per_day;
  int joined_day;  // of the year, from 0; -1: before the year
  double left_at;  // days since the year began, with fraction; may lie beyond its end
  std::array<uint16_t, partner_count> home_store;
  std::array<double, outlet_count> visits_per_month;  // before the multipliers of month, course and activity
  std::array<double, month_count> activity;           // of retail visits
  std::array<double, class_count> taste;              // multiplies what partner and lifestyle suggest

  // The customer is there on whole days [first_day(), left_day()).
  size_t first_day() const { return joined_day < 0 ? 0 : static_cast<size_t>(joined_day); }
  size_t left_day() const { return left_at < days_of_year ? static_cast<size_t>(left_at) : days_of_year; }
};

struct Line {
  uint16_t product;
  int32_t quantity;
  int64_t amount_krw;
};

struct Receipt {
  size_t day, visit_day, hour;  // days of the year, from 0; an affiliate may be booked ahead of the visit
  size_t outlet;
  bool online, paid_with_lpay;
  uint16_t store;
  uint32_t
      number;  // of a purchase: no other of that customer and day; of an affiliate: none of that customer
  int64_t amount_krw;
  uint32_t first_line, lines;  // in History::lines; none for an affiliate

  size_t partner() const { return outlets[outlet].partner; }
  bool retail() const { return outlet < retail_outlets; }
};

// L.pay used outside the programme's tills.
struct OutsidePayment {
  size_t day, hour, place;
  uint32_t number;
  int64_t amount_krw;
};

struct History {
  Customer customer;
  std::vector<Receipt> receipts;  // by day and hour
  std::vector<Line> lines;
  std::vector<OutsidePayment> payments;  // by day and hour
};

class Model {
 public:
  explicit Model(const Shape& shape);

  // The customer of that number, drawn anew until they have at least one receipt in the year: the published
  // tables know nobody else.
  History history(uint64_t seed, uint64_t number) const;

  // Probability of no purchase from the cutoff to the end of the year, given the customer's rates, hazard,
  // monthly activity and whether they still are a customer at the cutoff (1 if not).
  double no_purchase_chance(const Customer& customer, size_t cutoff_day) const;

  // Expected visits to an outlet on a day of which the customer is there all day.
  double visits(const Customer& customer, size_t outlet, size_t day) const;
  double expected_ticket_krw(const Customer& customer, size_t outlet, size_t day) const;

  // One more receipt, not yet in order and without lines; complete() puts both right.
  void add_receipt(Random& random, History& history, size_t outlet, size_t day) const;
  void complete(Random& random, History& history) const;

  const StoreMap& stores() const { return stores_; }
  size_t month_of(size_t day) const { return month_of_[day]; }

 private:
  Customer draw_customer(Random& random) const;
  void draw_receipts(Random& random, History& history) const;
  void draw_lines(Random& random, History& history) const;
  void draw_payments(Random& random, History& history) const;
  double monthly_visits(const Customer& customer, size_t outlet, size_t month) const;
  double weight(size_t from_day, size_t until_day) const;
  size_t draw_day(Random& random, size_t from, size_t until) const;

  Shape shape_;
  StoreMap stores_;
  std::array<size_t, month_count + 1> month_start_;
  std::array<size_t, days_of_year> month_of_;
  std::array<double, days_of_year + 1> weight_until_;  // of all days before a day; weekends weigh more
  std::array<double, lifestyle_count> lifestyle_shares_;
  std::array<double, products_per_class> products_until_;  // running sum of sales by place in the class
  // What partner and lifestyle suggest, before a customer's own taste.
  std::array<std::array<std::array<double, class_count>, retail_count>, lifestyle_count> suggestion_;
};

}  // namespace danggol::lpoint
