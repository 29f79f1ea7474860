#include "ingest/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/clock.h"
#include "base/dictionary.h"
#include "base/digest.h"
#include "ingest/byte_source.h"
#include "ingest/import.sql.h"

namespace danggol::ingest {
namespace {

constexpr const char* staging_sql = R"(
  CREATE OR REPLACE TEMP TABLE staged (
    event_id BIGINT, customer INTEGER, ts TIMESTAMP, action VARCHAR, product INTEGER, product_name INTEGER,
    partner VARCHAR, channel VARCHAR, store INTEGER, region INTEGER, receipt_id VARCHAR, amount DECIMAL(18, 4),
    quantity DECIMAL(18, 4), source INTEGER))";

// Counts what a reader yields; the part that check and import share.
class Tally {
 public:
  explicit Tally(FileReport& report) : report_(report) {}
  void add(const EventBatch& batch) {
    for (const EventRow& row : batch.events) {
      if (report_.rows_loaded == 0) report_.first = report_.last = row.ts;
      report_.first = std::min(report_.first, row.ts);
      report_.last = std::max(report_.last, row.ts);
      ++report_.rows_loaded;
    }
    for (const RejectRow& row : batch.rejects) ++reasons_[row.reason];
    report_.rows_rejected += static_cast<int64_t>(batch.rejects.size());
  }
  void finish() {
    report_.rejects.assign(reasons_.begin(), reasons_.end());
    std::stable_sort(report_.rejects.begin(), report_.rejects.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
  }

 private:
  FileReport& report_;
  std::map<std::string_view, int64_t> reasons_;
};

Status show_progress(const Progress& progress, const FileReport& report) {
  return progress(-1, fmt::format("{}: {} rows", std::filesystem::path(report.facts.path).filename().string(),
                                  report.rows_read()));
}

// Invalid bytes of a rejected row become U+FFFD so that the store holds text only.
std::string as_text(std::string_view bytes) {
  std::string out;
  for (size_t i = 0; i < bytes.size();) {
    size_t length = 1;
    unsigned char lead = static_cast<unsigned char>(bytes[i]);
    if (lead >= 0xc2) length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (i + length <= bytes.size() && is_utf8(bytes.substr(i, length))) out += bytes.substr(i, length);
    else out += "\xef\xbf\xbd", length = 1;
    i += length;
  }
  return out;
}

class Loader {
 public:
  static Result<Loader> start(store::Connection& connection) {
    TRY(connection.execute(staging_sql));
    Loader loader;
    loader.events_ = TRY(store::Appender::open(connection, "temp", "main", "staged"));
    loader.rejects_ = TRY(store::Appender::open(connection, "", "raw", "reject"));
    loader.event_id_ = TRY(connection.integer("SELECT coalesce(max(event_id) + 1, 0) FROM raw.event"));
    return loader;
  }

  Status load(const EventBatch& batch, int32_t load_no, const std::string& file) {
    enum { event_id, customer, ts, action, product, product_name, partner, channel, store, region, receipt, amount,
           quantity, source };
    auto text = [&](int column, std::string_view value) {
      if (!value.empty()) events_.set(column, value);
    };
    auto coded = [&](int column, Dictionary& dictionary, std::string_view value) {
      if (!value.empty()) events_.set(column, dictionary.code(value));
    };
    for (const EventRow& row : batch.events) {
      events_.set(event_id, event_id_++);
      coded(customer, customers_, row.customer);
      events_.set(ts, row.ts);
      events_.set(action, row.action);
      coded(product, products_, row.product);
      if (!row.product.empty()) coded(product_name, product_names_, row.product_name);
      text(partner, row.partner);
      text(channel, row.channel);
      coded(store, stores_, row.store);
      coded(region, regions_, row.region);
      text(receipt, row.receipt);
      if (row.has_amount) events_.set(amount, row.amount);
      if (row.has_quantity) events_.set(quantity, row.quantity);
      events_.set(source, load_no);
      TRY(events_.end_row());
    }
    for (const RejectRow& row : batch.rejects) {
      rejects_.set(0, load_no);
      rejects_.set(1, file);
      rejects_.set(2, row.line);
      rejects_.set(3, row.reason);
      if (is_utf8(row.text)) rejects_.set(4, row.text);
      else rejects_.set(4, as_text(row.text));
      TRY(rejects_.end_row());
    }
    return {};
  }

