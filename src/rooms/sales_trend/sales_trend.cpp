#include "rooms/sales_trend/sales_trend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <tuple>

#include "contract/largest_values.h"
#include "rooms/sales_trend/month_sums.h"

namespace danggol::rooms {
namespace {

struct Params {
  int64_t months = 12;
};
Status validate(const Params&) { return {}; }

ColumnInfo figure(const char* name, const char* unit, Text label) {
  return {name, Type::real, unit, std::move(label)};
}
ColumnInfo bound(std::string name, const char* unit, Text label) {
  return {std::move(name),
          Type::real,
          unit,
          std::move(label),
          false,
          false,
          "95 % interval of a mean over independent receipts or customers"};
}

TableInfo trend_table() {
  TableInfo table = {"result.sales_trend",
                     {"Months", "월별 추이"},
                     {{"month", Type::date, "", {"month", "월"}, true},
                      {"dimension", Type::text, "", {"by", "구분"}, true},
                      {"slice", Type::text, "", {"slice", "항목"}, true},
                      {"buyers", Type::integer, "customers", {"buyers", "구매자 수"}},
                      {"sales", Type::money, "currency", {"sales", "매출"}},
                      {"receipts", Type::integer, "receipts", {"purchases", "구매 건수"}}}};
  for (auto [name, unit, label] :
       {std::tuple{"amount_per_receipt", "currency", Text{"amount per purchase", "구매당 금액"}},
        std::tuple{"purchases_per_buyer", "receipts",
                   Text{"product purchases per buyer", "1인당 상품 구매 건수"}},
        std::tuple{"amount_per_buyer", "currency",
                   Text{"product spend per buyer", "1인당 상품 구매 금액"}}}) {
    table.columns.push_back(figure(name, unit, label));
    table.columns.push_back(bound(std::string(name) + "_lo", unit, {"from", "하한"}));
    table.columns.push_back(bound(std::string(name) + "_hi", unit, {"to", "상한"}));
  }
  table.columns.push_back(figure("share_of_sales", "share", {"share of the month's sales", "월 매출 비중"}));
  return table;
}

// One dimension: what each place, product or store is a value of, "" for none, and its part of the slices.
struct Dimension {
  const char *name, *name_ko;
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
       {Dimension{"channel", "채널", values_of(sequences.places(), channel), &Sales::place, &Slices::channel},
        {"partner", "제휴사", values_of(sequences.places(), partner), &Sales::place, &Slices::partner},
        {"product class", "상품군", values_of(classes, itself), &Sales::product, &Slices::product_class},
        {"store region", "매장 지역", values_of(regions, itself), &Sales::store, &Slices::region}}) {
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
    size_t told = values.size() - numbers.together;
    summary.warn(
        fmt::format("{}: the {} of {} values that sold most are told one by one, the others together "
                    "as {}.",
                    dimension.name, grouped(static_cast<int64_t>(told)),
                    grouped(static_cast<int64_t>(values.size())), other_values),
        fmt::format("{}: 값 {}개 가운데 매출이 큰 {}개만 따로 보이고 나머지는 {}로 합쳤습니다.",
                    dimension.name_ko, grouped(static_cast<int64_t>(values.size())),
                    grouped(static_cast<int64_t>(told)), other_values));
  }
  return slices;
}

// A mean of n values and its 95 % interval, from their sum and the sum of their squares.
struct Mean {
  double value = NAN, lo = NAN, hi = NAN;
  Mean(double sum, double squares, int64_t count) {
    double n = static_cast<double>(count);
    if (count > 0) value = sum / n;
    if (count < 2) return;
    double half = 1.959963984540054 * std::sqrt(std::max(0.0, squares - sum * sum / n) / (n - 1) / n);
    lo = value - half, hi = value + half;
  }
};

double currency(Wide amount) { return static_cast<double>(amount) / Money::scale; }
double squared_currency(Wide amount) { return static_cast<double>(amount) / Money::scale / Money::scale; }

Table trend_rows(const Slices& slices, const std::vector<MonthSums>& sums, Date first) {
  size_t count = slices.all.size(), months = sums.size() / count;
  std::map<std::pair<size_t, std::string>, Wide> sold;  // by month and dimension
  for (size_t i = 0; i < sums.size(); ++i)
    sold[{i / count, slices.all[i % count].dimension}] += sums[i].sales;
  Table rows = Table::of(trend_table());
  for (size_t s = 0; s < count; ++s) {
    const auto& [dimension, slice] = slices.all[s];
    for (size_t m = 0; m < months; ++m) {
      const MonthSums& sum = sums[m * count + s];
      if (sum.receipts == 0) continue;
      Mean receipt(currency(sum.sales), squared_currency(sum.sales_squared), sum.receipts),
          purchases(static_cast<double>(sum.purchases), static_cast<double>(sum.purchases_squared),
                    sum.product_buyers),
          spent(currency(sum.spent), squared_currency(sum.spent_squared), sum.product_buyers);
      double all = currency(sold[{m, dimension}]);
      rows.append(add_months(month_start(first), static_cast<int32_t>(m)), dimension, slice, sum.buyers,
                  currency(sum.sales), sum.receipts, receipt.value, receipt.lo, receipt.hi, purchases.value,
                  purchases.lo, purchases.hi, spent.value, spent.lo, spent.hi,
                  all == 0 ? NAN : currency(sum.sales) / all);
    }
  }
  return rows;
}

std::string month_name(Date date) { return to_text(date).substr(0, 7); }

// The month with the least and the most of a figure, in words.
void say_extremes(const Table& months, const char* column, const char* what_en, const char* what_ko,
                  Summary& summary) {
  if (months.rows() < 2) return;
  size_t least = 0, most = 0;
  for (size_t i = 0; i < months.rows(); ++i) {
    double value = months[column].number(i);
    if (std::isnan(value)) return;
    if (value < months[column].number(least)) least = i;
    if (value > months[column].number(most)) most = i;
  }
  auto month = [&](size_t i) { return month_name(Date{static_cast<int32_t>(months.integers("month")[i])}); };
  auto value = [&](size_t i) { return grouped(std::llround(months[column].number(i))); };
  summary.say(fmt::format("{}: most in {} ({}), least in {} ({}).", what_en, month(most), value(most),
                          month(least), value(least)),
              fmt::format("{}: 가장 많은 달 {}({}), 가장 적은 달 {}({}).", what_ko, month(most), value(most),
                          month(least), value(least)));
}

// Slices whose share of sales moved most between the first and the last third of the months.
Status say_shifts(Context& context, Summary& summary) {
  Table rows = TRY(context.query(R"(
    WITH numbered AS (SELECT *, dense_rank() OVER (ORDER BY month) AS n FROM history.sales_trend
                      WHERE run_id = $run_id AND dimension = 'partner' AND slice <> $others),
         ends AS (SELECT slice, avg(share_of_sales) FILTER (n * 3 <= (SELECT max(n) FROM numbered)) AS first,
                         avg(share_of_sales) FILTER (n * 3 > 2 * (SELECT max(n) FROM numbered)) AS last
                  FROM numbered GROUP BY slice)
    SELECT slice, first, last FROM ends WHERE abs(last - first) >= 0.01
    ORDER BY abs(last - first) DESC, slice LIMIT 4)",
                                 {{"others", std::string(other_values)}}));
  for (size_t i = 0; i < rows.rows(); ++i) {
    double first = rows.reals("first")[i] * 100, last = rows.reals("last")[i] * 100;
    summary.say(
        fmt::format(
            "{} {} from {:.1f} to {:.1f} % of sales between the first and the last third of the months.",
            rows.texts("slice")[i], last > first ? "grew" : "shrank", first, last),
        fmt::format("{}의 매출 비중이 기간의 첫 1/3에서 마지막 1/3 사이에 {:.1f}%에서 {:.1f}%로 {}.",
                    rows.texts("slice")[i], first, last, last > first ? "커졌습니다" : "줄었습니다"));
  }
  return {};
}

