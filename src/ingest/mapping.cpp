#include "ingest/mapping.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>

#include "ingest/values.h"

namespace danggol::ingest {
namespace {

constexpr std::string_view role_names[role_count] = {
    "customer", "time",   "product", "product-name", "quantity", "price", "amount",
    "receipt",  "action", "partner", "channel",      "branch",   "region"};

std::string plain(std::string_view name) {
  std::string out;
  for (char c : name)
    if (c != ' ' && c != '_' && c != '-') out += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return out;
}

// A text of the file or the user as a message of one line shows it: bounded, control characters as blanks.
std::string shown(std::string_view text) {
  constexpr size_t most_bytes = 200;
  size_t bytes = text.size();
  if (bytes > most_bytes)
    for (bytes = most_bytes; bytes > 0 && (text[bytes] & 0xc0) == 0x80;) --bytes;  // between two characters
  std::string out(text.substr(0, bytes));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c >= 0 && c < ' '; }, ' ');
  return bytes < text.size() ? out + "..." : out;
}

// What each role's column is usually called, English and Korean, the surest name first.
const std::array<std::vector<std::string>, role_count> usual_names = {{
    {"customerid", "customerno", "custid", "userid", "memberid", "clientid", "customer", "user", "member",
     "cust", "회원번호", "회원id", "고객번호", "고객id", "고객", "회원"},
    {"timestamp", "eventtime", "invoicedate", "orderdate", "purchasedate", "datetime", "time", "date", "ts",
     "주문일시", "구매일시", "결제일시", "일시", "주문일자", "구매일자", "주문일", "구매일", "날짜"},
    {"productid", "productno", "stockcode", "sku", "itemid", "itemno", "productcode", "product", "item",
     "상품번호", "상품코드", "상품id", "상품"},
    {"productname", "itemname", "description", "상품명"},
    {"quantity", "qty", "수량", "구매수량"},
    {"unitprice", "price", "단가", "판매단가"},
    {"amount", "totalprice", "total", "revenue", "sales", "결제금액", "구매금액", "주문금액", "금액", "매출"},
    {"receiptid", "receiptno", "invoiceno", "invoice", "orderid", "orderno", "receipt", "order", "주문번호",
     "영수증번호"},
    {"action", "eventtype", "behavior", "behaviour", "event", "행동", "행동유형"},
    {"partner", "brand", "merchant", "seller", "제휴사", "유통사", "브랜드"},
    {"channel", "채널", "구매채널"},
    {"storeid", "storeno", "store", "shop", "branch", "매장", "점포", "매장코드"},
    {"region", "country", "city", "지역", "국가"},
}};

Mapping online_retail() {
  Mapping mapping;
  mapping.preset = "online-retail";
  auto column = [&](Role role) -> auto& { return mapping.columns[static_cast<size_t>(role)]; };
  column(Role::receipt) = {"invoice", "invoiceno"};
  column(Role::product) = {"stockcode"};
  column(Role::product_name) = {"description"};
  column(Role::quantity) = {"quantity"};
  column(Role::time) = {"invoicedate"};
  column(Role::price) = {"price", "unitprice"};
  column(Role::customer) = {"customerid"};
  column(Role::region) = {"country"};
  mapping.rules.cancel_prefix = "C";
  mapping.rules.non_products = {
      "POST", "DOT",          "M",         "m",      "D",       "S",      "B",       "C2",      "C3",  "CRUK",
      "PADS", "BANK CHARGES", "AMAZONFEE", "ADJUST", "ADJUST2", "SP1002", "TEST001", "TEST002", "GIFT"};
  return mapping;
}

Mapping events() {
  Mapping mapping;
  mapping.preset = "events";
  const char* names[role_count] = {"customer_id", "ts",       "product_id", "product_name", "quantity",
                                   "price",       "amount",   "receipt_id", "action",       "partner",
                                   "channel",     "store_id", "region"};
  for (size_t role = 0; role < role_count; ++role) mapping.columns[role] = {plain(names[role])};
  return mapping;
}

}  // namespace

std::string_view name(Role role) { return role_names[static_cast<size_t>(role)]; }

std::vector<std::string> preset_names() { return {"online-retail", "events"}; }

