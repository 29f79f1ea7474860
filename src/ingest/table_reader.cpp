#include "ingest/table_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/ids.h"
#include "base/utf8.h"
#include "ingest/byte_source.h"
#include "ingest/encoding.h"
#include "ingest/nested_source.h"
#include "ingest/values.h"
#include "ingest/watch.h"
#include "ingest/words.h"

namespace danggol::ingest {
namespace {

class CsvSource : public RecordSource {
 public:
  // `blanks`, what has read the text so far, where fields stand apart by blanks.
  CsvSource(ByteSource bytes, std::string text, CsvSplitter splitter, std::optional<BlankRuns> blanks)
      : bytes_(std::move(bytes)), text_(std::move(text)), splitter_(splitter), blanks_(blanks) {}

  Result<bool> next(RecordBlock& block) override {
    size_t piece = piece_bytes;
    while (true) {
      while (text_.size() - at_ < piece && !at_end_) {
        text_.erase(0, at_);
        at_ = 0;
        at_end_ = !TRY(read());
      }
      if (at_ == text_.size()) return false;
      block.text.assign(text_, at_, piece);
      bool last = at_end_ && block.text.size() == text_.size() - at_;
      size_t used = splitter_.split(block, last);
      at_ += used;
      if (!block.records.empty()) return true;
      if (used == 0) piece *= 2;  // a record longer than the piece
    }
  }
  std::string digest_of_read() const override { return bytes_.digest_of_read(); }

 private:
  // So much that all made of it, some 10 times as large, stays in a core's own cache.
  static constexpr size_t piece_bytes = 128 << 10;

  Result<bool> read() {
    if (!blanks_) return bytes_.read(text_);
    std::string more;
    bool any = TRY(bytes_.read(more));
    blanks_->append(more, text_);
    return any;
  }

  ByteSource bytes_;
  std::string text_;
  size_t at_ = 0;  // the text before it is in records
  CsvSplitter splitter_;
  std::optional<BlankRuns> blanks_;
  bool at_end_ = false;
};

// One record's fields by their roles.
struct Fields {
  const RoleColumns& roles;
  RecordBlock& block;
  const Record& record;
  bool is_all_clean;  // the block's text; see ids.h
  bool has(Role role) const { return roles[static_cast<size_t>(role)] >= 0; }
  std::string_view operator()(Role role) const {
    int column = roles[static_cast<size_t>(role)];
    if (column < 0) return {};
    return trimmed(block.field(record, column));
  }
  // A text as it is kept: composed, without what cannot be seen.
  std::string_view text(Role role) const {
    std::string_view field = (*this)(role);
    if (is_all_clean || is_clean(field)) return field;
    return block.unescaped.emplace_back(cleaned(field));
  }
  std::string_view customer() const { return customer_id(text(Role::customer)); }
};

std::string_view problem(const Record& record) {
  switch (record.problem) {
    case RecordProblem::none: return {};
    case RecordProblem::field_count: return "field_count";
    case RecordProblem::open_quote: return "open_quote";
    case RecordProblem::bad_quote: return "bad_quote";
    case RecordProblem::too_long: return "too_long";
    case RecordProblem::encoding: return "encoding";
  }
  return {};
}

// Makes rows of the records of one file. What reads a row returns the reason if it is to be turned down.
class RowReader {
 public:
  explicit RowReader(const FileFacts& facts)
      : kind_(facts.kind),
        rules_(facts.rules),
        notation_(facts.notation),
        times_{notation_.order, rules_.unix_only, rules_.zone.get()},
        roles_(facts.roles),
        product_role_(facts.has(Role::product) ? Role::product : Role::product_name),
        latest_{now_utc().micros + micros_per_day} {}

  void read(Batch& batch) const {
    batch.kind = kind_;
    switch (kind_) {
      case Kind::customers:
      case Kind::products:
      case Kind::stores: return read_as<&RowReader::read_dimension>(batch, batch.dimension);
      case Kind::events: return read_as<&RowReader::read_event>(batch, batch.events);
      case Kind::exposures: return read_as<&RowReader::read_exposure>(batch, batch.exposures);
    }
  }

 private:
  // The time of the row before: the lines of a receipt have the same.
  struct Clock {
    std::string_view time, hour;
    Timestamp ts;
  };

