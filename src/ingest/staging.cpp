#include "ingest/staging.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <utility>

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

// For each first text the second it came with most often, the smaller one where two are level; -1 for none.
Result<std::vector<int32_t>> most_frequent(const Ranking& first, const Ranking& second,
                                           const std::vector<const PairCounts*>& counts,
                                           const std::stop_token& stop) {
  struct Pair {
    int32_t first, second;
    int64_t count;
  };
  std::vector<Pair> pairs;
  for (size_t d = 0; d < counts.size(); ++d)
    counts[d]->each([&](int32_t f, int32_t s, int64_t count) {
      pairs.push_back(
          {first.ranks[d][static_cast<size_t>(f)], second.ranks[d][static_cast<size_t>(s)], count});
    });
  TRY(sort(pairs, stop, [](const Pair& a, const Pair& b) {
    return a.first != b.first ? a.first < b.first : a.second < b.second;
  }));
  std::vector<int32_t> out(first.texts.size(), -1);
  int64_t most = 0;
  for (size_t i = 0; i < pairs.size();) {
    const Pair& pair = pairs[i];
    int64_t count = 0;
    for (; i < pairs.size() && pairs[i].first == pair.first && pairs[i].second == pair.second; ++i)
      count += pairs[i].count;
    int32_t& best = out[static_cast<size_t>(pair.first)];
    if (best < 0 || count > most) best = pair.second, most = count;
  }
  return out;
}

// The numbers of ids: the store's where it knows them, the next ones for the others, in byte order.
struct Numbers {
  std::vector<int32_t> of_rank;
  std::vector<bool> is_told;  // the store has the first property of it
  int32_t first_new = 0;
  bool is_new(size_t rank) const { return of_rank[rank] >= first_new; }
};

Result<Numbers> number(store::Connection& connection, const DimensionShape& shape, const Ranking& ranking,
                       const std::stop_token& stop) {
  constexpr int32_t none = -1;
  Numbers out;
  out.of_rank.assign(ranking.texts.size(), none);
  out.is_told.assign(ranking.texts.size(), false);
  store::Rows known = TRY(connection.rows(fmt::format("SELECT {0}_no, {0}_id, {1} IS NOT NULL FROM raw.{0}",
                                                      shape.table, shape.properties.front().second)));
  Table rows;
  while (TRY(known.next(rows))) {
    TRY(go_on(stop));
    for (size_t i = 0; i < rows.rows(); ++i) {
      int32_t no = static_cast<int32_t>(rows.columns[0].integers[i]);
      out.first_new = std::max(out.first_new, no + 1);
      std::string_view id = rows.columns[1].texts[i];
      auto at = std::lower_bound(ranking.texts.begin(), ranking.texts.end(), id);
      if (at == ranking.texts.end() || *at != id) continue;
      size_t rank = static_cast<size_t>(at - ranking.texts.begin());
      out.of_rank[rank] = no;
      out.is_told[rank] = rows.columns[2].integers[i] != 0;
    }
  }
  int32_t next = out.first_new;
  for (int32_t& no : out.of_rank)
    if (no == none) no = next++;
  return out;
}

// What is to be known of the ids: [property][rank], empty text for nothing.
using Properties = std::array<std::vector<std::string_view>, most_properties>;

// The first property is the one that came most often with the id, where the store has none; what the
// dimension's own table says counts for more. The table's ids are the last that were ranked.
Result<Properties> properties_of(const Ranking& ids, const Ranking& texts, const Numbers& numbers,
                                 const std::vector<const PairCounts*>& pairs, const Dimension& dimension,
                                 const std::stop_token& stop) {
  Properties out;
  for (auto& property : out) property.resize(ids.texts.size());
  std::vector<int32_t> most = TRY(most_frequent(ids, texts, pairs, stop));
  for (size_t r = 0; r < most.size(); ++r)
    if (most[r] >= 0 && !numbers.is_told[r]) out[0][r] = texts.texts[static_cast<size_t>(most[r])];
  const std::vector<int32_t>& described = ids.ranks.back();
  for (size_t p = 0; p < most_properties; ++p)
    for (size_t code = 0; code < described.size(); ++code)
      if (auto text = dimension.property(static_cast<int32_t>(code), p); !text.empty())
        out[p][static_cast<size_t>(described[code])] = text;
  return out;
}

