#include "ingest/staging.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>
#include <utility>

#include "ingest/properties.h"
#include "ingest/watch.h"

namespace danggol::ingest {
namespace {

constexpr size_t spool_memory_bytes_max = 512 << 20;
constexpr size_t rows_per_block = 32'768;
constexpr size_t text_bytes_per_block = 4 << 20;

// The distinct texts of several dictionaries in byte order, and where each dictionary's codes are among them.
struct Ranking {
  std::vector<std::string_view> texts;
  std::vector<std::vector<int32_t>> ranks;  // [dictionary][code]
};

// Sorts, or leaves it where a stop is asked for: ids may be many millions.
template <class Value, class Less>
Status sort(std::vector<Value>& values, const std::stop_token& stop, const Less& less) {
  struct Stopped {};
  try {
    std::sort(values.begin(), values.end(), [&](const Value& a, const Value& b) {
      if (stop.stop_requested()) throw Stopped();
      return less(a, b);
    });
  } catch (const Stopped&) {
  }
  return go_on(stop);
}

Result<Ranking> rank(const std::vector<const Dictionary*>& dictionaries, const std::stop_token& stop) {
  struct Entry {
    std::string_view text;
    size_t dictionary;
    int32_t code;
  };
  std::vector<Entry> entries;
  Ranking out;
  for (size_t d = 0; d < dictionaries.size(); ++d) {
    out.ranks.emplace_back(dictionaries[d]->size());
    for (int32_t code = 0; code < static_cast<int32_t>(dictionaries[d]->size()); ++code)
      entries.push_back({dictionaries[d]->text(code), d, code});
  }
  TRY(sort(entries, stop, [](const Entry& a, const Entry& b) { return a.text < b.text; }));
  for (const Entry& entry : entries) {
    if (out.texts.empty() || out.texts.back() != entry.text) out.texts.push_back(entry.text);
    out.ranks[entry.dictionary][static_cast<size_t>(entry.code)] = static_cast<int32_t>(out.texts.size() - 1);
  }
  return out;
}

constexpr int32_t none = -1;

// Gives each text the store's number where it knows the id, the next ones to the others, in byte order; these
// are put into the temporary table `fresh`. Those of people who were forgotten have none.
Result<std::vector<int32_t>> number_ids(store::Connection& connection, const DimensionShape& shape,
                                        const Ranking& ranking, const std::vector<bool>& is_forgotten,
                                        const std::stop_token& stop) {
  std::vector<int32_t> numbers(ranking.texts.size(), none);
  int32_t next = 0;
  store::Rows known = TRY(connection.rows(fmt::format("SELECT {0}_no, {0}_id FROM raw.{0}", shape.table)));
  Table rows;
  while (TRY(known.next(rows))) {
    TRY(go_on(stop));
    for (size_t i = 0; i < rows.rows(); ++i) {
      int32_t no = static_cast<int32_t>(rows.columns[0].integers[i]);
      next = std::max(next, no + 1);
      std::string_view id = rows.columns[1].texts[i];
      auto at = std::lower_bound(ranking.texts.begin(), ranking.texts.end(), id);
      auto place = static_cast<size_t>(at - ranking.texts.begin());
      if (at != ranking.texts.end() && *at == id && !is_forgotten[place]) numbers[place] = no;
    }
  }
  TRY(connection.execute("CREATE OR REPLACE TEMP TABLE fresh (number INTEGER, id VARCHAR)"));
  auto fresh = TRY(store::Appender::open(connection, "temp", "fresh"));
  for (size_t r = 0; r < numbers.size(); ++r) {
    if (numbers[r] != none || is_forgotten[r]) continue;
    TRY(go_on(stop));
    numbers[r] = next++;
    fresh.set(0, numbers[r]);
    fresh.set(1, ranking.texts[r]);
    TRY(fresh.end_row());
  }
  TRY(fresh.close());
  return numbers;
}

}  // namespace

void Mentions::end(size_t file) {
  for (size_t p = 0; p < most_properties; ++p) {
    properties[p].pairs.each([&](int32_t id, int32_t value, int64_t rows) {
      told.push_back({file, p, id, value, rows});
    });
    properties[p].pairs.clear();
  }
}

template <class Row>
Status Staged::put_aside(Open<Row>& open) {
  if (open.rows.empty()) return {};
  size_t row_bytes = open.rows.size() * sizeof(Row);
  std::string bytes(row_bytes + open.texts.size(), '\0');
  std::memcpy(bytes.data(), open.rows.data(), row_bytes);
  std::memcpy(bytes.data() + row_bytes, open.texts.data(), open.texts.size());
  open.full.push_back({TRY(spool_->keep(std::move(bytes))), open.rows.size(), std::move(open.stretches)});
  open.rows.clear();
  open.texts.clear();
  open.stretches.clear();
  return {};
}

void Staged::add_event(const EventRow& row) {
  Mentions &customers = of(Kind::customers), &products = of(Kind::products), &stores = of(Kind::stores);
  Event event;
  event.ts = row.ts.micros;
  event.amount = row.has_amount ? row.amount.ten_thousandths : money_absent;
  event.quantity = row.has_quantity ? row.quantity.ten_thousandths : money_absent;
  event.customer = customer_ = customers.ids.code(row.customer, customer_);
  event.product = row.product.empty() ? -1 : products.ids.code(row.product);
  event.store = row.store.empty() ? -1 : store_ = stores.ids.code(row.store, store_);
  Outlet outlet{-1, -1};
  if (!row.partner.empty()) outlet.partner = partner_ = words_.code(row.partner, partner_);
  if (!row.channel.empty()) outlet.channel = channel_ = words_.code(row.channel, channel_);
  event.outlet = outlets_.code(outlet);
  event.action = row.action;
  if (row.receipt != receipt_ || events_.texts.empty()) {
    receipt_ = row.receipt;
    events_.texts += row.receipt;
  }
  event.receipt_at = static_cast<uint32_t>(events_.texts.size() - row.receipt.size());
  event.receipt_bytes = static_cast<uint16_t>(row.receipt.size());
  events_.rows.push_back(event);

  customers.tell(event.customer, row.of_customer);
  if (event.product >= 0) products.tell(event.product, row.of_product);
}

size_t Staged::add_details(const Batch& batch) {
  if (batch.details.empty()) return 0;
  size_t before = details_.rows.size(), first = events_.rows.size() - batch.events.size();
  for (size_t e = 0; e < batch.events.size(); ++e) {
    const EventRow& event = batch.events[e];
    for (size_t d = 0; d < event.details; ++d) {
      const ingest::Detail& detail = batch.details[event.first_detail + d];
      details_.rows.push_back({static_cast<int64_t>(e), events_.rows[first + e].customer,
                               static_cast<uint32_t>(details_.texts.size()),
                               static_cast<uint16_t>(detail.text.size()), detail.role});
      details_.texts += detail.text;
    }
  }
  return details_.rows.size() - before;
}

void Staged::add_exposure(const ExposureRow& row) {
  customer_ = of(Kind::customers).ids.code(row.customer, customer_);
  exposures_.rows.push_back({row.ts.micros, row.propensity, customer_, words_.code(row.offer)});
}

void Staged::add_reject(const Batch& batch, const RejectRow& row, bool with_text) {
  size_t at = rejects_.texts.size();
  if (with_text) batch.append_text(row, rejects_.texts);
  rejects_.rows.push_back({row.line, static_cast<uint32_t>(at),
                           static_cast<uint16_t>(rejects_.texts.size() - at),
                           static_cast<uint16_t>(reasons_.code(row.reason))});
}

Status Staged::add(size_t file, const Batch& batch) {
  if (file != file_)
    for (Mentions& mentions : mentions_) mentions.end(file_);
  file_ = file;
  receipt_ = {};  // it is a view into the batch before
  for (const EventRow& row : batch.events) add_event(row);
  size_t details = add_details(batch);
  for (const ExposureRow& row : batch.exposures) add_exposure(row);
  // Once this thread alone has as many rejects of a file as are kept, all that come later in it are too many,
  // whichever thread has them.
  if (file >= rejected_.size()) rejected_.resize(file + 1);
  int64_t& rejected = rejected_[file];
  size_t rejects = std::min(batch.rejects.size(), static_cast<size_t>(limits_.rows - rejected));
  for (size_t r = 0; r < rejects; ++r) add_reject(batch, batch.rejects[r], rejected++ < limits_.texts);
  auto end_batch = [&](auto& open, size_t rows) -> Status {
    if (rows > 0) open.stretches.push_back({file, batch.number, rows});
    if (open.rows.size() < rows_per_block && open.texts.size() < text_bytes_per_block) return {};
    return put_aside(open);
  };
  TRY(end_batch(events_, batch.events.size()));
  TRY(end_batch(details_, details));
  TRY(end_batch(exposures_, batch.exposures.size()));
  return end_batch(rejects_, rejects);
}

Status Staged::finish() {
  for (Mentions& mentions : mentions_) mentions.end(file_);
  TRY(put_aside(events_));
  TRY(put_aside(details_));
  TRY(put_aside(exposures_));
  return put_aside(rejects_);
}

// Hands out the blocks of all threads, one after the other, to whichever feed asks next.
struct BlockQueue {
  struct Item {
    size_t thread;
    const StagedBlock* block;
  };
  explicit BlockQueue(const Spool& from) : spool(from) {}
  void take(size_t thread, const std::vector<StagedBlock>& blocks) {
    for (const StagedBlock& block : blocks) items.push_back({thread, &block});
  }
  void in_file_order() {
    std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
      const Stretch &first = a.block->stretches[0], &second = b.block->stretches[0];
      return std::pair(first.file, first.batch) < std::pair(second.file, second.batch);
    });
  }

  const Spool& spool;
  std::vector<Item> items;
  std::atomic<size_t> next = 0;
};