  template <auto read_row, class Row>
  void read_as(Batch& batch, std::vector<Row>& rows) const {
    rows.reserve(batch.block.records.size());
    Clock clock{};
    bool all_clean = !batch.block.text.empty() && is_all_clean(batch.block.text);
    for (const Record& record : batch.block.records) {
      Row row{};
      row.line = record.line;
      std::string_view reason = problem(record);
      if (reason.empty())
        reason =
            (this->*read_row)(Fields{roles_, batch.block, record, all_clean}, batch.evidence, clock, row);
      if (reason.empty()) rows.push_back(row);
      else batch.reject(record, reason);
    }
  }

  std::string_view read_time(const Fields& text, Evidence& seen, Clock& clock, Timestamp& ts) const {
    std::string_view time = text(Role::time), hour = text(Role::hour);
    ++seen.rows;
    if (time.empty() || time != clock.time || hour != clock.hour) {
      int64_t open = seen.times.open;
      auto read = parse_time(time, times_, seen.times);
      if (seen.times.open > open && seen.open_time.line == 0)
        seen.open_time = {text.record.line, std::string(time)};
      if (!read) return seen.times.open > open ? "ambiguous_time" : "bad_time";
      if (text.has(Role::hour)) {
        auto since_midnight = parse_clock(hour);
        if (!since_midnight) return "bad_hour";
        if (to_timestamp(to_date(*read)) != *read) return "bad_time";  // it has an hour of its own
        read->micros += *since_midnight;
      }
      clock = {time, hour, *read};
    }
    ts = clock.ts;
    if (ts >= to_timestamp(Date{1}) && ts <= latest_ && notation_.lonely.empty()) return {};
    if (stands_for_none(to_date(ts))) return "default_time";
    if (ts < to_timestamp(earliest_date)) return "bad_time";
    if (ts > latest_) return "future_time";
    for (const auto& [from, until] : notation_.lonely)
      if (from <= ts && ts < until) return "lonely_time";
    return {};
  }

  // A number, in the role's own notation; nothing where the field is empty. False for what is none.
  template <size_t n>
  bool read_number(const Fields& text, Evidence& seen, Money& value, bool& has) const {
    std::string_view field = text(number_roles[n]);
    if (field.empty()) return true;
    NumberEvidence& column = seen.numbers[n];
    int64_t open = column.open();
    auto read = parse_number(field, notation_.decimals[n], column);
    if (column.open() > open && seen.open_numbers[n].line == 0)
      seen.open_numbers[n] = {text.record.line, std::string(field)};
    if (!read) return false;
    value = *read, has = true;
    return true;
  }

  std::string_view read_event(const Fields& text, Evidence& seen, Clock& clock, EventRow& row) const {
    row.customer = text.customer();
    if (auto reason = why_nobody(row.customer); !reason.empty()) return reason;
    if (std::find(rules_.nobody.begin(), rules_.nobody.end(), row.customer) != rules_.nobody.end())
      return "placeholder_id";
    if (auto reason = read_time(text, seen, clock, row.ts); !reason.empty()) return reason;

    row.receipt = text.text(Role::receipt);
    row.action = rules_.action;
    if (text.has(Role::action)) {
      auto action = parse_action(text(Role::action));
      if (!action) return "unknown_action";
      row.action = *action;
    }
    if (!rules_.cancel_prefix.empty() && row.receipt.starts_with(rules_.cancel_prefix))
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
    bool money_needed = row.action == Action::purchase || row.action == Action::cancel;
    if (!row.has_amount && money_needed && (text.has(Role::amount) || text.has(Role::price)))
      return "no_amount";

    row.product = text.text(product_role_);  // where there are no ids, a name is one
    row.product_name = text.text(Role::product_name);
    if (std::find(rules_.non_products.begin(), rules_.non_products.end(), row.product) !=
        rules_.non_products.end())
      row.product = row.product_name = {};
    row.partner = text.text(Role::partner);
    row.channel = text.text(Role::channel);
    for (const auto& [code, word] : rules_.channels)
      if (row.channel == code) {
        row.channel = word;
        break;
      }
    row.store = text.text(Role::store);
    row.region = text.text(Role::region);
    for (std::string_view id :
         {row.customer, row.product, row.receipt, row.partner, row.channel, row.store, row.region})
      if (id.size() > most_id_bytes) return "id_too_long";
    return {};
  }

