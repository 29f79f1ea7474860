#include "ingest/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "base/dictionary.h"
#include "base/digest.h"
#include "ingest/byte_source.h"
#include "ingest/staging.h"

namespace danggol::ingest {
namespace {

// Counts what is read of one file, in whichever thread.
class Tally {
 public:
  void add(const EventBatch& batch) {
    Timestamp first{INT64_MAX}, last{INT64_MIN};
    for (const EventRow& row : batch.events) first = std::min(first, row.ts), last = std::max(last, row.ts);
    std::map<std::string_view, int64_t> reasons;
    for (const RejectRow& row : batch.rejects) ++reasons[row.reason];

    std::lock_guard lock(mutex_);
    loaded_ += static_cast<int64_t>(batch.events.size());
    rejected_ += static_cast<int64_t>(batch.rejects.size());
    first_ = std::min(first_, first), last_ = std::max(last_, last);
    for (const auto& [reason, rows] : reasons) reasons_[reason] += rows;
  }
  int64_t rows() {
    std::lock_guard lock(mutex_);
    return loaded_ + rejected_;
  }
  void report(FileReport& out) const {
    out.rows_loaded = loaded_;
    out.rows_rejected = rejected_;
    if (loaded_ > 0) out.first = first_, out.last = last_;
    out.rejects.assign(reasons_.begin(), reasons_.end());
    std::stable_sort(out.rejects.begin(), out.rejects.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
  }

 private:
  std::mutex mutex_;
  int64_t loaded_ = 0, rejected_ = 0;
  Timestamp first_{INT64_MAX}, last_{INT64_MIN};
  std::map<std::string_view, int64_t> reasons_;
};

// Reads files in as many threads as there are cores. Each thread takes the next file that none has begun and,
// when there is no more, helps with those that others are at.
class Reading {
 public:
  Reading(const std::vector<std::string>& paths, const Mapping& mapping)
      : mapping_(mapping), files_(paths.size()), bad_file_(paths.size()) {
    for (size_t f = 0; f < paths.size(); ++f) files_[f].path = paths[f];
  }
  static size_t threads() { return std::max(1u, std::thread::hardware_concurrency()); }

  // `use(thread, file, batch)` gets every batch. `meanwhile` runs in the calling thread, which then reads
  // like the others and shows the progress. Of several files that cannot be read the first one is the error,
  // whichever thread was faster.
  using Use = std::function<Status(size_t thread, size_t file, const EventBatch& batch)>;
  Result<std::vector<FileReport>> run(const Use& use, const std::function<Status()>& meanwhile,
                                      const Progress& progress) {
    std::vector<std::thread> others;
    for (size_t t = 1; t < threads(); ++t)
      others.emplace_back([&, t] { read(t, use, [](size_t) { return Status(); }); });
    Status outcome = meanwhile();
    if (outcome)
      read(0, use, [&](size_t f) {
        outcome = show(f, progress);
        return outcome;
      });
    if (!outcome) stop_ = true;
    for (auto& thread : others) thread.join();
    if (!outcome) return std::move(outcome).error();
    std::vector<FileReport> reports(files_.size());
    for (size_t f = 0; f < files_.size(); ++f) {
      if (files_[f].failed) return *files_[f].failed;
      reports[f].facts = files_[f].reader->facts();
      files_[f].tally.report(reports[f]);
    }
    return reports;
  }

 private:
  struct File {
    std::string path;
    std::mutex opening;
    std::optional<EventReader> reader;
    std::optional<Error> failed;
    Tally tally;
  };
  using After = std::function<Status(size_t file)>;

  bool wanted(size_t f) const { return !stop_ && f <= bad_file_; }

  void read(size_t thread, const Use& use, const After& after) {
    EventBatch batch;
    for (size_t f = next_file_++; f < files_.size(); f = next_file_++)
      read_file(thread, f, batch, use, after);
    for (size_t f = 0; f < files_.size(); ++f) read_file(thread, f, batch, use, after);
  }

  void read_file(size_t thread, size_t f, EventBatch& batch, const Use& use, const After& after) {
    File& file = files_[f];
    auto outcome = [&]() -> Status {
      try {
        {
          std::lock_guard lock(file.opening);
          if (file.failed || !wanted(f)) return {};
          if (!file.reader) file.reader = TRY(EventReader::open(file.path, mapping_));
        }
        while (wanted(f) && TRY(file.reader->next(batch))) {
          TRY(use(thread, f, batch));
          file.tally.add(batch);
          TRY(after(f));
        }
      } catch (const std::bad_alloc&) {
        return Error{Code::io, fmt::format("{}: not enough memory", file.path)};
      }
      return {};
    }();
    if (outcome) return;
    std::lock_guard lock(file.opening);
    if (!file.failed) file.failed = outcome.error();
    for (size_t bad = bad_file_; f < bad && !bad_file_.compare_exchange_weak(bad, f);) {
    }
  }

