#include "rooms/order_frequency/order_frequency.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>

#include "contract/declare.h"
#include "learn/intervals.h"
#include "rooms/order_frequency/words.h"

namespace danggol::rooms {
namespace {

namespace words = order_frequency_words;

struct Params {
  int64_t months = 12;
};
Status validate(const Params&) { return {}; }

Columns frequencies() {
  return Columns("order_frequency")
      .key("receipts_from", Type::integer, "receipts")
      .count("receipts_until", "receipts")
      .count("customers");
}
Columns quantile_columns() {
  return Columns("order_quantile")
      .key("figure")
      .key("quantile", Type::real, "share")
      .count("value", "")
      .bounds("ranks");
}
Columns silences() {
  return Columns("silence")
      .customer_key()
      .count("receipts", "receipts")
      .money("spent")
      .date("last_day")
      .count("usual_days", "days")
      .date("unusual_since")
      .flag("once");
}

// Who bought when in a period, every pause between one day of buying and the next in it, and what is so by
// now: whether they have bought once only, and since when they have not.
struct Buyer {
  size_t customer_no;
  int64_t receipts = 0, receipts_ever = 0;
  Money spent = {};
  int32_t last_day = 0;
  int32_t first_gap_days = -1;  // until the second day of buying, if there was one
  std::vector<int32_t> gaps_days = {};
  bool once() const { return receipts_ever == 1; }
};

// Of all who ever bought.
struct Ever {
  int64_t customers = 0, once = 0;
  std::vector<int32_t> first_gaps_days;
};

// In the order of their ids.
Result<std::vector<Buyer>> read_buyers(const Sequences& sequences, const std::vector<std::string>& ids,
                                       const Period& period, const TimeFrame& time, Ever& ever) {
  std::vector<Buyer> buyers(sequences.customers());
  TRY(sequences.each_customer(
      time.first_sale, time.as_of, [&](size_t customer, std::span<const Event> events) {
        Buyer& buyer = buyers[customer];
        buyer.customer_no = customer;
        each_receipt(events, [&](std::span<const Event> receipt) {
          if (!is_sale(sequences.action(receipt[0]))) return;
          Date day = receipt[0].day();
          if (buyer.receipts_ever++ > 0 && buyer.first_gap_days < 0 && day.days > buyer.last_day)
            buyer.first_gap_days = day.days - buyer.last_day;
          if (period.from <= day && day < period.until) {
            if (buyer.receipts++ > 0 && day.days > buyer.last_day)
              buyer.gaps_days.push_back(day.days - buyer.last_day);
            for (const Event& line : receipt) buyer.spent.ten_thousandths += line.amount;
          }
          buyer.last_day = day.days;
        });
      }));
  for (const Buyer& buyer : buyers) {
    ever.customers += buyer.receipts_ever > 0, ever.once += buyer.once();
    if (buyer.first_gap_days > 0) ever.first_gaps_days.push_back(buyer.first_gap_days);
  }
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
  Table rows = Table::of(frequencies());
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

struct Quantile {
  double q;
  int64_t value;
  Interval bounds;
};

// `counts` says how often each value from 0 on is there, `own` the values of a buyer. The bounds are the
// values at binomial ranks, of as many independent values as say as much: those of one buyer are alike, which
// spreads the share up to a value (Woodruff, 1952; Kish, 1965).
template <class Own>
std::vector<Quantile> quantiles_of(const std::vector<int64_t>& counts, const std::vector<Buyer>& buyers,
                                   const Own& own) {
  std::vector<int64_t> up_to(counts.size());
  std::partial_sum(counts.begin(), counts.end(), up_to.begin());
  int64_t all = up_to.empty() ? 0 : up_to.back();
  if (all == 0) return {};
  double n = static_cast<double>(all);
  auto ranked = [&](double rank) {
    auto at = std::lower_bound(up_to.begin(), up_to.end(), static_cast<int64_t>(std::clamp(rank, 1.0, n)));
    return static_cast<int64_t>(at - up_to.begin());
  };
  auto spread = [&](int64_t value) {  // beyond that of independent values
    double share = static_cast<double>(up_to[static_cast<size_t>(value)]) / n, squares = 0;
    for (const Buyer& buyer : buyers) {
      double excess = 0;
      for (int64_t of : own(buyer)) excess += (of <= value ? 1 : 0) - share;
      squares += excess * excess;
    }
    double independent = n * share * (1 - share);
    return independent > 0 ? std::sqrt(std::max(1.0, squares / independent)) : 1;
  };
  std::vector<Quantile> out;
  for (double q : {0.1, 0.25, 0.5, 0.75, 0.9}) {
    int64_t value = ranked(static_cast<double>(rank_of(q, static_cast<size_t>(all)) + 1));
    double half = learn::z95 * std::sqrt(n * q * (1 - q)) * spread(value);
    auto lo = ranked(std::floor(q * n - half)), hi = ranked(std::ceil(q * n + half) + 1);
    out.push_back({q, value, {static_cast<double>(lo), static_cast<double>(hi)}});
  }
  return out;
}

void add_rows(const char* figure, const std::vector<Quantile>& quantiles, Table& rows) {
  for (const Quantile& of : quantiles)
    rows.append(figure, of.q, of.value, static_cast<int64_t>(of.bounds.lo),
                static_cast<int64_t>(of.bounds.hi));
}

// What 95 % of the values do not exceed.
int32_t usual_of(std::vector<int32_t>& values) {
  auto usual = values.begin() + static_cast<int64_t>(rank_of(0.95, values.size()));
  std::nth_element(values.begin(), usual, values.end());
  return *usual;
}

// Silence is unusual once it is longer than 95 % of the pauses of customers who buy about as often: ten
// classes of frequency, the longest of their pauses for a class without any. Who has bought once only has no
// rhythm: they are judged by how long those who came back had been away after their first purchase.
Table silence_rows(const std::vector<Buyer>& buyers, const Ever& ever, const std::vector<std::string>& ids,
                   Date as_of, bool knows_amounts) {
  constexpr size_t classes = 10;
  std::vector<size_t> order;
  for (size_t i = 0; i < buyers.size(); ++i)
    if (!buyers[i].once()) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return buyers[a].receipts < buyers[b].receipts; });
  std::vector<int32_t> usual_days(buyers.size(), -1);
  int32_t longest = -1;
  for (size_t c = 0, from = 0; c < classes;
       ++c) {  // the first ones are larger by one where ten does not divide
    size_t until_place = from + order.size() / classes + (c < order.size() % classes);
    std::vector<int32_t> gaps;
    for (size_t place = from; place < until_place; ++place) {
      const auto& own = buyers[order[place]].gaps_days;
      gaps.insert(gaps.end(), own.begin(), own.end());
    }
    if (!gaps.empty()) {
      int32_t usual = usual_of(gaps);
      for (size_t place = from; place < until_place; ++place) usual_days[order[place]] = usual;
      longest = std::max(longest, usual);
    }
    from = until_place;
  }
  std::vector<int32_t> first_gaps = ever.first_gaps_days;
  int32_t usual_after_first = first_gaps.empty() ? -1 : usual_of(first_gaps);
  Table rows = Table::of(silences());
  for (size_t i = 0; i < buyers.size(); ++i) {
    const Buyer& buyer = buyers[i];
    int32_t usual = buyer.once() ? usual_after_first : usual_days[i] < 0 ? longest : usual_days[i];
    Date since{buyer.last_day + usual + 1};
    if (usual >= 0 && since < as_of)
      rows.append(ids[buyer.customer_no], buyer.receipts,
                  knows_amounts ? std::optional(buyer.spent) : std::nullopt, Date{buyer.last_day}, usual,
                  since, buyer.once());
  }
  return rows;
}

// How often each number of receipts and each pause is there.
struct Counts {
  std::vector<int64_t> receipts, gaps_days;
};
Counts count(const std::vector<Buyer>& buyers) {
  Counts counts;
  auto add = [](std::vector<int64_t>& of, int64_t value) {
    auto at = static_cast<size_t>(value);
    if (at >= of.size()) of.resize(at + 1);
    ++of[at];
  };
  for (const Buyer& buyer : buyers) {
    add(counts.receipts, buyer.receipts);
    for (int32_t days : buyer.gaps_days) add(counts.gaps_days, days);
  }
  return counts;
}

Summary say(const std::vector<Buyer>& buyers, const Ever& ever, const std::vector<Quantile>& receipts,
            size_t silent, size_t silent_once, const Period& period, const TimeFrame& time) {
  Date as_of = time.as_of;
  Estimate share = learn::share(ever.once, ever.customers);
  const Quantile& quartile = receipts[1];
  Summary summary;
  summary.fact("customers", buyers.size(), "customers");
  summary.fact("customers_ever", ever.customers, "customers");
  summary.fact("one_time_buyers", ever.once, "customers");
  summary.key_figure("one_time_share", share, "share", {time.first_sale, as_of});
  summary.fact("lower_quartile_receipts",
               {static_cast<double>(quartile.value), quartile.bounds.lo, quartile.bounds.hi}, "receipts");
  summary.fact("unusually_silent", silent, "customers");
  summary.fact("unusually_silent_once", silent_once, "customers");
  summary.say(words::once({.once = ever.once,
                           .customers = ever.customers,
                           .share = Share(share),
                           .quartile = quartile.value,
                           .period = period,
                           .as_of = as_of}));
  if (silent > 0) summary.say(words::silent({.silent = silent, .as_of = as_of}));
  else summary.say(words::nobody_silent({.as_of = as_of}));
  if (silent_once > 0) summary.say(words::silent_once({.silent = silent_once, .as_of = as_of}));
  return summary;
}

Result<Summary> run(Context& context, const Params& params) {
  Date until = context.time().until, first = add_months(until, static_cast<int32_t>(-params.months));
  std::vector<std::string> ids = TRY(texts_by_number(context, "customer", "customer_id"));
  Sequences sequences = TRY(context.sequences());
  const TimeFrame& time = context.time();
  Ever ever;
  std::vector<Buyer> buyers = TRY(read_buyers(sequences, ids, {first, until}, time, ever));
  if (buyers.empty())
    return Error{Code::no_data,
                 fmt::format("order_frequency: no purchases from {} to {}", to_text(first), to_text(until))};
  Counts counts = count(buyers);
  auto gaps = quantiles_of(
           counts.gaps_days, buyers, [](const Buyer&buyer) -> const auto& { return buyer.gaps_days; }),
       receipts = quantiles_of(counts.receipts, buyers,
                               [](const Buyer&buyer) { return std::array{buyer.receipts}; });
  bool has_amounts = TRY(knows_amounts(context, {first, until}));
  Table quantiles = Table::of(quantile_columns()),
        silent = silence_rows(buyers, ever, ids, time.as_of, has_amounts);
  add_rows("days between purchases", gaps, quantiles);
  add_rows("receipts per customer", receipts, quantiles);
  TRY(context.write("result.order_frequency", frequency_rows(buyers)));
  TRY(context.write("result.order_quantile", quantiles));
  TRY(context.write("result.silence", silent));
  auto once = static_cast<size_t>(std::ranges::count(silent.integers("once"), 1));
  return say(buyers, ever, receipts, silent.rows() - once, once, {std::max(first, time.first_sale), until},
             time);
}

}  // namespace

Room order_frequency() {
  AnalysisInfo info = {
      .name = "order_frequency",
      .reads = {"raw.event", "raw.customer"},
      .dates = {"as-of", "until"},
      .writes = {frequencies(), quantile_columns(), silences()},
      .charts = {histogram("receipt_histogram", "order_frequency")
                     .bin("receipts_from", "receipts_until")
                     .y("customers")
                     .where("receipts_from <= 50")
                     .unit("count")},
      .tables = {
          Shown("order_quantile"),
          Shown("silence").order_by("spent DESC, receipts DESC, unusual_since, customer_id").rows(10)}};
  ParamTable<Params> table;
  table.integer("months", &Params::months, {1, 120}, "months");
  return make_job(info, words::all, table, run);
}

}  // namespace danggol::rooms
