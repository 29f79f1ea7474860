// Which table a file is, and which column plays which role: by names, and where names say nothing or too much
// by values.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/ids.h"
#include "base/utf8.h"
#include "ingest/mapping.h"
#include "ingest/times.h"
#include "ingest/values.h"

namespace danggol::ingest {
namespace {

size_t at(Role role) { return static_cast<size_t>(role); }

// ---- values

bool is_written_date(std::string_view text) { return is_time(text) && !is_number(text); }
bool is_day(std::string_view text) {
  TimeEvidence seen;
  auto ts = parse_time(text, {}, seen);
  return seen.open > 0 ? text.find(':') == text.npos : ts && to_timestamp(to_date(*ts)) == *ts;
}
bool is_money(std::string_view text) { return text.find_first_of(".,$") != text.npos && is_number(text); }

bool is_any(std::string_view) { return true; }
bool is_flag(std::string_view text) {
  constexpr std::string_view flags[] = {"Y", "N", "y", "n", "yes", "no", "true", "false", "O", "X", "M", "F"};
  return std::find(std::begin(flags), std::end(flags), text) != std::end(flags);
}
bool is_bit(std::string_view text) { return text == "0" || text == "1"; }

// Parts of names that are not in the list of usual ones, with what must be beside them: at the name's end,
// where it is a number or a code.
struct Part {
  Role role;
  std::vector<std::string_view> words, and_at_end;
  const std::vector<std::string_view>& and_none_of;
  bool (*is)(std::string_view);
};
const std::vector<std::string_view> ends_of_ids = {"id",  "no",   "num",  "number",
                                                   "key", "code", "번호", "코드"};
const std::vector<std::string_view> none;
// What a number is that is called so, or an amount of something else than goods.
const std::vector<std::string_view> no_amounts = {
    "propensity", "probab",   "확률",      "code",     "count",   "rep",    "person", "rank",    "rating",
    "score",      "star",     "weight",    "length",   "width",   "height", "rate",   "percent", "pct",
    "ratio",      "latitude", "longitude", "discount", "disc",    "profit", "margin", "cost",    "fee",
    "tax",        "vat",      "tip",       "shipping", "freight", "refund", "return", "cancel",  "unpaid",
    "balance",    "point",    "cent",      "items",    "visit",   "orders", "avg",    "average", "mean",
    "channel",    "day",      "date",      "time",     "month",   "year",   "번호",   "평점",    "별점",
    "무게",       "할인",     "배송",      "원가",     "비율",    "수수료", "세금",   "환불",    "반품",
    "취소",       "적립",     "정산",      "포인트",   "잔액",    "누적",   "미수",   "평균",    "건수",
    "횟수",       "수량"};
const std::vector<std::string_view> no_prices = {
    "list", "compare", "original", "msrp", "cost", "discount", "total", "shipping",
    "tax",  "정상가",  "소비자",   "원가", "할인", "총",       "합계",  "배송"};
const std::vector<std::string_view> no_pieces = {"stock", "return",    "refund",   "cancel",  "inventory",
                                                 "hand",  "available", "invoiced", "shipped", "취소",
                                                 "반품",  "환불",      "재고"};
// Of the days on which something else happened than the purchase.
const std::vector<std::string_view> no_purchases = {
    "cancel", "refund", "return", "birth", "join", "signup", "regist", "update", "modif", "ship", "deliver",
    "expire", "print",  "export", "login", "취소", "환불",   "반품",   "생년",   "생일",  "가입", "등록",
    "수정",   "배송",   "발송",   "출고",  "만료", "최근",   "마지막", "첫",     "first", "last", "적립"};
const std::vector<std::string_view> no_people = {"group",   "grade", "note", "type",  "paid", "country",
                                                 "segment", "level", "tier", "class", "zip",  "postal",
                                                 "등급",    "유형",  "그룹", "구분",  "지역", "국가"};
// Of the lines of orders.
const std::vector<std::string_view> no_products = {"order", "invoice", "receipt", "line", "주문", "영수증",
                                                   "type",  "group",   "class",   "유형", "그룹", "구분"};
const std::vector<Part> parts_of_names = {
    {Role::time, {"timestamp", "date", "time", "unixts", "일시", "일자", "날짜"}, {}, no_purchases, is_time},
    {Role::customer,
     {"customer", "cust", "user", "member", "client", "shopper", "household", "buyer", "고객", "회원",
      "구매자"},
     ends_of_ids,
     no_people,
     is_any},
    {Role::receipt,
     {"order", "invoice", "receipt", "basket", "주문", "영수증"},
     ends_of_ids,
     no_people,
     is_any},
    {Role::product, {"product", "prod", "item", "article", "상품", "제품"}, ends_of_ids, no_products, is_any},
    {Role::quantity, {"qty", "quantity", "수량"}, {}, no_pieces, is_number},
    {Role::price, {"unitprice", "priceeach", "price", "단가", "판매가"}, {}, no_prices, is_number},
    {Role::amount,
     {"amount", "amt", "sales", "revenue", "spend", "dollar", "paid", "total", "금액", "매출"},
     {},
     no_amounts,
     is_number},
};

// ---- names

// "Amount (USD)" without its unit, "customer.id" without the object that it is of.
std::string without_unit(std::string_view name) {
  if (size_t object = name.rfind('.'); object != name.npos && object + 1 < name.size())
    name.remove_prefix(object + 1);
  std::string out = plain(name);
  for (char open : {'(', '['})
    if (size_t unit = out.find(open); unit != out.npos && unit > 0) out.resize(unit);
  return out;
}

class Names {
 public:
  explicit Names(const std::vector<std::string>& header) : header_(header) {
    for (const std::string& name : header) {
      full_.push_back(plain(name)), short_.push_back(without_unit(name));
      size_t dot = name.rfind('.');  // of "orders.customer.id" the last two
      dot = dot == name.npos || dot == 0 ? name.npos : name.rfind('.', dot - 1);
      tails_.push_back(dot == name.npos ? "" : plain(std::string_view(name).substr(dot + 1)));
    }
  }
  // The column of that name, before one that has a unit beside it; -1 where there is none.
  int column(const std::string& name) const {
    std::string bare = plain(name);
    if (bare.ends_with("#1")) bare.resize(bare.size() - 2);
    for (const auto* names : {&header_, &full_, &tails_, &short_}) {
      auto found = std::find(names->begin(), names->end(), names == &header_ ? name : bare);
      if (found == names->end()) continue;
      // two columns may be called so in objects of their own: then neither is meant
      bool is_of_object = header_[static_cast<size_t>(found - names->begin())].find('.') != std::string::npos;
      if (names == &header_ || names == &full_ || !is_of_object ||
          std::count(names->begin(), names->end(), bare) == 1)
        return static_cast<int>(found - names->begin());
    }
    return -1;
  }
  const std::string& plain_of(int column) const { return full_[static_cast<size_t>(column)]; }
  // The other columns of the same name. See table_source.cpp.
  std::vector<int> twins(int column) const {
    std::vector<int> out;
    for (size_t c = 0; c < full_.size(); ++c)
      if (full_[c].starts_with(plain_of(column) + "#")) out.push_back(static_cast<int>(c));
    return out;
  }
  bool has_word(int column, const std::vector<std::string_view>& words) const {
    return has_one_of(plain_of(column), words);
  }
  bool has_part(int column, const Part& part) const {
    const std::string& name = short_[static_cast<size_t>(column)];
    auto is_end = [&](std::string_view end) { return name.ends_with(end); };
    return has_one_of(name, part.words) &&
           (part.and_at_end.empty() || std::any_of(part.and_at_end.begin(), part.and_at_end.end(), is_end)) &&
           !has_word(column, part.and_none_of);
  }
  bool has_any(std::initializer_list<std::string_view> words) const {
    return std::any_of(words.begin(), words.end(), [&](auto word) {
      return std::find(short_.begin(), short_.end(), word) != short_.end();
    });
  }

