// What the columns of files are called: by shops in general, and by those whose tables are published.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ingest/mapping.h"

namespace danggol::ingest {
namespace {

using RoleNames = std::vector<std::pair<Role, std::vector<std::string>>>;

// What the columns of events are usually called, English and Korean, the surest name first; as plain() writes
// them.
const RoleNames usual_names = {
    {Role::customer, {"customerid",   "customerno",    "customernumber", "customercode",
                      "custid",       "custno",        "userid",         "userno",
                      "memberid",     "memberno",      "membershipid",   "clientid",
                      "clientno",     "buyerid",       "shopperid",      "householdid",
                      "householdkey", "household",     "accountid",      "loyaltyid",
                      "visitorid",    "customeremail", "buyeremail",     "billingemail",
                      "emailaddress", "email",         "customer",       "user",
                      "member",       "client",        "buyer",          "shopper",
                      "cust",         "uid",           "회원번호",       "회원id",
                      "회원아이디",   "고객번호",      "고객id",         "고객코드",
                      "고객아이디",   "구매자id",      "구매자아이디",   "주문자id",
                      "주문자아이디", "구매자번호",    "이메일",         "고객",
                      "회원",         "구매자",        "주문자",         "id"}},
    {Role::time,
     {"timestamp",
      "eventtimestamp",
      "eventtime",
      "eventdate",
      "invoicedate",
      "orderdatetime",
      "orderdate",
      "ordertimestamp",
      "orderpurchasetimestamp",
      "orderedat",
      "purchasedatetime",
      "purchasedate",
      "purchasedat",
      "transactiondatetime",
      "transactiondate",
      "transdate",
      "trandate",
      "saledate",
      "salesdate",
      "datetime",
      "createdat",
      "datecreated",
      "createddate",
      "created",
      "paidat",
      "paymentdate",
      "date",
      "time",
      "ts",
      "day",
      "주문일시",
      "구매일시",
      "결제일시",
      "거래일시",
      "판매일시",
      "일시",
      "주문일자",
      "구매일자",
      "결제일자",
      "거래일자",
      "판매일자",
      "매출일자",
      "주문일",
      "구매일",
      "결제일",
      "거래일",
      "판매일",
      "주문날짜",
      "구매날짜",
      "날짜",
      "일자"}},
    {Role::product,
     {"productid", "productno",     "productnumber", "productcode", "stockcode", "sku",        "lineitemsku",
      "itemsku",   "productsku",    "variantsku",    "itemid",      "itemno",    "itemnumber", "itemcode",
      "articleid", "articlenumber", "variantid",     "barcode",     "upc",       "ean",        "product",
      "item",      "article",       "상품번호",      "상품코드",    "상품id",    "제품코드",   "품번",
      "품목코드",  "바코드",        "상품"}},
    {Role::product_name,
     {"productname", "producttitle", "itemname", "itemtitle", "lineitemname", "itemdescription",
      "productdescription", "description", "상품명", "제품명", "품명", "품목명"}},
    {Role::quantity,
     {"quantity", "qty", "lineitemquantity", "quantityordered", "orderquantity", "itemquantity", "unitssold",
      "units", "수량", "구매수량", "주문수량", "판매수량", "결제수량"}},
    {Role::price,
     {"unitprice", "price", "lineitemprice", "itemprice", "productprice", "sellingprice", "saleprice", "단가",
      "판매단가", "상품단가", "판매가", "판매가격", "상품가격", "가격"}},
    {Role::amount, {"amount",        "lineamount", "linetotal",   "totalprice",  "totalamount",
                    "orderamount",   "ordertotal", "grandtotal",  "total",       "transactionamount",
                    "paymentamount", "paidamount", "netamount",   "grossamount", "netsales",
                    "grosssales",    "salesvalue", "salesamount", "revenue",     "sales",
                    "spend",         "결제금액",   "구매금액",    "주문금액",    "판매금액",
                    "매출금액",      "매출액",     "실결제금액",  "총결제금액",  "총주문금액",
                    "총금액",        "합계금액",   "금액",        "매출"}},
    {Role::receipt,
     {"receiptid", "receiptno",  "receiptnumber", "invoiceid", "invoiceno", "invoicenumber", "invoice",
      "orderid",   "orderno",    "ordernumber",   "basketid",  "basketno",  "transactionid", "transactionno",
      "transid",   "ticketid",   "ticketno",      "billno",    "receipt",   "order",         "basket",
      "주문번호",  "영수증번호", "거래번호",      "전표번호",  "결제번호",  "상품주문번호"}},
    {Role::action, {"action",        "actiontype",
                    "eventtype",     "eventname",
                    "behavior",      "behaviortype",
                    "behaviour",     "activity",
                    "event",         "행동",
                    "행동유형",      "이벤트",
                    "orderstatus",   "financialstatus",
                    "paymentstatus", "transactionstatus",
                    "status",        "주문상태",
                    "결제상태",      "거래상태",
                    "처리상태",      "배송상태"}},
    {Role::partner,
     {"partner", "brand", "merchant", "seller", "vendor", "retailer", "제휴사", "유통사", "브랜드"}},
    {Role::channel, {"channel", "saleschannel", "orderchannel", "채널", "구매채널", "판매채널", "주문채널"}},
    {Role::store,
     {"storeid", "storeno", "storecode", "store", "shop", "branch", "outlet", "매장코드", "점포코드", "매장",
      "점포", "지점"}},
    {Role::region, {"region", "country", "city", "state", "province", "지역", "국가", "시도"}},
    {Role::hour,
     {"time", "ordertime", "purchasetime", "transactiontime", "transtime", "saletime", "timeofday", "시간",
      "주문시간", "구매시간", "결제시간", "거래시간", "판매시간", "시각"}},
};

TableMapping table(Kind kind, const RoleNames& columns, std::initializer_list<Role> required) {
  TableMapping table;
  table.kind = kind;
  for (const auto& [role, names] : columns) table.columns[static_cast<size_t>(role)] = names;
  for (Role role : required) table.required[static_cast<size_t>(role)] = true;
  return table;
}

// A table of which every column that is read must be there: its columns are what it is known by.
TableMapping published(std::string_view name, Kind kind, const RoleNames& columns) {
  TableMapping out = table(kind, columns, {});
  out.name = name;
  for (const auto& [role, names] : columns) out.required[static_cast<size_t>(role)] = true;
  return out;
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
                  {Role::region, {"Shipping Country"}}},
                 {Role::receipt, Role::customer, Role::time, Role::quantity, Role::price})}};
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
  return {online_retail(), shopify(), events(), lpoint(), {"exposures", {offers("")}}};
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
               fmt::format("preset {}: must be one of {}", name, fmt::join(preset_names(), ", "))};
}

Mapping guessing() { return {"", {table(Kind::events, usual_names, {Role::customer, Role::time})}}; }

}  // namespace danggol::ingest