// The last month beside the same one a year before, which shares its season.
Status say_season(const Sequences& sequences, const Slices& slices, double sales, Date last, Date first_event,
                  Summary& summary) {
  Date month = month_start(Date{last.days - 1});
  if (add_months(month, -12) < month_start(first_event)) {
    summary.say(
        "There is no year before to compare with: what is season and what is trend cannot be told apart.",
        "비교할 전년도 자료가 없어 계절의 영향과 추세를 구분할 수 없습니다.");
    return {};
  }
  auto before = TRY(sum_months(sequences, slices, add_months(month, -12), add_months(last, -12)));
  double then = before.empty() ? 0 : currency(before[0].sales);
  if (then == 0) return {};
  double change = sales / then - 1;
  summary.fact("sales_change_year", change, "relative change");
  summary.say(fmt::format("Against the same month a year before, the season alike: {:+.1f} %.", change * 100),
              fmt::format("계절이 같은 전년 같은 달과 비교하면 {:+.1f}%입니다.", change * 100));
  return {};
}

Result<Summary> run(Context& context, const Params& params) {
  Date last = context.time().until, first = std::max(add_months(last, static_cast<int32_t>(-params.months)),
                                                     month_start(context.time().first_event));
  Summary summary;
  Slices slices = TRY(read_slices(context, first, last, summary));
  Sequences sequences = TRY(context.sequences());
  auto sums = TRY(sum_months(sequences, slices, first, last));
  TRY(context.write("result.sales_trend", trend_rows(slices, sums, first)));
  Table months = TRY(
      context.query("SELECT month, buyers, sales::DOUBLE AS sales, amount_per_receipt, purchases_per_buyer, "
                    "amount_per_buyer "
                    "FROM history.sales_trend WHERE run_id = $run_id AND dimension = 'all' ORDER BY month"));
  if (months.rows() == 0)
    return Error{Code::no_data,
                 fmt::format("sales_trend: no purchases from {} to {}", to_text(first), to_text(last))};
  double total = 0;
  for (double sales : months.reals("sales")) total += sales;
  summary.fact("months", static_cast<double>(months.rows()), "months");
  summary.key_figure({"sales", "매출"}, "sales", total, "currency");
  say_extremes(months, "sales", "Sales", "매출", summary);
  say_extremes(months, "buyers", "Buyers", "구매자 수", summary);
  say_extremes(months, "amount_per_receipt", "Amount per purchase", "구매당 금액", summary);
  size_t n = months.rows();
  if (n > 1) {
    double change = months.reals("sales")[n - 1] / months.reals("sales")[n - 2] - 1;
    summary.fact("sales_change_last_month", change, "relative change");
    summary.say(fmt::format("The last month's sales were {:+.1f} % against the month before.", change * 100),
                fmt::format("마지막 달의 매출은 전달보다 {:+.1f}% 변했습니다.", change * 100));
  }
  TRY(say_season(sequences, slices, months.reals("sales").back(), last, context.time().first_event, summary));
  TRY(say_shifts(context, summary));
  return summary;
}

