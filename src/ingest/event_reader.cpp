#include "ingest/event_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "ingest/byte_source.h"
#include "ingest/values.h"
#include "store/database.h"

namespace danggol::ingest {
namespace {

constexpr size_t most_id_bytes = 256;
constexpr size_t most_reject_text_bytes = 4'096;

// Where records come from: the text of a CSV, or a Parquet file's rows as text.
class RecordSource {
 public:
  virtual ~RecordSource() = default;
  virtual Result<bool> next(RecordBlock& block) = 0;  // false: nothing more
};

class CsvSource : public RecordSource {
 public:
  CsvSource(ByteSource bytes, std::string text, CsvSplitter splitter)
      : bytes_(std::move(bytes)), text_(std::move(text)), splitter_(splitter) {}

  Result<bool> next(RecordBlock& block) override {
    size_t piece = piece_bytes;
    while (true) {
      while (text_.size() - at_ < piece && !at_end_) {
        text_.erase(0, at_);
        at_ = 0;
        at_end_ = !TRY(bytes_.read(text_));
      }
      if (at_ == text_.size()) return false;
      block.text.assign(text_, at_, piece);
      bool last = at_end_ && block.text.size() == text_.size() - at_;
      at_ += splitter_.split(block, last);
      if (!block.records.empty()) return true;
      if (!last) piece *= 2;  // a record longer than the piece
    }
  }

 private:
  // So much that all made of it, some 10 times as large, stays in a core's own cache.
  static constexpr size_t piece_bytes = 128 << 10;

  ByteSource bytes_;
  std::string text_;
  size_t at_ = 0;  // the text before it is in records
  CsvSplitter splitter_;
  bool at_end_ = false;
};

// One reader of events from the records of one file.
class RowReader {
 public:
  RowReader(const Rules& rules, const RoleColumns& roles)
      : rules_(rules), roles_(roles), latest_{now_utc().micros + micros_per_day} {}

  void read(EventBatch& batch) const {
    batch.events.reserve(batch.block.records.size());
    Clock clock{};
    for (const Record& record : batch.block.records) {
      EventRow row{};
      std::string_view reason = read_row(batch.block, record, clock, row);
      if (reason.empty()) batch.events.push_back(row);
      else batch.rejects.push_back({record.line, reason, record.text.substr(0, most_reject_text_bytes)});
    }
  }

 private:
  std::string_view field(const RecordBlock& block, const Record& record, Role role) const {
    int column = roles_[static_cast<size_t>(role)];
    if (column < 0) return {};
    std::string_view text = block.field(record, column);
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
  }
  bool has(Role role) const { return roles_[static_cast<size_t>(role)] >= 0; }

  // The time of the row before: the lines of a receipt have the same.
  struct Clock {
    std::string_view text;
    Timestamp ts;
  };

