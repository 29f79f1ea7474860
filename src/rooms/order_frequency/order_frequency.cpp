#include "rooms/order_frequency/order_frequency.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "learn/metrics.h"

namespace danggol::rooms {
namespace {

struct Params {
  int64_t months = 12;
};
Status validate(const Params&) { return {}; }

TableInfo frequency_table() {
  return {"result.order_frequency",
          {"Receipts per customer", "고객별 구매 건수"},
          {{"receipts_from", Type::integer, "receipts", {"receipts from", "구매 건수(이상)"}, true},
           {"receipts_until", Type::integer, "receipts", {"below", "미만"}},
           {"customers", Type::integer, "customers", {"customers", "고객 수"}}}};
}

TableInfo quantile_table() {
  const char* rank_interval = "95 % interval from binomial ranks";
  return {"result.order_quantile",
          {"Quantiles", "분위수"},
          {{"figure", Type::text, "", {"figure", "지표"}, true},
           {"quantile", Type::real, "share", {"quantile", "분위"}, true},
           {"value", Type::integer, "", {"value", "값"}},
           {"value_lo", Type::integer, "", {"from", "하한"}, false, false, rank_interval},
           {"value_hi", Type::integer, "", {"to", "상한"}, false, false, rank_interval}}};
}

TableInfo silence_table() {
  return {"result.silence",
          {"Unusually silent customers", "이례적으로 조용한 고객"},
          {{"customer_id", Type::text, "", {"customer", "고객"}, true, true},
           {"receipts", Type::integer, "receipts", {"receipts", "구매 건수"}},
           {"last_day", Type::date, "", {"last purchase", "마지막 구매"}},
           {"usual_days", Type::integer, "days", {"usual pause at most", "평소 최대 간격"}},
           {"unusual_since", Type::date, "", {"unusual since", "이례적이 된 날"}}}};
}

// Who bought when, and every pause between one day of buying and the next.
struct Buyer {
  size_t customer_no;
  int64_t receipts = 0;
  int32_t last_day = 0;
  std::vector<int32_t> gaps_days = {};
};

// In the order of their ids.
Result<std::vector<Buyer>> read_buyers(const Sequences& sequences, const std::vector<std::string>& ids,
                                       Date first, Date until) {
  std::vector<Buyer> buyers(sequences.customers());
  TRY(sequences.each_customer(first, until, [&](size_t customer, std::span<const Event> events) {
    Buyer& buyer = buyers[customer];
    buyer.customer_no = customer;
    each_receipt(events, [&](std::span<const Event> receipt) {
      Action action = sequences.action(receipt[0]);
      if (action != Action::purchase && action != Action::partner_use) return;
      int32_t day = receipt[0].day().days;
      if (buyer.receipts++ > 0 && day > buyer.last_day) buyer.gaps_days.push_back(day - buyer.last_day);
      buyer.last_day = day;
    });
  }));
  std::erase_if(buyers, [](const Buyer& buyer) { return buyer.receipts == 0; });
  auto is_before = [&](const Buyer& a, const Buyer& b) { return ids[a.customer_no] < ids[b.customer_no]; };
  if (!std::is_sorted(buyers.begin(), buyers.end(), is_before))  // several loads
    std::sort(buyers.begin(), buyers.end(), is_before);
  return buyers;
}

// One by one up to 50, then together.
constexpr int64_t most_shown = 50;

Table frequency_rows(const std::vector<Buyer>& buyers) {
  std::vector<int64_t> customers(most_shown + 2);
  int64_t most = 0;
  for (const Buyer& buyer : buyers) {
    ++customers[static_cast<size_t>(std::min(buyer.receipts, most_shown + 1))];
    most = std::max(most, buyer.receipts);
  }
  Table rows = Table::of(frequency_table());
  for (int64_t receipts = 1; receipts <= most_shown + 1; ++receipts)
    if (int64_t count = customers[static_cast<size_t>(receipts)]; count > 0)
      rows.append(receipts, receipts > most_shown ? most + 1 : receipts + 1, count);
  return rows;
}

// The least value that a share `q` of n sorted ones does not exceed is the one of this rank, from 0.
size_t rank_of(double q, size_t n) {
  double count = static_cast<double>(n);
  return std::max<size_t>(1, n - static_cast<size_t>(count - q * count)) - 1;
}

// `counts` says how often each value from 0 on is there.
void add_quantiles(const char* figure, const std::vector<int64_t>& counts, Table& rows) {
  std::vector<int64_t> up_to(counts.size());
  std::partial_sum(counts.begin(), counts.end(), up_to.begin());
  int64_t all = up_to.empty() ? 0 : up_to.back();
  if (all == 0) return;
  double n = static_cast<double>(all);
  auto ranked = [&](double rank) {
    auto at = std::lower_bound(up_to.begin(), up_to.end(), static_cast<int64_t>(std::clamp(rank, 1.0, n)));
    return static_cast<int64_t>(at - up_to.begin());
  };
  for (double q : {0.1, 0.25, 0.5, 0.75, 0.9}) {
    double half = 1.959963984540054 * std::sqrt(n * q * (1 - q));
    rows.append(figure, q, ranked(static_cast<double>(rank_of(q, static_cast<size_t>(all)) + 1)),
                ranked(std::floor(q * n - half)), ranked(std::ceil(q * n + half) + 1));
  }
}

// Silence is unusual once it is longer than 95 % of the pauses of customers who buy about as often: ten
// classes of frequency, one-time buyers against the longest of their pauses.
Table silence_rows(const std::vector<Buyer>& buyers, const std::vector<std::string>& ids, Date until) {
  constexpr size_t classes = 10;
  std::vector<size_t> order(buyers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return buyers[a].receipts < buyers[b].receipts; });
  std::vector<int32_t> usual_days(buyers.size(), -1);
  int32_t longest = -1;
  for (size_t c = 0, from = 0; c < classes;
       ++c) {  // the first ones are larger by one where ten does not divide
    size_t until_place = from + buyers.size() / classes + (c < buyers.size() % classes);
    std::vector<int32_t> gaps;
    for (size_t place = from; place < until_place; ++place) {
      const auto& own = buyers[order[place]].gaps_days;
      gaps.insert(gaps.end(), own.begin(), own.end());
    }
    if (!gaps.empty()) {
      auto usual = gaps.begin() + static_cast<int64_t>(rank_of(0.95, gaps.size()));
      std::nth_element(gaps.begin(), usual, gaps.end());
      for (size_t place = from; place < until_place; ++place) usual_days[order[place]] = *usual;
      longest = std::max(longest, *usual);
    }
    from = until_place;
  }
  std::vector<std::tuple<std::string_view, int64_t, Date, int32_t, Date>> silent;
  for (size_t i = 0; i < buyers.size(); ++i) {
    int32_t usual = usual_days[i] < 0 ? longest : usual_days[i];
    Date since{buyers[i].last_day + usual + 1};
    if (usual >= 0 && since < until)
      silent.emplace_back(ids[buyers[i].customer_no], buyers[i].receipts, Date{buyers[i].last_day}, usual,
                          since);
  }
  std::sort(silent.begin(), silent.end());
  Table rows = Table::of(silence_table());
  for (const auto& [id, receipts, last_day, usual, since] : silent)
    rows.append(id, receipts, last_day, usual, since);
  return rows;
}

Result<Summary> run(Context& context, const Params& params) {
  Date until = context.time().until, first = add_months(until, static_cast<int32_t>(-params.months));
  std::vector<std::string> ids = TRY(texts_by_number(context, "customer", "customer_id"));
  Sequences sequences = TRY(context.sequences());
  std::vector<Buyer> buyers = TRY(read_buyers(sequences, ids, first, until));
  if (buyers.empty())
    return Error{Code::no_data,
                 fmt::format("order_frequency: no purchases from {} to {}", to_text(first), to_text(until))};
  Table frequency = frequency_rows(buyers), quantiles = Table::of(quantile_table());
  std::vector<int64_t> receipts, gaps_days;  // how many of each
  auto count = [](std::vector<int64_t>& counts, int64_t value) {
    size_t at = static_cast<size_t>(value);
    if (at >= counts.size()) counts.resize(at + 1);
    ++counts[at];
  };
  for (const Buyer& buyer : buyers) {
    count(receipts, buyer.receipts);
    for (int32_t days : buyer.gaps_days) count(gaps_days, days);
  }
  add_quantiles("days between purchases", gaps_days, quantiles);
  size_t quartile = quantiles.rows() + 1;  // of the five quantiles to come, the second
  add_quantiles("receipts per customer", receipts, quantiles);
  Table silent = silence_rows(buyers, ids, until);
  TRY(context.write("result.order_frequency", frequency));
  TRY(context.write("result.order_quantile", quantiles));
  TRY(context.write("result.silence", silent));

  int64_t customers = static_cast<int64_t>(buyers.size());
  int64_t once = std::count_if(buyers.begin(), buyers.end(), [](const Buyer& b) { return b.receipts == 1; });
  Summary summary;
  double n = static_cast<double>(customers), share = static_cast<double>(once) / n;
  auto [lo, hi] = learn::wilson(static_cast<double>(once), n);
  summary.fact("customers", n, "customers");
  summary.fact("one_time_buyers", static_cast<double>(once), "customers");
  summary.key_figure({"bought once only", "한 번만 구매"}, "one_time_share", share, "share", lo, hi);
  summary.fact("lower_quartile_receipts", quantiles["value"].number(quartile), "receipts",
               quantiles["value_lo"].number(quartile), quantiles["value_hi"].number(quartile));
  summary.fact("unusually_silent", static_cast<double>(silent.rows()), "customers");
  summary.say(fmt::format("{} of {} customers bought once only ({:.1f} %, {:.1f} to {:.1f} %); a quarter "
                          "have {:.0f} receipts or fewer.",
                          grouped(once), grouped(customers), share * 100, lo * 100, hi * 100,
                          quantiles["value"].number(quartile)),
              fmt::format("고객 {1}명 가운데 {0}명이 한 번만 구매했습니다({2:.1f}%, {3:.1f}~{4:.1f}%). 하위 "
                          "25%의 구매 건수는 {5:.0f}건 이하입니다.",
                          grouped(once), grouped(customers), share * 100, lo * 100, hi * 100,
                          quantiles["value"].number(quartile)));
  summary.say(
      fmt::format(
          "{} customers have been silent for longer than 95 % of the pauses of customers who buy as often.",
          grouped(static_cast<int64_t>(silent.rows()))),
      fmt::format("{}명은 비슷한 빈도의 고객 95%보다 오래 구매가 없습니다.",
                  grouped(static_cast<int64_t>(silent.rows()))));
  return summary;
}

}  // namespace