ChartInfo monthly(const char* id, Text title, const char* column, const char* unit, bool with_interval) {
  ChartInfo chart{id,
                  ChartKind::line,
                  std::move(title),
                  "result.sales_trend",
                  {{"x", "month"}, {"y", column}},
                  "dimension = 'all'",
                  unit};
  chart.order_by = "month";
  if (with_interval) {
    chart.encoding.emplace_back("lo", std::string(column) + "_lo");
    chart.encoding.emplace_back("hi", std::string(column) + "_hi");
  }
  return chart;
}

}  // namespace

Room sales_trend() {
  AnalysisInfo info;
  info.name = "sales_trend";
  info.title = {"Sales by month", "월별 매출 추이"};
  info.question = {"How do buyers, sales and what a purchase brings move from month to month?",
                   "구매자, 매출, 구매당 금액은 달마다 어떻게 변하는가?"};
  info.method =
      "Buyers, sales and receipts count purchases and partner use together; per-buyer figures count product "
      "purchases alone. "
      "Intervals are those of a mean over independent receipts or customers, 95 %.";
  info.reads = {"raw.event", "raw.product", "raw.store"};
  info.dates = {"until"};
  info.writes = {trend_table()};
  info.charts = {
      monthly("monthly_sales", {"Sales", "월별 매출"}, "sales", "money", false),
      monthly("monthly_buyers", {"Buyers", "월별 구매자 수"}, "buyers", "count", false),
      monthly("monthly_amount_per_receipt", {"Amount per purchase", "월별 구매당 금액"}, "amount_per_receipt",
              "money", true),
      monthly("monthly_purchases_per_buyer", {"Product purchases per buyer", "월별 1인당 구매 건수"},
              "purchases_per_buyer", "count", true),
      {"monthly_partners",
       ChartKind::line,
       {"Partners' share of sales", "제휴사별 매출 비중"},
       "result.sales_trend",
       {{"x", "month"}, {"y", "share_of_sales"}, {"series", "slice"}},
       "dimension = 'partner'",
       "share",
       {},
       "slice, month"}};
  info.labels = {other_values_label};
  info.tables = {{"result.sales_trend", "month", 12, "dimension = 'all'"}};
  ParamTable<Params> table;
  table.integer("months", &Params::months, {1, 120}, "months", "before until, as far as the history goes");
  return make_job(info, table, run);
}

}  // namespace danggol::rooms