 private:
  const std::vector<std::string>& header_;
  std::vector<std::string> full_, short_, tails_;
};

RoleColumns columns_of(const TableMapping& table, const Names& names) {
  RoleColumns columns;
  columns.fill(-1);
  for (size_t role = 0; role < role_count; ++role)
    for (const auto& candidate : table.columns[role])
      if (columns[role] < 0) columns[role] = names.column(candidate);
  return columns;
}

// Where devices are told, rows may be of nobody else.
bool lacks(const TableMapping& table, const RoleColumns& columns, size_t role) {
  bool stands_in = role == at(Role::customer) && columns[at(Role::device)] >= 0;
  return table.required[role] && columns[role] < 0 && !stands_in;
}

// How well columns fit a table: those it has, less those it lacks.
int fit(const TableMapping& table, const RoleColumns& columns) {
  int fit = 0;
  for (size_t role = 0; role < role_count; ++role) fit += (columns[role] >= 0) - lacks(table, columns, role);
  return fit;
}

// Guesses the roles of one file's columns, of those that its user said nothing of.
class Guess {
 public:
  Guess(const TableMapping& table, const Sample& sample, const Names& names)
      : table_(table), sample_(sample), names_(names) {
    roles_.fill(-1);
  }

  RoleColumns roles() {
    for (size_t role = 0; role < role_count; ++role) by_name(static_cast<Role>(role));
    for (const Part& part : parts_of_names)
      if (!has(part.role) && !said(part.role)) by_part_of_name(part);
    if (is_of_one_day(roles_[at(Role::customer)])) roles_[at(Role::customer)] = -1;
    choose_clock();
    choose_money();
    choose_device();
    if (!has(Role::time) && !said(Role::time))
      by_values(Role::time,
                [&](int c) { return !names_.has_word(c, no_purchases) && are(c, is_written_date, 0.9); });
    if (!has(Role::customer) && !said(Role::customer) && !has(Role::device))
      by_values(Role::customer, [&](int c) { return are_ids(c); });
    if (!has(Role::amount) && !has(Role::price) && !said(Role::amount) && !said(Role::price))
      by_values(Role::amount, [&](int c) {
        return !names_.has_word(c, no_amounts) && !names_.has_word(c, no_prices) && are(c, is_money, 0.9);
      });
    return roles_;
  }
  Found found(size_t role) const {
    return roles_[role] < 0 ? Found::not_at_all : by_values_[role] ? Found::by_values : Found::by_name;
  }