  Status finish(store::Connection& connection) {
    TRY(events_.close());
    TRY(rejects_.close());
    TRY(write(connection, "staged_customer", customers_));
    TRY(write(connection, "staged_product", products_));
    TRY(write(connection, "staged_product_name", product_names_));
    TRY(write(connection, "staged_store", stores_));
    TRY(write(connection, "staged_region", regions_));
    return connection.execute(sql::import);
  }

 private:
  static Status write(store::Connection& connection, const std::string& table, const Dictionary& dictionary) {
    TRY(connection.execute("CREATE OR REPLACE TEMP TABLE " + table + " (code INTEGER, id VARCHAR)"));
    auto appender = TRY(store::Appender::open(connection, "temp", "main", table));
    for (int32_t code = 0; code < static_cast<int32_t>(dictionary.size()); ++code) {
      appender.set(0, code);
      appender.set(1, dictionary.text(code));
      TRY(appender.end_row());
    }
    return appender.close();
  }

  store::Appender events_, rejects_;
  Dictionary customers_, products_, product_names_, stores_, regions_;
  int64_t event_id_ = 0;
};

Status refuse_known(store::Connection& connection, const std::string& path, const std::string& digest) {
  int64_t known = TRY(connection.integer("SELECT load_no + 1 FROM raw.load WHERE digest = $digest LIMIT 1", {{"digest", digest}}));
  if (known == 0) return {};
  return Error{Code::conflict, fmt::format("{}: already in the store as load {}; give --again to load it twice", path, known - 1)};
}

Result<std::vector<FileReport>> load_all(store::Connection& connection, const std::vector<std::string>& paths,
                                         const Mapping& mapping, const ImportOptions& options,
                                         const Progress& progress) {
  std::vector<FileReport> reports;
  auto loader = TRY(Loader::start(connection));
  int64_t load_no = TRY(connection.integer("SELECT coalesce(max(load_no) + 1, 0) FROM raw.load"));
  for (const std::string& path : paths) {
    std::string digest = TRY(file_digest(path));
    if (!options.again) TRY(refuse_known(connection, path, digest));
    auto reader = TRY(EventReader::open(path, mapping));
    FileReport& report = reports.emplace_back();
    report.facts = reader.facts();
    Tally tally(report);
    std::string file = std::filesystem::path(path).filename().string();
    while (auto batch = TRY(reader.next())) {
      TRY(loader.load(*batch, static_cast<int32_t>(load_no), file));
      tally.add(*batch);
      TRY(show_progress(progress, report));
    }
    tally.finish();
    TRY(connection.execute("INSERT INTO raw.load VALUES ($no, $file, $digest, $preset, $format, $encoding, $read, "
                           "$loaded, $rejected, $at)",
                           {{"no", load_no}, {"file", file}, {"digest", digest}, {"preset", mapping.preset},
                            {"format", report.facts.format}, {"encoding", report.facts.encoding},
                            {"read", report.rows_read()}, {"loaded", report.rows_loaded},
                            {"rejected", report.rows_rejected}, {"at", now_utc()}}));
    ++load_no;
  }
  TRY(progress(-1, "numbering customers and products"));
  TRY(loader.finish(connection));
  if (options.before_commit) TRY(options.before_commit(connection, load_no - static_cast<int64_t>(paths.size())));
  return reports;
}

}  // namespace

Result<FileReport> check(const std::string& path, const Mapping& mapping, const Progress& progress) {
  auto reader = TRY(EventReader::open(path, mapping));
  FileReport report;
  report.facts = reader.facts();
  Tally tally(report);
  Dictionary customers;
  while (auto batch = TRY(reader.next())) {
    tally.add(*batch);
    for (const EventRow& row : batch->events) customers.code(row.customer);
    TRY(show_progress(progress, report));
  }
  tally.finish();
  report.customers = static_cast<int64_t>(customers.size());
  return report;
}

Result<std::vector<FileReport>> import(store::Connection& connection, const std::vector<std::string>& paths,
                                       const Mapping& mapping, const ImportOptions& options,
                                       const Progress& progress) {
  TRY(connection.begin());
  auto reports = load_all(connection, paths, mapping, options, progress);
  if (!reports) {
    (void)connection.rollback();
    return reports;
  }
  TRY(connection.commit());
  return reports;
}

}  // namespace danggol::ingest