  std::string_view read_row(const RecordBlock& block, const Record& record, Clock& clock,
                            EventRow& row) const {
    switch (record.problem) {
      case RecordProblem::none: break;
      case RecordProblem::field_count: return "field_count";
      case RecordProblem::open_quote: return "open_quote";
      case RecordProblem::bad_quote: return "bad_quote";
      case RecordProblem::too_long: return "too_long";
      case RecordProblem::encoding: return "encoding";
    }
    auto text = [&](Role role) { return field(block, record, role); };
    row.line = record.line;
    row.customer = text(Role::customer);
    if (row.customer.size() > 2 &&
        row.customer.ends_with(".0")) {  // a number that went through a spreadsheet
      std::string_view whole = row.customer.substr(0, row.customer.size() - 2);
      if (whole.find_first_not_of("0123456789") == whole.npos) row.customer = whole;
    }
    if (row.customer.empty()) return "no_customer";
    if (std::string_view time = text(Role::time); time.empty() || time != clock.text) {
      bool ambiguous = false;
      auto ts = parse_time(time, rules_.time_format, ambiguous);
      if (!ts) return ambiguous ? "ambiguous_time" : "bad_time";
      clock = {time, *ts};
    }
    row.ts = clock.ts;
    if (row.ts < to_timestamp(earliest_date)) return "bad_time";
    if (row.ts > latest_) return "future_time";

    row.receipt = text(Role::receipt);
    row.action = rules_.action;
    if (has(Role::action)) {
      row.action = parse_action(text(Role::action));
      if (row.action.empty()) return "unknown_action";
    }
    if (!rules_.cancel_prefix.empty() && row.receipt.starts_with(rules_.cancel_prefix)) row.action = "cancel";

    bool money_needed = row.action == "purchase" || row.action == "cancel";
    if (std::string_view quantity = text(Role::quantity); !quantity.empty()) {
      auto value = parse_money(quantity);
      if (!value) return "bad_quantity";
      row.quantity = *value;
      row.has_quantity = true;
    }
    if (std::string_view amount = text(Role::amount); !amount.empty()) {
      auto value = parse_money(amount);
      if (!value) return "bad_amount";
      row.amount = *value;
      row.has_amount = true;
    } else if (std::string_view price = text(Role::price); !price.empty()) {
      auto value = parse_money(price);
      if (!value) return "bad_amount";
      bool overflow = false;
      row.amount = multiply(*value, row.has_quantity ? row.quantity : Money{Money::scale}, overflow);
      if (overflow) return "bad_amount";
      row.has_amount = true;
    } else if (money_needed && (has(Role::amount) || has(Role::price))) {
      return "no_amount";
    }

    row.product = text(Role::product);
    row.product_name = text(Role::product_name);
    if (std::find(rules_.non_products.begin(), rules_.non_products.end(), row.product) !=
        rules_.non_products.end())
      row.product = row.product_name = {};
    row.partner = text(Role::partner);
    row.channel = text(Role::channel);
    row.store = text(Role::store);
    row.region = text(Role::region);
    for (std::string_view id :
         {row.customer, row.product, row.receipt, row.partner, row.channel, row.store, row.region})
      if (id.size() > most_id_bytes) return "id_too_long";
    return {};
  }

  Rules rules_;
  RoleColumns roles_;
  Timestamp latest_;
};

class ParquetSource : public RecordSource {
 public:
  static Result<std::unique_ptr<ParquetSource>> open(const std::string& path,
                                                     std::vector<std::string>& header) {
    auto database = TRY(store::Database::open(":memory:", store::Access::read_write));
    auto connection = TRY(database.connect());
    auto rows =
        connection.rows("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet(" + store::literal(path) + ")");
    if (!rows)
      return Error{Code::corrupt,
                   fmt::format("{}: not a Parquet file that can be read: {}", path, rows.error().message)};
    for (const auto& column : rows->columns().columns) header.push_back(column.name);
    auto source = std::make_unique<ParquetSource>();
    source->rows_ = std::move(*rows);
    return source;
  }

  Result<bool> next(RecordBlock& block) override {
    Table rows;
    while (block.records.size() < rows_per_block && TRY(rows_.next(rows))) {
      for (size_t i = 0; i < rows.rows(); ++i) {
        Record record{++line_,
                      static_cast<uint32_t>(block.fields.size()),
                      static_cast<uint32_t>(rows.columns.size()),
                      {}};
        std::string text;
        for (auto& column : rows.columns) {
          if (&column != rows.columns.data()) text += ',';
          text += column.texts[i];
          block.fields.push_back(block.unescaped.emplace_back(std::move(column.texts[i])));
        }
        record.text = block.unescaped.emplace_back(std::move(text));
        if (!is_utf8(record.text)) record.problem = RecordProblem::encoding;
        block.records.push_back(record);
      }
    }
    return !block.records.empty();
  }

