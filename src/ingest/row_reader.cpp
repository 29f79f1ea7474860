#include "ingest/row_reader.h"

#include <algorithm>
#include <bitset>
#include <deque>

#include "base/clock.h"
#include "base/ids.h"
#include "base/utf8.h"
#include "ingest/values.h"

namespace danggol::ingest {
namespace {

// A customer's id as it is kept: an e-mail's letters are small. What must be written anew goes to `kept`.
std::string_view as_customer(std::string_view text, std::deque<std::string>& kept) {
  std::string_view id = customer_id(text);
  auto is_large = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (id.find('@') == id.npos || std::none_of(id.begin(), id.end(), is_large)) return id;
  std::string& small = kept.emplace_back(id);
  for (char& c : small)
    if (is_large(c)) c = static_cast<char>(c + 32);
  return small;
}

// An age in years as the ten years it is of, "30-39"; other texts (30대) as they are.
std::string_view as_age_band(std::string_view text, std::deque<std::string>& kept) {
  bool is_age = !text.empty() && text.size() <= 3 && text.find_first_not_of("0123456789") == text.npos;
  int age = is_age ? std::stoi(std::string(text)) / 10 * 10 : 0;
  return is_age ? std::string_view(kept.emplace_back(std::to_string(age) + "-" + std::to_string(age + 9)))
                : text;
}

// One record's fields by their roles.
struct Fields {
  const RoleColumns& roles;
  RecordBlock& block;
  const Record& record;
  bool is_all_clean;  // the block's text; see ids.h
  std::vector<Detail>& details;
  bool has(Role role) const { return roles[static_cast<size_t>(role)] >= 0; }
  std::string_view operator()(Role role) const {
    int column = roles[static_cast<size_t>(role)];
    return column < 0 ? std::string_view() : (*this)(column);
  }
  std::string_view operator()(int column) const { return unprotected(trimmed(block.field(record, column))); }
  // A text as it is kept: composed, without what cannot be seen.
  std::string_view text(Role role) const {
    std::string_view field = (*this)(role);
    if (is_all_clean || is_clean(field)) return field;
    return block.unescaped.emplace_back(cleaned(field));
  }
  std::string_view age_band() const { return as_age_band(text(Role::age_band), block.unescaped); }
  std::string_view customer() const { return as_customer(text(Role::customer), block.unescaped); }
  // Who stands for nobody: the row's device; "" where it has none.
  std::string_view stand_in() const {
    std::string_view device = text(Role::device);
    if (!danggol::why_nobody(device).empty()) return {};
    return block.unescaped.emplace_back(customer_of_device(device));
  }
};

std::string_view why_nobody(std::string_view id, const std::vector<std::string>& nobody) {
  if (auto reason = danggol::why_nobody(id); !reason.empty()) return reason;
  return std::find(nobody.begin(), nobody.end(), id) != nobody.end() ? "placeholder_id" : "";
}

std::string_view problem(const Record& record) {
  switch (record.problem) {
    case RecordProblem::none: return {};
    case RecordProblem::field_count: return "field_count";
    case RecordProblem::open_quote: return "open_quote";
    case RecordProblem::bad_quote: return "bad_quote";
    case RecordProblem::too_long: return "too_long";
    case RecordProblem::encoding: return "encoding";
    case RecordProblem::unmatched: return "unmatched";
  }
  return {};
}

}  // namespace

// What reads a row returns the reason if it is to be turned down.
struct RowReader::State {
  // Of each column beside the roles the text of the row before, and whether it says that the order was
  // undone.
  using SaidBeside = std::vector<std::pair<std::string_view, bool>>;

  // What the rows before had: the lines of a receipt are alike.
  struct Before {
    std::string_view time, hour;
    Timestamp ts;
    bool is_instant = false;
    std::string_view receipt, receipt_action, customer, product;
    Timestamp of_row{};      // ts is that of the text above
    bool is_undone = false;  // the receipt, by a column beside
    std::string_view offer;
    bool is_hold_out = false;
    SaidBeside beside;
    Money amount;
    std::vector<std::pair<std::string_view, ActionSeen*>> actions;
    ActionSeen beyond;  // of a value that is not counted
  };