  std::string_view read_exposure(const Fields& text, Evidence& seen, Clock& clock, ExposureRow& row) const {
    row.customer = text.customer();
    if (auto reason = why_nobody(row.customer); !reason.empty()) return reason;
    if (auto reason = read_time(text, seen, clock, row.ts); !reason.empty()) return reason;
    row.offer = text.text(Role::offer);
    if (row.offer.empty()) return "no_offer";
    auto propensity = parse_propensity(text(Role::propensity));
    if (!propensity) return "bad_propensity";
    row.propensity = *propensity;
    if (row.customer.size() > most_id_bytes || row.offer.size() > most_id_bytes) return "id_too_long";
    return {};
  }

  std::string_view read_dimension(const Fields& text, Evidence&, Clock&, DimensionRow& row) const {
    const DimensionShape& shape = dimension_shapes()[static_cast<size_t>(kind_)];
    row.id = shape.id == Role::customer ? text.customer() : text.text(shape.id);
    if (row.id.empty()) return "no_id";
    if (auto reason = why_nobody(row.id); shape.id == Role::customer && !reason.empty()) return reason;
    if (row.id.size() > most_id_bytes) return "id_too_long";
    for (size_t p = 0; p < shape.properties.size(); ++p)
      row.properties[p] = text.text(shape.properties[p].first);
    return {};
  }

  Kind kind_;
  Rules rules_;
  Notation notation_;
  TimeStyle times_;
  RoleColumns roles_;
  Role product_role_;
  Timestamp latest_;
};

}  // namespace

Text RejectReason::words() const { return ingest_words::all.text(fmt::format("reject.{}", name)); }

const std::vector<RejectReason>& reject_reasons() {
  static const std::vector<RejectReason> reasons = {
      {"no_customer", "name the column with --customer=COLUMN"},
      {"bad_time", "name the column with --time=COLUMN"},
      {"ambiguous_time", ""},
      {"default_time", "name the column with --time=COLUMN"},
      {"lonely_time", "name the column with --time=COLUMN"},
      {"placeholder_id", "name the column with --customer=COLUMN"},
      {"spreadsheet_id", "export the file again with the ids as text"},
      {"future_time", "name the column with --time=COLUMN, or set this machine's clock"},
      {"bad_amount", "name the column with --amount=COLUMN or --price=COLUMN"},
      {"no_amount", "name the column with --amount=COLUMN or --price=COLUMN"},
      {"bad_quantity", "name the column with --quantity=COLUMN"},
      {"unknown_action", "name the column with --action=COLUMN"},
      {"bad_hour", "name the column with --hour=COLUMN"},
      {"no_offer", "name the column with --offer=COLUMN"},
      {"bad_propensity", "name the column with --propensity=COLUMN"},
      {"no_id", "name the column with --customer=COLUMN, --product=COLUMN or --branch=COLUMN"},
      {"duplicate_id", "name the column with --customer=COLUMN, --product=COLUMN or --branch=COLUMN"},
      {"unknown_customer", "give the table of customers that has them"},
      {"unknown_product", "give the table of products that has them"},
      {"unknown_store", "give the table of stores that has them"},
      {"field_count", "let the header name each field of a row"},
      {"open_quote", "close the quotes, or double those inside a field"},
      {"bad_quote", "double the quotes inside a field"},
      {"too_long", "check the file's line ends"},
      {"encoding", "save the file as UTF-8 (or CP949)"},
      {"id_too_long", "name the columns of ids, such as --customer=COLUMN"},
  };
  return reasons;
}

namespace {

// What the bytes of a word ask for; a byte of a longer character for nothing.
enum class Form : uint8_t { plain, quoted, several_lines };
constexpr std::array<Form, 256> forms_of_bytes = [] {
  std::array<Form, 256> forms{};
  for (char c : {',', '=', '"'}) forms[static_cast<unsigned char>(c)] = Form::quoted;
  for (char c : {'\n', '\r'}) forms[static_cast<unsigned char>(c)] = Form::several_lines;
  return forms;
}();

void append_word(std::string_view word, std::string& out) {
  Form form = word.starts_with(' ') || word.ends_with(' ') ? Form::quoted : Form::plain;
  for (char c : word) form = std::max(form, forms_of_bytes[static_cast<unsigned char>(c)]);
  if (form == Form::plain) {
    out += word;
  } else if (form == Form::several_lines) {
    out += "(several lines)";
  } else {
    out += '"';
    for (char c : word) out.append(c == '"' ? 2 : 1, c);
    out += '"';
  }
}

}  // namespace

RejectText::RejectText(const std::vector<std::string>& header, const RoleColumns& roles) {
  for (size_t c = 0; c < header.size(); ++c) {
    int column = static_cast<int>(c);
    if (std::find(roles.begin(), roles.end(), column) == roles.end()) continue;
    std::string name;
    append_word(header[c], name);
    columns_.emplace_back(column, name + '=');
  }
}

void RejectText::append(const RecordBlock& block, const Record& record, std::string& out) const {
  if (record.problem != RecordProblem::none) return;
  size_t start = out.size();
  for (const auto& [column, name] : columns_) {
    std::string_view field = block.field(record, column);
    if (field.empty()) continue;
    if (out.size() > start) out += ", ";
    out += name;
    append_word(field, out);
    if (out.size() > start + most_bytes) return out.resize(beginning(out, start + most_bytes).size());
  }
}

struct TableReader::State {
  FileFacts facts;
  std::unique_ptr<RowReader> rows;
  std::optional<RejectText> reject_text;
  std::mutex reading;                    // what follows
  std::unique_ptr<RecordSource> source;  // gone at the end of the file
  std::string digest_of_read;
  std::optional<Error> failed;
  int64_t batches = 0;

