// Tables whose columns are published: by platforms that shops sell on, by trackers, by data sets.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "base/assert.h"
#include "base/units.h"
#include "danggol/nearest.h"
#include "ingest/join.h"
#include "ingest/mapping.h"

namespace danggol::ingest {
namespace {

TableMapping table(Kind kind, const RoleNames& columns, std::initializer_list<Role> required) {
  TableMapping table;
  table.kind = kind;
  table.columns = columns_of(columns);
  table.required = roles_of(required);
  return table;
}

// A table of which every column that is read must be there: its columns are what it is known by.
TableMapping published(std::string_view name, Kind kind, const RoleNames& columns) {
  TableMapping out = table(kind, columns, {});
  out.name = name;
  for (const auto& [role, names] : columns) out.required[static_cast<size_t>(role)] = true;
  return out;
}

// What some values of the action column mean, beside those that are known.
void mean(Mapping& mapping, std::initializer_list<std::pair<const char*, const char*>> meanings) {
  for (TableMapping& table : mapping.tables)
    for (const auto& [value, meaning] : meanings) {
      Status added = table.rules.meanings.add(value, meaning);
      DANGGOL_ASSERT(added);
    }
}

Mapping online_retail() {
  Mapping mapping{"online-retail",
                  {table(Kind::events,
                         {{Role::receipt, {"invoice", "invoiceno"}},
                          {Role::product, {"stockcode"}},
                          {Role::product_name, {"description"}},
                          {Role::quantity, {"quantity"}},
                          {Role::time, {"invoicedate"}},
                          {Role::price, {"price", "unitprice"}},
                          {Role::customer, {"customerid"}},
                          {Role::region, {"country"}}},
                         {Role::customer, Role::time})}};
  Rules& rules = mapping.tables[0].rules;
  rules.cancel_prefix = "C";
  rules.non_products = {
      "POST", "DOT",          "M",         "m",      "D",       "S",      "B",       "C2",      "C3",  "CRUK",
      "PADS", "BANK CHARGES", "AMAZONFEE", "ADJUST", "ADJUST2", "SP1002", "TEST001", "TEST002", "GIFT"};
  return mapping;
}

// Shopify's export of orders (help.shopify.com, "Export orders"): a row a line item; what is said of the
// order as a whole stands on its first row alone, so that money is that of the lines: shipping and taxes are
// not in it.
Mapping shopify() {
  return {"shopify",
          {table(Kind::events,
                 {{Role::receipt, {"Name"}},
                  {Role::customer, {"Email"}},
                  {Role::time, {"Created at"}},
                  {Role::product, {"Lineitem sku"}},
                  {Role::product_name, {"Lineitem name"}},
                  {Role::quantity, {"Lineitem quantity"}},
                  {Role::price, {"Lineitem price"}},
                  {Role::partner, {"Vendor"}},
                  {Role::action, {"Financial Status"}},
                  {Role::region, {"Shipping Country"}}},
                 {Role::receipt, Role::customer, Role::time, Role::quantity, Role::price})}};
}

// WooCommerce's Customer / Order / Coupon Export, in its format of one row per item
// (woocommerce.com/document/ordercustomer-csv-export-developer-documentation): money is the line's total,
// after discounts and before taxes.
Mapping woocommerce() {
  return {"woocommerce",
          {table(Kind::events,
                 {{Role::receipt, {"order_number", "order_id"}},
                  {Role::customer, {"billing_email", "customer_email", "customer_id"}},
                  {Role::time, {"date", "order_date"}},
                  {Role::action, {"status"}},
                  {Role::product, {"item_sku", "item_product_id"}},
                  {Role::product_name, {"item_name"}},
                  {Role::quantity, {"item_quantity"}},
                  {Role::amount, {"item_total"}},
                  {Role::region, {"billing_country"}}},
                 {Role::receipt, Role::customer, Role::time, Role::action, Role::quantity, Role::amount})}};
}

// Magento's (Adobe Commerce's) export of its grid of orders (experienceleague.adobe.com, "Orders"): a row an
// order, so that there are no products. An order that was refunded as a whole is closed.
Mapping magento() {
  Mapping mapping{"magento",
                  {table(Kind::events,
                         {{Role::receipt, {"ID"}},
                          {Role::customer, {"Customer Email"}},
                          {Role::time, {"Purchase Date"}},
                          {Role::action, {"Status"}},
                          {Role::amount, {"Grand Total (Purchased)", "Grand Total (Base)"}}},
                         {Role::receipt, Role::customer, Role::time, Role::action, Role::amount})}};
  mean(mapping, {{"closed", "canceled"}});
  return mapping;
}

// Cafe24's file of orders by item (support.cafe24.com, "주문 엑셀 다운로드"), whose columns each shop chooses
// from one list.
Mapping cafe24() {
  return {"cafe24",
          {table(Kind::events,
                 {{Role::receipt, {"주문번호"}},
                  {Role::customer, {"주문자ID", "주문자 ID", "주문자아이디"}},
                  {Role::time, {"주문일시", "결제일시(입금확인일)", "주문일"}},
                  {Role::action, {"주문상태"}},
                  {Role::product, {"상품코드", "상품품목코드", "상품번호", "자체상품코드"}},
                  {Role::product_name, {"상품명(한국어 쇼핑몰)", "주문상품명", "주문상품명(기본)", "상품명"}},
                  {Role::quantity, {"수량"}},
                  {Role::price, {"판매가"}},
                  {Role::amount, {"상품구매금액(KRW)", "상품구매금액"}},
                  {Role::channel, {"주문경로", "주문경로(PC/모바일)"}}},
                 {Role::receipt, Role::customer, Role::time, Role::quantity})}};
}

// Naver SmartStore's file of orders (help.sell.smartstore.naver.com, "주문 조회 엑셀 다운로드"): a row a
// product of an order. Buyers' ids may be masked there: see the warning of masked ids.
Mapping smartstore() {
  return {"smartstore",
          {table(Kind::events,
                 {{Role::receipt, {"주문번호"}},
                  {Role::customer, {"구매자ID"}},
                  {Role::time, {"결제일", "주문일시"}},
                  {Role::action, {"주문상태"}},
                  {Role::product, {"상품번호"}},
                  {Role::product_name, {"상품명"}},
                  {Role::quantity, {"수량"}},
                  {Role::amount, {"최종 상품별 총 주문금액", "상품별 총 주문금액"}},
                  {Role::channel, {"판매채널", "결제위치"}}},
                 {Role::receipt, Role::customer, Role::time, Role::product, Role::quantity, Role::amount})}};
}

// Coupang Wing's list of deliveries (DeliveryList_*.xlsx of wing.coupang.com). It has no id of buyers: the
// telephone number stands for one, as long as it stays the same.
Mapping coupang() {
  return {"coupang",
          {table(Kind::events,
                 {{Role::receipt, {"주문번호"}},
                  {Role::customer, {"구매자이메일", "구매자전화번호"}},
                  {Role::time, {"주문일"}},
                  {Role::product, {"노출상품ID", "옵션ID"}},
                  {Role::product_name, {"등록상품명", "노출상품명(옵션명)"}},
                  {Role::quantity, {"구매수(수량)"}},
                  {Role::price, {"옵션판매가(판매단가)"}},
                  {Role::amount, {"결제액"}},
                  {Role::channel, {"결제위치"}}},
                 {Role::receipt, Role::customer, Role::time, Role::product, Role::quantity})}};
}

// Square's item detail file (squareup.com/help/us/en/article/5072, "Items detail CSV"): a row an item of a
// payment or of a refund; a till's day and its time of day.
Mapping square() {
  return {"square",
          {table(Kind::events,
                 {{Role::receipt, {"Transaction ID"}},
                  {Role::customer, {"Customer ID", "Customer Reference ID"}},
                  {Role::time, {"Date"}},
                  {Role::hour, {"Time"}},
                  {Role::action, {"Event Type"}},
                  {Role::product, {"SKU"}},
                  {Role::product_name, {"Item"}},
                  {Role::quantity, {"Qty"}},
                  {Role::amount, {"Net Sales"}},
                  {Role::store, {"Location"}}},
                 {Role::receipt, Role::customer, Role::time, Role::hour, Role::product_name, Role::amount})}};
}

// Stripe's export of payments (support.stripe.com, "Export payments"), with failed ones in it; no products.
Mapping stripe() {
  return {"stripe",
          {table(Kind::events,
                 {{Role::receipt, {"id"}},
                  {Role::customer, {"Customer ID", "Customer Email"}},
                  {Role::time, {"Created date (UTC)", "Created (UTC)"}},
                  {Role::action, {"Status"}},
                  {Role::amount, {"Amount"}},
                  {Role::region, {"Card Address Country"}}},
                 {Role::receipt, Role::customer, Role::time, Role::action, Role::amount})}};
}

// Google Analytics 4's export to BigQuery (support.google.com/analytics/answer/7029846), as Parquet or JSON
// lines: a row an item of an event, or an event without items.
Mapping ga4() {
  Mapping mapping{"ga4",
                  {table(Kind::events,
                         {{Role::customer, {"user_pseudo_id"}},
                          {Role::time, {"event_timestamp"}},
                          {Role::action, {"event_name"}},
                          {Role::product, {"items.item_id"}},
                          {Role::product_name, {"items.item_name"}},
                          {Role::quantity, {"items.quantity"}},
                          {Role::price, {"items.price"}},
                          {Role::receipt, {"ecommerce.transaction_id"}},
                          {Role::brand, {"items.item_brand"}},
                          {Role::class_top, {"items.item_category"}},
                          {Role::channel, {"traffic_source.medium"}},
                          {Role::region, {"geo.country"}}},
                         {Role::customer, Role::time, Role::action})}};
  mapping.lines = "items";
  for (const char* name : {"session_start",
                           "first_visit",
                           "first_open",
                           "user_engagement",
                           "scroll",
                           "form_start",
                           "form_submit",
                           "file_download",
                           "video_start",
                           "video_progress",
                           "video_complete",
                           "begin_checkout",
                           "add_shipping_info",
                           "add_payment_info",
                           "remove_from_cart",
                           "view_cart",
                           "login",
                           "sign_up",
                           "share",
                           "select_content"})
    mean(mapping, {{name, "none"}});
  return mapping;
}

// Amplitude's export (amplitude.com/docs/apis/analytics/export): JSON lines, gzipped, in a zip. Who somebody
// is, before a login and after, is the amplitude_id.
Mapping amplitude() {
  return {"amplitude",
          {table(Kind::events,
                 {{Role::customer, {"amplitude_id"}},
                  {Role::time, {"event_time"}},
                  {Role::action, {"event_type"}},
                  {Role::product, {"event_properties.product_id", "event_properties.$productId"}},
                  {Role::product_name, {"event_properties.name", "event_properties.product_name"}},
                  {Role::quantity, {"event_properties.quantity", "event_properties.$quantity"}},
                  {Role::price, {"event_properties.price", "event_properties.$price"}},
                  {Role::amount, {"event_properties.revenue", "event_properties.$revenue"}},
                  {Role::receipt, {"event_properties.order_id"}},
                  {Role::region, {"country"}}},
                 {Role::customer, Role::time, Role::action})}};
}

// PostHog's batch export of events (posthog.com/docs/cdp/batch-exports), as JSON lines.
Mapping posthog() {
  return {"posthog",
          {table(Kind::events,
                 {{Role::customer, {"person_id", "distinct_id"}},
                  {Role::time, {"timestamp"}},
                  {Role::action, {"event"}},
                  {Role::product, {"properties.product_id", "properties.sku"}},
                  {Role::product_name, {"properties.name", "properties.product_name"}},
                  {Role::quantity, {"properties.quantity"}},
                  {Role::price, {"properties.price"}},
                  {Role::amount, {"properties.revenue", "properties.value"}},
                  {Role::receipt, {"properties.order_id"}},
                  {Role::region, {"properties.$geoip_country_code"}}},
                 {Role::customer, Role::time, Role::action})}};
}

// The Brazilian E-Commerce Public Dataset by Olist (kaggle.com/datasets/olistbr/brazilian-ecommerce): a
// folder of nine tables. A person has an id of their own in each order; customer_unique_id is the person.
Mapping olist() {
  TableMapping items = published("order_items", Kind::events,
                                 {{Role::receipt, {"order_id"}},
                                  {Role::product, {"product_id"}},
                                  {Role::partner, {"seller_id"}},
                                  {Role::amount, {"price"}},
                                  {Role::customer, {"customer_unique_id"}},
                                  {Role::time, {"order_purchase_timestamp"}},
                                  {Role::action, {"order_status"}},
                                  {Role::region, {"customer_state"}}});
  items.wanted = true;
  Mapping mapping{
      "olist",
      {items, table(Kind::products,
                    {{Role::product, {"product_id"}},
                     {Role::class_top, {"product_category_name_english", "product_category_name"}}},
                    {Role::product, Role::class_top})}};
  mapping.tables[1].name = "products";
  mapping.joins = {
      {"orders", "order_id", {"customer_id", "order_status", "order_purchase_timestamp"}},
      {"customers", "customer_id", {"customer_unique_id", "customer_state"}},
      {"category_name_translation", "product_category_name", {"product_category_name_english"}, true}};
  mapping.unread = {{"geolocation_zip_code_prefix"},
                    {"seller_id", "seller_city"},
                    {"payment_type", "payment_value"},
                    {"review_id", "review_score"}};
  mean(mapping, {{"created", "none"}});
  return mapping;
}

// A day for each order of Instacart's, which tells only how many days passed since a customer's order before:
// each customer's first is put on its day of the week in the first week of 2017.
std::vector<std::string> days_of_orders(const Lookup& orders) {
  enum Column { user, number, day_of_week, hour, days_since };
  auto whole = [&](size_t row, Column column) {
    std::string_view text = orders.field(row, column);
    int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  std::vector<size_t> order(orders.rows());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(orders.field(a, user), whole(a, number)) <
           std::pair(orders.field(b, user), whole(b, number));
  });
  std::vector<std::string> days(orders.rows());
  Date day{};
  for (size_t i = 0; i < order.size(); ++i) {
    size_t row = order[i];
    bool is_first = i == 0 || orders.field(order[i - 1], user) != orders.field(row, user);
    const Date first_sunday = to_date(Civil{2017, 1, 1});
    day = is_first ? Date{first_sunday.days + whole(row, day_of_week)}
                   : Date{day.days + whole(row, days_since)};
    days[row] = to_text(day);
  }
  return days;
}

// The Instacart Online Grocery Shopping Dataset 2017 (kaggle.com/c/instacart-market-basket-analysis): a
// folder of six tables, without dates and without money.
Mapping instacart() {
  TableMapping products = published("order_products", Kind::events,
                                    {{Role::receipt, {"order_id"}},
                                     {Role::product, {"product_id"}},
                                     {Role::customer, {"user_id"}},
                                     {Role::time, {"ordered_on"}},
                                     {Role::hour, {"order_hour_of_day"}}});
  products.wanted = true;
  Mapping mapping{"instacart",
                  {products, published("products", Kind::products,
                                       {{Role::product, {"product_id"}},
                                        {Role::product_name, {"product_name"}},
                                        {Role::class_top, {"department"}},
                                        {Role::class_middle, {"aisle"}}})}};
  mapping.has_no_dates = true;
  mapping.joins = {{"orders",
                    "order_id",
                    {"user_id", "order_number", "order_dow", "order_hour_of_day", "days_since_prior_order"},
                    false,
                    "ordered_on",
                    days_of_orders},
                   {"aisles", "aisle_id", {"aisle"}, true},
                   {"departments", "department_id", {"department"}, true}};
  return mapping;
}

Mapping events() {
  return {"events",
          {table(Kind::events,
                 {{Role::customer, {"customer_id"}},
                  {Role::time, {"ts"}},
                  {Role::product, {"product_id"}},
                  {Role::product_name, {"product_name"}},
                  {Role::quantity, {"quantity"}},
                  {Role::price, {"price"}},
                  {Role::amount, {"amount"}},
                  {Role::receipt, {"receipt_id"}},
                  {Role::action, {"action"}},
                  {Role::partner, {"partner"}},
                  {Role::channel, {"channel"}},
                  {Role::store, {"store_id"}},
                  {Role::region, {"region"}}},
                 {Role::customer, Role::time})}};
}

// Offers drawn by chance: the shop's own, or those of `danggol simulate lpoint --offers`.
TableMapping offers(std::string_view name) {
  return published(name, Kind::exposures,
                   {{Role::customer, {"customer_id", "cust"}},
                    {Role::time, {"ts", "offered_on"}},
                    {Role::offer, {"offer"}},
                    {Role::propensity, {"propensity"}}});
}

// The six tables of the L.POINT competition. Uses and payments lack what purchases have beside.
Mapping lpoint() {
  auto events = [](std::string_view name, Action action, RoleNames also) {
    RoleNames columns = {{Role::customer, {"cust"}}, {Role::receipt, {"rct_no"}},
                         {Role::partner, {"cop_c"}}, {Role::channel, {"chnl_dv"}},
                         {Role::time, {"de_dt"}},    {Role::hour, {"de_hr"}},
                         {Role::amount, {"buy_am"}}};
    columns.insert(columns.end(), also.begin(), also.end());
    TableMapping table = published(name, Kind::events, columns);
    table.rules.action = action;
    table.rules.channels = {{"1", "offline"}, {"2", "online"}};
    return table;
  };
  TableMapping purchases =
      events("02_PDDE", Action::purchase,
             {{Role::store, {"br_c"}}, {Role::product, {"pd_c"}}, {Role::quantity, {"buy_ct"}}});
  purchases.wanted = true;
  return {"lpoint",
          {published("01_DEMO", Kind::customers,
                     {{Role::customer, {"cust"}},
                      {Role::gender, {"ma_fem_dv"}},
                      {Role::age_band, {"ages"}},
                      {Role::region, {"zon_hlv"}}}),
           purchases, events("03_COP_U", Action::partner_use, {{Role::store, {"br_c"}}}),
           published("04_PD_CLAC", Kind::products,
                     {{Role::product, {"pd_c"}},
                      {Role::product_name, {"pd_nm"}},
                      {Role::class_top, {"clac_hlv_nm"}},
                      {Role::class_middle, {"clac_mcls_nm"}}}),
           published("05_BR", Kind::stores,
                     {{Role::store, {"br_c"}}, {Role::partner, {"cop_c"}}, {Role::region, {"zon_hlv"}}}),
           events("06_LPAY", Action::pay, {}), offers("offer")}};
}

// Every preset with its name, in the order that help shows.
std::vector<Mapping> presets() {
  return {events(),     {"exposures", {offers("")}},
          lpoint(),     online_retail(),
          shopify(),    woocommerce(),
          magento(),    cafe24(),
          smartstore(), coupang(),
          square(),     stripe(),
          ga4(),        amplitude(),
          posthog(),    olist(),
          instacart()};
}

}  // namespace

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Mapping& mapping : presets()) names.push_back(mapping.preset);
  return names;
}

Result<Mapping> preset(std::string_view name) {
  for (Mapping& mapping : presets())
    if (mapping.preset == name) return std::move(mapping);
  return Error{Code::bad_input,
               fmt::format("preset {}: must be one of {}{}", name, fmt::join(preset_names(), ", "),
                           nearest_hint(name, preset_names()))};
}

std::string preset_by_columns(const std::vector<std::string>& header) {
  std::vector<std::string> names;
  for (const std::string& name : header) names.push_back(plain(name));
  auto has = [&](const std::string& name) {
    return std::find(names.begin(), names.end(), plain(name)) != names.end();
  };
  for (const Mapping& mapping : presets()) {
    const TableMapping& table = mapping.tables[0];
    constexpr auto least = 5;  // so many columns are nobody's by chance
    bool has_all =
        mapping.tables.size() == 1 && std::count(table.required.begin(), table.required.end(), true) >= least;
    for (size_t role = 0; has_all && role < role_count; ++role)
      has_all =
          !table.required[role] || std::any_of(table.columns[role].begin(), table.columns[role].end(), has);
    if (has_all) return mapping.preset;
  }
  return {};
}

}  // namespace danggol::ingest