// Adds the new ids to their dimension; of those that the store has already, what is told of them is changed.
// Whether anything was told of such.
Result<bool> write_dimension(store::Connection& connection, const DimensionShape& shape,
                             const Ranking& ranking, const Numbers& numbers, const Properties& properties,
                             const std::stop_token& stop) {
  auto append = [&](store::Appender& to, size_t rank) -> Status {
    enum { no, id, first_property };
    TRY(go_on(stop));
    to.set(no, numbers.of_rank[rank]);
    to.set(id, ranking.texts[rank]);
    for (size_t p = 0; p < shape.properties.size(); ++p)
      if (auto text = properties[p][rank]; !text.empty()) to.set(first_property + static_cast<int>(p), text);
    return to.end_row();
  };
  std::vector<size_t> told;
  auto added = TRY(store::Appender::open(connection, "raw", shape.table));
  for (size_t r = 0; r < ranking.texts.size(); ++r) {
    if (numbers.is_new(r)) TRY(append(added, r));
    else if (std::any_of(properties.begin(), properties.end(), [&](const auto& p) { return !p[r].empty(); }))
      told.push_back(r);
  }
  TRY(added.close());
  if (told.empty()) return false;

  TRY(connection.execute(
      fmt::format("CREATE OR REPLACE TEMP TABLE told AS FROM raw.{} LIMIT 0", shape.table)));
  auto changed = TRY(store::Appender::open(connection, "temp", "told"));
  for (size_t r : told) TRY(append(changed, r));
  TRY(changed.close());
  std::string columns;
  for (const auto& [role, column] : shape.properties)
    columns +=
        fmt::format("{}{} = coalesce(n.{}, t.{})", columns.empty() ? "" : ", ", column, column, column);
  TRY(connection.execute(
      fmt::format("UPDATE raw.{0} t SET {1} FROM told n WHERE t.{0}_no = n.{0}_no; DROP TABLE temp.told",
                  shape.table, columns)));
  return true;
}

// [dictionary][code] -> number
std::vector<std::vector<int32_t>> by_code(const Ranking& ranking, const Numbers& numbers) {
  auto out = ranking.ranks;
  for (auto& codes : out)
    for (int32_t& code : codes) code = numbers.of_rank[static_cast<size_t>(code)];
  return out;
}

}  // namespace

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

  if (!row.region.empty()) {
    region_ = customers.properties.code(row.region, region_);
    customers.pairs.add(event.customer, region_);
  }
  if (event.product >= 0 && !row.product_name.empty())
    products.pairs.add(event.product,
                       products.properties.code(row.product_name, products.pairs.usual(event.product)));
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
  receipt_ = {};  // it is a view into the batch before
  for (const EventRow& row : batch.events) add_event(row);
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
  TRY(end_batch(exposures_, batch.exposures.size()));
  return end_batch(rejects_, rejects);
}

