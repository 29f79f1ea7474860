#include "rooms/sales_trend/sales_trend.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

#include "contract/calendar.h"
#include "contract/declare.h"
#include "contract/largest_values.h"
#include "learn/intervals.h"
#include "learn/multiple_tests.h"
#include "rooms/sales_trend/month_sums.h"
#include "rooms/sales_trend/words.h"

namespace danggol::rooms {
namespace {

namespace words = sales_trend_words;

struct Params {
  int64_t months = 12;
};
Status validate(const Params&) { return {}; }

Columns trend() {
  return Columns("sales_trend")
      .key("month", Type::date)
      .key("dimension")
      .key("slice")
      .count("buyers")
      .money("sales")
      .count("receipts", "receipts")
      .amount("amount_per_receipt")
      .bounds("mean")
      .real("purchases_per_buyer", "receipts")
      .bounds("mean")
      .amount("amount_per_buyer")
      .bounds("mean")
      .share("share_of_sales")
      .flag("whole")
      .count("holiday_days", "days")
      .count("sale_days", "days");
}

// One dimension: what each place, product or store is a value of, "" for none, and its part of the slices.
struct Dimension {
  const char* name;
  std::vector<std::string_view> values;
  std::vector<Sold> Sales::*sold;
  std::vector<int32_t> Slices::*slice;
};

template <class Items, class ValueOf>
std::vector<std::string_view> values_of(const Items& items, const ValueOf& value_of) {
  std::vector<std::string_view> out;
  for (const auto& item : items) out.push_back(value_of(item));
  return out;
}

// Numbers the slices of all dimensions. Which values of a long one are the largest, the sales of the months
// say.
Result<Slices> read_slices(Context& context, Date first, Date last, Summary& summary) {
  Sequences sequences = TRY(context.sequences());
  std::vector<std::string> classes = TRY(texts_by_number(context, "product", "class_top")),
                           regions = TRY(texts_by_number(context, "store", "region"));
  auto itself = [](std::string_view text) { return text; };
  auto channel = [](const Place& place) {
    return has_receipt(place.action) ? place.channel : std::string_view();
  };
  auto partner = [](const Place& place) {
    return has_receipt(place.action) ? place.partner : std::string_view();
  };
  std::optional<Sales> sales;
  Slices slices;
  slices.all = {{"all", "all"}};
  for (const Dimension& dimension :
       {Dimension{"channel", values_of(sequences.places(), channel), &Sales::place, &Slices::channel},
        {"partner", values_of(sequences.places(), partner), &Sales::place, &Slices::partner},
        {"product class", values_of(classes, itself), &Sales::product, &Slices::product_class},
        {"store region", values_of(regions, itself), &Sales::store, &Slices::region}}) {
    std::vector<std::string_view> values = dimension.values;
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    if (!values.empty() && values[0].empty()) values.erase(values.begin());
    auto at = [&](std::string_view value) {
      return static_cast<size_t>(std::lower_bound(values.begin(), values.end(), value) - values.begin());
    };
    std::vector<Sold> sold(values.size());
    if (values.size() > most_values) {
      if (!sales) sales = TRY(sum_sales(sequences, first, last));
      const auto& of_items = (*sales).*dimension.sold;
      for (size_t i = 0; i < of_items.size(); ++i)
        if (!dimension.values[i].empty()) sold[at(dimension.values[i])] += of_items[i];
    }
    ValueNumbers numbers = number_values(values, sold);
    int32_t before = static_cast<int32_t>(slices.all.size());
    for (const auto& value : numbers.names) slices.all.push_back({dimension.name, value});
    for (std::string_view value : dimension.values)
      (slices.*dimension.slice).push_back(value.empty() ? -1 : before + numbers.number[at(value)]);
    if (numbers.together == 0) continue;
    summary.warn(words::told_together({.dimension = {dimension.name},
                                       .told = values.size() - numbers.together,
                                       .values = values.size(),
                                       .together = {other_values},
                                       .period = {first, last}}));
  }
  return slices;
}

double currency(Wide amount) { return static_cast<double>(amount) / Money::scale; }

Period month_of(Date date) { return {month_start(date), add_months(month_start(date), 1)}; }

// The months that can stand beside others, from the first day of the first on: the history holds them from
// beginning to end.
Result<Period> whole_months(Context& context) {
  const TimeFrame& time = context.time();
  Table last = TRY(context.query("SELECT max(ts)::DATE AS day FROM event"));
  if (last.columns[0].is_null(0)) return Period{time.until, time.until};
  Period whole{month_start(time.first_sale), month_start(time.until)};
  if (time.first_sale.days > whole.from.days + slack_days) whole.from = add_months(whole.from, 1);
  while (whole.from < whole.until && last.integers("day")[0] + slack_days < whole.until.days - 1)
    whole.until = add_months(whole.until, -1);
  return whole;
}

// What a month and slice came to; only those with a receipt, and all that were whole.
struct MonthFigures {
  Date month;
  size_t slice;
  int64_t buyers, receipts;
  double sales;
  Estimate amount_per_receipt, purchases_per_buyer, amount_per_buyer;
  double share_of_sales;  // of the dimension's in the month
  bool is_whole;
};

// By slice and month.
std::vector<MonthFigures> figures_of(const Slices& slices, const std::vector<MonthSums>& sums, Date first,
                                     const Period& whole, bool knows_amounts) {
  const Estimate unknown{NAN, NAN, NAN};
  size_t count = slices.all.size(), months = sums.size() / count;
  std::map<std::pair<size_t, std::string>, Wide> sold;  // by month and dimension
  for (size_t i = 0; i < sums.size(); ++i)
    sold[{i / count, slices.all[i % count].dimension}] += sums[i].sales.y;
  std::vector<MonthFigures> out;
  for (size_t s = 0; s < count; ++s)
    for (size_t m = 0; m < months; ++m) {
      const MonthSums& sum = sums[m * count + s];
      Date month = add_months(month_start(first), static_cast<int32_t>(m));
      bool is_whole = whole.from <= month && first <= month && month < whole.until;
      if (sum.sales.x == 0 && !(s == 0 && is_whole)) continue;
      double all = currency(sold[{m, slices.all[s].dimension}]), sales = currency(sum.sales.y);
      out.push_back(
          {.month = month,
           .slice = s,
           .buyers = sum.buyers,
           .receipts = static_cast<int64_t>(sum.sales.x),
           .sales = knows_amounts ? sales : NAN,
           .amount_per_receipt = knows_amounts ? sum.sales.ratio(Money::scale, sum.buyers) : unknown,
           .purchases_per_buyer = sum.purchases.ratio(1, sum.product_buyers),
           .amount_per_buyer = knows_amounts ? sum.spent.ratio(Money::scale, sum.product_buyers) : unknown,
           .share_of_sales = all == 0 ? NAN : sales / all,
           .is_whole = is_whole});
    }
  return out;
}

Table rows_of(const Slices& slices, const std::vector<MonthFigures>& figures,
              const std::vector<CalendarDays>& calendar) {
  std::map<Date, std::pair<int64_t, int64_t>> days;  // of holidays and sales, by month
  for (const MonthFigures& of : figures)
    if (auto [at, is_new] = days.try_emplace(of.month); is_new)
      at->second = {days_in(calendar, false, month_of(of.month)),
                    days_in(calendar, true, month_of(of.month))};
  Table rows = Table::of(trend());
  for (const MonthFigures& of : figures) {
    const auto& [dimension, slice] = slices.all[of.slice];
    rows.append(of.month, dimension, slice, of.buyers, of.sales, of.receipts, of.amount_per_receipt,
                of.purchases_per_buyer, of.amount_per_buyer, of.share_of_sales, of.is_whole,
                days[of.month].first, days[of.month].second);
  }
  return rows;
}

bool reads_alike(const Argument& a, const Argument& b) {  // in any language
  Text one = written(a), other = written(b);
  for (size_t i = 0; i < language_count; ++i)
    if (auto language = static_cast<Language>(i); one.in(language) == other.in(language)) return true;
  return false;
}

// The months with the least and the most of a figure, of those where it is known, the first of equals;
// nothing where they would read alike.
std::optional<std::pair<size_t, size_t>> extremes(const std::vector<double>& by_month) {
  std::optional<size_t> least, most;
  for (size_t i = 0; i < by_month.size(); ++i) {
    if (std::isnan(by_month[i])) continue;
    if (!least || by_month[i] < by_month[*least]) least = i;
    if (!most || by_month[i] > by_month[*most]) most = i;
  }
  if (!least || reads_alike(Amount(by_month[*least]), Amount(by_month[*most]))) return std::nullopt;
  return std::pair(*least, *most);
}

void say_extremes(const std::vector<MonthFigures>& months, Summary& summary) {
  if (months.empty()) return;
  auto by_month = [&](const auto& figure) {
    std::vector<double> out;
    for (const MonthFigures& month : months) out.push_back(figure(month));
    return out;
  };
  Period all{months.front().month, month_of(months.back().month).until};
  auto say = [&](const char* name, const std::vector<double>& values) {
    if (auto at = extremes(values))
      summary.say(words::most_and_least({.figure = {name},
                                         .period = all,
                                         .most = month_of(months[at->second].month),
                                         .most_value = Amount(values[at->second]),
                                         .least = month_of(months[at->first].month),
                                         .least_value = Amount(values[at->first])}));
  };
  say("sales", by_month([](const MonthFigures& month) { return month.sales; }));
  if (auto at = extremes(by_month([](const MonthFigures& m) { return static_cast<double>(m.buyers); })))
    summary.say(words::most_and_least_buyers({.period = all,
                                              .most = month_of(months[at->second].month),
                                              .most_buyers = months[at->second].buyers,
                                              .least = month_of(months[at->first].month),
                                              .least_buyers = months[at->first].buyers}));
  say("amount_per_receipt",
      by_month([](const MonthFigures& month) { return month.amount_per_receipt.value; }));
}

// A partner's share of sales in the first and in the last third of the whole months.
struct Shift {
  size_t slice;
  TwoPeriods of;
  Estimate by;
};

// Those that moved by a hundredth and more, and not by chance alone, the most first. All partners that
// brought a hundredth in either third are tested.
Result<std::vector<Shift>> shifts_of(const Sequences& sequences, const Slices& slices, const Period& first,
                                     const Period& last) {
  auto sums = TRY(compare_periods(sequences, slices.partner, slices.all.size(), first, last));
  constexpr double least = 0.01, level = 0.05;
  std::vector<Shift> tested, out;
  std::vector<double> p_values;
  for (size_t s = 0; s < sums.size(); ++s) {
    const TwoPeriods& of = sums[s];
    if (of.ta <= 0 || of.tb <= 0 || std::max(of.share_a(), of.share_b()) < least) continue;
    tested.push_back({s, of, of.shift()});
    p_values.push_back(of.shift_p_value());
  }
  std::vector<double> adjusted = learn::holm(p_values);
  for (size_t i = 0; i < tested.size(); ++i) {
    const Estimate& by = tested[i].by;
    if (slices.all[tested[i].slice].name == other_values || std::abs(by.value) < least) continue;
    if (adjusted[i] <= level && (by.lo > 0 || by.hi < 0)) out.push_back(tested[i]);
  }
  std::stable_sort(out.begin(), out.end(), [](const Shift& a, const Shift& b) {
    return std::abs(a.by.value) > std::abs(b.by.value);
  });
  return out;
}

Status say_shifts(const Sequences& sequences, const Slices& slices, const std::vector<MonthFigures>& months,
                  Summary& summary) {
  auto third = static_cast<int32_t>(months.size() / 3);
  if (third == 0) return {};
  Date from = months.front().month, until = month_of(months.back().month).until;
  Period period{from, until}, first{from, add_months(from, third)}, last{add_months(until, -third), until};
  constexpr size_t most = 4;
  auto shifts = TRY(shifts_of(sequences, slices, first, last));
  for (size_t i = 0; i < std::min(most, shifts.size()); ++i) {
    const Estimate& by = shifts[i].by;
    Name partner{slices.all[shifts[i].slice].name};
    Share before(shifts[i].of.share_a()), after(shifts[i].of.share_b());
    if (by.value > 0)
      summary.say(words::grew(
          {.partner = partner, .first = before, .last = after, .points = Points(by), .period = period}));
    else
      summary.say(words::shrank({.partner = partner,
                                 .first = before,
                                 .last = after,
                                 .points = Points({-by.value, -by.hi, -by.lo}),
                                 .period = period}));
  }
  return {};
}

// The last of the months, which are whole, beside the one before it, and beside the same one a year before,
// which shares its season.
// What one of two months has and the other has not may be all the difference.
void say_unlike(const std::vector<CalendarDays>& calendar, const Period& month, const Period& before,
                Summary& summary) {
  for (const auto& [with, without] : {std::pair(month, before), std::pair(before, month)})
    for (const Text& name : only_in(calendar, with, without))
      summary.say(words::only_in({.name = name, .with = with, .without = without}));
}

Status say_changes(const Sequences& sequences, const std::vector<CalendarDays>& calendar,
                   const std::vector<MonthFigures>& months, const Period& whole, Summary& summary) {
  if (months.empty()) return {};
  Period month = month_of(months.back().month), month_before = month_of(add_months(month.from, -1));
  std::vector<int32_t> everywhere(sequences.places().size());
  auto change = [&](const Period& before) -> Result<Estimate> {
    return TRY(compare_periods(sequences, everywhere, 1, before, month))[0].growth();
  };
  if (months.size() > 1) {
    Estimate of = TRY(change(month_before));
    if (std::isfinite(of.value)) {
      summary.fact("sales_change_last_month", of, "relative change");
      summary.say(words::against_month_before(
          {.month = month, .change = Change::perhaps_bounded(of), .before = month_before}));
      say_unlike(calendar, month, month_before, summary);
    }
  }
  YearBefore before = year_before(calendar, month);
  if (before.period.from < whole.from) before = {month_of(add_months(month.from, -12)), {}};
  if (before.period.from < whole.from) {
    summary.say(words::no_year_before({.month = month}));
    return {};
  }
  Estimate of = TRY(change(before.period));
  if (!std::isfinite(of.value)) return {};
  summary.fact("sales_change_year", of, "relative change");
  if (before.about.empty())
    summary.say(words::against_year_before(
        {.month = month, .change = Change::perhaps_bounded(of), .before = before.period}));
  else
    summary.say(words::against_days_alike({.month = month,
                                           .change = Change::perhaps_bounded(of),
                                           .before = before.period,
                                           .about = before.about}));
  say_unlike(calendar, month, before.period, summary);
  return {};
}

Result<Summary> run(Context& context, const Params& params) {
  Date last = context.time().until, first = std::max(add_months(last, static_cast<int32_t>(-params.months)),
                                                     month_start(context.time().first_sale));
  Summary summary;
  Slices slices = TRY(read_slices(context, first, last, summary));
  Sequences sequences = TRY(context.sequences());
  auto sums = TRY(sum_months(sequences, slices, first, last));
  bool has_amounts = TRY(knows_amounts(context, {first, last}));
  Period whole = TRY(whole_months(context));
  std::vector<CalendarDays> calendar = TRY(read_calendar(context));
  auto figures = figures_of(slices, sums, first, whole, has_amounts);
  std::vector<MonthFigures> months, whole_ones;
  int64_t receipts = 0;
  for (const MonthFigures& of : figures) {
    if (of.slice != 0) continue;
    months.push_back(of);
    if (of.is_whole) whole_ones.push_back(of);
    receipts += of.receipts;
  }
  if (receipts == 0)
    return Error{Code::no_data,
                 fmt::format("sales_trend: no purchases from {} to {}", to_text(first), to_text(last))};
  TRY(context.write("result.sales_trend", rows_of(slices, figures, calendar)));
  summary.fact("months", months.size(), "months");
  say_extremes(whole_ones, summary);
  for (const MonthFigures& of : months)
    if (!of.is_whole) summary.say(words::not_whole({.month = month_of(of.month)}));
  if (!has_amounts) {
    summary.say(words::no_amounts({.period = {first, last}}));
    return summary;
  }
  double total = 0;
  for (const MonthFigures& month : months) total += month.sales;
  summary.key_figure("sales", total, "currency", {first, last});
  TRY(say_changes(sequences, calendar, whole_ones, whole, summary));
  TRY(say_shifts(sequences, slices, whole_ones, summary));
  return summary;
}

Chart monthly(const char* id, const char* column, const char* unit) {  // no picture where the column is empty
  return line(id, "sales_trend")
      .x("month")
      .y(column)
      .where(fmt::format("dimension = 'all' AND whole AND {} IS NOT NULL", column))
      .unit(unit)
      .order_by("month");
}

}  // namespace

Room sales_trend() {
  AnalysisInfo info = {
      .name = "sales_trend",
      .reads = {"raw.event", "raw.product", "raw.store", "raw.calendar"},
      .dates = {"as-of", "until"},
      .writes = {trend()},
      .charts = {monthly("monthly_sales", "sales", "money"), monthly("monthly_buyers", "buyers", "count"),
                 monthly("monthly_amount_per_receipt", "amount_per_receipt", "money").bounds(),
                 monthly("monthly_purchases_per_buyer", "purchases_per_buyer", "count").bounds(),
                 line("monthly_partners", "sales_trend")
                     .x("month")
                     .y("share_of_sales")
                     .series("slice")
                     .where("dimension = 'partner' AND whole AND share_of_sales IS NOT NULL")
                     .unit("share")
                     .order_by("slice, month")},
      .tables = {Shown("sales_trend").order_by("month").rows(12).where("dimension = 'all'")}};
  ParamTable<Params> table;
  table.integer("months", &Params::months, {1, 120}, "months");
  return make_job(info, words::all, table, run);
}

}  // namespace danggol::rooms