// [file][batch] -> the number of its first row
using FirstRows = std::vector<std::vector<int64_t>>;

// Numbers rows in the order of the files and of their rows, in each file anew if they are not to go on.
FirstRows number_rows(const BlockQueue& queue, size_t files, int64_t first, bool go_on) {
  FirstRows out(files);
  for (const auto& item : queue.items)
    for (const Stretch& stretch : item.block->stretches) {
      auto& rows = out[stretch.file];
      size_t batch = static_cast<size_t>(stretch.batch);
      if (batch >= rows.size()) rows.resize(batch + 1);
      rows[batch] = static_cast<int64_t>(stretch.rows);
    }
  int64_t next = first;
  for (auto& rows : out) {
    if (!go_on) next = first;
    for (int64_t& batch : rows) next += std::exchange(batch, next);
  }
  return out;
}

// The block that a feed is in.
template <class Row>
class BlockReader {
 public:
  explicit BlockReader(BlockQueue& queue) : queue_(queue) {}
  // Calls write(row, its stretch, place), which says whether it wrote the row there, until `capacity` rows
  // are written or a block ends with some; how many, 0 where there is no more.
  template <class Write>
  Result<size_t> write_rows(size_t capacity, const Write& write) {
    size_t written = 0;
    while (written == 0) {  // all of a block may be left out
      if (at_end() && !TRY(next())) break;
      for (; written < capacity && !at_end(); step())
        written += write(rows[row], block->stretches[stretch], written);
    }
    return written;
  }

