#include "rooms/recommend/recommend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/random.h"
#include "learn/co_purchase.h"
#include "learn/isotonic.h"
#include "learn/metrics.h"

namespace danggol::rooms {
namespace {

struct Params {
  int64_t products = 4'000;
  int64_t per_customer = 10;
  double shrinkage = 10;
};

Status validate(const Params&) { return {}; }

TableInfo recommendation_table() {
  const char* step = "95 % interval, Wilson, over the pairs of one isotonic step";
  return {"result.recommendation",
          {"Products by customer", "고객별 추천 상품"},
          {{"customer_id", Type::text, "", {"customer", "고객"}, true, true},
           {"product_id", Type::text, "", {"product", "상품"}, true},
           {"place", Type::integer, "", {"place", "순위"}},
           {"p_buy_if_back", Type::real, "share", {"buys it, if back", "재방문 시 구매 확률"}},
           {"p_buy_if_back_lo", Type::real, "share", {"from", "하한"}, false, false, step},
           {"p_buy_if_back_hi", Type::real, "share", {"to", "상한"}, false, false, step},
           {"bought_before", Type::boolean, "", {"bought before", "이전 구매"}},
           {"because_product_id", Type::text, "", {"because of", "근거 상품"}},
           {"lift", Type::real, "", {"lift", "향상도"}}}};
}

TableInfo record_table() {
  return {"result.recommendation_calibration",
          {"Calibration of buying", "구매 확률의 보정"},
          {{"bin", Type::integer, "", {"bin", "구간"}, true},
           {"predicted", Type::real, "share", {"predicted", "예측 확률"}},
           {"observed", Type::real, "share", {"observed", "실제 비율"}},
           {"observed_lo", Type::real, "share", {"from", "하한"}, false, false, "95 % interval, Wilson"},
           {"observed_hi", Type::real, "share", {"to", "상한"}, false, false, "95 % interval, Wilson"},
           {"pairs", Type::integer, "", {"pairs", "쌍"}}}};
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

struct Probability {
  double p, lo, hi;
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
  Probability operator()(double score, bool owned) const {
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
void held_out_record(const std::vector<Outcome>& outcomes, Table& rows, double& error) {
  std::vector<double> p;
  std::vector<bool> happened;
  for (size_t half : {0u, 1u}) {
    std::vector<Outcome> others;
    for (const Outcome& o : outcomes)
      if (o.half != half) others.push_back(o);
    Calibration calibration(others);
    for (const Outcome& o : outcomes)
      if (o.half == half) p.push_back(calibration(o.score, o.owned).p), happened.push_back(o.bought);
  }
  auto bins = learn::calibration(p, happened, 10);
  error = learn::calibration_error(bins);
  for (const auto& bin : bins)
    rows.append(static_cast<int64_t>(rows.rows() + 1), bin.predicted, bin.observed, bin.lo, bin.hi, bin.size);
}

// Share of customers who bought at least one of the first five of their list.
learn::Interval hit_rate(const Window& known, const Window& later,
                         const std::function<int32_t(size_t, size_t)>& item, double& rate) {
  double hits = 0, customers = static_cast<double>(known.customer.size());
  for (size_t c = 0; c < known.customer.size(); ++c) {
    bool hit = false;
    for (size_t k = 0; k < 5 && !hit; ++k) {
      int32_t recommended = item(c, k);
      hit = recommended >= 0 && bought(later, known.customer[c], recommended);
    }
    hits += hit;
  }
  rate = customers > 0 ? hits / customers : 0;
  return learn::wilson(hits, customers);
}

Result<Summary> run(Context& context, const Params& params) {
  const TimeFrame& time = context.time();
  if (time.horizon_months == 0)
    return Error{Code::no_data,
                 fmt::format("recommend: the history before {} is too short: at least 2 months are needed",
                             to_text(time.until))};
  // numbers go by ids, so that neither sums nor ties depend on what was loaded first
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
  int32_t item_count =
      static_cast<int32_t>(TRY(context.query("SELECT count(*) AS n FROM catalogue")).integers("n")[0]);
  if (item_count < 2)
    return Error{Code::no_data,
                 fmt::format("recommend: products bought before {} = {}: at least 2 are needed",
                             to_text(time.split), item_count)};

  // learn what scores were worth: lists as of the split, and what was bought after it
  TRY(context.progress(0.1, "co-purchases at the split"));
  int32_t per_customer = static_cast<int32_t>(params.per_customer);
  Window known = TRY(read_window(context, time.from, time.split, item_count));
  Window later = TRY(read_window(context, time.split, time.until, item_count));
  if (known.customer.empty())
    return Error{Code::no_data, fmt::format("recommend: nobody bought from {} to {}", to_text(time.from),
                                            to_text(time.split))};
  auto lists = learn::CoPurchase(known.purchases, params.shrinkage).recommend(known.purchases, per_customer);
  Table placed = TRY(context.query("SELECT customer_id FROM placed ORDER BY place"));
  const auto& customer_ids = placed.texts("customer_id");
  auto outcomes = outcomes_of(known, later, lists, customer_ids, context.seed());
  Table record = Table::of(record_table());
  double error = 0;
  held_out_record(outcomes, record, error);
  TRY(context.write("result.recommendation_calibration", record));
  Calibration calibration(outcomes);

  // the same list for everybody as the baseline
  std::vector<int32_t> popular(static_cast<size_t>(item_count));
  std::vector<int64_t> buyers(popular.size());
  for (int32_t item : known.purchases.items) ++buyers[static_cast<size_t>(item)];
  for (size_t i = 0; i < popular.size(); ++i) popular[i] = static_cast<int32_t>(i);
  std::stable_sort(popular.begin(), popular.end(), [&](int32_t a, int32_t b) {
    return buyers[static_cast<size_t>(a)] > buyers[static_cast<size_t>(b)];
  });
  double hit = 0, hit_popular = 0;
  auto ours = hit_rate(
      known, later, [&](size_t c, size_t k) { return k < lists[c].size() ? lists[c][k].item : -1; }, hit);
  auto theirs = hit_rate(
      known, later, [&](size_t, size_t k) { return k < popular.size() ? popular[k] : -1; }, hit_popular);

  // the lists as of now
  TRY(context.progress(0.5, "co-purchases now"));
  Window now =
      TRY(read_window(context, add_months(time.as_of, -time.horizon_months), time.as_of, item_count));
  learn::CoPurchase model(now.purchases, params.shrinkage);
  auto recommended = model.recommend(now.purchases, per_customer);
  Table products = TRY(context.query("SELECT product_id FROM catalogue ORDER BY item"));
  const auto& product_ids = products.texts("product_id");
  Table rows = Table::of(recommendation_table());
  for (size_t c = 0; c < recommended.size(); ++c) {
    const std::string& customer_id = customer_ids[static_cast<size_t>(now.customer[c])];
    // placed by probability: products bought before and new ones have their own scale
    std::vector<std::pair<Probability, learn::Recommendation>> list;
    for (const auto& r : recommended[c]) list.emplace_back(calibration(r.score, r.owned), r);
    std::stable_sort(list.begin(), list.end(),
                     [](const auto& a, const auto& b) { return a.first.p > b.first.p; });
    for (size_t k = 0; k < list.size(); ++k) {
      const auto& [p, r] = list[k];
      rows.append(customer_id, product_ids[static_cast<size_t>(r.item)], static_cast<int64_t>(k + 1), p.p,
                  p.lo, p.hi, r.owned, product_ids[static_cast<size_t>(r.because)],
                  model.lift(r.because, r.item));
    }
  }
  TRY(context.write("result.recommendation", rows));

  Summary summary;
  summary.fact("hit_rate_5", hit, "share", ours.lo, ours.hi);
  summary.fact("hit_rate_5_popular", hit_popular, "share", theirs.lo, theirs.hi);
  summary.fact("calibration_error", error, "share");
  summary.say(fmt::format("Had the lists been made at {}, {:.0f} % of customers ({:.0f} to {:.0f} %) would "
                          "have bought at least one of their first five products "
                          "in the next {} months; the five most popular products would have reached {:.0f} % "
                          "({:.0f} to {:.0f} %).",
                          to_text(time.split), hit * 100, ours.lo * 100, ours.hi * 100, time.horizon_months,
                          hit_popular * 100, theirs.lo * 100, theirs.hi * 100),
              fmt::format("{} 기준으로 추천했다면 고객의 {:.0f}%({:.0f}~{:.0f}%)가 이후 {}개월 안에 추천 "
                          "상위 5개 중 하나 이상을 샀습니다. "
                          "인기 상품 5개를 똑같이 추천했다면 {:.0f}%({:.0f}~{:.0f}%)였습니다.",
                          to_text(time.split), hit * 100, ours.lo * 100, ours.hi * 100, time.horizon_months,
                          hit_popular * 100, theirs.lo * 100, theirs.hi * 100));
  if (ours.lo <= theirs.hi)
    summary.warn("The personal lists are not clearly better than the most popular products.",
                 "개인별 추천이 인기 상품 추천보다 확실히 낫다고 할 수 없습니다.");
  return summary;
}

}  // namespace

Room recommend() {
  AnalysisInfo info;
  info.name = "recommend";
  info.title = {"What they will buy", "다음에 살 상품"};
  info.question = {"Which products will each customer buy when they come back, and how likely?",
                   "각 고객은 다시 올 때 무엇을 얼마의 확률로 살까?"};
  info.method =
      "Co-purchase: mean shrunken P(j | i) over the customer's products (lift; Agrawal, Imielinski and "
      "Swami, 1993), turned into "
      "probabilities, given that the customer buys anything in the next period, by isotonic regression on "
      "what "
      "was bought after the split.";
  info.reads = {"raw.event", "raw.customer", "raw.product"};
  info.writes = {recommendation_table(), record_table()};
  info.charts = {{"recommendation_calibration",
                  ChartKind::calibration,
                  {"Do 30 % of pairs with 30 % come true?", "구매 확률 30%인 쌍의 30%가 실제로 구매했는가?"},
                  "result.recommendation_calibration",
                  {{"x", "predicted"},
                   {"y", "observed"},
                   {"lo", "observed_lo"},
                   {"hi", "observed_hi"},
                   {"size", "pairs"}},
                  "",
                  "share",
                  {"Each half of the customers was predicted from the other half.",
                   "고객의 절반을 나머지 절반으로 예측했습니다."}}};
  info.tables = {{"result.recommendation", "p_buy_if_back DESC, customer_id, place", 10}};
  ParamTable<Params> table;
  table
      .integer("products", &Params::products, {2, 10'000}, "products",
               "the most bought products to choose from; memory grows with its square")
      .integer("per-customer", &Params::per_customer, {1, 100}, "products", "recommended to each customer")
      .real("shrinkage", &Params::shrinkage, {0, 1'000}, "customers",
            "imagined buyers of one product alone, against chance pairs");
  return make_job(info, table, run);
}

}  // namespace danggol::rooms