  Result<bool> next(Batch& batch) {
    std::lock_guard lock(reading);
    if (failed) return *failed;
    if (!source) return false;
    auto more = source->next(batch.block);
    if (!more) failed = more.error();
    else if (!*more) digest_of_read = source->digest_of_read();
    if (!more || !*more) source.reset();
    batch.number = batches++;
    return more;
  }
};

namespace {

constexpr size_t most_sample_rows = 1'000;

bool is_value(std::string_view text) { return is_number(text) || is_time(text); }

// Where most of what should be names are values, the first of them; else "".
std::string first_value(const std::vector<std::string>& header) {
  auto are = std::count_if(header.begin(), header.end(),
                           [](const std::string& name) { return is_value(trimmed(name)); });
  if (are * 2 <= static_cast<std::ptrdiff_t>(header.size())) return {};
  return *std::find_if(header.begin(), header.end(),
                       [](const std::string& name) { return is_value(trimmed(name)); });
}

// Of the good records of a block; the views live as long as the block.
Sample sample_of(const RecordBlock& block, std::vector<std::string> header) {
  Sample out{std::move(header), {}};
  out.columns.resize(out.header.size());
  for (const Record& record : block.records)
    if (record.problem == RecordProblem::none && record.fields == out.header.size())
      for (size_t c = 0; c < out.columns.size(); ++c)
        out.columns[c].push_back(block.field(record, static_cast<int>(c)));
  return out;
}

Evidence shown_by(const Sample& sample, const RoleColumns& roles) {
  Evidence out;
  auto each = [&](Role role, const auto& use) {
    if (int column = roles[static_cast<size_t>(role)]; column >= 0)
      for (std::string_view value : sample.columns[static_cast<size_t>(column)])
        if (!trimmed(value).empty()) use(trimmed(value));
  };
  for (size_t n = 0; n < number_role_count; ++n)
    each(number_roles[n], [&](auto value) { (void)parse_number(value, Decimal::open, out.numbers[n]); });
  each(Role::time, [&](auto value) { (void)parse_time(value, {}, out.times); });
  return out;
}

}  // namespace

Result<TableReader> TableReader::open(InputFile file, const Mapping& mapping, std::stop_token stop,
                                      const Notation* notation) {
  auto state = std::make_shared<State>();
  FileFacts& facts = state->facts;
  facts.path = file.path();
  std::unique_ptr<NestedSource> nested;
  RecordBlock head;
  auto open_nested = [&](InputFile of, NestedFormat format, Packing packing) -> Status {
    facts.format = fmt::format("{}{}", name(format), ending(packing));
    facts.encoding = plain_encoding;
    nested = TRY(NestedSource::open(std::move(of), format, packing, stop));
    facts.header = nested->header();
    head = TRY(nested->first_rows(most_sample_rows));
    return {};
  };
  std::optional<ByteSource> bytes;
  std::string text;
  bool more = false;
  if (file.starts_with("PAR1")) {
    TRY(open_nested(file, NestedFormat::parquet, Packing::none));
  } else {
    bytes = TRY(ByteSource::open(file, stop, {}, file.format().empty() ? mapping.encoding : "UTF-8"));
    more = TRY(bytes->read(text));
    if (begins_json(text)) TRY(open_nested(file, NestedFormat::json, bytes->packing()));
  }
  if (!nested) {
    facts.format = file.format().empty() ? fmt::format("CSV{}", ending(bytes->packing())) : file.format();
    facts.encoding = bytes->encoding();
    TableStart start = find_table(text, is_value);
    // blank lines, or a header that ends with the file
    for (; more && text.find('\n', start.skipped) == text.npos; start = find_table(text, is_value))
      more = TRY(bytes->read(text));
    std::optional<BlankRuns> blanks;
    if (start.by_blanks) {
      std::string parted;
      blanks.emplace().append(text, parted);
      text = std::move(parted);
    }
    facts.delimiter = start.delimiter;
    text.erase(0, start.skipped);
    CsvSplitter splitter(start.delimiter, 0, start.line);
    if (mapping.header.empty()) {
      head.text = text;
      size_t used = splitter.split(head, !more, 1);
      if (head.records.empty() || head.records[0].problem != RecordProblem::none)
        return Error{Code::bad_input,
                     fmt::format("{}: the first line is no header of column names", facts.path)};
      facts.header_line = head.records[0].line;
      facts.header.assign(head.fields.begin(), head.fields.end());
      text.erase(0, used);
      if (auto value = first_value(facts.header); !value.empty())
        return Error{
            Code::bad_input,
            fmt::format("{}: the first line has values such as {}, not names of columns; name them with "
                        "--header=NAME,NAME...",
                        facts.path, shown(value))};
    } else {
      facts.header = mapping.header;
    }
    CsvSplitter rest(start.delimiter, facts.header.size(), splitter.line());
    head.clear();
    head.text = text;
    CsvSplitter(rest).split(head, !more, most_sample_rows);
    state->source = std::make_unique<CsvSource>(std::move(*bytes), std::move(text), rest, blanks);
  }
  Sample sample = sample_of(head, facts.header);
  if (nested) sample.lines = nested->lines();
  Match matched = TRY(match(mapping, sample, facts.path));
  for (const auto& column : sample.columns) {
    auto value = std::find_if(column.begin(), column.end(), [](auto text) { return !trimmed(text).empty(); });
    facts.examples.emplace_back(value == column.end() ? "" : trimmed(*value));
  }
  facts.table = matched.table->name;
  facts.kind = matched.table->kind;
  facts.rules = matched.table->rules;
  facts.roles = matched.roles;
  facts.found = matched.found;
  facts.notation =
      notation ? *notation : notation_of(facts.rules, shown_by(sample, facts.roles), facts.delimiter);
  if (nested) {
    TRY(nested->read(facts.roles));
    state->source = std::move(nested);
  }
  state->rows = std::make_unique<RowReader>(facts);
  state->reject_text.emplace(facts.header, facts.roles);
  TableReader reader;
  reader.state_ = std::move(state);
  return reader;
}

const FileFacts& TableReader::facts() const { return state_->facts; }
const std::string& TableReader::digest_of_read() const { return state_->digest_of_read; }

Result<bool> TableReader::next(Batch& batch) {
  batch.clear();
  batch.reject_text = &*state_->reject_text;
  if (!TRY(state_->next(batch))) return false;
  state_->rows->read(batch);
  return true;
}

Result<std::unique_ptr<Batch>> TableReader::next() {
  auto batch = std::make_unique<Batch>();
  if (!TRY(next(*batch))) batch.reset();
  return batch;
}

}  // namespace danggol::ingest