  template <auto read_row, class Row>
  void read_as(Batch& batch, std::vector<Row>& rows) const {
    rows.reserve(batch.block.records.size());
    Before before{};
    before.receipt = batch.carried.receipt, before.receipt_action = batch.carried.action;
    before.customer = as_customer(unprotected(batch.carried.customer), batch.block.unescaped);
    before.is_undone = batch.carried.is_undone;
    TimeEvidence unused;
    if (auto time = parse_time(batch.carried.time, times, unused)) before.of_row = *time;
    bool all_clean = !batch.block.text.empty() && is_all_clean(batch.block.text);
    for (const Record& record : batch.block.records) {
      Row row{};
      row.line = record.line;
      std::string_view reason = problem(record);
      if (reason.empty())
        reason = (this->*read_row)(Fields{roles, batch.block, record, all_clean, batch.details},
                                   batch.evidence, before, row);
      if (reason == "bad_time" && batch.evidence.second_header == 0 && names_again(batch.block, record))
        batch.evidence.second_header = record.line;
      if (reason.empty()) rows.push_back(row);
      else batch.reject(record, reason);
    }
  }

  std::string_view read_time(const Fields& text, Evidence& seen, Before& before, Timestamp& ts) const {
    std::string_view time = text(Role::time), hour = text(Role::hour);
    ++seen.rows;
    if (time.empty() || time != before.time || hour != before.hour) {
      int64_t open = seen.times.open, instants = seen.times.instants;
      auto read = parse_time(time, times, seen.times);
      if (seen.times.open > open && seen.open_time.line == 0)
        seen.open_time = {text.record.line, std::string(time)};
      if (!read) return seen.times.open > open ? "ambiguous_time" : "bad_time";
      if (text.has(Role::hour)) {
        auto since_midnight = parse_clock(hour);
        if (!since_midnight) return "bad_hour";
        if (to_timestamp(to_date(*read)) != *read) return "bad_time";  // it has an hour of its own
        read->micros += *since_midnight;
      }
      before.time = time, before.hour = hour, before.ts = *read;
      before.is_instant = seen.times.instants > instants;
    } else {
      seen.times.instants += before.is_instant;
    }
    ts = before.ts;
    if (ts >= to_timestamp(Date{1}) && ts <= latest && notation.lonely.empty()) return {};
    if (stands_for_none(to_date(ts))) return "default_time";
    if (ts < to_timestamp(earliest_date)) return "bad_time";
    if (ts > latest) return "future_time";
    for (const auto& [from, until] : notation.lonely)
      if (from <= ts && ts < until) return "lonely_time";
    return {};
  }

  // Whether a row has the names of columns once more, and not all the same: then another table begins.
  bool names_again(const RecordBlock& block, const Record& record) const {
    bool is_same = true;
    for (size_t role = 0; role < role_count; ++role)
      is_same &= roles[role] < 0 || plain(trimmed(block.field(record, roles[role]))) == names[role];
    auto customer = static_cast<size_t>(Role::customer);
    return !is_same && plain(trimmed(block.field(record, roles[customer]))) == names[customer];
  }

  std::optional<bool> is_undone_beside(const RecordBlock& block, const Record& record,
                                       SaidBeside& before) const {
    before.resize(beside.size());
    std::optional<bool> is_undone;
    for (size_t i = 0; i < beside.size(); ++i) {
      std::string_view text = trimmed(block.field(record, beside[i].column));
      if (text != before[i].first) before[i] = {text, beside[i].says_so(text, rules.meanings)};
      if (!text.empty()) is_undone = is_undone.value_or(false) || before[i].second;
    }
    return is_undone;
  }