  Status show(size_t f, const Progress& progress) {
    return progress(-1, fmt::format("{}: {} rows", std::filesystem::path(files_[f].path).filename().string(),
                                    files_[f].tally.rows()));
  }

  const Mapping& mapping_;
  std::deque<File> files_;
  std::atomic<size_t> next_file_ = 0;
  std::atomic<size_t> bad_file_;  // the first that cannot be read; those after it need not be
  std::atomic<bool> stop_ = false;
};

// The digests of the files; an error where the store, or the list itself, has a file already.
Result<std::vector<std::string>> digests_of(store::Connection& connection,
                                            const std::vector<std::string>& paths, int64_t first_load,
                                            bool again) {
  std::vector<std::string> digests;
  for (const std::string& path : paths) {
    std::string digest = TRY(file_digest(path));
    int64_t known = TRY(connection.integer("SELECT load_no + 1 FROM raw.load WHERE digest = $digest LIMIT 1",
                                           {{"digest", digest}}));
    if (auto same = std::find(digests.begin(), digests.end(), digest); known == 0 && same != digests.end())
      known = first_load + (same - digests.begin()) + 1;
    if (known != 0 && !again)
      return Error{
          Code::conflict,
          fmt::format("{}: already in the store as load {}; give --again to load it twice", path, known - 1)};
    digests.push_back(std::move(digest));
  }
  return digests;
}

// Where the store is; what a load cannot hold in memory goes there too.
Result<std::string> folder_of(store::Connection& connection) {
  std::string store =
      TRY(connection.text("SELECT path FROM duckdb_databases() WHERE database_name = current_database()"));
  if (store.empty()) return std::filesystem::temp_directory_path().string();
  std::string folder = std::filesystem::path(store).parent_path().string();
  return folder.empty() ? "." : folder;
}

Result<std::vector<FileReport>> load_all(store::Connection& connection, const std::vector<std::string>& paths,
                                         const Mapping& mapping, const ImportOptions& options,
                                         const Progress& progress) {
  int64_t first_load = TRY(connection.integer("SELECT coalesce(max(load_no) + 1, 0) FROM raw.load"));
  std::vector<std::string> digests;
  Staging staging(TRY(folder_of(connection)), Reading::threads());
  auto put_aside = [&](size_t thread, size_t file, const EventBatch& batch) {
    return staging.of(thread).add(file, batch);
  };
  auto make_digests = [&]() -> Status {
    digests = TRY(digests_of(connection, paths, first_load, options.again));
    return {};
  };
  auto reports = TRY(Reading(paths, mapping).run(put_aside, make_digests, progress));
  TRY(progress(-1, "numbering customers and products"));
  std::vector<Staging::File> files;
  for (size_t f = 0; f < paths.size(); ++f) {
    const FileReport& report = reports[f];
    int64_t load_no = first_load + static_cast<int64_t>(f);
    files.push_back(
        {as_text(std::filesystem::path(paths[f]).filename().string()), static_cast<int32_t>(load_no)});
    TRY(connection.execute(
        "INSERT INTO raw.load VALUES ($no, $file, $digest, $preset, $format, $encoding, $read, "
        "$loaded, $rejected, $at)",
        {{"no", load_no},
         {"file", files[f].name},
         {"digest", digests[f]},
         {"preset", mapping.preset},
         {"format", report.facts.format},
         {"encoding", report.facts.encoding},
         {"read", report.rows_read()},
         {"loaded", report.rows_loaded},
         {"rejected", report.rows_rejected},
         {"at", now_utc()}}));
  }
  TRY(staging.insert(connection, files));
  if (options.before_commit) TRY(options.before_commit(connection, first_load));
  return reports;
}

}  // namespace

Result<FileReport> check(const std::string& path, const Mapping& mapping, const Progress& progress) {
  std::vector<Dictionary> customers(Reading::threads());
  auto count = [&](size_t thread, size_t, const EventBatch& batch) -> Status {
    for (const EventRow& row : batch.events) customers[thread].code(row.customer);
    return {};
  };
  auto reports = TRY(Reading({path}, mapping)
                         .run(
                             count, [] { return Status(); }, progress));
  for (size_t t = 1; t < customers.size(); ++t)
    for (int32_t code = 0; code < static_cast<int32_t>(customers[t].size()); ++code)
      customers[0].code(customers[t].text(code));
  reports[0].customers = static_cast<int64_t>(customers[0].size());
  return std::move(reports[0]);
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