Room order_frequency() {
  AnalysisInfo info;
  info.name = "order_frequency";
  info.title = {"How often they buy", "구매 빈도"};
  info.question = {"How often do customers buy, how long between, and whose silence is unusual?",
                   "고객은 얼마나 자주 사고, 간격은 얼마이며, 누구의 침묵이 이례적인가?"};
  info.method =
      "Receipts (customer, day, number) of purchases and partner use. Intervals of quantiles from binomial "
      "ranks (Conover, 1999). Silence is "
      "judged by the 95th percentile of the gaps of customers in the same tenth of frequency.";
  info.reads = {"raw.event", "raw.customer"};
  info.dates = {"until"};
  info.writes = {frequency_table(), quantile_table(), silence_table()};
  info.labels = {{"receipts per customer", {"receipts per customer", "고객별 구매 건수"}},
                 {"days between purchases", {"days between purchases", "구매 간격(일)"}}};
  info.charts = {{"receipt_histogram",
                  ChartKind::histogram,
                  {"Receipts per customer", "고객별 구매 건수 분포"},
                  "result.order_frequency",
                  {{"x", "receipts_from"}, {"x_hi", "receipts_until"}, {"y", "customers"}},
                  "receipts_from <= 50",
                  "count",
                  {"Customers with more than 50 receipts are left out of the picture, not of the table.",
                   "51건 이상인 고객은 그림에서만 뺐습니다."}}};
  info.tables = {{"result.order_quantile", "", 20},
                 {"result.silence", "unusual_since DESC, customer_id", 10}};
  ParamTable<Params> table;
  table.integer("months", &Params::months, {1, 120}, "months", "before until that are looked at");
  return make_job(info, table, run);
}

}  // namespace danggol::rooms