Status Staged::finish() {
  TRY(put_aside(events_));
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

  size_t thread = 0;
  const StagedBlock* block = nullptr;
  const Row* rows = nullptr;
  std::string_view texts;
  size_t row = 0, stretch = 0, row_in_stretch = 0;

 private:
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
    if (at_.at_end() && !TRY(at_.next())) return size_t{0};
    auto* ids = chunk.values<int64_t>(event_id);
    auto* customer_nos = chunk.values<int32_t>(customer_no);
    auto* times = chunk.values<int64_t>(ts);
    auto* actions = chunk.values<Action>(action);
    auto* outlet_nos = chunk.values<int32_t>(outlet_no);
    auto* sources = chunk.values<int32_t>(source);
    const auto& outlets = meaning_.outlets[at_.thread];
    const auto& customers = meaning_.numbers_of(Kind::customers, at_.thread);
    const auto& products = meaning_.numbers_of(Kind::products, at_.thread);
    const auto& stores = meaning_.numbers_of(Kind::stores, at_.thread);
    size_t row = 0;
    auto set_number = [&](int column, const std::vector<int32_t>& numbers, int32_t code) {
      if (code < 0) chunk.set_null(column, row);
      else chunk.values<int32_t>(column)[row] = numbers[static_cast<size_t>(code)];
    };
    auto set_money = [&](int column, int64_t money) {
      if (money == Staged::money_absent) chunk.set_null(column, row);
      else chunk.values<int64_t>(column)[row] = money;
    };
    for (; row < chunk.capacity() && !at_.at_end(); ++row, at_.step()) {
      const Staged::Event& event = at_.rows[at_.row];
      const Stretch& stretch = at_.block->stretches[at_.stretch];
      ids[row] = meaning_.first_event[stretch.file][static_cast<size_t>(stretch.batch)] +
                 static_cast<int64_t>(at_.row_in_stretch);
      customer_nos[row] = customers[static_cast<size_t>(event.customer)];
      times[row] = event.ts;
      actions[row] = event.action;
      set_number(product_no, products, event.product);
      outlet_nos[row] = outlets[static_cast<size_t>(event.outlet)];
      set_number(store_no, stores, event.store);
      if (event.receipt_bytes == 0) chunk.set_null(receipt_id, row);
      else chunk.set_text(receipt_id, row, at_.texts.substr(event.receipt_at, event.receipt_bytes));
      set_money(amount, event.amount);
      set_money(quantity, event.quantity);
      sources[row] = meaning_.files[stretch.file].load_no;
    }
    return row;
  }

 private:
  BlockReader<Staged::Event> at_;
  const NumberedAs& meaning_;
};

class ExposureFeed : public store::RowFeed {
 public:
  ExposureFeed(BlockQueue& queue, const NumberedAs& meaning) : at_(queue), meaning_(meaning) {}

  Result<size_t> fill(store::Chunk& chunk) override {
    enum { customer_no, ts, offer, propensity, source };
    TRY(go_on(meaning_.stop));
    if (at_.at_end() && !TRY(at_.next())) return size_t{0};
    size_t row = 0;
    for (; row < chunk.capacity() && !at_.at_end(); ++row, at_.step()) {
      const Staged::Exposure& exposure = at_.rows[at_.row];
      chunk.values<int32_t>(customer_no)[row] =
          meaning_.numbers_of(Kind::customers, at_.thread)[static_cast<size_t>(exposure.customer)];
      chunk.values<int64_t>(ts)[row] = exposure.ts;
      chunk.set_text(offer, row, meaning_.words[at_.thread]->text(exposure.offer));
      chunk.values<double>(propensity)[row] = exposure.propensity;
      chunk.values<int32_t>(source)[row] = meaning_.files[at_.block->stretches[at_.stretch].file].load_no;
    }
    return row;
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
    size_t row = 0;
    while (row == 0) {  // a block may hold nothing to keep
      if (at_.at_end() && !TRY(at_.next())) break;
      for (; row < chunk.capacity() && !at_.at_end(); at_.step()) {
        const Staged::Reject& reject = at_.rows[at_.row];
        const Stretch& stretch = at_.block->stretches[at_.stretch];
        int64_t number = meaning_.first_reject[stretch.file][static_cast<size_t>(stretch.batch)] +
                         static_cast<int64_t>(at_.row_in_stretch);
        if (number >= meaning_.limits.rows) continue;
        const Staging::File& from = meaning_.files[stretch.file];
        chunk.values<int32_t>(load_no)[row] = from.load_no;
        chunk.set_text(file, row, from.name);
        chunk.values<int64_t>(line)[row] = reject.line;
        chunk.set_text(reason, row, meaning_.reasons[at_.thread]->text(reject.reason));
        if (reject.text_bytes == 0 || number >= meaning_.limits.texts) chunk.set_null(text, row);
        else chunk.set_text(text, row, at_.texts.substr(reject.text_at, reject.text_bytes));
        ++row;
      }
    }
    return row;
  }