  size_t thread = 0;
  std::string_view texts;
  size_t row_in_stretch = 0;

 private:
  // To the next block; false if there is none.
  Result<bool> next() {
    size_t item = queue_.next++;
    if (item >= queue_.items.size()) return false;
    thread = queue_.items[item].thread;
    block = queue_.items[item].block;
    std::string_view bytes = TRY(queue_.spool.read(block->spooled, buffer_));
    rows = reinterpret_cast<const Row*>(bytes.data());
    texts = bytes.substr(block->rows * sizeof(Row));
    row = stretch = row_in_stretch = 0;
    return true;
  }
  // Past a row.
  void step() {
    ++row;
    if (++row_in_stretch == block->stretches[stretch].rows) ++stretch, row_in_stretch = 0;
  }
  bool at_end() const { return !block || row == block->rows; }

  const StagedBlock* block = nullptr;
  const Row* rows = nullptr;
  size_t row = 0, stretch = 0;
  BlockQueue& queue_;
  std::string buffer_;
};

// What the codes of the rows stand for.
struct NumberedAs {
  std::vector<Staging::File> files;
  std::vector<const Dictionary*> words, reasons;                           // by thread
  std::vector<std::vector<int32_t>> outlets;                               // [thread][code] -> number
  std::array<std::vector<std::vector<int32_t>>, dimension_count> numbers;  // [kind][thread][code]
  FirstRows first_event, first_reject;
  RejectLimits limits;
  std::stop_token stop;
  mutable std::deque<std::atomic<int64_t>> turned_down;  // rows by file, of people who were forgotten
  mutable std::mutex turning_down;
  mutable std::map<std::pair<int32_t, int32_t>, int64_t> turned_down_of;  // by load and product
  const std::vector<int32_t>& numbers_of(Kind kind, size_t thread) const {
    return numbers[static_cast<size_t>(kind)][thread];
  }
};