 private:
  bool has(Role role) const { return roles_[at(role)] >= 0; }
  // An order's own numbers stand on each of its lines: summed, they would be counted as often.
  bool is_of_an_order(Role role, int column) const {
    return is_number_role(role) && !sample_.header[static_cast<size_t>(column)].starts_with(sample_.lines);
  }
  static bool is_number_role(Role role) {
    return role == Role::quantity || role == Role::price || role == Role::amount;
  }
  bool said(Role role) const { return table_.said[at(role)]; }
  const std::vector<std::string_view>& values(int column) const {
    return sample_.columns[static_cast<size_t>(column)];
  }

  // Whether as many of the column's texts are such; yes where there is none.
  template <class Is>
  bool are(int column, const Is& is, double least_share) const {
    int64_t texts = 0, such = 0;
    for (std::string_view value : values(column))
      if (!trimmed(value).empty()) ++texts, such += is(trimmed(value));
    return static_cast<double>(such) >= least_share * static_cast<double>(texts);
  }
  bool has_text(int column) const {
    return std::any_of(values(column).begin(), values(column).end(),
                       [](auto value) { return !trimmed(value).empty(); });
  }
  bool is_filled(int column) const {
    return std::none_of(values(column).begin(), values(column).end(),
                        [](auto value) { return trimmed(value).empty(); });
  }
  // Texts of which many come again, and many are different.
  bool are_ids(int column) const {
    constexpr size_t least_rows = 10;
    std::set<std::string_view> different(values(column).begin(), values(column).end());
    size_t rows = values(column).size();
    return rows >= least_rows && is_filled(column) && !are(column, is_money, 0.5) &&
           !are(column, is_written_date, 0.5) && different.size() * 5 >= rows &&
           different.size() * 10 <= rows * 9;
  }
  bool repeats(int column) const {
    std::set<std::string_view> different(values(column).begin(), values(column).end());
    return values(column).empty() || different.size() < values(column).size();
  }