 private:
  static constexpr size_t rows_per_block = 65'536;
  store::Rows rows_;
  int64_t line_ = 0;
};

}  // namespace

const std::vector<RejectReason>& reject_reasons() {
  static const std::vector<RejectReason> reasons = {
      {"no_customer", "no customer id", "고객 번호 없음"},
      {"bad_time", "not a date and time", "날짜·시간이 아님"},
      {"ambiguous_time", "day and month cannot be told apart; give --time-format=mdy or dmy",
       "일과 월을 구별할 수 없음; --time-format=mdy 또는 dmy 지정"},
      {"future_time", "dated in the future", "미래 날짜"},
      {"bad_amount", "the amount or price is not a number", "금액·단가가 숫자가 아님"},
      {"no_amount", "a purchase without amount or price", "금액·단가가 없는 구매"},
      {"bad_quantity", "the quantity is not a number", "수량이 숫자가 아님"},
      {"unknown_action", "an action danggol does not know", "알 수 없는 행동"},
      {"field_count", "more or fewer fields than the header", "머리글과 항목 수가 다름"},
      {"open_quote", "a quote that never closes", "닫히지 않은 따옴표"},
      {"bad_quote", "text after a closing quote", "닫는 따옴표 뒤의 글자"},
      {"too_long", "a row longer than 1 MiB", "1 MiB를 넘는 행"},
      {"encoding", "bytes that are no text", "글자가 아닌 바이트"},
      {"id_too_long", "an id longer than 256 bytes", "256바이트를 넘는 번호"},
  };
  return reasons;
}

struct EventReader::State {
  FileFacts facts;
  std::unique_ptr<RowReader> rows;
  std::mutex reading;                    // what follows
  std::unique_ptr<RecordSource> source;  // gone at the end of the file
  std::optional<Error> failed;
  int64_t batches = 0;

  Result<bool> next(EventBatch& batch) {
    std::lock_guard lock(reading);
    if (failed) return *failed;
    if (!source) return false;
    auto more = source->next(batch.block);
    if (!more) failed = more.error();
    if (!more || !*more) source.reset();
    batch.number = batches++;
    return more;
  }
};

Result<EventReader> EventReader::open(const std::string& path, const Mapping& mapping) {
  auto state = std::make_shared<State>();
  FileFacts& facts = state->facts;
  facts.path = path;
  char magic[4] = {};
  std::ifstream(path, std::ios::binary).read(magic, sizeof magic);
  if (std::string_view(magic, 4) == "PAR1") {
    facts.format = "Parquet";
    facts.encoding = name(Encoding::utf8);
    state->source = TRY(ParquetSource::open(path, facts.header));
  } else {
    ByteSource bytes = TRY(ByteSource::open(path));
    facts.format = bytes.compressed() ? "CSV.gz" : "CSV";
    facts.encoding = name(bytes.encoding());
    RecordBlock head;
    bool more = TRY(bytes.read(head.text));
    facts.delimiter = guess_delimiter(head.text);
    CsvSplitter splitter(facts.delimiter, 0);
    size_t used = splitter.split(head, !more, 1);
    while (head.records.empty() && more) {  // blank lines, or a header that ends with the file
      head.text.erase(0, used);
      more = TRY(bytes.read(head.text));
      used = splitter.split(head, !more, 1);
    }
    if (head.records.empty() || head.records[0].problem != RecordProblem::none)
      return Error{Code::bad_input, fmt::format("{}: the first line is no header of column names", path)};
    facts.header.assign(head.fields.begin(), head.fields.end());
    splitter.expect(facts.header.size());
    state->source = std::make_unique<CsvSource>(std::move(bytes), head.text.substr(used), splitter);
  }
  facts.roles = TRY(match(mapping, facts.header, path));
  state->rows = std::make_unique<RowReader>(mapping.rules, facts.roles);
  EventReader reader;
  reader.state_ = std::move(state);
  return reader;
}

const FileFacts& EventReader::facts() const { return state_->facts; }

Result<bool> EventReader::next(EventBatch& batch) {
  batch.block.clear();
  batch.events.clear();
  batch.rejects.clear();
  if (!TRY(state_->next(batch))) return false;
  state_->rows->read(batch);
  return true;
}

Result<std::unique_ptr<EventBatch>> EventReader::next() {
  auto batch = std::make_unique<EventBatch>();
  if (!TRY(next(*batch))) batch.reset();
  return batch;
}

}  // namespace danggol::ingest
