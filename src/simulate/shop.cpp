#include "simulate/shop.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <queue>
#include <tuple>
#include <vector>

#include "base/output_folder.h"
#include "base/parallel.h"
#include "simulate/clock.h"
#include "simulate/draw.h"

namespace danggol {
namespace {

// What is sold: products of one taste are bought together, tastes of one partner share receipts.
struct Product {
  const char* name;
  int32_t price_krw;
};
struct Taste {
  const char* name;
  size_t partner;
  double popularity;
  std::array<Product, 10> products;  // the best sellers first
};

constexpr std::array<const char*, 3> partners = {"마트", "백화점", "전문관"};

// clang-format off
constexpr std::array<Taste, 10> tastes = {{
    {"신선식품", 0, 3.0, {{
         {"바나나", 4'500}, {"계란 30구", 7'900}, {"방울토마토", 8'900}, {"감자", 5'900}, {"사과", 12'900},
         {"삼겹살", 19'800}, {"양파", 3'900}, {"고등어", 9'900}, {"배", 15'900}, {"한우 국거리", 32'000}}}},
    {"가공식품", 0, 2.5, {{
         {"라면 5입", 4'200}, {"두부", 2'300}, {"즉석밥 12입", 13'900}, {"포기김치", 24'900}, {"참치캔 4입", 11'500},
         {"고기만두", 8'900}, {"어묵", 3'500}, {"식용유", 7'500}, {"양조간장", 9'800}, {"즉석카레", 2'900}}}},
    {"간식·음료", 0, 2.0, {{
         {"탄산수 20입", 12'900}, {"감자칩", 2'800}, {"요구르트", 4'500}, {"원두커피", 16'900}, {"초콜릿", 3'500},
         {"오렌지주스", 5'200}, {"버터쿠키", 6'900}, {"아이스크림", 9'900}, {"구운 견과", 18'900}, {"녹차 티백", 7'200}}}},
    {"생활용품", 0, 1.6, {{
         {"화장지 30롤", 19'900}, {"세탁세제", 14'900}, {"치약 3입", 8'900}, {"주방세제", 5'900}, {"샴푸", 11'900},
         {"섬유유연제", 9'900}, {"칫솔 4입", 7'500}, {"고무장갑", 2'900}, {"수세미 5입", 3'900}, {"지퍼백", 4'900}}}},
    {"출산·육아", 1, 0.8, {{
         {"기저귀", 32'900}, {"물티슈 10팩", 15'900}, {"분유", 29'800}, {"이유식", 4'900}, {"유아 로션", 18'500},
         {"그림책", 12'600}, {"젖병", 16'000}, {"블록 장난감", 39'000}, {"유아 내의", 21'900}, {"아기 욕조", 45'000}}}},
    {"화장품", 1, 1.2, {{
         {"마스크팩 10매", 9'900}, {"선크림", 22'000}, {"수분크림", 38'000}, {"립스틱", 29'000}, {"클렌징폼", 12'000},
         {"토너", 26'000}, {"쿠션 파운데이션", 45'000}, {"핸드크림", 8'000}, {"향수", 98'000}, {"에센스", 72'000}}}},
    {"패션", 1, 1.3, {{
         {"면 티셔츠", 19'900}, {"양말 5켤레", 9'900}, {"청바지", 59'000}, {"셔츠", 39'000}, {"운동화", 89'000},
         {"니트", 49'000}, {"원피스", 69'000}, {"가죽 벨트", 35'000}, {"숄더백", 129'000}, {"코트", 249'000}}}},
    {"가전·디지털", 2, 0.6, {{
         {"충전 케이블", 12'900}, {"보조 배터리", 29'900}, {"무선 마우스", 24'900}, {"이어폰", 69'000}, {"전기주전자", 39'900},
         {"헤어드라이어", 49'900}, {"선풍기", 59'900}, {"키보드", 79'000}, {"에어프라이어", 119'000}, {"로봇청소기", 399'000}}}},
    {"운동·캠핑", 2, 0.7, {{
         {"물병", 12'900}, {"요가 매트", 24'900}, {"단백질 바", 19'900}, {"등산 양말", 8'900}, {"아령", 27'900},
         {"캠핑 의자", 49'900}, {"침낭", 59'000}, {"버너", 35'900}, {"텐트", 189'000}, {"자전거 헬멧", 64'900}}}},
    {"반려동물", 2, 0.5, {{
         {"고양이 모래", 13'900}, {"강아지 사료", 32'900}, {"배변 패드", 18'900}, {"고양이 사료", 29'900}, {"강아지 간식", 6'900},
         {"츄르", 9'900}, {"장난감 공", 4'900}, {"목줄", 15'900}, {"스크래처", 12'900}, {"이동장", 42'900}}}},
}};
// clang-format on

constexpr std::array<const char*, 8> regions = {"서울", "경기", "부산", "인천",
                                                "대구", "대전", "광주", "제주"};
constexpr std::array<double, 8> region_weights = {30, 27, 12, 10, 8, 6, 5, 2};

// Weight of each hour of the day; the shop is quiet at night.
constexpr std::array<double, 24> hour_weights = {0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4,
                                                 5, 4, 4, 4, 5, 6, 7, 7, 6, 5, 3, 0};

// The latent population. A customer buys about every 24 days and stays about 10 months, with wide
// differences.
constexpr double rate_shape = 1.2, rate_mean_per_day = 1.0 / 24;
constexpr double hazard_shape = 1.0, hazard_mean_per_day = 1.0 / 300;
constexpr double spend_median_krw = 38'000, spend_log_sd_between = 0.5, spend_log_sd_within = 0.6;
constexpr double taste_concentration = 0.35;      // of the Dirichlet over tastes; lower: narrower customers
constexpr double online_a = 1.3, online_b = 1.6;  // beta of the share of receipts that are on-line

// Browsing. Visits that end without a purchase come at this multiple of the purchase rate.
constexpr double idle_visits_per_purchase = 1.5;
constexpr double views_per_idle_visit = 2.5, cart_chance_idle = 0.12, wishlist_chance_idle = 0.15;
constexpr double extra_views_per_bought_product = 0.5, cart_chance_bought = 0.75;
constexpr double cancel_chance_online = 0.04, cancel_chance_offline = 0.015;

constexpr std::array<double, 10> sales_by_rank = {1.0,     1 / 1.7, 1 / 2.3, 1 / 3.0, 1 / 3.7,
                                                  1 / 4.3, 1 / 5.0, 1 / 5.7, 1 / 6.3, 1 / 7.0};
constexpr size_t lines_max = 12;
constexpr int32_t longest_horizon_months = 6;
constexpr int64_t seconds_per_day = 86'400;
constexpr size_t customers_per_block = 1'024;

enum class Action : uint8_t { view, wishlist, cart, purchase, cancel };
constexpr std::array<const char*, 5> action_names = {"view", "wishlist", "cart", "purchase", "cancel"};

struct Event {
  int64_t second;          // since the first day's midnight
  int32_t customer, step;  // step: order of the customer's own events, the last word in sorting
  int32_t receipt;         // of the customer, from 1; 0 for browsing
  int32_t price_krw, quantity;
  uint8_t taste, product;
  Action action;
  bool online;
};

double day_of(const ShopOptions& options, Date date) { return date.days - options.first_day.days; }

// The first of every month of the shop, and of those after it that truth looks ahead to.
std::vector<Date> months_of(const ShopOptions& options) {
  std::vector<Date> months;
  Date until = add_months(options.first_day, options.months + longest_horizon_months);
  for (Date month = month_start(options.first_day); month < until; month = add_months(month, 1))
    months.push_back(month);
  return months;
}

// How fast customers join, buy and leave, by month, beside a shop without options.
struct Calendar {
  explicit Calendar(const ShopOptions& options)
      : days(day_of(options, add_months(options.first_day, options.months))) {
    bool grows = options.growth > 0;
    double joins_until = grows ? days : days / 2;
    for (int32_t i = 0; Date month : months_of(options)) {
      double from = std::max(0.0, day_of(options, month)), years = i++ / 12.0;
      double open = std::ranges::count(options.closed, month) > 0 ? 0 : 1;
      auto of_year = static_cast<size_t>(to_civil(month).month - 1);
      double season = options.season.empty() ? 1 : options.season[of_year];
      if (from < joins_until) joining.set(from, open * (grows ? std::pow(options.growth, years) : 1));
      purchases.set(from, open * season * std::pow(options.rate_drift, years));
      leaving.set(from, std::pow(options.hazard_drift, years));
    }
    joining.set(joins_until, 0);
  }
  bool is_open(double day) const { return day < days && purchases.speed(day) > 0; }

  double days;
  Clock joining, purchases, leaving;
};

struct Customer {
  double joined_day, leaves_day;  // days since the first day, with fraction
  double rate_per_day, hazard_per_day;
  double spend_median_krw, online_share;
  size_t region;
  std::array<double, tastes.size()> taste;
};

// What only options ask for is drawn from a stream of its own, so that the rest stays as it was.
Customer draw_customer(const ShopOptions& options, const Calendar& calendar, Random& random, Random extra) {
  Customer customer;
  customer.joined_day = calendar.joining.day(random.uniform() * calendar.joining.time(calendar.days));
  customer.rate_per_day = draw::gamma(random, rate_shape, rate_mean_per_day);
  customer.hazard_per_day = draw::gamma(random, hazard_shape, hazard_mean_per_day);
  if (draw::chance(extra, options.cohort_share)) {
    double from = std::max(0.0, day_of(options, *options.cohort_month));
    double until = std::min(calendar.days, day_of(options, add_months(*options.cohort_month, 1)));
    customer.joined_day = from + extra.uniform() * (until - from);
    customer.hazard_per_day *= options.cohort_hazard_factor;
  }
  const Clock& leaving = calendar.leaving;
  customer.leaves_day =
      leaving.day(leaving.time(customer.joined_day) + draw::waiting(random, customer.hazard_per_day));
  if (draw::chance(extra, options.one_time_share)) {
    customer.leaves_day = customer.joined_day;
    customer.rate_per_day = 0;
  }
  customer.spend_median_krw = draw::log_normal(random, spend_median_krw, spend_log_sd_between);
  customer.online_share = draw::beta(random, online_a, online_b);
  customer.region = draw::index(random, region_weights);
  double sum = 0;
  for (size_t t = 0; t < tastes.size(); ++t)
    sum += customer.taste[t] = tastes[t].popularity * draw::gamma(random, taste_concentration, 1) + 1e-6;
  for (double& share : customer.taste) share /= sum;
  return customer;
}

// No purchase in [day, until) of one who is a customer on `day`: either the first purchase would come later
// than both, or the customer leaves before it. Exact, one stretch of an even rate and hazard after the other.
double no_purchase_chance(const Customer& customer, const Calendar& calendar, double day, double until) {
  if (customer.leaves_day < day) return 1;
  double left_first = 0, neither = 1;
  while (day < until) {
    double end = std::min({until, calendar.purchases.steady_until(day), calendar.leaving.steady_until(day)});
    double hazard = customer.hazard_per_day * calendar.leaving.speed(day);
    double both = customer.rate_per_day * calendar.purchases.speed(day) + hazard;
    double survived = std::exp(-both * (end - day));
    left_first += neither * (hazard / both * (1 - survived));
    neither *= survived;
    day = end;
  }
  return neither + left_first;
}

// Everything one customer does, in no order.
class History {
 public:
  History(const Customer& customer, int32_t number, const Calendar& calendar, Random& random,
          std::vector<Event>& events)
      : customer_(customer), number_(number), calendar_(calendar), random_(random), events_(events) {}

  void draw() {
    buy(second_of(customer_.joined_day));
    visits(customer_.rate_per_day, &History::buy);
    visits(idle_visits_per_purchase * 2 * customer_.online_share * customer_.rate_per_day, &History::browse);
  }

 private:
  struct Line {
    size_t taste, product;
    int32_t quantity;
  };

  // After joining.
  void visits(double rate_per_day, void (History::*visit)(int64_t second)) {
    const Clock& clock = calendar_.purchases;
    double end = clock.time(std::min(customer_.leaves_day, calendar_.days));
    double time = clock.time(customer_.joined_day) + draw::waiting(random_, rate_per_day);
    for (; time < end; time += draw::waiting(random_, rate_per_day))
      (this->*visit)(second_of(clock.day(time)));
  }

  // The process decides the day, the shop's hours the time of day.
  int64_t second_of(double day) {
    auto hour = static_cast<int64_t>(draw::index(random_, hour_weights));
    return static_cast<int64_t>(day) * seconds_per_day + hour * 3'600 +
           static_cast<int64_t>(random_.below(3'600));
  }

  size_t draw_product() { return draw::index(random_, sales_by_rank); }

  // Products of the customer's taste at one partner until their list prices come near to what is spent.
  std::vector<Line> fill_basket(size_t partner, double spend_krw) {
    auto weights = customer_.taste;
    for (size_t t = 0; t < tastes.size(); ++t)
      if (tastes[t].partner != partner) weights[t] = 0;
    std::vector<Line> basket;
    double listed = 0;
    for (int tries = 0; tries < 40 && basket.size() < lines_max && listed < 0.8 * spend_krw; ++tries) {
      Line line{draw::index(random_, weights), draw_product(), 1};
      double price = tastes[line.taste].products[line.product].price_krw, left = spend_krw - listed;
      bool taken = false;
      for (const Line& other : basket) taken |= other.taste == line.taste && other.product == line.product;
      if (taken || price > 1.25 * left) continue;
      line.quantity = 1 + static_cast<int32_t>(std::min(5.0, left / price * 0.3));
      listed += price * line.quantity;
      basket.push_back(line);
    }
    if (basket.empty()) {
      size_t taste = draw::index(random_, weights);
      const auto& products = tastes[taste].products;
      auto cheapest = std::ranges::min_element(products, {}, &Product::price_krw);
      basket.push_back({taste, static_cast<size_t>(cheapest - products.begin()), 1});
    }
    return basket;
  }

  void buy(int64_t second) {
    size_t partner = tastes[draw::index(random_, customer_.taste)].partner;
    bool online = draw::chance(random_, customer_.online_share);
    double spend = draw::log_normal(random_, customer_.spend_median_krw, spend_log_sd_within);
    std::vector<Line> basket = fill_basket(partner, spend);
    double listed = 0;
    for (const Line& line : basket)
      listed += static_cast<double>(tastes[line.taste].products[line.product].price_krw) * line.quantity;
    ++receipts_;
    for (const Line& line : basket) {
      // Mark-downs and mark-ups make the receipt's total the one drawn, to within the rounding of prices.
      double price = tastes[line.taste].products[line.product].price_krw * spend / listed;
      Event bought{.second = second,
                   .customer = number_,
                   .receipt = receipts_,
                   .price_krw = std::max(10, static_cast<int32_t>(std::lround(price / 10)) * 10),
                   .quantity = line.quantity,
                   .taste = static_cast<uint8_t>(line.taste),
                   .product = static_cast<uint8_t>(line.product),
                   .action = Action::purchase,
                   .online = online};
      if (online) look_before(bought);
      add(bought);
      if (draw::chance(random_, online ? cancel_chance_online : cancel_chance_offline)) cancel(bought);
    }
  }

  void look_before(const Event& bought) {
    int64_t first_look = bought.second;
    for (int views = 1 + draw::poisson(random_, extra_views_per_bought_product); views > 0; --views) {
      int64_t look = bought.second - 120 - static_cast<int64_t>(random_.below(2'400));
      first_look = std::min(first_look, look);
      add(bought, Action::view, look);
    }
    if (draw::chance(random_, cart_chance_bought))
      add(bought, Action::cart, first_look + 30 + static_cast<int64_t>(random_.below(80)));
  }

  void cancel(Event event) {
    int64_t day = event.second / seconds_per_day + 1 + static_cast<int64_t>(random_.below(7));
    event.second = second_of(static_cast<double>(day));
    event.quantity = -event.quantity;
    event.action = Action::cancel;
    if (calendar_.is_open(static_cast<double>(day))) add(event);
  }

  void browse(int64_t second) {
    for (int views = 1 + draw::poisson(random_, views_per_idle_visit - 1); views > 0; --views) {
      Event event{.customer = number_};
      event.taste = static_cast<uint8_t>(draw::index(random_, customer_.taste));
      event.product = static_cast<uint8_t>(draw_product());
      event.price_krw = tastes[event.taste].products[event.product].price_krw;
      add(event, Action::view, second);
      if (draw::chance(random_, wishlist_chance_idle)) add(event, Action::wishlist, second + 20);
      if (draw::chance(random_, cart_chance_idle)) add(event, Action::cart, second + 25);
      second += 30 + static_cast<int64_t>(random_.below(240));
    }
  }

  void add(Event event, Action action, int64_t second) {
    event.second = second;
    event.action = action;
    event.receipt = 0;
    event.quantity = 1;
    event.online = true;
    add(event);
  }
  void add(Event event) {
    event.step = steps_++;
    events_.push_back(event);
  }

  const Customer& customer_;
  int32_t number_;
  const Calendar& calendar_;
  Random& random_;
  std::vector<Event>& events_;
  int32_t receipts_ = 0, steps_ = 0;
};

std::string timestamp(Date first_day, int64_t second) {
  return to_text(Timestamp{to_timestamp(first_day).micros + second * micros_per_second});
}

void write_event(const Event& event, const Customer& customer, Date first_day, fmt::memory_buffer& out) {
  const Taste& taste = tastes[event.taste];
  auto at = std::back_inserter(out);
  fmt::format_to(at, "C{:06},{},{},P{:02}{:02},{},{},{},", event.customer + 1,
                 timestamp(first_day, event.second), action_names[static_cast<size_t>(event.action)],
                 event.taste + 1, event.product + 1, taste.products[event.product].name, event.quantity,
                 event.price_krw);
  if (event.receipt > 0)
    fmt::format_to(at, "{},R{:06}-{:04}", event.price_krw * event.quantity, event.customer + 1,
                   event.receipt);
  else fmt::format_to(at, ",");
  fmt::format_to(at, ",{},{},{}\n", partners[taste.partner], event.online ? "online" : "offline",
                 regions[customer.region]);
}

void write_customer(const Customer& customer, int32_t number, Date first_day, double days,
                    fmt::memory_buffer& out) {
  auto day = [&](double since) { return Date{first_day.days + static_cast<int32_t>(since)}; };
  auto at = std::back_inserter(out);
  fmt::format_to(at, "C{:06},{},{:.9g},{:.9g},{},{:.0f},{:.6f},", number + 1,
                 to_text(day(customer.joined_day)), customer.rate_per_day, customer.hazard_per_day,
                 customer.leaves_day < days ? to_text(day(customer.leaves_day)) : "",
                 customer.spend_median_krw, customer.online_share);
  for (size_t t = 0; t < tastes.size(); ++t)
    fmt::format_to(at, "{}{}:{:.4f}", t > 0 ? " " : "", tastes[t].name, customer.taste[t]);
  fmt::format_to(at, "\n");
}

// What truth/leave.csv answers.
struct Question {
  int32_t cutoff_months, horizon_months;
};

std::vector<Question> questions_of(const ShopOptions& options) {
  std::vector<Question> questions;
  if (options.varies())
    for (int32_t cutoff = 6; cutoff <= options.months; cutoff += 3)
      for (int32_t horizon : {3, longest_horizon_months}) questions.push_back({cutoff, horizon});
  else
    for (int32_t cutoff : {12, 18, 24})
      if (cutoff <= options.months) questions.push_back({cutoff, longest_horizon_months});
  return questions;
}

void write_leave(const Customer& customer, int32_t number, const ShopOptions& options,
                 const Calendar& calendar, fmt::memory_buffer& out) {
  for (auto [cutoff_months, horizon_months] : questions_of(options)) {
    Date cutoff = add_months(options.first_day, cutoff_months);
    double day = day_of(options, cutoff), until = day_of(options, add_months(cutoff, horizon_months));
    if (customer.joined_day >= day) continue;
    fmt::format_to(std::back_inserter(out), "C{:06},{},{},{:.9f}\n", number + 1, to_text(cutoff),
                   horizon_months, no_purchase_chance(customer, calendar, day, until));
  }
}

std::string month_text(Date month) { return to_text(month).substr(0, 7); }

void write_months(const ShopOptions& options, const Calendar& calendar, fmt::memory_buffer& out) {
  for (Date month : months_of(options)) {
    double from = std::max(0.0, day_of(options, month)), until = day_of(options, add_months(month, 1));
    double joining =
        (calendar.joining.time(until) - calendar.joining.time(from)) / calendar.joining.time(calendar.days);
    fmt::format_to(std::back_inserter(out), "{},{:.9g},{:.9g},{:.9g}\n", month_text(month), joining,
                   calendar.purchases.speed(from), calendar.leaving.speed(from));
  }
}

template <class Value>
Error bad(std::string_view name, const Value& value, std::string_view limit) {
  return {Code::bad_input, fmt::format("{}={}: {}", name, value, limit)};
}

Status check_closed(const ShopOptions& options) {
  std::vector<Date> months = months_of(options);
  for (Date month : options.closed)
    if (std::ranges::count(months, month) == 0)
      return bad("closed", month_text(month),
                 fmt::format("must be in {}..{}", month_text(months.front()), month_text(months.back())));
  Calendar calendar(options);
  if (calendar.joining.time(calendar.days) > 0) return {};
  return bad("closed", fmt::format("{},...", month_text(months.front())),
             "nobody could join; leave a month of joining open");
}

Status check_cohort(const ShopOptions& options) {
  if (options.cohort_share == 0 && !options.cohort_month && options.cohort_hazard_factor == 1) return {};
  if (options.cohort_share == 0) return bad("cohort-share", 0, "must be above 0 where a cohort is described");
  std::vector<Date> months = months_of(options);
  months.resize(months.size() - longest_horizon_months);
  if (!options.cohort_month)
    return bad("cohort-share", options.cohort_share,
               fmt::format("needs a month, such as --cohort-month={}", month_text(months.front())));
  bool open = std::ranges::count(options.closed, *options.cohort_month) == 0;
  if (open && std::ranges::count(months, *options.cohort_month) > 0) return {};
  return bad("cohort-month", month_text(*options.cohort_month),
             fmt::format("must be in {}..{}, and not a closed one", month_text(months.front()),
                         month_text(months.back())));
}

Status check(const ShopOptions& options) {
  if (options.first_day < earliest_date || options.first_day >= to_date(Civil{2100, 1, 1}))
    return bad("first-day", to_text(options.first_day), "must be 1900-01-01..2099-12-31");
  struct Limit {
    const char* name;
    double value, least, most;
  };
  std::vector<Limit> limits = {{"customers", static_cast<double>(options.customers), 1, 200'000},
                               {"months", static_cast<double>(options.months), 2, 120},
                               {"cohort-share", options.cohort_share, 0, 1},
                               {"cohort-hazard-factor", options.cohort_hazard_factor, 0.1, 100},
                               {"one-time-share", options.one_time_share, 0, 1},
                               {"rate-drift", options.rate_drift, 0.5, 2},
                               {"hazard-drift", options.hazard_drift, 0.5, 2}};
  for (double factor : options.season) limits.push_back({"season", factor, 0.1, 10});
  for (auto [name, value, least, most] : limits)
    if (!(value >= least && value <= most))
      return bad(name, value, fmt::format("must be {}..{}", least, most));
  if (options.growth != 0 && !(options.growth >= 0.1 && options.growth <= 10))
    return bad("growth", options.growth, "must be 0 or 0.1..10");
  if (!options.season.empty() && options.season.size() != 12)
    return bad("season", fmt::format("{}", fmt::join(options.season, ",")),
               fmt::format("must be twelve factors, from January on, not {}", options.season.size()));
  TRY(check_closed(options));
  return check_cohort(options);
}

Status tell(const Progress& progress, double done, std::string_view what) {
  return progress ? progress(done, what) : Status{};
}

bool earlier(const Event& a, const Event& b) {
  return std::tie(a.second, a.customer, a.step) < std::tie(b.second, b.customer, b.step);
}

// The events of a block of customers, in order.
struct Block {
  std::vector<Event> events;
  size_t written = 0;

  const Event& next() const { return events[written]; }
};

// Text that grows to a megabyte before it is written.
class Writer {
 public:
  explicit Writer(OutputFolder::File& file, std::string_view header) : file_(file) { text_.append(header); }
  fmt::memory_buffer& text() { return text_; }
  // Tells and asks `progress` whenever something was written.
  Status flush_if_full(const Progress& progress, double done, std::string_view what) {
    if (text_.size() < (1 << 20)) return {};
    TRY(tell(progress, done, what));
    return flush();
  }
  Status flush() {
    std::string_view all(text_.data(), text_.size());
    TRY(file_.write(all));
    text_.clear();
    return {};
  }

 private:
  OutputFolder::File& file_;
  fmt::memory_buffer text_;
};

Status write_shop(const ShopOptions& options, OutputFolder& folder, const Progress& progress) {
  Writer events(
      *TRY(folder.create("events.csv")),
      "customer_id,ts,action,product_id,product_name,quantity,price,amount,receipt_id,partner,channel,"
      "region\n");
  Writer customer_truth(*TRY(folder.create("truth/customer.csv")),
                        "customer_id,first_day,purchase_rate_per_day,leaving_hazard_per_day,left_on,"
                        "spend_median_krw,online_share,taste\n");
  Writer leave_truth(*TRY(folder.create("truth/leave.csv")), "customer_id,cutoff,horizon_months,p_leave\n");

  const Calendar calendar(options);
  if (options.varies()) {
    Writer months(*TRY(folder.create("truth/shop.csv")),
                  "month,joining_share,purchase_factor,hazard_factor\n");
    write_months(options, calendar, months.text());
    TRY(months.flush());
  }
  std::vector<Customer> customers(static_cast<size_t>(options.customers));
  std::vector<Block> blocks;
  size_t event_count = 0;
  for (size_t from = 0; from < customers.size(); from += customers_per_block) {
    TRY(tell(progress, 0.4 * static_cast<double>(from) / options.customers, "customers"));
    size_t count = std::min(customers_per_block, customers.size() - from);
    std::vector<std::vector<Event>> histories(count);
    parallel_for(count, [&](size_t i) {
      size_t number = from + i;
      Random random(options.seed, number);
      customers[number] = draw_customer(options, calendar, random, Random(mix(options.seed), number));
      History(customers[number], static_cast<int32_t>(number), calendar, random, histories[i]).draw();
    });
    Block& block = blocks.emplace_back();
    for (const auto& history : histories)
      block.events.insert(block.events.end(), history.begin(), history.end());
    std::sort(block.events.begin(), block.events.end(), earlier);
    event_count += block.events.size();
  }

  // The blocks, each in order, become one.
  auto later = [](const Block* a, const Block* b) { return earlier(b->next(), a->next()); };
  std::priority_queue<Block*, std::vector<Block*>, decltype(later)> left(later);
  for (Block& block : blocks)
    if (!block.events.empty()) left.push(&block);
  for (size_t written = 0; !left.empty(); ++written) {
    Block* block = left.top();
    left.pop();
    const Event& event = block->next();
    write_event(event, customers[static_cast<size_t>(event.customer)], options.first_day, events.text());
    if (++block->written < block->events.size()) left.push(block);
    TRY(events.flush_if_full(
        progress, 0.4 + 0.5 * static_cast<double>(written) / static_cast<double>(event_count), "events"));
  }
  TRY(events.flush());

  for (int32_t number = 0; number < options.customers; ++number) {
    const Customer& customer = customers[static_cast<size_t>(number)];
    write_customer(customer, number, options.first_day, calendar.days, customer_truth.text());
    write_leave(customer, number, options, calendar, leave_truth.text());
    double done = 0.9 + 0.1 * number / options.customers;
    TRY(customer_truth.flush_if_full(progress, done, "truth"));
    TRY(leave_truth.flush_if_full(progress, done, "truth"));
  }
  TRY(customer_truth.flush());
  return leave_truth.flush();
}

}  // namespace

Result<void> simulate_shop(const ShopOptions& options, const std::string& out_dir, const Progress& progress) {
  TRY(check(options));
  return OutputFolder::write(out_dir,
                             {{"events.csv", "truth/customer.csv", "truth/leave.csv"}, {"truth/shop.csv"}},
                             [&](OutputFolder& folder) { return write_shop(options, folder, progress); });
}

}  // namespace danggol