  const ActionSeen& action_of(std::string_view value, Evidence& seen, Before& before) const {
    for (const auto& [known, action] : before.actions)
      if (known == value) return ++action->rows, *action;
    auto at = seen.actions.find(value);
    if (at == seen.actions.end()) {
      ActionSeen fresh{rules.meanings.of(value, is_state)};
      if (seen.actions.size() == Evidence::most_actions) return before.beyond = fresh;
      at = seen.actions.emplace(std::string(value), fresh).first;
    }
    constexpr size_t most_remembered = 16;
    if (before.actions.size() < most_remembered) before.actions.emplace_back(value, &at->second);
    return ++at->second.rows, at->second;
  }

  // Nearly all codes part from those of no product by their length and their first letter.
  static size_t key(std::string_view code) { return (code.size() & 31) << 5 | (code[0] & 31); }

  // Whether the row is money of an order, and no product: by its code, or by what it is called.
  Charge charge(const EventRow& row) const {
    if (row.product.empty()) return Charge::none;  // then there is no name, either
    if (may_be_no_product[key(row.product)] && std::find(rules.non_products.begin(), rules.non_products.end(),
                                                         row.product) != rules.non_products.end())
      return Charge::discount;
    return charge_of(row.of_product[0].empty() ? row.product : row.of_product[0]);
  }

  // A number, in the role's own notation; nothing where the field is empty. False for what is none.
  template <size_t n>
  bool read_number(const Fields& text, Evidence& seen, Money& value, bool& has) const {
    std::string_view field = text(number_roles[n]);
    if (field.empty()) return true;
    NumberEvidence& column = seen.numbers[n];
    int64_t open = column.open();
    auto read = parse_number(field, notation.decimals[n], column);
    if (column.open() > open && seen.open_numbers[n].line == 0)
      seen.open_numbers[n] = {text.record.line, std::string(field)};
    if (!read) return false;
    value = *read, has = true;
    return true;
  }

