#include "simulate/lpoint_model.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "simulate/draw.h"

namespace danggol::lpoint {
namespace {

constexpr size_t a04 = 3, b01 = 6, c01 = 7, c02 = 8;  // partners

// How much customers differ in their liking of a partner beyond engagement: shape of a gamma of mean 1. Both
// tills of a partner share the draw.
constexpr std::array<double, partner_count> partner_spread = {2.5, 2.5, 0.4, 0.4, 1.0, 0.6,
                                                              0.8, 4.0, 1.0, 1.0, 1.6, 1.2};

// The partners' own time courses: A04 jumps in June, A06 shrinks from June on, the affiliates drift.
constexpr std::array<std::array<double, month_count>, partner_count> course = {{
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {0.72, 0.72, 0.72, 0.72, 0.72, 1.20, 1.20, 1.20, 1.20, 1.20, 1.20, 1.20},
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {1.30, 1.30, 1.30, 1.30, 1.30, 1.00, 0.75, 0.75, 0.75, 0.75, 0.75, 0.75},
    {1.04, 1.03, 1.03, 1.02, 1.01, 1.00, 1.00, 0.99, 0.98, 0.97, 0.97, 0.96},
    {0.75, 0.79, 0.84, 0.88, 0.93, 0.98, 1.02, 1.07, 1.12, 1.16, 1.21, 1.25},
    {0.72, 0.77, 0.82, 0.87, 0.92, 0.97, 1.03, 1.08, 1.13, 1.18, 1.23, 1.28},
    {1.24, 1.20, 1.15, 1.11, 1.07, 1.02, 0.98, 0.93, 0.89, 0.85, 0.80, 0.76},
    {1.26, 1.21, 1.17, 1.12, 1.07, 1.02, 0.98, 0.93, 0.88, 0.83, 0.79, 0.74},
    {1.26, 1.21, 1.17, 1.12, 1.07, 1.02, 0.98, 0.93, 0.88, 0.83, 0.79, 0.74},
}};

constexpr std::array<double, 7> weekday_weights = {0.90, 0.88, 0.90, 0.92, 1.05, 1.22, 1.13};  // from Monday
constexpr size_t first_weekday = 4;  // 2021-01-01 was a Friday

// Engagement: gamma shape and mean, of light and of regular customers.
constexpr double light_share = 0.46, light_spread = 2;
constexpr double regular_spread = 2.5, regular_engagement = 1.3;
constexpr double ticket_log_sd = 0.58;  // between customers

constexpr double online_a = 1.1, online_b = 3.2, online_mean = online_a / (online_a + online_b);  // a beta
constexpr std::array<double, affiliate_count> affiliate_online = {0.6, 0.5, 0.4, 0.1, 0.2, 0.3};

// Leaving. Newcomers come early in the year and leave sooner; passers-by leave within days and come for an
// affiliate more often than their later visits would tell.
constexpr double hazard_spread = 2;  // gamma shape of the hazard around what the rest says
constexpr double hazard_online = 2;  // the log hazard rises with the on-line share
constexpr double newcomer_mean_days = 80, newcomer_hazard = 2;
constexpr double passer_by_hazard_per_day = 1, passer_by_affiliate = 4;

constexpr double taste_spread = 0.6;  // gamma shape of a customer's own taste for a class
constexpr double product_fall = 0.8;  // Zipf exponent of products within a class
constexpr double line_price_log_sd = 0.5;
constexpr double again_chance = 0.14, again_price_krw_max = 50'000;  // one more of the same cheap product
constexpr double home_store_chance = 0.8;
constexpr uint32_t till_numbers = 9'999;

// L.pay: who comes often is likelier to have signed up; some pay elsewhere with it, too.
constexpr double pay_intercept = -0.2, pay_slope = 0.55, pay_a = 0.8, pay_b = 2.6;
constexpr double outside_per_month = 2.4, outside_median_krw = 15'000, outside_log_sd = 0.9;
constexpr size_t outside_hours = 3;  // row of hour_weights

constexpr double days_per_month = days_of_year / 12.0;

int64_t round_krw(double amount, int64_t least) {
  return std::max<int64_t>(least, std::llround(amount / 10) * 10);
}

bool earlier(const Receipt& a, const Receipt& b) { return std::tie(a.day, a.hour) < std::tie(b.day, b.hour); }

}  // namespace

std::string outlet_name(size_t outlet) {
  std::string code = partners[outlets[outlet].partner].code;
  return outlet >= retail_outlets ? code : code + (outlets[outlet].online ? " on-line" : " off-line");
}

Model::Model(const Shape& shape) : shape_(shape) {
  constexpr std::array<size_t, month_count> lengths = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  size_t day = 0;
  for (size_t m = 0; m < month_count; ++m) {
    month_start_[m] = day;
    for (size_t d = 0; d < lengths[m]; ++d) month_of_[day++] = m;
  }
  month_start_[month_count] = day;
  weight_until_[0] = 0;
  for (size_t d = 0; d < days_of_year; ++d)
    weight_until_[d + 1] = weight_until_[d] + weekday_weights[(first_weekday + d) % 7];
  double sum = 0;
  for (size_t i = 0; i < products_per_class; ++i)
    products_until_[i] = sum += std::pow(static_cast<double>(i) + 1, -product_fall);
  for (size_t l = 0; l < lifestyle_count; ++l) {
    lifestyle_shares_[l] = lifestyles[l].share;
    for (size_t p = 0; p < retail_count; ++p)
      for (size_t c = 0; c < class_count; ++c) {
        auto kind = static_cast<size_t>(classes[c].kind);
        suggestion_[l][p][c] = shelf[p][kind] * lifestyles[l].liking[kind] * classes[c].popularity;
      }
  }
}

Customer Model::draw_customer(Random& random) const {
  Customer customer;
  customer.lifestyle = draw::index(random, lifestyle_shares_);
  const Lifestyle& lifestyle = lifestyles[customer.lifestyle];
  customer.woman = draw::chance(random, lifestyle.women);
  customer.age = draw::index(random, lifestyle.ages);
  customer.zone = draw::index(random, zone_weights);
  for (size_t p = 0; p < partner_count; ++p) {
    const auto& near = stores_.near(p, customer.zone);
    customer.home_store[p] = near[random.below(near.size())];
  }

  customer.engagement = draw::chance(random, light_share)
                            ? draw::gamma(random, light_spread, shape_.light_engagement)
                            : draw::gamma(random, regular_spread, regular_engagement);
  customer.online = draw::beta(random, online_a, online_b);
  customer.ticket = draw::log_normal(random, 1, ticket_log_sd);
  std::array<double, partner_count> liking;
  for (size_t p = 0; p < partner_count; ++p) liking[p] = draw::gamma(random, partner_spread[p], 1);
  for (size_t o = 0; o < outlet_count; ++o) {
    size_t partner = outlets[o].partner;
    const Shape::Visits& shape = shape_.visits[o];
    double visits = shape.per_month * std::pow(std::min(customer.engagement, 1.0), shape.elasticity) *
                    std::max(customer.engagement, 1.0) * liking[partner];
    // The on-line minded prefer a retail partner's on-line shop, and C01, whose tickets are sold on-line.
    if (outlets[o].online || partner == c01) visits *= customer.online / online_mean;
    else if (partner < retail_count && partner != a04) visits *= (1 - customer.online) / (1 - online_mean);
    customer.visits_per_month[o] = visits;
  }
  for (size_t m = 0; m < month_count; ++m)
    customer.activity[m] = draw::gamma(random, shape_.evenness[m] * (1 + 0.5 * customer.engagement), 1);
  for (double& taste : customer.taste) taste = draw::gamma(random, taste_spread, 1);

  customer.passer_by = draw::chance(random, shape_.passer_by_share);
  bool newcomer = !customer.passer_by && draw::chance(random, shape_.newcomer_share);
  customer.joined_day = -1;
  if (customer.passer_by) customer.joined_day = static_cast<int>(random.below(days_of_year));
  while (newcomer && customer.joined_day < 0) {
    double day = draw::waiting(random, 1 / newcomer_mean_days);
    if (day < days_of_year) customer.joined_day = static_cast<int>(day);
  }
  double hazard = shape_.hazard_per_day * std::pow(customer.engagement, -shape_.hazard_slope) *
                  std::exp(hazard_online * (customer.online - online_mean)) *
                  (newcomer ? newcomer_hazard : 1);
  customer.hazard_per_day =
      customer.passer_by ? passer_by_hazard_per_day : draw::gamma(random, hazard_spread, hazard);
  // Who joined before the year and is there on its first day has, the exponential having no memory, a whole
  // lifetime ahead. The day of joining is always a day of being there.
  customer.left_at =
      static_cast<double>(customer.joined_day + 1) + draw::waiting(random, customer.hazard_per_day);

  double pays = 1 / (1 + std::exp(-pay_intercept - pay_slope * std::log(customer.engagement)));
  customer.pay_share = draw::chance(random, pays) ? draw::beta(random, pay_a, pay_b) : 0;
  return customer;
}

double Model::weight(size_t from_day, size_t until_day) const {
  return weight_until_[until_day] - weight_until_[from_day];
}

double Model::monthly_visits(const Customer& customer, size_t outlet, size_t month) const {
  double days = static_cast<double>(month_start_[month + 1] - month_start_[month]);
  double retail = outlet < retail_outlets ? customer.activity[month] * shape_.rate[month] : 1;
  return customer.visits_per_month[outlet] * course[outlets[outlet].partner][month] * retail * days /
         days_per_month;
}

double Model::visits(const Customer& customer, size_t outlet, size_t day) const {
  size_t month = month_of_[day];
  return monthly_visits(customer, outlet, month) * weight(day, day + 1) /
         weight(month_start_[month], month_start_[month + 1]);
}

double Model::expected_ticket_krw(const Customer& customer, size_t outlet, size_t day) const {
  const Partner& partner = partners[outlets[outlet].partner];
  return partner.ticket_median_krw * customer.ticket * shape_.ticket[month_of_[day]] *
         std::exp(partner.ticket_log_sd * partner.ticket_log_sd / 2);
}

// A day in [from, until) in proportion to the weekdays' weights.
size_t Model::draw_day(Random& random, size_t from, size_t until) const {
  double at = weight_until_[from] + random.uniform() * weight(from, until);
  auto begin = weight_until_.begin();
  auto next =
      std::upper_bound(begin + static_cast<ptrdiff_t>(from) + 1, begin + static_cast<ptrdiff_t>(until), at);
  return static_cast<size_t>(next - begin) - 1;
}

void Model::add_receipt(Random& random, History& history, size_t outlet, size_t day) const {
  const Customer& customer = history.customer;
  size_t p = outlets[outlet].partner;
  Receipt receipt{};
  receipt.outlet = outlet;
  receipt.day = receipt.visit_day = day;
  receipt.hour = draw::index(random, hour_weights[partners[p].hours]);
  receipt.online =
      receipt.retail() ? outlets[outlet].online : draw::chance(random, affiliate_online[p - retail_count]);
  if (!receipt.online) {
    const auto& near = stores_.near(p, customer.zone);
    receipt.store =
        draw::chance(random, home_store_chance) ? customer.home_store[p] : near[random.below(near.size())];
  } else if (p == b01 || p == c01 || p == c02) {  // booked ahead
    size_t ahead = random.below(p == b01 ? 30 : 7);
    receipt.visit_day = std::min(day + ahead, days_of_year - 1);
  }
  double median = partners[p].ticket_median_krw * customer.ticket * shape_.ticket[month_of_[day]];
  receipt.amount_krw = round_krw(draw::log_normal(random, median, partners[p].ticket_log_sd), 100);
  receipt.paid_with_lpay = draw::chance(random, customer.pay_share);
  history.receipts.push_back(receipt);
}

void Model::draw_receipts(Random& random, History& history) const {
  const Customer& customer = history.customer;
  size_t first = customer.first_day(), end = customer.left_day();
  if (customer.joined_day >= 0) {  // joining takes a receipt
    auto mix = customer.visits_per_month;
    if (customer.passer_by)
      for (size_t o = retail_outlets; o < outlet_count; ++o) mix[o] *= passer_by_affiliate;
    add_receipt(random, history, draw::index(random, mix), first);
  }
  for (size_t m = 0; m < month_count; ++m) {
    size_t from = std::max(month_start_[m], first), until = std::min(month_start_[m + 1], end);
    if (from >= until) continue;
    std::array<double, outlet_count> expected;
    double sum = 0;
    for (size_t o = 0; o < outlet_count; ++o) sum += expected[o] = monthly_visits(customer, o, m);
    double there = weight(from, until) / weight(month_start_[m], month_start_[m + 1]);
    for (int count = draw::poisson(random, sum * there); count > 0; --count)
      add_receipt(random, history, draw::index(random, expected), draw_day(random, from, until));
  }
}

void Model::complete(Random& random, History& history) const {
  auto& receipts = history.receipts;
  std::stable_sort(receipts.begin(), receipts.end(), earlier);
  uint32_t uses = 0;
  for (const Receipt& receipt : receipts)
    if (!receipt.retail()) uses = std::max(uses, receipt.number);
  for (size_t i = 0; i < receipts.size(); ++i) {
    Receipt& receipt = receipts[i];
    if (receipt.number > 0) continue;
    if (!receipt.retail()) {
      receipt.number = ++uses;
      continue;
    }
    // Till numbers come again and again, but not to one customer on one day.
    auto same_day = std::ranges::equal_range(receipts, receipt.day, {}, &Receipt::day);
    auto taken = [&](uint32_t number) {
      return std::ranges::any_of(same_day,
                                 [&](const Receipt& r) { return r.retail() && r.number == number; });
    };
    uint32_t number = static_cast<uint32_t>(1 + random.below(till_numbers));
    while (taken(number)) number = number % till_numbers + 1;
    receipt.number = number;
  }
  draw_lines(random, history);
}

// Products follow a Dirichlet process at each partner: with chance n / (n + novelty) a line repeats one of
// the customer's n earlier lines there, else it is drawn from the customer's taste.
void Model::draw_lines(Random& random, History& history) const {
  const Customer& customer = history.customer;
  struct Counter {
    std::vector<uint16_t> bought;
    std::array<double, class_count> taste_until{};  // running sum; all 0 until first needed
  };
  std::array<Counter, retail_count> counters;
  for (const Receipt& receipt : history.receipts)
    for (uint32_t i = 0; i < receipt.lines; ++i)
      counters[receipt.partner()].bought.push_back(history.lines[receipt.first_line + i].product);

  auto draw_product = [&](size_t p) {
    Counter& counter = counters[p];
    auto n = static_cast<double>(counter.bought.size());
    if (random.uniform() * (n + shape_.novelty) < n)
      return counter.bought[random.below(counter.bought.size())];
    auto& until = counter.taste_until;
    if (until.back() == 0) {
      double sum = 0;
      for (size_t c = 0; c < class_count; ++c)
        until[c] = sum += suggestion_[customer.lifestyle][p][c] * customer.taste[c];
    }
    auto pick = [&](const auto& sums) {
      double at = random.uniform() * sums.back();
      return static_cast<size_t>(std::upper_bound(sums.begin(), sums.end() - 1, at) - sums.begin());
    };
    size_t product_class = pick(until);
    return static_cast<uint16_t>(product_class * products_per_class + pick(products_until_));
  };

  std::vector<double> weights;
  for (Receipt& receipt : history.receipts) {
    if (!receipt.retail() || receipt.lines > 0) continue;
    size_t p = receipt.partner();
    // A fuller basket costs more: lines grow with the square root of the ticket.
    double ticket = static_cast<double>(receipt.amount_krw) / partners[p].ticket_median_krw;
    double more = (partners[p].lines_mean - 1) * shape_.lines * std::sqrt(ticket);
    receipt.first_line = static_cast<uint32_t>(history.lines.size());
    receipt.lines = static_cast<uint32_t>(1 + draw::poisson(random, more));
    weights.clear();
    double sum = 0;
    for (uint32_t i = 0; i < receipt.lines; ++i) {
      Line line{draw_product(p), 1, 0};
      counters[p].bought.push_back(line.product);
      double price = classes[line.product / products_per_class].price_krw;
      while (price < again_price_krw_max && draw::chance(random, again_chance)) ++line.quantity;
      weights.push_back(line.quantity * draw::log_normal(random, price, line_price_log_sd));
      sum += weights.back();
      history.lines.push_back(line);
    }
    // The receipt is what its lines, each rounded to 10 won, add up to.
    auto total = static_cast<double>(receipt.amount_krw);
    receipt.amount_krw = 0;
    for (size_t i = 0; i < weights.size(); ++i) {
      Line& line = history.lines[receipt.first_line + i];
      line.amount_krw = round_krw(total * weights[i] / sum, 10);
      receipt.amount_krw += line.amount_krw;
    }
  }
}

void Model::draw_payments(Random& random, History& history) const {
  const Customer& customer = history.customer;
  size_t first = customer.first_day(), end = customer.left_day();
  double per_day = outside_per_month * customer.pay_share * std::sqrt(customer.engagement) / days_per_month;
  for (int count = draw::poisson(random, per_day * static_cast<double>(end - first)); count > 0; --count) {
    OutsidePayment payment{};
    payment.day = draw_day(random, first, end);
    payment.hour = draw::index(random, hour_weights[outside_hours]);
    payment.place = draw::chance(random, 0.7) ? 0 : 1;
    payment.number = static_cast<uint32_t>(random.below(1'000'000'000));
    payment.amount_krw = round_krw(draw::log_normal(random, outside_median_krw, outside_log_sd), 100);
    history.payments.push_back(payment);
  }
  std::stable_sort(history.payments.begin(), history.payments.end(), [](const auto& a, const auto& b) {
    return std::tie(a.day, a.hour) < std::tie(b.day, b.hour);
  });
}

History Model::history(uint64_t seed, uint64_t number) const {
  Random random(seed, number);
  History history;
  while (history.receipts.empty()) {
    history.customer = draw_customer(random);
    draw_receipts(random, history);
  }
  complete(random, history);
  draw_payments(random, history);
  return history;
}

double Model::no_purchase_chance(const Customer& customer, size_t cutoff_day) const {
  if (customer.left_at < static_cast<double>(cutoff_day)) return 1;
  double stays = std::exp(-customer.hazard_per_day);  // one more day
  double there = 1, silent = 1, left_silently = 0;
  for (size_t day = cutoff_day; day < days_of_year; ++day) {
    left_silently += there * (1 - stays) * silent;
    there *= stays;
    double expected = 0;
    for (size_t o = 0; o < retail_outlets; ++o) expected += visits(customer, o, day);
    silent *= std::exp(-expected);
  }
  return left_silently + there * silent;
}

}  // namespace danggol::lpoint
