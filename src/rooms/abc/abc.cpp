#include "rooms/abc/abc.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "contract/declare.h"
#include "learn/intervals.h"
#include "rooms/abc/abc.sql.h"
#include "rooms/abc/discount.sql.h"
#include "rooms/abc/product_sold.sql.h"
#include "rooms/abc/sold.sql.h"
#include "rooms/abc/words.h"

namespace danggol::rooms {
namespace {

namespace words = abc_words;

struct Params {
  int64_t months = 12;
  double a_share = 0.8, b_share = 0.95;
};
Status validate(const Params& params) {
  if (params.a_share < params.b_share) return {};
  return Error{Code::bad_input, fmt::format("a-share={}, b-share={}: the first must be below the second",
                                            params.a_share, params.b_share)};
}

Columns ranking() {
  return Columns("abc")
      .key("dimension")
      .key("item", Type::text, "product")
      .count("rank", "")
      .amount("sales")
      .share("share")
      .share("cumulative")
      .text("class")
      .share("discounted")
      .share("discount");
}
Columns classes() {
  return Columns("abc_class")
      .key("dimension")
      .key("class")
      .count("items", "")
      .share("share_of_items")
      .share("share_of_sales");
}

std::string of_sold(std::string_view sql) {
  return fmt::format(fmt::runtime(sql), fmt::arg("sold", sql::sold));
}

constexpr std::array<const char*, 3> class_names = {"A", "B", "C"};

struct Class {
  int64_t items = 0;
  double share = 0;
};
using Classes = std::array<Class, 3>;

Classes classes_of(const Table& items) {
  Classes out;
  for (size_t i = 0; i < items.rows(); ++i) {
    Class& of = out[static_cast<size_t>(items.texts("class")[i][0] - 'A')];
    ++of.items, of.share += items.reals("share")[i];
  }
  return out;
}

void append_items(const char* dimension, const Table& items, bool knows_amounts, Table& rows) {
  for (size_t i = 0; i < items.rows(); ++i)
    rows.append(dimension, items.texts("item")[i], items.integers("rank")[i],
                knows_amounts ? items.reals("worth")[i] : NAN, items.reals("share")[i],
                items.reals("cumulative")[i], items.texts("class")[i], items["discounted"].number(i),
                items["discount"].number(i));
}

void append_classes(const char* dimension, const Classes& of, size_t items, Table& rows) {
  for (size_t c = 0; c < of.size(); ++c)
    if (of[c].items > 0)
      rows.append(dimension, class_names[c], of[c].items,
                  static_cast<double>(of[c].items) / static_cast<double>(items), of[c].share);
}

void say_products(const Classes& of, size_t products, bool knows_amounts, const Period& period,
                  Summary& summary) {
  double share = static_cast<double>(of[0].items) / static_cast<double>(products);
  summary.fact("products", products, "");
  summary.fact("a_products", of[0].items, "");
  summary.key_figure("a_share_of_products", share, "share", period);
  if (knows_amounts)
    summary.say(words::few_products({.items = of[0].items,
                                     .all = products,
                                     .share = Share(share),
                                     .brought = Share(of[0].share),
                                     .period = period}));
  else
    summary.say(words::few_products_of_lines({.items = of[0].items,
                                              .all = products,
                                              .share = Share(share),
                                              .brought = Share(of[0].share),
                                              .period = period}));
}

// `window` says what `sold` is of.
Status say_discounts(Context& context, const Bindings& window, const Period& period, Summary& summary) {
  Table customers = TRY(context.query(of_sold(sql::discount), window));
  const auto &known = customers.reals("known"), &below = customers.reals("below"),
             &list = customers.reals("list");
  if (std::accumulate(known.begin(), known.end(), 0.0) <= 0) return {};
  std::vector<double> saved, at_list;  // by who bought below it
  for (size_t i = 0; i < list.size(); ++i)
    if (list[i] > 0) saved.push_back(list[i] - below[i]), at_list.push_back(list[i]);
  auto ratio = [](const std::vector<double>& y, const std::vector<double>& x) {
    Estimate out = learn::ratio(y, x);
    out.lo = std::max(out.lo, 0.0), out.hi = std::min(out.hi, 1.0);
    return out;
  };
  Estimate share = ratio(below, known);
  summary.fact("discounted_share", share, "share");
  if (!(share.value > 0) || at_list.empty()) {
    summary.say(words::no_discounts({.period = period}));
    return {};
  }
  Estimate depth = ratio(saved, at_list);
  summary.fact("discount", depth, "share");
  summary.say(words::discounts(
      {.share = Share::perhaps_bounded(share), .discount = Share::perhaps_bounded(depth), .period = period}));
  return {};
}

Result<Summary> run(Context& context, const Params& params) {
  const TimeFrame& time = context.time();
  Date until = time.until, first = add_months(until, static_cast<int32_t>(-params.months));
  Period period{std::max(first, time.first_sale), until};
  bool has_amounts = TRY(knows_amounts(context, {first, until}));
  TRY(context.progress(0.1, "adding up products"));
  const Bindings window = {{"first", first}, {"until", until}, {"knows_amounts", has_amounts}};
  TRY(context.execute(of_sold(sql::product_sold), window));
  auto ranked = [&](const char* item) {
    return context.query(fmt::format(fmt::runtime(sql::abc), fmt::arg("item", item)),
                         {{"a", params.a_share}, {"b", params.b_share}});
  };
  Table of_products = TRY(ranked("product_id")), of_categories = TRY(ranked("class_top"));
  if (of_products.rows() == 0)
    return Error{Code::no_data,
                 fmt::format("abc: no sales of products from {} to {}", to_text(first), to_text(until))};
  Table items = Table::of(ranking()), by_class = Table::of(classes());
  append_items("product", of_products, has_amounts, items);
  append_items("category", of_categories, has_amounts, items);
  Classes product_classes = classes_of(of_products), category_classes = classes_of(of_categories);
  append_classes("product", product_classes, of_products.rows(), by_class);
  append_classes("category", category_classes, of_categories.rows(), by_class);
  TRY(context.write("result.abc", items));
  TRY(context.write("result.abc_class", by_class));
  Summary summary;
  say_products(product_classes, of_products.rows(), has_amounts, period, summary);
  if (has_amounts) TRY(say_discounts(context, window, period, summary));
  return summary;
}

}  // namespace

Room abc() {
  AnalysisInfo info = {.name = "abc",
                       .reads = {"raw.event", "raw.product"},
                       .dates = {"as-of", "until"},
                       .writes = {ranking(), classes()},
                       .charts = {bar("abc_categories", "abc")
                                      .x("item")
                                      .y("share")
                                      .unit("share")
                                      .horizontal()
                                      .where("dimension = 'category'")
                                      .order_by("rank")
                                      .rows(15)},
                       .tables = {Shown("abc").where("dimension = 'product'").order_by("rank").rows(10),
                                  Shown("abc_class").order_by("dimension DESC, class").rows(6)}};
  ParamTable<Params> table;
  table.integer("months", &Params::months, {1, 120}, "months")
      .real("a-share", &Params::a_share, {0.01, 0.99}, "share")
      .real("b-share", &Params::b_share, {0.02, 1}, "share");
  return make_job(info, words::all, table, run);
}

}  // namespace danggol::rooms