 private:
  BlockReader<Staged::Reject> at_;
  const NumberedAs& meaning_;
};

Staging::Staging(std::string spool_folder, size_t threads, RejectLimits limits)
    : spool_(std::move(spool_folder), spool_memory_bytes_max), limits_(limits) {
  for (size_t t = 0; t < threads; ++t) threads_.emplace_back(spool_, limits);
}

// The outlets of every thread, [thread][code] -> number: the store's where it knows them, the next ones for
// the others, by partner and channel.
Result<std::vector<std::vector<int32_t>>> Staging::number_outlets(store::Connection& connection) const {
  using Names = std::pair<std::string_view, std::string_view>;  // partner, channel
  constexpr int32_t none = -1;
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

Status Staging::insert(store::Connection& connection, const std::vector<File>& files,
                       const Dimensions& dimensions, const std::stop_token& stop) {
  NumberedAs meaning;
  meaning.files = files;
  meaning.limits = limits_;
  meaning.stop = stop;
  BlockQueue events{spool_}, exposures{spool_}, rejects{spool_};
  for (size_t t = 0; t < threads_.size(); ++t) {
    Staged& staged = threads_[t];
    TRY(staged.finish());
    meaning.words.push_back(&staged.words_);
    meaning.reasons.push_back(&staged.reasons_);
    events.take(t, staged.events_.full);
    exposures.take(t, staged.exposures_.full);
    rejects.take(t, staged.rejects_.full);
  }
  for (BlockQueue* queue : {&events, &exposures, &rejects}) queue->in_file_order();
  meaning.first_event =
      number_rows(events, files.size(),
                  TRY(connection.integer("SELECT coalesce(max(event_id) + 1, 0) FROM raw.event")), true);
  meaning.first_reject = number_rows(rejects, files.size(), 0, false);

  bool told = false;
  for (const DimensionShape& shape : dimension_shapes()) {
    std::vector<const Dictionary*> ids, texts;
    std::vector<const PairCounts*> pairs;
    for (Staged& staged : threads_) {
      const Mentions& mentions = staged.of(shape.kind);
      ids.push_back(&mentions.ids);
      texts.push_back(&mentions.properties);
      pairs.push_back(&mentions.pairs);
    }
    const Dimension& dimension = dimensions.of(shape.kind);
    ids.push_back(&dimension.ids());
    Ranking ranking = TRY(rank(ids, stop));
    Numbers numbers = TRY(number(connection, shape, ranking, stop));
    Ranking words = TRY(rank(texts, stop));
    Properties properties = TRY(properties_of(ranking, words, numbers, pairs, dimension, stop));
    told = TRY(write_dimension(connection, shape, ranking, numbers, properties, stop)) || told;
    meaning.numbers[static_cast<size_t>(shape.kind)] = by_code(ranking, numbers);
  }

  if (told)
    TRY(connection.execute("UPDATE raw.load SET told = true WHERE load_no >= $first",
                           {{"first", int64_t{files.front().load_no}}}));

  meaning.outlets = TRY(number_outlets(connection));
  TRY(connection.insert("raw.event", [&] { return std::make_unique<EventFeed>(events, meaning); }));
  TRY(connection.insert("raw.exposure", [&] { return std::make_unique<ExposureFeed>(exposures, meaning); }));
  return connection.insert("raw.reject", [&] { return std::make_unique<RejectFeed>(rejects, meaning); });
}

}  // namespace danggol::ingest