  std::string_view read_event(const Fields& text, Evidence& seen, Before& before, EventRow& row) const {
    row.customer = text.customer();
    row.receipt = text.text(Role::receipt);
    auto nobody = why_nobody(row.customer, rules.nobody);
    if (!nobody.empty()) {
      row.customer = nobody == "spreadsheet_id" ? std::string_view() : text.stand_in();
      if (row.customer.empty()) return nobody;
    }
    if (auto reason = read_time(text, seen, before, row.ts); !reason.empty()) return reason;

    // Of the same order as the row before: a till may begin anew with 1 each day.
    // Without numbers of orders it is one where the time is the same.
    bool has_receipt = !row.receipt.empty();
    bool is_next_line =
        row.receipt == before.receipt && row.customer == before.customer &&
        (row.ts == before.of_row || (has_receipt && to_date(row.ts) == to_date(before.of_row)));
    before.customer = row.customer, before.of_row = row.ts;
    bool is_undone = false, is_other_state = false;
    row.action = rules.action;
    if (text.has(Role::action)) {
      std::string_view value = text.text(Role::action);
      if (value.empty() && is_next_line) value = before.receipt_action;  // told on an order's first row
      const ActionSeen& known = action_of(value, seen, before);
      is_other_state = is_state && is_next_line && has_receipt && value != before.receipt_action;
      before.receipt = row.receipt, before.receipt_action = value;
      if (!known.meaning) return "unknown_action";
      if (!known.meaning->action) return "no_event";
      row.action = *known.meaning->action, is_undone = known.meaning->is_undone;
    }
    before.receipt = row.receipt;
    if (!beside.empty() && row.action == Action::purchase) {
      auto said = is_undone_beside(text.block, text.record, before.beside);
      before.is_undone = said.value_or(is_next_line && before.is_undone);
      if (before.is_undone && !is_undone) row.action = Action::cancel, is_undone = true, ++seen.undone;
    }
    if (!rules.cancel_prefix.empty() && row.receipt.starts_with(rules.cancel_prefix))
      row.action = Action::cancel;

    if (!read_number<0>(text, seen, row.quantity, row.has_quantity)) return "bad_quantity";
    if (!read_number<2>(text, seen, row.amount, row.has_amount)) return "bad_amount";
    if (!row.has_amount) {
      Money price;
      if (!read_number<1>(text, seen, price, row.has_amount)) return "bad_amount";
      bool overflow = false;
      row.amount = multiply(price, row.has_quantity ? row.quantity : Money{Money::scale}, overflow);
      if (overflow) return "bad_amount";
    }
    bool is_negative = row.amount.ten_thousandths < 0 || row.quantity.ten_thousandths < 0;
    if (is_undone && !is_negative) row.amount = row.quantity = {};  // else its purchase is another row
    bool money_needed = (row.action == Action::purchase || row.action == Action::cancel) && !is_undone;
    if (!row.has_amount && money_needed && (text.has(Role::amount) || text.has(Role::price)))
      return "no_amount";

    row.product = text.text(Role::product);  // where there is no id, the name is one
    tell(text, Kind::products, row.of_product);
    if (row.product.empty()) row.product = beginning(row.of_product[0], most_id_bytes);
    seen.other_states += is_other_state && row.product == before.product;
    before.product = row.product;
    Charge charge = this->charge(row);
    if (charge != Charge::none) row.product = {}, row.of_product = {}, ++seen.charges;
    // What was paid beside goods that come back comes back with them; a discount is no return.
    if (is_negative && charge != Charge::discount && row.action == Action::purchase &&
        rules.negatives_are_returns) {
      row.action = Action::cancel;
      seen.returns += charge == Charge::none;
    }
    bool is_added = charge == Charge::discount && row.amount.ten_thousandths > 0;
    seen.added_discounts += is_added && rules.non_products.empty();
    if (is_next_line && has_receipt && text.has(Role::amount)) {
      ++seen.next_lines;
      seen.same_amounts += row.has_amount && row.amount.ten_thousandths == before.amount.ten_thousandths;
    }
    before.amount = row.amount;
    row.partner = text.text(Role::partner);
    row.channel = text.text(Role::channel);
    for (const auto& [code, word] : rules.channels)
      if (row.channel == code) {
        row.channel = word;
        break;
      }
    row.store = text.text(Role::store);
    tell(text, Kind::customers, row.of_customer);
    for (std::string_view id :
         {row.customer, row.product, row.receipt, row.partner, row.channel, row.store, row.of_customer[0]})
      if (id.size() > most_id_bytes) return "id_too_long";
    row.first_detail = static_cast<uint32_t>(text.details.size());
    for (Role role : details_here)
      if (std::string_view said = beginning(text.text(role), most_detail_bytes); !said.empty())
        text.details.push_back({role, said}), ++row.details;
    seen.strangers += !nobody.empty();
    return {};
  }

  std::string_view read_exposure(const Fields& text, Evidence& seen, Before& before, ExposureRow& row) const {
    row.customer = text.customer();
    if (auto reason = danggol::why_nobody(row.customer); !reason.empty()) return reason;
    if (auto reason = read_time(text, seen, before, row.ts); !reason.empty()) return reason;
    row.offer = text.text(Role::offer);
    if (row.offer.empty()) return "no_offer";
    if (row.offer != before.offer) before.offer = row.offer, before.is_hold_out = is_hold_out(row.offer);
    if (before.is_hold_out) row.offer = "none";
    else ++seen.offers;
    auto propensity = parse_propensity(text(Role::propensity));
    if (!propensity) return "bad_propensity";
    row.propensity = *propensity;
    if (row.customer.size() > most_id_bytes || row.offer.size() > most_id_bytes) return "id_too_long";
    return {};
  }

  bool is_hold_out(std::string_view offer) const {
    constexpr std::array<std::string_view, 18> usual = {
        "none",         "control", "controlgroup", "ctrl",    "ctl",    "holdout",
        "holdoutgroup", "nooffer", "nocontact",    "noemail", "nomail", "nosms",
        "nopush",       "대조군",  "통제군",       "미노출",  "비노출", "미발송"};
    std::string word = plain(offer);
    return std::find(usual.begin(), usual.end(), word) != usual.end() ||
           std::find(rules.hold_out.begin(), rules.hold_out.end(), offer) != rules.hold_out.end();
  }