class EventFeed : public store::RowFeed {
 public:
  EventFeed(BlockQueue& queue, const NumberedAs& meaning) : at_(queue), meaning_(meaning) {}

  Result<size_t> fill(store::Chunk& chunk) override {
    enum {
      event_id,
      customer_no,
      ts,
      action,
      product_no,
      outlet_no,
      store_no,
      receipt_id,
      amount,
      quantity,
      source
    };
    TRY(go_on(meaning_.stop));
    auto* ids = chunk.values<int64_t>(event_id);
    auto* customer_nos = chunk.values<int32_t>(customer_no);
    auto* times = chunk.values<int64_t>(ts);
    auto* actions = chunk.values<Action>(action);
    auto* outlet_nos = chunk.values<int32_t>(outlet_no);
    auto* sources = chunk.values<int32_t>(source);
    return at_.write_rows(
        chunk.capacity(), [&](const Staged::Event& event, const Stretch& stretch, size_t row) {
          auto number = [&](Kind kind, int32_t code) {
            return code < 0 ? none : meaning_.numbers_of(kind, at_.thread)[static_cast<size_t>(code)];
          };
          auto set_number = [&](int column, int32_t value) {
            if (value == none) chunk.set_null(column, row);
            else chunk.values<int32_t>(column)[row] = value;
          };
          auto set_money = [&](int column, int64_t money) {
            if (money == Staged::money_absent) chunk.set_null(column, row);
            else chunk.values<int64_t>(column)[row] = money;
          };
          int32_t customer = number(Kind::customers, event.customer);
          if (customer == none) {
            turn_down(stretch.file, number(Kind::products, event.product));
            return false;
          }
          ids[row] = meaning_.first_event[stretch.file][static_cast<size_t>(stretch.batch)] +
                     static_cast<int64_t>(at_.row_in_stretch);
          customer_nos[row] = customer;
          times[row] = event.ts;
          actions[row] = event.action;
          set_number(product_no, number(Kind::products, event.product));
          outlet_nos[row] = meaning_.outlets[at_.thread][static_cast<size_t>(event.outlet)];
          set_number(store_no, number(Kind::stores, event.store));
          if (event.receipt_bytes == 0) chunk.set_null(receipt_id, row);
          else chunk.set_text(receipt_id, row, at_.texts.substr(event.receipt_at, event.receipt_bytes));
          set_money(amount, event.amount);
          set_money(quantity, event.quantity);
          sources[row] = meaning_.files[stretch.file].load_no;
          return true;
        });
  }

 private:
  void turn_down(size_t file, int32_t product) const {
    ++meaning_.turned_down[file];
    if (product == none) return;
    std::lock_guard lock(meaning_.turning_down);
    ++meaning_.turned_down_of[{meaning_.files[file].load_no, product}];
  }

  BlockReader<Staged::Event> at_;
  const NumberedAs& meaning_;
};

class DetailFeed : public store::RowFeed {
 public:
  DetailFeed(BlockQueue& queue, const NumberedAs& meaning) : at_(queue), meaning_(meaning) {}

  Result<size_t> fill(store::Chunk& chunk) override {
    enum { event_id, name, value, source };
    TRY(go_on(meaning_.stop));
    return at_.write_rows(
        chunk.capacity(), [&](const Staged::Detail& detail, const Stretch& stretch, size_t row) {
          if (meaning_.numbers_of(Kind::customers, at_.thread)[static_cast<size_t>(detail.customer)] == none)
            return false;
          chunk.values<int64_t>(event_id)[row] =
              meaning_.first_event[stretch.file][static_cast<size_t>(stretch.batch)] + detail.row;
          chunk.set_text(name, row, detail_name(detail.role));
          chunk.set_text(value, row, at_.texts.substr(detail.text_at, detail.text_bytes));
          chunk.values<int32_t>(source)[row] = meaning_.files[stretch.file].load_no;
          return true;
        });
  }

