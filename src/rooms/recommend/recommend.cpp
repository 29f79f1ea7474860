#include "rooms/recommend/recommend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "base/random.h"
#include "contract/declare.h"
#include "learn/co_purchase.h"
#include "learn/intervals.h"
#include "learn/isotonic.h"
#include "learn/metrics.h"
#include "rooms/recommend/words.h"

namespace danggol::rooms {
namespace {

namespace words = recommend_words;

struct Params {
  int64_t products = 4'000;
  int64_t per_customer = 10;
  double shrinkage = 10;
};

Status validate(const Params&) { return {}; }

Columns recommendation_columns() {
  return Columns("recommendation")
      .customer_key()
      .product_key()
      .count("place", "")
      .share("p_buy_if_back")
      .bounds("step")
      .flag("bought_before")
      .product("because_product_id")
      .real("lift");
}
Columns record_columns() {
  return Columns("recommendation_calibration")
      .key("bin", Type::integer)
      .share("predicted")
      .share("observed")
      .bounds("wilson")
      .count("pairs", "");
}

// The buyers of one window, by their places among all customers in the order of ids, and the products they
// bought in it, over the catalogue's item numbers.
struct Window {
  std::vector<int32_t> customer;
  learn::Purchases purchases;
};

Result<Window> read_window(Context& context, Date from, Date until, int32_t item_count) {
  Table rows =
      TRY(context.query("SELECT place, item FROM (SELECT DISTINCT customer_no, item FROM event JOIN "
                        "catalogue USING (product_no) "
                        "WHERE action = 'purchase' AND ts >= $window_from AND ts < $window_until) "
                        "JOIN placed USING (customer_no) ORDER BY place, item",
                        {{"window_from", to_timestamp(from)}, {"window_until", to_timestamp(until)}}));
  Window window;
  window.purchases.item_count = item_count;
  const auto &customers = rows.integers("place"), &items = rows.integers("item");
  for (size_t i = 0; i < customers.size(); ++i) {
    if (window.customer.empty() || window.customer.back() != customers[i]) {
      window.customer.push_back(static_cast<int32_t>(customers[i]));
      window.purchases.start.push_back(static_cast<int64_t>(i));
    }
    window.purchases.items.push_back(static_cast<int32_t>(items[i]));
  }
  window.purchases.start.push_back(static_cast<int64_t>(items.size()));
  return window;
}

bool bought(const Window& window, int32_t customer, int32_t item) {
  auto at = std::lower_bound(window.customer.begin(), window.customer.end(), customer);
  if (at == window.customer.end() || *at != customer) return false;
  size_t c = static_cast<size_t>(at - window.customer.begin());
  auto first = window.purchases.items.begin() + window.purchases.start[c];
  return std::binary_search(first, window.purchases.items.begin() + window.purchases.start[c + 1], item);
}

// What became of scored pairs in a period that has passed, for the customers who bought anything in it.
struct Outcome {
  double score;
  bool owned, bought;
  size_t half;  // of the customers, for the held-out record
};

// Score -> probability: isotonic regression of what happened, apart for products bought before and new ones;
// the interval is Wilson's for the pairs that share a step.
class Calibration {
 public:
  explicit Calibration(std::vector<Outcome> outcomes) {
    std::stable_sort(outcomes.begin(), outcomes.end(),
                     [](const Outcome& a, const Outcome& b) { return a.score < b.score; });
    for (bool owned : {false, true}) {
      std::vector<double> x, y;
      for (const Outcome& outcome : outcomes)
        if (outcome.owned == owned) x.push_back(outcome.score), y.push_back(outcome.bought);
      steps_[owned] = pooled(learn::isotonic(x, y, std::vector<double>(x.size(), 1)));
    }
  }
  Estimate operator()(double score, bool owned) const {
    const auto& steps = steps_[owned];
    if (steps.empty()) return {0, 0, 1};
    auto after = std::upper_bound(steps.begin(), steps.end(), score,
                                  [](double value, const auto& step) { return value < step.from; });
    const auto& step = after == steps.begin() ? steps.front() : *std::prev(after);
    auto interval = learn::wilson(step.value * step.weight, step.weight);
    return {step.value, interval.lo, interval.hi};
  }

 private:
  static constexpr double least_pairs = 200;  // three pairs that came true are no certainty

  // Neighbouring steps joined until each rests on enough pairs; they still ascend.
  static std::vector<learn::IsotonicStep> pooled(const std::vector<learn::IsotonicStep>& steps) {
    std::vector<learn::IsotonicStep> out;
    auto join = [](learn::IsotonicStep& a, const learn::IsotonicStep& b) {
      a.value = (a.value * a.weight + b.value * b.weight) / (a.weight + b.weight);
      a.weight += b.weight;
    };
    for (const auto& step : steps) {
      if (!out.empty() && out.back().weight < least_pairs) join(out.back(), step);
      else out.push_back(step);
    }
    if (out.size() > 1 && out.back().weight < least_pairs) {
      learn::IsotonicStep last = out.back();
      out.pop_back();
      join(out.back(), last);
    }
    return out;
  }

