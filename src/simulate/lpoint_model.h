// The customers of the simulated programme and what each does in 2021. lpoint_shape.h has the numbers the
// model is fitted with, README.md the model in words.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "simulate/lpoint_catalog.h"

namespace danggol::lpoint {

inline constexpr int days_of_year = 365, month_count = 12;

// Where receipts come from: a retail partner's off-line or on-line tills, or an affiliate.
struct Outlet {
  size_t partner;
  bool online;
};
inline constexpr size_t retail_outlets = 10, outlet_count = retail_outlets + affiliate_count;
inline constexpr std::array<Outlet, outlet_count> outlets = {{{0, false},
                                                              {0, true},
                                                              {1, false},
                                                              {1, true},
                                                              {2, false},
                                                              {2, true},
                                                              {3, false},
                                                              {4, false},
                                                              {4, true},
                                                              {5, true},
                                                              {6, false},
                                                              {7, false},
                                                              {8, false},
                                                              {9, false},
                                                              {10, false},
                                                              {11, false}}};

// The declared multipliers. All of them are fitted by fit_lpoint.cpp.
struct Shape {
  struct Visits {
    double per_month;   // of a customer of engagement 1
    double elasticity;  // power of engagement: below others' for outlets that light customers use more
  };
  double light_share;        // of customers, of low engagement
  double newcomer_share;     // of customers, joined during the year
  double passer_by_share;    // of customers, who come for one event, any time of the year
  double activity_spread;    // gamma shape of a month's retail visits about a customer's own rate
  double hazard_per_day;     // of leaving, at engagement 1
  double hazard_slope;       // hazard falls with this power of engagement
  double ticket_log_sd;      // between customers
  double novelty;            // the larger, the more different products a customer buys
  double lines;              // multiplies the partners' lines of a receipt beyond the first
  std::array<double, month_count> rate, ticket;  // by month: retail visits, all tickets
  std::array<Visits, outlet_count> visits;
};

struct Customer {
  size_t lifestyle, age, zone;
  bool woman;
  double engagement, online, ticket, pay_share, hazard_per_day;
  int joined_day;  // of the year, from 0; below 0: before the year
  double left_at;  // days since the year began, with fraction; beyond 365: not within the year
  std::array<double, outlet_count> rate_per_month;  // before month, course and activity
  std::array<double, month_count> activity;
  std::array<double, class_count> taste;  // multiplies what partner and lifestyle suggest

  // The customer is there on whole days [joined_day, left_day()).
  int left_day() const { return left_at < days_of_year ? static_cast<int>(left_at) : days_of_year; }
};

struct Line {
  uint16_t product;
  int32_t amount_krw, quantity;
};

struct Receipt {
  int16_t day, visit_day;  // of the year, from 0
  int8_t hour;
  uint8_t outlet;
  bool online, paid;  // paid: with L.pay
  uint16_t store;
  uint32_t number;  // of a purchase: unique within customer and day; of an affiliate: within customer
  int64_t amount_krw;
  uint32_t first_line, lines;  // of History::lines; none for an affiliate

  size_t partner() const { return outlets[outlet].partner; }
  bool retail() const { return outlet < retail_outlets; }
};

// L.pay used outside the programme's tills.
struct OutsidePayment {
  int16_t day;
  int8_t hour;
  uint8_t place;
  uint32_t number;
  int64_t amount_krw;
};

struct History {
  Customer customer;
  std::vector<Receipt> receipts;  // by day and hour
  std::vector<Line> lines;
  std::vector<OutsidePayment> payments;
};

class Model {
 public:
  explicit Model(const Shape& shape);

  // The customer of that number, drawn anew until they have at least one receipt in the year: the published
  // tables know nobody else.
  History history(uint64_t seed, uint64_t number) const;

  // Probability of no purchase in [cutoff, end of the year) of one who still is a customer at the cutoff (1 if
  // not), given the customer's rates, hazard and monthly activity.
  double no_purchase_chance(const Customer& customer, int cutoff_day) const;

  const StoreMap& stores() const { return stores_; }
  int month_of(int day) const { return month_of_[static_cast<size_t>(day)]; }
  int month_start(int month) const { return month_start_[static_cast<size_t>(month)]; }

 private:
  Customer draw_customer(Random& random) const;
  void draw_receipts(Random& random, History& history) const;
  void draw_lines(Random& random, History& history) const;
  void draw_payments(Random& random, History& history) const;
  // Visits a customer makes to an outlet in a whole month.
  double visits(const Customer& customer, size_t outlet, size_t month) const;
  int draw_day(Random& random, int from, int until) const;

  Shape shape_;
  StoreMap stores_;
  std::array<int, month_count + 1> month_start_;
  std::array<int, days_of_year> month_of_;
  std::array<double, days_of_year + 1> weight_until_;  // of all days before a day; weekends weigh more
  // What partner and lifestyle suggest, before a customer's own taste.
  std::array<std::array<std::array<double, class_count>, retail_count>, lifestyle_count> suggestion_;
};

}  // namespace danggol::lpoint