  std::string_view read_dimension(const Fields& text, Evidence&, Before&, DimensionRow& row) const {
    const DimensionShape& shape = dimension_shapes()[static_cast<size_t>(kind)];
    row.id = shape.id == Role::customer ? text.customer() : text.text(shape.id);
    if (row.id.empty()) return "no_id";
    if (auto reason = danggol::why_nobody(row.id); shape.id == Role::customer && !reason.empty())
      return reason;
    if (row.id.size() > most_id_bytes) return "id_too_long";
    tell(text, kind, row.properties);
    return {};
  }

  // What the row tells of a customer, product or store.
  template <size_t n>
  void tell(const Fields& text, Kind of, std::array<std::string_view, n>& properties) const {
    const auto& told = told_of[static_cast<size_t>(of)];
    for (auto [property, role] : told)
      properties[property] = role == Role::age_band ? text.age_band() : text.text(role);
  }

  Kind kind;
  Rules rules;
  Notation notation;
  TimeStyle times;
  RoleColumns roles;
  std::array<std::string, role_count> names;  // of the roles' columns, as plain() writes them
  bool is_state;
  std::vector<Undoing> beside;
  std::bitset<1024> may_be_no_product;
  Timestamp latest;
  // Of each dimension the properties that have a column, by their place in DimensionShape.
  std::array<std::vector<std::pair<size_t, Role>>, dimension_count> told_of;
  std::vector<Role> details_here;  // of events, that have a column
};

RowReader::RowReader(const FileFacts& facts) {
  auto state = std::make_shared<State>();
  State& s = *state;
  s.kind = facts.kind;
  s.rules = facts.rules;
  s.notation = facts.notation;
  s.times = {s.notation.order, s.rules.unix_only, s.rules.zone.get()};
  s.roles = facts.roles;
  for (size_t role = 0; role < role_count; ++role)
    if (s.roles[role] >= 0) s.names[role] = plain(facts.header[static_cast<size_t>(s.roles[role])]);
  s.is_state = facts.are_states();
  s.beside = facts.beside.undoing;
  s.latest = {now_utc().micros + micros_per_day};
  auto has = [&](Role role) { return s.roles[static_cast<size_t>(role)] >= 0; };
  for (const DimensionShape& shape : dimension_shapes()) {
    auto& told = s.told_of[static_cast<size_t>(shape.kind)];
    for (size_t p = 0; p < shape.properties.size(); ++p)
      if (Role role = shape.properties[p].first; has(role)) told.emplace_back(p, role);
    if (s.kind != shape.kind) continue;
    for (size_t p = 0; p < shape.beside.size(); ++p)
      if (Role role = shape.beside[p].first; has(role)) told.emplace_back(shape.properties.size() + p, role);
  }
  std::copy_if(roles_of_details.begin(), roles_of_details.end(), std::back_inserter(s.details_here), has);
  for (const std::string& code : s.rules.non_products) s.may_be_no_product.set(State::key(code));
  state_ = std::move(state);
}

std::optional<bool> RowReader::is_undone_beside(const RecordBlock& block, const Record& record) const {
  State::SaidBeside before;
  return state_->is_undone_beside(block, record, before);
}

void RowReader::read(Batch& batch) const {
  const State& s = *state_;
  batch.kind = s.kind;
  switch (s.kind) {
    case Kind::customers:
    case Kind::products:
    case Kind::stores: return s.read_as<&State::read_dimension>(batch, batch.dimension);
    case Kind::events: return s.read_as<&State::read_event>(batch, batch.events);
    case Kind::exposures: return s.read_as<&State::read_exposure>(batch, batch.exposures);
  }
}

}  // namespace danggol::ingest