 private:
  BlockReader<Staged::Detail> at_;
  const NumberedAs& meaning_;
};

class ExposureFeed : public store::RowFeed {
 public:
  ExposureFeed(BlockQueue& queue, const NumberedAs& meaning) : at_(queue), meaning_(meaning) {}

  Result<size_t> fill(store::Chunk& chunk) override {
    enum { customer_no, ts, offer, propensity, source };
    TRY(go_on(meaning_.stop));
    return at_.write_rows(
        chunk.capacity(), [&](const Staged::Exposure& exposure, const Stretch& stretch, size_t row) {
          int32_t customer =
              meaning_.numbers_of(Kind::customers, at_.thread)[static_cast<size_t>(exposure.customer)];
          if (customer == none) {
            ++meaning_.turned_down[stretch.file];
            return false;
          }
          chunk.values<int32_t>(customer_no)[row] = customer;
          chunk.values<int64_t>(ts)[row] = exposure.ts;
          chunk.set_text(offer, row, meaning_.words[at_.thread]->text(exposure.offer));
          chunk.values<double>(propensity)[row] = exposure.propensity;
          chunk.values<int32_t>(source)[row] = meaning_.files[stretch.file].load_no;
          return true;
        });
  }

 private:
  BlockReader<Staged::Exposure> at_;
  const NumberedAs& meaning_;
};

class RejectFeed : public store::RowFeed {
 public:
  RejectFeed(BlockQueue& queue, const NumberedAs& meaning) : at_(queue), meaning_(meaning) {}

  Result<size_t> fill(store::Chunk& chunk) override {
    enum { load_no, file, line, reason, text };
    TRY(go_on(meaning_.stop));
    return at_.write_rows(
        chunk.capacity(), [&](const Staged::Reject& reject, const Stretch& stretch, size_t row) {
          int64_t number = meaning_.first_reject[stretch.file][static_cast<size_t>(stretch.batch)] +
                           static_cast<int64_t>(at_.row_in_stretch);
          if (number >= meaning_.limits.rows) return false;
          const Staging::File& from = meaning_.files[stretch.file];
          chunk.values<int32_t>(load_no)[row] = from.load_no;
          chunk.set_text(file, row, from.name);
          chunk.values<int64_t>(line)[row] = reject.line;
          chunk.set_text(reason, row, meaning_.reasons[at_.thread]->text(reject.reason));
          if (reject.text_bytes == 0 || number >= meaning_.limits.texts) chunk.set_null(text, row);
          else chunk.set_text(text, row, at_.texts.substr(reject.text_at, reject.text_bytes));
          return true;
        });
  }

 private:
  BlockReader<Staged::Reject> at_;
  const NumberedAs& meaning_;
};

Staging::Staging(std::string spool_folder, size_t threads, RejectLimits limits)
    : spool_(std::move(spool_folder), spool_memory_bytes_max), limits_(limits) {
  for (size_t t = 0; t < threads; ++t) threads_.emplace_back(spool_, limits);
}

// The numbers of a dimension's ids, [dictionary][code]: of each thread and, last, of the dimension's table;
// none for people who were forgotten.
Result<std::vector<std::vector<int32_t>>> Staging::number(store::Connection& connection,
                                                          const DimensionShape& shape,
                                                          const Dimension& dimension,
                                                          const Forgotten& forgotten,
                                                          const std::stop_token& stop) {
  std::vector<const Dictionary*> ids;
  for (Staged& staged : threads_) ids.push_back(&staged.of(shape.kind).ids);
  ids.push_back(&dimension.ids());
  Ranking ranking = TRY(rank(ids, stop));
  std::vector<bool> is_forgotten(ranking.texts.size());
  if (shape.kind == Kind::customers) is_forgotten = TRY(forgotten.among(connection, ranking.texts));
  std::vector<int32_t> numbers = TRY(number_ids(connection, shape, ranking, is_forgotten, stop));
  for (auto& codes : ranking.ranks)
    for (int32_t& code : codes) code = numbers[static_cast<size_t>(code)];
  return std::move(ranking.ranks);
}