  std::vector<learn::IsotonicStep> steps_[2];
};

std::vector<Outcome> outcomes_of(const Window& known, const Window& later,
                                 const std::vector<std::vector<learn::Recommendation>>& lists,
                                 const std::vector<std::string>& ids, uint64_t seed) {
  std::vector<Outcome> out;
  for (size_t c = 0; c < lists.size(); ++c) {
    if (!std::binary_search(later.customer.begin(), later.customer.end(), known.customer[c])) continue;
    size_t half = draw_of(ids[static_cast<size_t>(known.customer[c])], seed) & 1;
    for (const auto& r : lists[c])
      out.push_back({r.score, r.owned, bought(later, known.customer[c], r.item), half});
  }
  return out;
}

// Each half of the customers is predicted by what happened to the other half.
std::vector<learn::CalibrationBin> held_out_record(const std::vector<Outcome>& outcomes) {
  std::vector<double> p;
  std::vector<bool> happened;
  for (size_t half : {0u, 1u}) {
    std::vector<Outcome> others;
    for (const Outcome& o : outcomes)
      if (o.half != half) others.push_back(o);
    Calibration calibration(others);
    for (const Outcome& o : outcomes)
      if (o.half == half) p.push_back(calibration(o.score, o.owned).value), happened.push_back(o.bought);
  }
  return learn::calibration(p, happened, 10);
}

// Share of customers who bought at least one of the first five of their list.
Estimate hit_rate(const Window& known, const Window& later,
                  const std::function<int32_t(size_t, size_t)>& item) {
  int64_t hits = 0;
  for (size_t c = 0; c < known.customer.size(); ++c) {
    bool hit = false;
    for (size_t k = 0; k < 5 && !hit; ++k) {
      int32_t recommended = item(c, k);
      hit = recommended >= 0 && bought(later, known.customer[c], recommended);
    }
    hits += hit;
  }
  return learn::share(hits, known.customer.size());
}

// The same list for everybody: the products with most buyers.
std::vector<int32_t> most_popular(const Window& known, int32_t item_count) {
  std::vector<int64_t> buyers(static_cast<size_t>(item_count));
  for (int32_t item : known.purchases.items) ++buyers[static_cast<size_t>(item)];
  std::vector<int32_t> popular(buyers.size());
  std::iota(popular.begin(), popular.end(), 0);
  std::stable_sort(popular.begin(), popular.end(), [&](int32_t a, int32_t b) {
    return buyers[static_cast<size_t>(a)] > buyers[static_cast<size_t>(b)];
  });
  return popular;
}

// Customers and products in the order of their ids, so that neither sums nor ties depend on what was loaded
// first.
struct Catalogue {
  std::vector<std::string> customer_ids, product_ids;
  int32_t item_count() const { return static_cast<int32_t>(product_ids.size()); }
};

Result<Catalogue> read_catalogue(Context& context, const Params& params) {
  TRY(context.execute(
      "CREATE OR REPLACE TEMP TABLE placed AS SELECT customer_no, customer_id, "
      "(row_number() OVER (ORDER BY customer_id) - 1)::INTEGER AS place FROM customer; "
      "CREATE OR REPLACE TEMP TABLE catalogue AS "
      "SELECT product_no, product_id, (row_number() OVER (ORDER BY product_id) - 1)::INTEGER AS item FROM ("
      "  SELECT product_no, product_id FROM ("
      "    SELECT product_no, count(DISTINCT customer_no) AS buyers FROM event "
      "    WHERE action = 'purchase' AND product_no IS NOT NULL AND ts < $split GROUP BY product_no) "
      "  JOIN product USING (product_no) ORDER BY buyers DESC, product_id LIMIT $most)",
      {{"most", params.products}}));
  Table products = TRY(context.query("SELECT product_id FROM catalogue ORDER BY item")),
        customers = TRY(context.query("SELECT customer_id FROM placed ORDER BY place"));
  Catalogue catalogue{customers.texts("customer_id"), products.texts("product_id")};
  if (catalogue.item_count() < 2)
    return Error{Code::no_data,
                 fmt::format("recommend: products bought before {} = {}: at least 2 are needed",
                             to_text(context.time().split), catalogue.item_count())};
  return catalogue;
}

// What lists made at the split were worth in the period after it.
struct Record {
  std::vector<Outcome> outcomes;
  std::vector<learn::CalibrationBin> bins;
  Estimate hit, hit_popular;
  int64_t customers;
};

Result<Record> test_at_split(Context& context, const Catalogue& catalogue, const Params& params) {
  const TimeFrame& time = context.time();
  Window known = TRY(read_window(context, time.from, time.split, catalogue.item_count()));
  Window later = TRY(read_window(context, time.split, time.until, catalogue.item_count()));
  if (known.customer.empty())
    return Error{Code::no_data, fmt::format("recommend: nobody bought from {} to {}", to_text(time.from),
                                            to_text(time.split))};
  auto lists = learn::CoPurchase(known.purchases, params.shrinkage)
                   .recommend(known.purchases, static_cast<int32_t>(params.per_customer));
  Record record;
  record.outcomes = outcomes_of(known, later, lists, catalogue.customer_ids, context.seed());
  record.bins = held_out_record(record.outcomes);
  record.customers = static_cast<int64_t>(known.customer.size());
  record.hit =
      hit_rate(known, later, [&](size_t c, size_t k) { return k < lists[c].size() ? lists[c][k].item : -1; });
  auto popular = most_popular(known, catalogue.item_count());
  record.hit_popular =
      hit_rate(known, later, [&](size_t, size_t k) { return k < popular.size() ? popular[k] : -1; });
  return record;
}

Table record_rows(const Record& record) {
  Table rows = Table::of(record_columns());
  for (const auto& bin : record.bins)
    rows.append(rows.rows() + 1, bin.predicted, bin.observed, bin.lo, bin.hi, bin.size);
  return rows;
}

// Everybody's list as of now.
Result<Table> recommendation_rows(Context& context, const Catalogue& catalogue,
                                  const Calibration& calibration, const Params& params) {
  const TimeFrame& time = context.time();
  Window now = TRY(
      read_window(context, add_months(time.as_of, -time.horizon_months), time.as_of, catalogue.item_count()));
  learn::CoPurchase model(now.purchases, params.shrinkage);
  auto recommended = model.recommend(now.purchases, static_cast<int32_t>(params.per_customer));
  auto product = [&](int32_t item) -> const std::string& {
    return catalogue.product_ids[static_cast<size_t>(item)];
  };
  Table rows = Table::of(recommendation_columns());
  for (size_t c = 0; c < recommended.size(); ++c) {
    const std::string& customer = catalogue.customer_ids[static_cast<size_t>(now.customer[c])];
    // placed by probability: products bought before and new ones have their own scale
    std::vector<std::pair<Estimate, learn::Recommendation>> list;
    for (const auto& r : recommended[c]) list.emplace_back(calibration(r.score, r.owned), r);
    std::stable_sort(list.begin(), list.end(),
                     [](const auto& a, const auto& b) { return a.first.value > b.first.value; });
    for (size_t k = 0; k < list.size(); ++k) {
      const auto& [p, r] = list[k];
      rows.append(customer, product(r.item), k + 1, p, r.owned, product(r.because),
                  model.lift(r.because, r.item));
    }
  }
  return rows;
}

Result<Summary> run(Context& context, const Params& params) {
  const TimeFrame& time = context.time();
  if (time.horizon_months == 0)
    return Error{Code::no_data,
                 fmt::format("recommend: the history before {} is too short: at least 2 months are needed",
                             to_text(time.until))};
  Catalogue catalogue = TRY(read_catalogue(context, params));
  TRY(context.progress(0.1, "co-purchases at the split"));
  Record record = TRY(test_at_split(context, catalogue, params));
  TRY(context.write("result.recommendation_calibration", record_rows(record)));
  TRY(context.progress(0.5, "co-purchases now"));
  Table rows = TRY(recommendation_rows(context, catalogue, Calibration(record.outcomes), params));
  TRY(context.write("result.recommendation", rows));

  Summary summary;
  Period period = time.h2();
  summary.fact("hit_rate_5", record.hit, "share");
  summary.fact("hit_rate_5_popular", record.hit_popular, "share");
  summary.fact("calibration_error", learn::calibration_error(record.bins), "share");
  summary.say(words::hits({.period = period,
                           .share = Share(record.hit),
                           .popular = Share(record.hit_popular),
                           .customers = record.customers}));
  if (record.hit.lo <= record.hit_popular.hi) summary.warn(words::not_better({.period = period}));
  return summary;
}

}  // namespace

Room recommend() {
  AnalysisInfo info = {
      .name = "recommend",
      .reads = {"raw.event", "raw.customer", "raw.product"},
      .writes = {recommendation_columns(), record_columns()},
      .charts = {calibration("recommendation_calibration", "recommendation_calibration")
                     .x("predicted")
                     .y("observed")
                     .bounds()
                     .size("pairs")
                     .unit("share")
                     .evidence()},
      .tables = {Shown("recommendation").where("place = 1").order_by("md5(customer_id)").rows(10)}};
  ParamTable<Params> table;
  table.integer("products", &Params::products, {2, 10'000}, "products")
      .integer("per-customer", &Params::per_customer, {1, 100}, "products")
      .real("shrinkage", &Params::shrinkage, {0, 1'000}, "customers");
  return make_job(info, words::all, table, run);
}

}  // namespace danggol::rooms
