#include "ingest/file_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/units.h"
#include "contract/words.h"
#include "ingest/values.h"
#include "ingest/words.h"

namespace danggol::ingest {
namespace {

void say(FileReport& report, const Sentence& sentence) {
  report.warnings.push_back(render(ingest_words::all, sentence));
}

constexpr std::array<std::string_view, 9> states_of_orders = {
    "status",   "orderstatus", "paymentstatus", "financialstatus", "transactionstatus",
    "주문상태", "결제상태",    "거래상태",      "처리상태"};

constexpr std::array<std::string_view, 6> words_of_totals = {"total", "order", "paid",
                                                             "주문",  "결제",  "합계"};

const RejectReason& reason_named(std::string_view name) {
  const auto& reasons = reject_reasons();
  auto at =
      std::find_if(reasons.begin(), reasons.end(), [&](const auto& reason) { return reason.name == name; });
  DANGGOL_ASSERT(at != reasons.end());
  return *at;
}

// A column of the states of orders that plays no role, for nobody knows its values; "" for none.
std::string unread_states(const FileFacts& facts) {
  if (facts.kind != Kind::events || facts.has(Role::action)) return {};
  for (size_t c = 0; c < facts.header.size(); ++c) {
    std::string name = plain(facts.header[c]);
    bool is_of_orders = std::any_of(states_of_orders.begin(), states_of_orders.end(),
                                    [&](std::string_view known) { return name == known; });
    if (is_of_orders && !facts.examples[c].empty()) return facts.header[c];
  }
  return {};
}

// Whether each line seems to carry the amount of its whole order: by the column's name and a few, or by many.
bool repeats_total(const FileReport& report) {
  int column = report.facts.roles[static_cast<size_t>(Role::amount)];
  if (column < 0 || report.facts.rules.is_amount_of_order) return false;
  std::string name = plain(report.facts.header[static_cast<size_t>(column)]);
  bool says_total = has_one_of(name, words_of_totals);
  int64_t least_lines = says_total ? 1 : 30;
  constexpr int64_t most_others_of = 50;
  return report.seen.next_lines >= least_lines &&
         (report.seen.next_lines - report.seen.same_amounts) * most_others_of <= report.seen.next_lines;
}

// One id stands for several people where letters of it are hidden; "" where none are.
std::string masked_customer(const FileFacts& facts) {
  int column = facts.roles[static_cast<size_t>(Role::customer)];
  if (column < 0) return {};
  const std::string& id = facts.examples[static_cast<size_t>(column)];
  return id.find('*') == id.npos ? "" : shown(id);
}

bool is_named_for_returns(const FileReport& report) {
  const FileFacts& facts = report.facts;
  bool are_purchases = facts.kind == Kind::events && !facts.has(Role::action) &&
                       facts.rules.action == Action::purchase && report.rows_loaded > report.seen.returns;
  std::string name = plain(facts.path.substr(facts.path.rfind('/') + 1));
  constexpr std::array<std::string_view, 6> words = {"refund", "returns", "cancel", "환불", "반품", "취소"};
  return are_purchases && has_one_of(name, words);
}

// "line 2: customer_id=a; ...": the rows of the commonest reason to turn one down.
std::string examples_of(const FileReport& report, std::string_view between) {
  std::string out;
  for (const auto& [line, text] : report.examples)
    out +=
        fmt::format("{}{}{}{}", out.empty() ? "line " : between, line, text.empty() ? "" : ": ", shown(text));
  return out;
}

// The column of names that stands for the customers; "" where there is a surer one.
std::string known_by_name(const FileFacts& facts) {
  int column = facts.roles[static_cast<size_t>(Role::customer)];
  if (column < 0) return {};
  const std::string& header = facts.header[static_cast<size_t>(column)];
  std::string name = plain(header);
  constexpr std::array<std::string_view, 14> names = {
      "customername", "buyername", "고객명", "회원명", "구매자명", "주문자명", "고객",
      "회원",         "구매자",    "주문자", "buyer",  "client",   "customer", "shopper"};
  const std::string& example = facts.examples[static_cast<size_t>(column)];
  bool is_code = example.find_first_of("0123456789@") != example.npos || example.find(' ') == example.npos;
  bool is_hangul = !example.empty() && static_cast<unsigned char>(example[0]) >= 0xea;
  if (std::find(names.begin(), names.end(), name) == names.end()) return {};
  return is_code && !is_hangul && name.find("name") == name.npos ? "" : shown(header);
}

// The column of devices or browsers that stands for the customers; "" where there is a better one.
std::string device_as_customer(const FileFacts& facts) {
  int column = facts.roles[static_cast<size_t>(Role::customer)];
  if (column < 0 || facts.kind != Kind::events) return {};
  const std::string& header = facts.header[static_cast<size_t>(column)];
  return is_device_by_name(header) ? shown(header) : "";
}

// Columns that may hold money, where none is read.
std::string perhaps_money(const FileFacts& facts) {
  if (facts.kind != Kind::events || facts.has(Role::amount) || facts.has(Role::price)) return {};
  constexpr std::array<std::string_view, 12> words = {"amount", "amt",   "sales", "revenue", "spend", "paid",
                                                      "total",  "price", "gross", "금액",    "매출",  "가격"};
  std::string out;
  for (size_t c = 0; c < facts.header.size(); ++c) {
    std::string name = plain(facts.header[c]);
    if (!plays_role(facts.roles, static_cast<int>(c)) && has_one_of(name, words) &&
        is_number(facts.examples[c]))
      out += (out.empty() ? "" : ", ") + facts.header[c];
  }
  return shown(out);
}

}  // namespace

// Why a file has no row that could be loaded: the reason that most of its rows have, and what to do; "" where
// that is not so.
std::string why_nothing(const FileReport& report) {
  if (report.rows_loaded > 0 || report.rows_rejected == 0) return {};
  const auto& [name, rows] = report.rejects.front();
  const RejectReason& reason = reason_named(name);
  std::string such = examples_of(report, "; line ");
  return fmt::format("none of its rows could be loaded ({} of {}: {}){}{}{}{}", grouped(rows),
                     grouped(report.rows_rejected), reason.words().in(Language::en),
                     such.empty() ? "" : ", such as ", such, reason.remedy().empty() ? "" : "; ",
                     reason.remedy().in(Language::en));
}

void warn(const Mapping& mapping, FileReport& report) {
  const FileFacts& facts = report.facts;
  std::string known = mapping.preset.empty() ? preset_by_columns(facts.header) : "";
  if (!known.empty()) say(report, ingest_words::of_a_preset({.preset = {known}}));
  if (mapping.has_no_dates && facts.kind == Kind::events) say(report, ingest_words::no_dates());
  if (std::string id = masked_customer(facts); !id.empty()) say(report, ingest_words::masked({.id = {id}}));
  if (report.seen.strangers > 0) say(report, ingest_words::strangers({.rows = report.seen.strangers}));
  if (std::string device = device_as_customer(facts); !device.empty())
    say(report, ingest_words::devices_alone({.column = {device}}));
  if (facts.kind == Kind::exposures && report.seen.offers > 0 && report.seen.offers == report.rows_loaded)
    say(report, ingest_words::no_hold_out());
  if (auto unknown = unknown_of(report.seen.actions); unknown.rows > 0 && report.rows_loaded > 0)
    say(report, ingest_words::unknown_actions(
                    {.rows = unknown.rows, .value = {shown(unknown.values.front().first)}}));
  if (report.seen.returns > 0) say(report, ingest_words::returns({.rows = report.seen.returns}));
  const Beside& beside = facts.beside;
  if (report.seen.undone > 0) {
    std::vector<std::string> columns;
    for (const Undoing& undoing : beside.undoing)
      columns.push_back(facts.header[static_cast<size_t>(undoing.column)]);
    say(report, ingest_words::undone_beside({.rows = report.seen.undone, .columns = {shown(columns)}}));
  }
  if (!beside.given_back.empty())
    say(report, ingest_words::given_back({.columns = {shown(beside.given_back)}}));
  if (!beside.with_words.empty())
    say(report, ingest_words::with_words({.columns = {shown(beside.with_words)}}));
  if (!beside.currencies.empty())
    say(report, ingest_words::currencies({.columns = {shown(beside.currencies)}}));
  constexpr std::array says_purchase = {Role::amount, Role::price, Role::quantity, Role::receipt,
                                        Role::action};
  bool is_all_said =
      std::any_of(says_purchase.begin(), says_purchase.end(), [&](Role r) { return facts.has(r); });
  if (facts.kind == Kind::events && !is_all_said && facts.rules.action == Action::purchase)
    say(report, ingest_words::all_purchases());
  if (report.seen.charges > 0) say(report, ingest_words::charges({.rows = report.seen.charges}));
  if (is_named_for_returns(report)) say(report, ingest_words::named_returns());
  if (report.seen.added_discounts > 0)
    say(report, ingest_words::added_discounts({.rows = report.seen.added_discounts}));
  if (repeats_total(report)) say(report, ingest_words::repeated_totals());
  if (std::string column = known_by_name(facts); !column.empty())
    say(report, ingest_words::known_by_name({.column = {column}}));
  bool is_said = std::any_of(mapping.tables.begin(), mapping.tables.end(), [](const TableMapping& table) {
    return table.said[static_cast<size_t>(Role::amount)] || table.said[static_cast<size_t>(Role::price)];
  });
  if (std::string columns = perhaps_money(facts); !columns.empty() && !is_said && mapping.preset.empty())
    say(report, ingest_words::no_money({.columns = {columns}}));
  if (std::string column = unread_states(facts); !column.empty())
    say(report, ingest_words::unread_states({.column = {shown(column)}}));
  if (report.rows_loaded == 0 && report.rows_rejected > 0) {
    const auto& [name, rows] = report.rejects.front();
    say(report, ingest_words::nothing_loaded({.rows = rows,
                                              .all = report.rows_rejected,
                                              .reason = {reason_named(name).words()},
                                              .examples = {examples_of(report, "; ")},
                                              .remedy = {reason_named(name).remedy()}}));
  }
  if (report.seen.times.instants > 0 && !facts.rules.zone)
    say(report, ingest_words::in_utc({.times = report.seen.times.instants}));
}

void warn_of_rejects(int64_t kept, FileReport& report) {
  say(report, ingest_words::few_rejects_kept({.kept = kept, .others = report.rows_rejected - kept}));
}

void name_left_out(const Inputs& inputs, const Joins& joins, FileReport& report) {
  for (const Joins::Taken& taken : joins.taken())
    say(report, taken.key.empty() ? ingest_words::nothing_read({.file = {taken.path}})
                                  : ingest_words::looked_up(
                                        {.file = {taken.path}, .rows = taken.rows, .key = {taken.key}}));
  for (const std::string& path : inputs.left_out()) say(report, ingest_words::no_table({.file = {path}}));
}

// One id with more than a fifth of all visits is hardly a customer.
Status warn_of_one_for_all(store::Connection& connection, int64_t first_load, FileReport& report) {
  constexpr double most_share = 0.2;
  constexpr int64_t least_customers = 20, least_rows = 100;
  Table most = TRY(connection.query(
      "SELECT customer_no, count(*) AS rows, (SELECT count(*) FROM raw.event WHERE source >= $load) AS "
      "all_rows, "
      "count(*) OVER () AS customers FROM raw.event WHERE source >= $load GROUP BY customer_no "
      "ORDER BY rows DESC, customer_no LIMIT 1",
      {{"load", first_load}}));
  if (most.rows() == 0 || most.integers("customers")[0] < least_customers) return {};
  auto rows = static_cast<double>(most.integers("rows")[0]),
       all = static_cast<double>(most.integers("all_rows")[0]);
  if (all < least_rows || rows < most_share / 2 * all) return {};
  Table visits = TRY(connection.query(
      "SELECT customer_id, visits, all_visits FROM (SELECT count(DISTINCT ts) FILTER (customer_no = $who) AS "
      "visits, "
      "count(DISTINCT (customer_no, ts)) AS all_visits FROM raw.event WHERE source >= $load), raw.customer "
      "WHERE customer_no = $who",
      {{"load", first_load}, {"who", most.integers("customer_no")[0]}}));
  auto of_one = static_cast<double>(visits.integers("visits")[0]);
  if (double share = of_one / static_cast<double>(visits.integers("all_visits")[0]); share > most_share)
    say(report, ingest_words::one_for_all(
                    {.customer = {shown(visits.texts("customer_id")[0])}, .share = Share(share)}));
  return {};
}

Status warn_of_states(store::Connection& connection, int64_t load_no, FileReport& report) {
  bool tells_states = report.facts.are_states() || report.seen.undone > 0;
  if (!tells_states || !report.facts.has(Role::receipt)) return {};
  Table undone = TRY(connection.query(
      "SELECT count(DISTINCT (u.customer_no, u.receipt_id)) AS orders, coalesce(min(p.source), 0) AS load "
      "FROM "
      "raw.event u JOIN raw.event p USING (customer_no, receipt_id) WHERE u.source = $load AND u.action = "
      "'cancel' AND coalesce(u.amount, 0) = 0 AND p.action = 'purchase' AND p.source < $load",
      {{"load", load_no}}));
  if (int64_t orders = undone.integers("orders")[0]; orders > 0)
    say(report,
        ingest_words::undone_later({.orders = orders, .load = undone.integers("load")[0], .own = load_no}));
  int64_t again = TRY(connection.integer(
      "SELECT count(DISTINCT (customer_no, receipt_id)) FROM (SELECT customer_no, receipt_id FROM raw.event "
      "WHERE source = $load AND receipt_id IS NOT NULL GROUP BY customer_no, receipt_id, product_no HAVING "
      "count(DISTINCT ts) > 1)",
      {{"load", load_no}}));
  if (again > 0) say(report, ingest_words::states_again({.orders = again}));
  else if (report.seen.other_states > 0)
    say(report, ingest_words::other_states({.rows = report.seen.other_states}));
  return {};
}

Status warn_of_lost_zeros(store::Connection& connection, FileReport& report) {
  Table found = TRY(connection.query(
      "WITH number AS (SELECT customer_id, ltrim(customer_id, '0') AS bare FROM raw.customer "
      "WHERE regexp_full_match(customer_id, '[0-9]+')), "
      "alike AS (SELECT min(customer_id) AS one, max(customer_id) AS other, count(*) - 1 AS others FROM "
      "number "
      "GROUP BY bare HAVING count(*) > 1) "
      "SELECT coalesce(sum(others), 0)::BIGINT AS customers, min(one) AS one, arg_min(other, one) AS other "
      "FROM alike"));
  if (found.integers("customers")[0] > 0)
    say(report, ingest_words::lost_zeros({.customers = found.integers("customers")[0],
                                          .one = {shown(found.texts("one")[0])},
                                          .other = {shown(found.texts("other")[0])}}));
  return {};
}

}  // namespace danggol::ingest