// What each file says of the ids, `numbers` as number() gave them.
Status Staging::keep_properties(store::Connection& connection, const DimensionShape& shape,
                                const Dimension& dimension, const std::vector<std::vector<int32_t>>& numbers,
                                const std::vector<File>& files, const std::stop_token& stop,
                                std::vector<int64_t>& turned_down) {
  auto kept = TRY(store::Appender::open(connection, "raw", "property"));
  auto keep = [&](size_t file, int32_t number, std::string_view name, std::string_view value,
                  std::optional<int64_t> rows) {
    kept.set(0, files[file].load_no);
    kept.set(1, std::string_view(shape.table));
    kept.set(2, number);
    if (!name.empty()) kept.set(3, name), kept.set(4, value);
    if (rows) kept.set(5, *rows);
    return kept.end_row();
  };
  struct Said {
    size_t file;
    int32_t number;
    size_t property;
    std::string_view value;
    int64_t rows;
    auto key() const { return std::tie(file, number, property, value); }
  };
  std::vector<Said> said;  // by every thread: which of them read a row is chance
  for (size_t t = 0; t < threads_.size(); ++t) {
    const Mentions& mentions = threads_[t].of(shape.kind);
    for (const Mentions::Told& told : mentions.told)
      if (int32_t number = numbers[t][static_cast<size_t>(told.id)]; number != none)
        said.push_back({told.file, number, told.property,
                        mentions.properties[told.property].values.text(told.value), told.rows});
  }
  TRY(sort(said, stop, [](const Said& a, const Said& b) { return a.key() < b.key(); }));
  for (size_t i = 0; i < said.size(); ++i) {
    if (i + 1 < said.size() && said[i].key() == said[i + 1].key()) said[i + 1].rows += said[i].rows;
    else
      TRY(keep(said[i].file, said[i].number, shape.properties[said[i].property].second, said[i].value,
               said[i].rows));
  }
  for (int32_t code = 0; code < static_cast<int32_t>(dimension.ids().size()); ++code) {
    int32_t number = numbers.back()[static_cast<size_t>(code)];
    if (number == none) {
      ++turned_down[dimension.file(code)];
      continue;
    }
    TRY(keep(dimension.file(code), number, {}, {}, {}));
    auto says = [&](const auto& properties, size_t first) -> Status {
      for (size_t p = 0; p < properties.size(); ++p)
        if (auto value = dimension.property(code, first + p); !value.empty())
          TRY(keep(dimension.file(code), number, properties[p].second, value, {}));
      return {};
    };
    TRY(says(shape.properties, 0));
    TRY(says(shape.beside, shape.properties.size()));
  }
  return kept.close();
}

// The outlets of every thread, [thread][code] -> number: the store's where it knows them, the next ones for
// the others, by partner and channel.
Result<std::vector<std::vector<int32_t>>> Staging::number_outlets(store::Connection& connection) const {
  using Names = std::pair<std::string_view, std::string_view>;  // partner, channel
  std::map<Names, int32_t> numbers;
  auto names = [](const Staged& staged, Outlet outlet) -> Names {
    auto text = [&](int32_t code) { return code < 0 ? std::string_view() : staged.words_.text(code); };
    return {text(outlet.partner), text(outlet.channel)};
  };
  for (const Staged& staged : threads_)
    for (Outlet outlet : staged.outlets_.all()) numbers.emplace(names(staged, outlet), none);

  int32_t next = 0;
  Table known = TRY(connection.query("SELECT outlet_no, partner, channel FROM raw.outlet"));
  for (size_t i = 0; i < known.rows(); ++i) {
    int32_t no = static_cast<int32_t>(known.integers("outlet_no")[i]);
    next = std::max(next, no + 1);
    auto at = numbers.find({known.texts("partner")[i], known.texts("channel")[i]});
    if (at != numbers.end()) at->second = no;
  }
  auto added = TRY(store::Appender::open(connection, "raw", "outlet"));
  for (auto& [outlet, no] : numbers) {
    if (no != none) continue;
    no = next++;
    added.set(0, no);
    if (!outlet.first.empty()) added.set(1, outlet.first);
    if (!outlet.second.empty()) added.set(2, outlet.second);
    TRY(added.end_row());
  }
  TRY(added.close());

  std::vector<std::vector<int32_t>> out;
  for (const Staged& staged : threads_) {
    auto& of_code = out.emplace_back();
    for (Outlet outlet : staged.outlets_.all()) of_code.push_back(numbers[names(staged, outlet)]);
  }
  return out;
}

