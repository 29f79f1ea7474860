#include "simulate/lpoint_model.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "simulate/draw.h"

namespace danggol::lpoint {
namespace {

// How much customers differ in their use of an outlet beyond engagement: shape of a gamma, mean 1. Both tills of
// a partner share the draw.
constexpr std::array<double, partner_count> partner_spread = {1.2, 1.2, 0.35, 0.4, 1.0, 0.5,
                                                              0.5, 0.5, 0.4,  0.5, 0.4, 0.4};
// Time courses: A04 jumps in June, A06 shrinks from June, affiliates drift. Mean 1 or nearly so.
constexpr std::array<std::array<double, month_count>, partner_count> course = {{
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {0.72, 0.72, 0.72, 0.72, 0.72, 1.20, 1.20, 1.20, 1.20, 1.20, 1.20, 1.20},
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {1.30, 1.30, 1.30, 1.30, 1.30, 1.00, 0.75, 0.75, 0.75, 0.75, 0.75, 0.75},
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {0.75, 0.79, 0.84, 0.88, 0.93, 0.98, 1.02, 1.07, 1.12, 1.16, 1.21, 1.25},
    {0.72, 0.77, 0.82, 0.87, 0.92, 0.97, 1.03, 1.08, 1.13, 1.18, 1.23, 1.28},
    {1.20, 1.16, 1.13, 1.09, 1.05, 1.02, 0.98, 0.95, 0.91, 0.87, 0.84, 0.80},
    {1.22, 1.18, 1.14, 1.10, 1.06, 1.02, 0.98, 0.94, 0.90, 0.86, 0.82, 0.78},
    {1.22, 1.18, 1.14, 1.10, 1.06, 1.02, 0.98, 0.94, 0.90, 0.86, 0.82, 0.78},
}};
constexpr std::array<double, affiliate_count> affiliate_online = {0.6, 0.5, 0.4, 0.1, 0.2, 0.3};

constexpr std::array<double, 7> weekday_weights = {0.90, 0.88, 0.90, 0.92, 1.05, 1.22, 1.13};  // from Monday
constexpr int first_weekday = 4;  // 2021-01-01 was a Friday

constexpr double online_a = 1.1, online_b = 3.2, online_mean = online_a / (online_a + online_b);
constexpr double hazard_spread = 2.0;          // gamma shape of the hazard around what engagement says
constexpr double hazard_online = 2.0;          // log hazard rises with the on-line share
// Engagement: gamma shape and mean of light and of regular customers.
constexpr double light_spread = 2, light_engagement = 0.14;
constexpr double regular_spread = 1.3, regular_engagement = 1.3;
constexpr double newcomer_mean_days = 80;     // most newcomers come early in the year
constexpr double newcomer_hazard = 2.0;        // and leave sooner
constexpr double passer_by_hazard = 1.0;       // a day: who came for one event
constexpr double taste_spread = 0.6;           // gamma shape of the own taste in a class
constexpr double product_fall = 0.8;           // Zipf exponent of products within a class
constexpr double line_price_log_sd = 0.5;
constexpr double home_store_chance = 0.8;
constexpr double outside_payments_per_month = 0.6;  // of a customer of engagement 1 who uses L.pay

constexpr double days_per_month = days_of_year / 12.0;

const std::array<double, products_per_class> products_until = [] {
  std::array<double, products_per_class> until;
  double sum = 0;
  for (size_t i = 0; i < until.size(); ++i) until[i] = sum += std::pow(static_cast<double>(i) + 1, -product_fall);
  return until;
}();

const std::array<double, lifestyle_count> lifestyle_shares = [] {
  std::array<double, lifestyle_count> shares;
  for (size_t l = 0; l < shares.size(); ++l) shares[l] = lifestyles[l].share;
  return shares;
}();

}  // namespace

Model::Model(const Shape& shape) : shape_(shape) {
  constexpr std::array<int, month_count> lengths = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int day = 0;
  for (size_t m = 0; m < month_count; ++m) {
    month_start_[m] = day;
    for (int d = 0; d < lengths[m]; ++d) month_of_[static_cast<size_t>(day++)] = static_cast<int>(m);
  }
  month_start_[month_count] = day;
  weight_until_[0] = 0;
  for (size_t d = 0; d < days_of_year; ++d)
    weight_until_[d + 1] = weight_until_[d] + weekday_weights[(first_weekday + d) % 7];
  for (size_t l = 0; l < lifestyle_count; ++l)
    for (size_t p = 0; p < retail_count; ++p)
      for (size_t c = 0; c < class_count; ++c) {
        auto kind = static_cast<size_t>(classes[c].kind);
        suggestion_[l][p][c] = shelf[p][kind] * lifestyles[l].liking[kind] * classes[c].popularity;
      }
}

Customer Model::draw_customer(Random& random) const {
  Customer customer;
  customer.lifestyle = draw::index(random, lifestyle_shares);
  const Lifestyle& lifestyle = lifestyles[customer.lifestyle];
  customer.woman = draw::chance(random, lifestyle.women);
  customer.age = draw::index(random, lifestyle.ages);
  customer.zone = draw::index(random, zone_weights);
  bool light = draw::chance(random, shape_.light_share);
  customer.engagement = light ? draw::gamma(random, light_spread, light_engagement)
                              : draw::gamma(random, regular_spread, regular_engagement);
  customer.online = draw::beta(random, online_a, online_b);
  customer.ticket = draw::log_normal(random, 1, shape_.ticket_log_sd);

  double log_engagement = std::log(customer.engagement);
  std::array<double, partner_count> liking;
  for (size_t p = 0; p < partner_count; ++p) liking[p] = draw::gamma(random, partner_spread[p], 1);
  for (size_t o = 0; o < outlet_count; ++o) {
    const Shape::Visits& visits = shape_.visits[o];
    double rate = visits.per_month * std::exp(visits.elasticity * log_engagement) * liking[outlets[o].partner];
    // A04 has no on-line shop and the affiliates' own is no matter of taste for the retail channel.
    if (o < retail_outlets && outlets[o].partner != 3)
      rate *= outlets[o].online ? customer.online / online_mean : (1 - customer.online) / (1 - online_mean);
    if (o == 11) rate *= customer.online / online_mean;
    customer.rate_per_month[o] = rate;
  }

  bool passes_by = draw::chance(random, shape_.passer_by_share);
  bool newcomer = !passes_by && draw::chance(random, shape_.newcomer_share);
  double hazard = shape_.hazard_per_day *
                  std::pow(customer.engagement, -shape_.hazard_slope) *
                  std::exp(hazard_online * (customer.online - online_mean)) * (newcomer ? newcomer_hazard : 1);
  customer.hazard_per_day = passes_by ? passer_by_hazard : draw::gamma(random, hazard_spread, hazard);
  customer.joined_day = -1;
  if (passes_by) customer.joined_day = static_cast<int>(random.below(days_of_year));
  while (newcomer && customer.joined_day < 0) {
    double day = draw::waiting(random, 1 / newcomer_mean_days);
    if (day < days_of_year) customer.joined_day = static_cast<int>(day);
  }
  // Someone who joined before the year and is there on its first day has, the exponential having no memory, a
  // whole lifetime ahead.
  customer.left_at = std::max(customer.joined_day, 0) + draw::waiting(random, customer.hazard_per_day);
  if (customer.joined_day >= 0) customer.left_at += 1;  // the day of joining is a day of being there

  for (double& activity : customer.activity) activity = draw::gamma(random, shape_.activity_spread, 1);
  // Who comes often is likelier to have signed up for L.pay.
  double pays = 1 / (1 + std::exp(0.2 - 0.55 * log_engagement));
  customer.pay_share = draw::chance(random, pays) ? draw::beta(random, 0.8, 2.6) : 0;
  for (double& taste : customer.taste) taste = draw::gamma(random, taste_spread, 1);
  return customer;
}

double Model::visits(const Customer& customer, size_t outlet, size_t month) const {
  double days = month_start_[month + 1] - month_start_[month];
  return customer.rate_per_month[outlet] * course[outlets[outlet].partner][month] *
         (outlet < retail_outlets ? customer.activity[month] * shape_.rate[month] : 1) * days / days_per_month;
}

// A day in [from, until) in proportion to the weekdays' weights.
int Model::draw_day(Random& random, int from, int until) const {
  double low = weight_until_[static_cast<size_t>(from)], high = weight_until_[static_cast<size_t>(until)];
  double at = low + random.uniform() * (high - low);
  auto end = std::upper_bound(weight_until_.begin() + from, weight_until_.begin() + until, at);
  return static_cast<int>(end - weight_until_.begin()) - 1;
}

void Model::draw_receipts(Random& random, History& history) const {
  const Customer& customer = history.customer;
  auto& receipts = history.receipts;
  std::array<uint16_t, partner_count> home;
  for (size_t p = 0; p < partner_count; ++p) {
    const auto& near = stores_.near(p, customer.zone);
    home[p] = near[random.below(near.size())];
  }
  auto add = [&](size_t outlet, int day, size_t month) {
    size_t p = outlets[outlet].partner;
    Receipt receipt{};
    receipt.outlet = static_cast<uint8_t>(outlet);
    receipt.day = receipt.visit_day = static_cast<int16_t>(day);
    receipt.hour = static_cast<int8_t>(draw::index(random, hour_weights[partners[p].hours]));
    receipt.online = receipt.retail() ? outlets[outlet].online
                                      : draw::chance(random, affiliate_online[p - retail_count]);
    if (!receipt.online) {
      const auto& near = stores_.near(p, customer.zone);
      receipt.store = draw::chance(random, home_store_chance) ? home[p] : near[random.below(near.size())];
    }
    if (!receipt.retail() && receipt.online)  // booked ahead
      receipt.visit_day = static_cast<int16_t>(
          std::min<int>(days_of_year - 1, day + (p == retail_count ? 14 : 4) * static_cast<int>(random.uniform() *
                                                                                          random.uniform() * 2)));
    double median = partners[p].ticket_median_krw * customer.ticket * shape_.ticket[month];
    receipt.amount_krw =
        std::max<int64_t>(100, std::llround(draw::log_normal(random, median, partners[p].ticket_log_sd) / 10) * 10);
    receipt.paid = draw::chance(random, customer.pay_share);
    receipts.push_back(receipt);
  };

  int first = std::max(customer.joined_day, 0), end = customer.left_day();
  if (customer.joined_day >= 0 && first < end) {  // a newcomer joins with a receipt
    auto month = static_cast<size_t>(month_of(first));
    auto mix = customer.rate_per_month;
    if (customer.hazard_per_day == passer_by_hazard) for (size_t o = retail_outlets; o < outlet_count; ++o) mix[o] *= 4;
    add(draw::index(random, mix), first, month);
  }
  for (size_t m = 0; m < month_count; ++m) {
    int from = std::max(month_start_[m], first), until = std::min(month_start_[m + 1], end);
    if (from >= until) continue;
    std::array<double, outlet_count> expected;
    double sum = 0;
    for (size_t o = 0; o < outlet_count; ++o) sum += expected[o] = visits(customer, o, m);
    auto weight = [&](int a, int b) {
      return weight_until_[static_cast<size_t>(b)] - weight_until_[static_cast<size_t>(a)];
    };
    double there = weight(from, until) / weight(month_start_[m], month_start_[m + 1]);
    for (int count = draw::poisson(random, sum * there); count > 0; --count)
      add(draw::index(random, expected), draw_day(random, from, until), m);
  }
  std::stable_sort(receipts.begin(), receipts.end(), [](const Receipt& a, const Receipt& b) {
    return std::tie(a.day, a.hour) < std::tie(b.day, b.hour);
  });

  // Till numbers of purchases run from 1 to 9999 and come again and again, but not to one customer on one day.
  uint32_t uses = 0;
  for (size_t i = 0; i < receipts.size(); ++i) {
    if (!receipts[i].retail()) {
      receipts[i].number = ++uses;
      continue;
    }
    receipts[i].number = static_cast<uint32_t>(1 + random.below(9'999));
    for (size_t j = i; j-- > 0 && receipts[j].day == receipts[i].day;)
      if (receipts[j].retail() && receipts[j].number == receipts[i].number) {
        receipts[i].number = receipts[i].number % 9'999 + 1;
        j = i;
      }
  }
}

// Products follow a Dirichlet process at each partner: with chance n / (n + novelty) a line repeats one of the
// customer's n earlier lines there, else it is drawn from the customer's taste.
void Model::draw_lines(Random& random, History& history) const {
  const Customer& customer = history.customer;
  std::array<std::vector<uint16_t>, retail_count> earlier;
  std::array<std::array<double, class_count>, retail_count> taste_until;
  auto draw_product = [&](size_t p) {
    auto& until = taste_until[p];
    if (earlier[p].empty()) {
      double sum = 0;
      for (size_t c = 0; c < class_count; ++c)
        until[c] = sum += suggestion_[customer.lifestyle][p][c] * customer.taste[c];
    }
    auto n = static_cast<double>(earlier[p].size());
    if (random.uniform() * (n + shape_.novelty) < n) return earlier[p][random.below(earlier[p].size())];
    double at = random.uniform() * until.back();
    auto c = static_cast<size_t>(std::upper_bound(until.begin(), until.end() - 1, at) - until.begin());
    double place = random.uniform() * products_until.back();
    auto i = static_cast<size_t>(std::upper_bound(products_until.begin(), products_until.end() - 1, place) -
                                 products_until.begin());
    return static_cast<uint16_t>(c * products_per_class + i);
  };

  std::vector<double> weights;
  for (Receipt& receipt : history.receipts) {
    if (!receipt.retail()) continue;
    size_t p = receipt.partner();
    // A fuller basket costs more: lines grow with the square root of the ticket.
    double ticket = static_cast<double>(receipt.amount_krw) / partners[p].ticket_median_krw;
    int count = 1 + draw::poisson(random, (partners[p].lines_mean - 1) * shape_.lines * std::sqrt(ticket));
    receipt.first_line = static_cast<uint32_t>(history.lines.size());
    receipt.lines = static_cast<uint32_t>(count);
    weights.clear();
    double sum = 0;
    for (int i = 0; i < count; ++i) {
      Line line{draw_product(p), 0, 1};
      earlier[p].push_back(line.product);
      const ProductClass& of = classes[line.product / products_per_class];
      while (of.price_krw < 50'000 && random.uniform() < 0.14) ++line.quantity;
      weights.push_back(line.quantity * draw::log_normal(random, of.price_krw, line_price_log_sd));
      sum += weights.back();
      history.lines.push_back(line);
    }
    int64_t total = 0;
    for (size_t i = 0; i < weights.size(); ++i) {
      Line& line = history.lines[receipt.first_line + i];
      double amount = static_cast<double>(receipt.amount_krw) * weights[i] / sum;
      line.amount_krw = std::max(10, static_cast<int32_t>(std::lround(amount / 10)) * 10);
      total += line.amount_krw;
    }
    receipt.amount_krw = total;
  }
}

void Model::draw_payments(Random& random, History& history) const {
  const Customer& customer = history.customer;
  if (customer.pay_share == 0) return;
  double per_day = outside_payments_per_month * customer.pay_share * std::sqrt(customer.engagement) / days_per_month * 4;
  int first = std::max(customer.joined_day, 0), end = customer.left_day();
  for (int count = draw::poisson(random, per_day * std::max(0, end - first)); count > 0; --count) {
    OutsidePayment payment{};
    payment.day = static_cast<int16_t>(draw_day(random, first, end));
    payment.hour = static_cast<int8_t>(draw::index(random, hour_weights[3]));
    payment.place = draw::chance(random, 0.7) ? 0 : 1;
    payment.number = static_cast<uint32_t>(1 + random.below(9'999'999));
    payment.amount_krw = std::max<int64_t>(100, std::llround(draw::log_normal(random, 15'000, 0.9) / 10) * 10);
    history.payments.push_back(payment);
  }
  std::stable_sort(history.payments.begin(), history.payments.end(),
                   [](const auto& a, const auto& b) { return std::tie(a.day, a.hour) < std::tie(b.day, b.hour); });
}

History Model::history(uint64_t seed, uint64_t number) const {
  Random random(seed, number);
  History history;
  while (history.receipts.empty()) {
    history.customer = draw_customer(random);
    draw_receipts(random, history);
  }
  draw_lines(random, history);
  draw_payments(random, history);
  return history;
}

double Model::no_purchase_chance(const Customer& customer, int cutoff_day) const {
  if (customer.left_at < cutoff_day) return 1;
  double chance = 0, silent = 1, there = 1, stays = std::exp(-customer.hazard_per_day);
  for (int day = cutoff_day; day < days_of_year; ++day) {
    auto month = static_cast<size_t>(month_of(day));
    double expected = 0;
    for (size_t o = 0; o < retail_outlets; ++o) expected += visits(customer, o, month);
    expected *= (weight_until_[static_cast<size_t>(day) + 1] - weight_until_[static_cast<size_t>(day)]) /
                (weight_until_[static_cast<size_t>(month_start_[month + 1])] -
                 weight_until_[static_cast<size_t>(month_start_[month])]);
    chance += there * (1 - stays) * silent;  // gone from this day on, and silent until it
    there *= stays;
    silent *= std::exp(-expected);
  }
  return chance + there * silent;
}

}  // namespace danggol::lpoint