  // An "id" that comes again, but never on another day, is an order's.
  bool is_of_one_day(int column) const {
    int time = roles_[at(Role::time)];
    if (column < 0 || time < 0 || said(Role::customer) || names_.plain_of(column) != "id") return false;
    std::map<std::string_view, std::string_view> days;
    for (size_t i = 0; i < values(column).size(); ++i)
      if (auto [of, is_new] = days.emplace(values(column)[i], values(time)[i]);
          !is_new && of->second != values(time)[i])
        return false;
    return true;
  }

  bool may_be(Role role, const std::string& name, int column) const {
    if (said(role)) return true;
    switch (role) {
      case Role::time: return are(column, is_time, 0.5);
      case Role::quantity:
      case Role::price:
      case Role::amount: return are(column, is_number, 0.5);
      case Role::action: {
        const Meanings& meanings = table_.rules.meanings;
        bool is_state = is_state_by_name(sample_.header[static_cast<size_t>(column)]);
        auto is_known = [&](std::string_view text) { return meanings.of(text, is_state).has_value(); };
        return is_state ? std::any_of(values(column).begin(), values(column).end(), is_known)
                        : are(column, is_known, 0.5);
      }
      case Role::customer:
        return !(has_text(column) && are(column, is_flag, 1)) && (name != "id" || repeats(column));
      case Role::region: return roles_[at(Role::action)] != column;
      case Role::hour: return false;  // see choose_clock
      default: return true;
    }
  }

  void by_name(Role role) {
    int first = -1;
    for (const std::string& name : table_.columns[at(role)]) {
      int column = names_.column(name);
      if (column < 0 || is_of_an_order(role, column)) continue;
      if (first < 0) first = column;
      if (!may_be(role, name, column)) continue;
      roles_[at(role)] = column;
      return;
    }
    // a time or an amount by its name, of strange values: its rows say what is wrong with them
    if (role == Role::time || is_number_role(role)) roles_[at(role)] = first;
  }

  // A device stands in for a customer who is told elsewhere; who tells devices alone has them for customers,
  // unless the user says what they are.
  void choose_device() {
    int& device = roles_[at(Role::device)];
    int& customer = roles_[at(Role::customer)];
    if (said(Role::device) && customer == device) customer = -1;
    if (!said(Role::device) && (customer < 0 || customer == device)) {
      if (customer < 0) customer = device;
      device = -1;
    }
  }

  // A day in one column and the time of day in another.
  void choose_clock() {
    if (said(Role::hour) || !has(Role::time) || !are(roles_[at(Role::time)], is_day, 1)) return;
    for (const std::string& name : table_.columns[at(Role::hour)]) {
      int column = names_.column(name);
      if (column < 0 || column == roles_[at(Role::time)] || values(column).empty()) continue;
      bool says_hour = name.find("hour") != name.npos || name.find("시간대") != name.npos;
      auto is_time_of_day = [&](std::string_view text) {
        return (says_hour || text.size() > 2) && parse_clock(text).has_value();  // 9 may be anything
      };
      if (!are(column, is_time_of_day, 0.9)) continue;
      roles_[at(Role::hour)] = column;
      return;
    }
  }