Result<std::vector<int64_t>> Staging::insert(store::Connection& connection, const std::vector<File>& files,
                                             const Dimensions& dimensions, const Forgotten& forgotten,
                                             const std::stop_token& stop) {
  NumberedAs meaning;
  meaning.files = files;
  meaning.limits = limits_;
  meaning.stop = stop;
  meaning.turned_down.resize(files.size());
  BlockQueue events{spool_}, details{spool_}, exposures{spool_}, rejects{spool_};
  for (size_t t = 0; t < threads_.size(); ++t) {
    Staged& staged = threads_[t];
    TRY(staged.finish());
    meaning.words.push_back(&staged.words_);
    meaning.reasons.push_back(&staged.reasons_);
    events.take(t, staged.events_.full);
    details.take(t, staged.details_.full);
    exposures.take(t, staged.exposures_.full);
    rejects.take(t, staged.rejects_.full);
  }
  for (BlockQueue* queue : {&events, &details, &exposures, &rejects}) queue->in_file_order();
  meaning.first_event = number_rows(
      events, files.size(),
      TRY(connection.integer("SELECT coalesce(max(event_id) + 1, 0) FROM (SELECT max(event_id) AS event_id "
                             "FROM raw.event UNION ALL SELECT max(event_id) FROM raw.repeated)")),
      true);
  meaning.first_reject = number_rows(rejects, files.size(), 0, false);

  bool told = false;
  std::vector<int64_t> turned_down(files.size());
  for (const DimensionShape& shape : dimension_shapes()) {
    const Dimension& dimension = dimensions.of(shape.kind);
    auto& numbers = meaning.numbers[static_cast<size_t>(shape.kind)];
    numbers = TRY(number(connection, shape, dimension, forgotten, stop));
    TRY(keep_properties(connection, shape, dimension, numbers, files, stop, turned_down));
    told = TRY(tell(connection, shape, files.front().load_no)) || told;
  }
  if (told)
    TRY(connection.execute("UPDATE raw.load SET told = true WHERE load_no >= $first",
                           {{"first", int64_t{files.front().load_no}}}));

  meaning.outlets = TRY(number_outlets(connection));
  TRY(connection.insert("raw.event", [&] { return std::make_unique<EventFeed>(events, meaning); }));
  if (!details.items.empty())
    TRY(connection.insert("raw.detail", [&] { return std::make_unique<DetailFeed>(details, meaning); }));
  TRY(connection.insert("raw.exposure", [&] { return std::make_unique<ExposureFeed>(exposures, meaning); }));
  auto reject_feed = [&] { return std::make_unique<RejectFeed>(rejects, meaning); };
  if (forgotten.empty()) {
    TRY(connection.insert("raw.reject", reject_feed));
    return turned_down;
  }
  TRY(connection.execute("CREATE OR REPLACE TEMP TABLE coming_reject AS FROM raw.reject LIMIT 0"));
  TRY(connection.insert("coming_reject", reject_feed));
  TRY(forgotten.blank_rejects(connection, "coming_reject"));
  TRY(connection.execute("INSERT INTO raw.reject FROM coming_reject; DROP TABLE coming_reject"));
  TRY(connection.execute(
      "CREATE OR REPLACE TEMP TABLE thinned (load_no INTEGER, number INTEGER, gone BIGINT)"));
  for (const auto& [of, rows] : meaning.turned_down_of)
    TRY(connection.execute("INSERT INTO thinned VALUES ($load, $product, $rows)",
                           {{"load", int64_t{of.first}}, {"product", int64_t{of.second}}, {"rows", rows}}));
  for (size_t f = 0; f < files.size(); ++f) turned_down[f] += meaning.turned_down[f];
  return turned_down;
}

}  // namespace danggol::ingest