Result<Mapping> preset(std::string_view name) {
  if (name == "online-retail") return online_retail();
  if (name == "events") return events();
  return Error{Code::bad_input,
               fmt::format("preset {}: must be one of {}", name, fmt::join(preset_names(), ", "))};
}

Mapping guessing() {
  Mapping mapping;
  mapping.columns = usual_names;
  return mapping;
}

Status override_columns(const std::map<std::string, std::string>& overrides, Mapping& mapping) {
  for (const auto& [key, value] : overrides) {
    if (key == "time-format") {
      if (value == "auto") mapping.rules.time_format = TimeFormat::automatic;
      else if (value == "mdy") mapping.rules.time_format = TimeFormat::month_first;
      else if (value == "dmy") mapping.rules.time_format = TimeFormat::day_first;
      else if (value == "unix") mapping.rules.time_format = TimeFormat::unix_seconds;
      else
        return Error{Code::bad_input,
                     fmt::format("time-format={}: must be one of auto, mdy, dmy, unix", value)};
    } else if (key == "all-actions") {
      if (parse_action(value).empty())
        return Error{
            Code::bad_input,
            fmt::format("all-actions={}: must be an action such as purchase, view, cart or wishlist", value)};
      mapping.rules.action = parse_action(value);
    } else if (key == "cancel-prefix") {
      mapping.rules.cancel_prefix = value;
    } else {
      auto role = std::find(std::begin(role_names), std::end(role_names), key);
      if (role == std::end(role_names))
        return Error{Code::bad_input,
                     fmt::format("{}: not a role; the roles are {}", key, fmt::join(role_names, ", "))};
      size_t index = static_cast<size_t>(role - std::begin(role_names));
      mapping.columns[index] = {plain(value)};
      mapping.required[index] = true;
    }
  }
  return {};
}

Status override_from_file(const std::string& toml_path, Mapping& mapping) {
  std::map<std::string, std::string> overrides;
  if (std::error_code ignored; !std::filesystem::is_regular_file(toml_path, ignored))
    return Error{Code::not_found, fmt::format("{}: no such file", toml_path)};
  try {
    toml::table file = toml::parse_file(toml_path);
    for (auto&& [section, content] : file) {
      const toml::table* table = content.as_table();
      if (!table || (section.str() != "columns" && section.str() != "rules"))
        return Error{Code::bad_input,
                     fmt::format("{}: {}: the sections are [columns] and [rules]", toml_path, section.str())};
      for (auto&& [key, value] : *table) {
        auto text = value.value<std::string>();
        if (!text) return Error{Code::bad_input, fmt::format("{}: {}: must be a text", toml_path, key.str())};
        std::string role(key.str());
        std::replace(role.begin(), role.end(), '_', '-');
        overrides[role] = *text;
      }
    }
  } catch (const toml::parse_error& error) {
    return Error{Code::bad_input,
                 fmt::format("{}: line {}: {}", toml_path, error.source().begin.line, error.description())};
  }
  auto outcome = override_columns(overrides, mapping);
  if (!outcome) return Error{outcome.error().code, fmt::format("{}: {}", toml_path, outcome.error().message)};
  return {};
}

Result<RoleColumns> match(const Mapping& mapping, const std::vector<std::string>& header,
                          const std::string& path) {
  std::vector<std::string> names;
  for (const auto& column : header) names.push_back(plain(column));
  RoleColumns columns;
  for (size_t role = 0; role < role_count; ++role) {
    columns[role] = -1;
    for (const auto& candidate : mapping.columns[role]) {
      auto at = std::find(names.begin(), names.end(), candidate);
      if (at == names.end()) continue;
      if (std::find(at + 1, names.end(), candidate) != names.end())
        return Error{Code::bad_input, fmt::format("{}: two columns are called {}; rename one", path,
                                                  shown(header[at - names.begin()]))};
      columns[role] = static_cast<int>(at - names.begin());
      break;
    }
  }
  for (size_t role = 0; role < role_count; ++role) {
    if (!mapping.required[role] || columns[role] >= 0) continue;
    return Error{Code::bad_input,
                 fmt::format("{}: no {} column among {}; name it with --{}=COLUMN", path, role_names[role],
                             shown(fmt::format("{}", fmt::join(header, ", "))), role_names[role])};
  }
  return columns;
}

}  // namespace danggol::ingest