  // One definition of money for the whole file: a column that was named before one that was not, and an
  // amount that some rows lack, such as an order's total on its first line, after a price that all have.
  void choose_money() {
    if (!has(Role::amount) || !has(Role::price) || said(Role::amount)) return;
    int amount = roles_[at(Role::amount)], price = roles_[at(Role::price)];
    bool is_of_lines = plain(sample_.header[static_cast<size_t>(price)]).starts_with("lineitem");
    bool by_lines = is_of_lines || !is_filled(amount) || repeats_on_lines(amount);
    if (said(Role::price) || (by_lines && is_filled(price))) roles_[at(Role::amount)] = -1;
    else roles_[at(Role::price)] = -1;
  }

  // Whether the rows of one receipt, of which some have several, all have one amount, though their prices
  // or quantities differ.
  bool repeats_on_lines(int amount) const {
    int receipt = roles_[at(Role::receipt)], price = roles_[at(Role::price)],
        quantity = roles_[at(Role::quantity)];
    if (receipt < 0) return false;
    bool differs = false;
    for (size_t i = 1; i < values(receipt).size(); ++i) {
      if (values(receipt)[i].empty() || values(receipt)[i] != values(receipt)[i - 1]) continue;
      if (values(amount)[i] != values(amount)[i - 1]) return false;
      differs |= values(price)[i] != values(price)[i - 1] ||
                 (quantity >= 0 && values(quantity)[i] != values(quantity)[i - 1]);
    }
    return differs;
  }

  // The one column that plays no role, whose name has such a part, and whose values are such.
  void by_part_of_name(const Part& part) {
    bool is_of_money = part.role == Role::amount || part.role == Role::price;
    bool is_told = has(Role::price) || said(Role::price) || has(Role::amount) || said(Role::amount);
    if (is_of_money && is_told) return;
    by_values(part.role, [&](int column) {
      return names_.has_part(column, part) && are(column, part.is, 0.9) &&
             !(is_of_money && has_text(column) && are(column, is_bit, 1));
    });
    by_values_[at(part.role)] = false;
  }

  // The one column that plays no role and has such values.
  template <class Fits>
  void by_values(Role role, const Fits& fits) {
    int only = -1;
    for (int column = 0; column < static_cast<int>(sample_.header.size()); ++column) {
      if (plays_role(roles_, column) || values(column).empty()) continue;
      bool any = std::any_of(values(column).begin(), values(column).end(),
                             [](auto v) { return !trimmed(v).empty(); });
      if (!any || is_of_an_order(role, column) || !fits(column)) continue;
      if (only >= 0) return;
      only = column;
    }
    roles_[at(role)] = only;
    by_values_[at(role)] = only >= 0;
  }

  const TableMapping& table_;
  const Sample& sample_;
  const Names& names_;
  RoleColumns roles_;
  std::array<bool, role_count> by_values_{};
};

// ---- what is missing

std::string looks_like(const Names& names, Kind kind) {
  if (kind != Kind::exposures && names.has_any({"propensity", "treatment", "experiment", "offer", "arm",
                                                "conversion", "converted", "실험군", "혜택"}))
    return "; it looks like a table of experiments: import it with the preset exposures";
  if (names.has_any({"gender", "sex", "age", "ageband", "birthday", "birthdate", "birthyear", "dateofbirth",
                     "signupdate", "joindate", "성별", "나이", "연령", "연령대", "생년월일", "가입일",
                     "가입일자"}))
    return "; it looks like a table of customers, not of what they did";
  return {};
}

Error missing(const TableMapping& table, const RoleColumns& columns, const Sample& sample, const Names& names,
              const std::string& path) {
  std::vector<std::string> roles, flags;
  for (size_t role = 0; role < role_count; ++role) {
    if (!lacks(table, columns, role)) continue;
    std::string_view of = name(static_cast<Role>(role));
    roles.push_back(table.said[role] ? fmt::format("column {} for {}", shown(table.columns[role][0]), of)
                                     : fmt::format("{} column", of));
    flags.push_back(fmt::format("--{}=COLUMN", of));
  }
  return {Code::bad_input,
          fmt::format("{}: no {} among {}{}; name {} with {}", path, fmt::join(roles, " and no "),
                      shown(sample.header), looks_like(names, table.kind), flags.size() == 1 ? "it" : "them",
                      fmt::join(flags, " "))};
}

// A column called amount that holds small whole numbers, beside one called a price: pieces, or money?
std::string what_is_amount(const Sample& sample, const Match& match, const Names& names) {
  int amount = match.roles[at(Role::amount)];
  bool is_guessed =
      amount >= 0 && !match.table->said[at(Role::amount)] && match.roles[at(Role::quantity)] < 0;
  if (!is_guessed) return {};
  constexpr double most_pieces = 20;
  auto median = [&](int column) {
    std::vector<double> numbers;
    for (std::string_view value : sample.columns[static_cast<size_t>(column)]) {
      NumberEvidence seen;
      if (auto number = parse_number(trimmed(value), Decimal::open, seen))
        numbers.push_back(static_cast<double>(number->ten_thousandths) / Money::scale);
    }
    if (numbers.empty()) return 0.0;
    auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
    std::nth_element(numbers.begin(), middle, numbers.end());
    return *middle;
  };
  auto is_whole = [](std::string_view value) {
    return trimmed(value).find_first_not_of("-0123456789") == value.npos;
  };
  const auto& values = sample.columns[static_cast<size_t>(amount)];
  double pieces = median(amount);
  if (!std::all_of(values.begin(), values.end(), is_whole) || pieces < 1 || pieces > most_pieces) return {};
  const Part price{Role::price,
                   {"price", "total", "value", "sum", "revenue", "sales", "단가", "가격", "합계", "금액"},
                   {},
                   none,
                   is_number};
  for (int column = 0; column < static_cast<int>(sample.header.size()); ++column)
    if (column != amount && names.has_part(column, price) && median(column) > pieces)
      return fmt::format(
          "the column {0} may hold pieces or money, for {1} stands beside it; say --quantity={0} with "
          "--amount={1} (of the line) or --price={1} (of one piece), or --amount={0}",
          shown(sample.header[static_cast<size_t>(amount)]),
          shown(sample.header[static_cast<size_t>(column)]));
  return {};
}

// Whether a file has all that a table must have.
bool is_complete(const TableMapping& table, const RoleColumns& roles) {
  bool has_all = true;
  for (size_t role = 0; role < role_count; ++role) has_all &= !lacks(table, roles, role);
  return has_all;
}

// Whether it is a table of customers or products without a preset: ids of which each comes once, with
// something that is told of such, and nothing that is told of what people did (`as_rows`, the roles as a
// table of rows) or, in a table of products, of people.
bool tells(const TableMapping& table, const Sample& sample, const Names& names, const RoleColumns& as_rows) {
  const DimensionShape& shape = dimension_shapes()[static_cast<size_t>(table.kind)];
  RoleColumns columns = columns_of(table, names);
  auto has = [&](Role role) { return columns[at(role)] >= 0; };
  auto is_one = [&](const auto& property) { return has(property.first); };
  if (!has(shape.id) || !std::any_of(shape.properties.begin(), shape.properties.end(), is_one)) return false;
  bool is_of_customers = table.kind == Kind::customers;
  std::vector<Role> of_rows = {Role::time,
                               Role::receipt,
                               Role::quantity,
                               Role::action,
                               Role::amount,
                               Role::rating,
                               is_of_customers ? Role::product : Role::customer};
  if (is_of_customers) of_rows.push_back(Role::price);
  for (Role role : of_rows)
    if (int column = as_rows[at(role)]; column >= 0 && column != columns[at(shape.id)]) return false;
  const std::string& id = names.plain_of(columns[at(shape.id)]);
  bool says_people =
      names.has_any({"gender", "sex", "age", "birthday", "birthdate", "email", "phone", "mobile", "grade",
                     "성별", "나이", "연령", "연령대", "이메일", "전화번호", "휴대폰"});
  bool says_goods = has(Role::class_top) || has(Role::brand) || has(Role::list_price) || has(Role::stock) ||
                    names.has_any({"price", "판매가", "가격"});
  if (!is_of_customers && (says_people || ((id == "id" || id == "code") && !says_goods))) return false;
  if (sample.columns.empty()) return true;
  const auto& ids = sample.columns[static_cast<size_t>(columns[at(shape.id)])];
  return std::set<std::string_view>(ids.begin(), ids.end()).size() * 10 >= ids.size() * 9;
}

}  // namespace

std::string expected(const TableMapping& table) {
  std::vector<std::string> names;
  for (size_t role = 0; role < role_count; ++role)
    if (table.required[role]) names.push_back(table.columns[role].front());
  return fmt::format("{}", fmt::join(names, ", "));
}

Result<Match> match(const Mapping& mapping, const Sample& sample, const std::string& path) {
  Names names(sample.header);
  bool is_guess = mapping.preset.empty();
  auto best = mapping.tables.begin();
  if (is_guess && mapping.tables.size() > 1) {
    RoleColumns as_rows = Guess(*best, sample, names).roles();
    auto other = is_complete(*best, as_rows)
                     ? mapping.tables.end()
                     : std::find_if(best + 1, mapping.tables.end(), [&](const TableMapping& table) {
                         return tells(table, sample, names, as_rows);
                       });
    if (other != mapping.tables.end()) best = other;
  } else {
    best = std::max_element(mapping.tables.begin(), mapping.tables.end(), [&](const auto& a, const auto& b) {
      return fit(a, columns_of(a, names)) < fit(b, columns_of(b, names));
    });
  }
  Match out{&*best, columns_of(*best, names)};
  for (size_t role = 0; role < role_count; ++role)
    out.found[role] = out.roles[role] < 0 ? Found::not_at_all : Found::by_name;
  if (is_guess && !is_dimension(best->kind)) {
    Guess guess(*best, sample, names);
    out.roles = guess.roles();
    for (size_t role = 0; role < role_count; ++role) out.found[role] = guess.found(role);
    if (names.has_any({"propensity", "propensityscore", "배정확률"}) && !out.table->said[at(Role::amount)] &&
        !out.table->said[at(Role::action)])
      return Error{
          Code::bad_input,
          fmt::format("{}: it looks like a table of experiments, for it has a propensity: import it with the "
                      "preset exposures, or name what rows are with --action=COLUMN or --amount=COLUMN",
                      path)};
    if (std::string question = what_is_amount(sample, out, names); !question.empty())
      return Error{Code::bad_input, fmt::format("{}: {}", path, question)};
  }
  for (size_t role = 0; role < role_count; ++role) {
    int column = out.roles[role];
    if (column < 0 || sample.columns.empty()) continue;
    bool is_chosen = best->said[role] && best->columns[role][0].find('#') != std::string::npos;
    if (is_chosen) continue;
    std::vector<int> twins = names.twins(column);
    if (std::all_of(twins.begin(), twins.end(), [&](int twin) {
          return sample.columns[static_cast<size_t>(column)] == sample.columns[static_cast<size_t>(twin)];
        }))
      continue;
    return Error{
        Code::bad_input,
        fmt::format("{0}: two columns are called {1} and hold other values; name the one that is meant "
                    "with --{2}={1}#1 or --{2}={1}#2",
                    path, shown(sample.header[static_cast<size_t>(column)]), name(static_cast<Role>(role)))};
  }
  if (is_complete(*best, out.roles)) return out;

  if (is_guess || mapping.tables.size() == 1) return missing(*best, out.roles, sample, names, path);
  std::vector<std::string_view> tables;
  for (const TableMapping& table : mapping.tables) tables.push_back(table.name);
  return Error{
      Code::bad_input,
      fmt::format("{}: with the columns {} it is none of the tables {} of {}; {} is nearest, with {}", path,
                  shown(sample.header), fmt::join(tables, ", "), mapping.preset, best->name,
                  expected(*best))};
}

}  // namespace danggol::ingest
