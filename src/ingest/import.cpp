#include "ingest/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "base/assert.h"
#include "base/clock.h"
#include "ingest/byte_source.h"
#include "ingest/removal.h"
#include "ingest/watch.h"

namespace danggol::ingest {
namespace {

// Counts what is read of one file, in whichever thread.
class Tally {
 public:
  void add(const Batch& batch) {
    Timestamp first{INT64_MAX}, last{INT64_MIN};
    Calendar calendar;
    auto seen = [&](Timestamp ts) {
      first = std::min(first, ts), last = std::max(last, ts), calendar.add(ts);
    };
    for (const EventRow& row : batch.events) seen(row.ts);
    for (const ExposureRow& row : batch.exposures) seen(row.ts);
    std::map<std::string_view, Reason> reasons;
    for (const RejectRow& row : batch.rejects) {
      Reason& reason = reasons[row.reason];
      if (reason.examples.size() < most_examples) {
        std::string& text = reason.examples[row.line];
        batch.append_text(row, text);
      }
      ++reason.rows;
    }

    std::lock_guard lock(mutex_);
    calendar_.add(calendar);
    evidence_.add(batch.evidence);
    loaded_ += static_cast<int64_t>(batch.events.size() + batch.exposures.size() + batch.dimension.size());
    rejected_ += static_cast<int64_t>(batch.rejects.size());
    first_ = std::min(first_, first), last_ = std::max(last_, last);
    for (auto& [name, reason] : reasons) {
      Reason& all = reasons_[name];
      all.rows += reason.rows;
      all.examples.merge(reason.examples);
      while (all.examples.size() > most_examples) all.examples.erase(std::prev(all.examples.end()));
    }
  }
  int64_t rows() {
    std::lock_guard lock(mutex_);
    return loaded_ + rejected_;
  }
  void report(FileReport& out) const {
    out.rows_loaded = loaded_;
    out.rows_rejected = rejected_;
    if (first_ <= last_) out.first_day = to_date(first_), out.last_day = to_date(last_);
    for (const auto& [name, reason] : reasons_) {
      out.rejects.emplace_back(name, reason.rows);
      if (out.examples.empty() || reason.rows > out.rejects.front().second)
        out.examples.assign(reason.examples.begin(), reason.examples.end());
      std::stable_sort(out.rejects.begin(), out.rejects.end(),
                       [](const auto& a, const auto& b) { return a.second > b.second; });
    }
  }
  const Evidence& evidence() const { return evidence_; }
  const Calendar& calendar() const { return calendar_; }

 private:
  static constexpr size_t most_examples = 3;
  struct Reason {
    int64_t rows = 0;
    std::map<int64_t, std::string> examples;  // by line
  };

  std::mutex mutex_;
  int64_t loaded_ = 0, rejected_ = 0;
  Timestamp first_{INT64_MAX}, last_{INT64_MIN};
  std::map<std::string_view, Reason> reasons_;
  Calendar calendar_;
  Evidence evidence_;
};

// What an earlier reading found of each file.
using Notations = std::vector<std::optional<Notation>>;

// Reads files in as many threads as there are cores. Each thread takes the next file that none has begun and,
// when there is no more, helps with those that others are at.
class Reading {
 public:
  // `use(thread, file, batch)` gets every batch, with orphans and repeated ids among its rejects.
  using Use = std::function<Status(size_t thread, size_t file, const Batch& batch)>;
  Reading(const Inputs& inputs, const Joins& joins, const Mapping& mapping, const Notations& notations,
          Dimensions& dimensions, Use use, const Work& work)
      : inputs_(inputs),
        joins_(joins),
        mapping_(mapping),
        notations_(notations),
        dimensions_(dimensions),
        use_(std::move(use)),
        work_(work),
        files_(inputs.size()),
        bad_file_(inputs.size()) {}
  static size_t threads() { return std::max(1u, std::thread::hardware_concurrency()); }

  // The tables of customers, products and stores, in the order of the files and by one thread, so that it is
  // the same one of two rows that counts. Nothing to do where the mapping has no such table.
  Status read_dimensions() {
    if (mapping_.tables.size() == 1 && !is_dimension(mapping_.tables[0].kind)) return {};
    std::set<std::string> found;
    Batch batch;
    for (size_t f = 0; f < files_.size(); ++f) {
      auto reader = TRY(reader_of(f));
      found.insert(reader.facts().table);
      files_[f].kind = reader.facts().kind;
      constexpr size_t most_open = 16;  // beyond them a file is opened again in its turn
      if (is_dimension(files_[f].kind) || files_.size() <= most_open) files_[f].reader = std::move(reader);
      if (!is_dimension(files_[f].kind)) continue;
      read_file(0, f, batch);
      if (files_[f].failed) return *files_[f].failed;
    }
    for (const TableMapping& table : mapping_.tables)
      if (table.wanted && !found.contains(table.name))
        return Error{Code::not_found,
                     fmt::format("{}: no file is its table {}, whose columns are {}; give it too",
                                 mapping_.preset, table.name, expected(table))};
    return {};
  }
  Kind kind_of(size_t f) const {
    return mapping_.tables.size() == 1 ? mapping_.tables[0].kind : files_[f].kind;
  }

  // All other files. `meanwhile` runs in the calling thread, which then reads like the others. Of several
  // files that cannot be read the first one is the error, whichever thread was faster.
  Result<std::vector<FileReport>> run(const std::function<Status()>& meanwhile) {
    struct Leaving {  // however this ends, the others end, too
      std::atomic<bool>& leave;
      ~Leaving() { leave = true; }
    };
    std::vector<std::jthread> others;
    Leaving leaving{leave_};
    for (size_t t = 1; t < threads(); ++t) others.emplace_back([&, t] { read(t); });
    TRY(meanwhile());
    read(0);
    others.clear();
    TRY(go_on(work_.stop));
    std::vector<FileReport> reports(files_.size());
    for (size_t f = 0; f < files_.size(); ++f) {
      if (files_[f].failed) return *files_[f].failed;
      reports[f].facts = files_[f].reader->facts();
      reports[f].digest_of_read = files_[f].reader->digest_of_read();
      files_[f].tally.report(reports[f]);
      settle(files_[f], reports[f]);
      reports[f].unchecked = unchecked(reports[f].facts);
    }
    return reports;
  }

  struct File {
    Kind kind = Kind::events;
    std::mutex opening;
    std::optional<TableReader> reader;
    std::optional<Error> failed;
    Tally tally;
  };

  Result<TableReader> reader_of(size_t f) const {
    InputFile input = TRY(inputs_.open(f));
    const Notation* known = notations_.empty() || !notations_[f] ? nullptr : &*notations_[f];
    auto reader = TableReader::open(std::move(input), mapping_, work_.stop, known, &joins_);
    if (reader || reader.error().code != Code::bad_input || !inputs_.is_packed(f) || inputs_.size() < 2)
      return reader;
    return Error{Code::bad_input, fmt::format("{}; to leave it out name the others alone, such as {}",
                                              reader.error().message, inputs_.path(f == 0 ? 1 : 0))};
  }

  // What the whole file shows of how it is written.
  static void settle(const File& file, FileReport& report) {
    const FileFacts& facts = report.facts;
    report.notation = notation_of(facts.rules, file.tally.evidence(), facts.delimiter);
    report.notation.lonely = facts.notation.lonely;
    for (const auto& month : file.tally.calendar().lonely()) report.notation.lonely.push_back(month);
    report.question = question_of(facts.rules, file.tally.evidence(), facts.delimiter, facts.are_states());
    report.seen = file.tally.evidence();
  }

  bool wanted(size_t f) const { return !leave_ && f <= bad_file_ && !work_.stop.stop_requested(); }

  void read(size_t thread) {
    Batch batch;
    for (size_t f = next_file_++; f < files_.size(); f = next_file_++) read_file(thread, f, batch);
    for (size_t f = 0; f < files_.size(); ++f) read_file(thread, f, batch);
  }

  void read_file(size_t thread, size_t f, Batch& batch) {
    File& file = files_[f];
    Status outcome = caught(inputs_.path(f), [&]() -> Status {
      {
        std::lock_guard lock(file.opening);
        if (file.failed || !wanted(f)) return {};
        if (!file.reader) file.reader = TRY(reader_of(f));
      }
      while (wanted(f) && TRY(file.reader->next(batch))) {
        if (is_dimension(batch.kind)) dimensions_.add(f, file.reader->facts().is_whole, batch);
        else dimensions_.turn_down_orphans(batch);
        TRY(use_(thread, f, batch));
        file.tally.add(batch);
        if (thread == 0) say(f);
      }
      return {};
    });
    if (outcome) return;
    std::lock_guard lock(file.opening);
    if (!file.failed) file.failed = outcome.error();
    for (size_t bad = bad_file_; f < bad && !bad_file_.compare_exchange_weak(bad, f);) {
    }
  }

  void say(size_t f) { work_.say(fmt::format("{}: {} rows", inputs_.name(f), files_[f].tally.rows())); }

  // Where the mapping has a table that could have told of the file's ids, but no file is it.
  std::vector<Kind> unchecked(const FileFacts& facts) const {
    std::vector<Kind> out;
    if (is_dimension(facts.kind)) return out;
    for (const TableMapping& table : mapping_.tables)
      if (is_dimension(table.kind) && table.is_whole && !dimensions_.of(table.kind).described() &&
          facts.has(dimension_shapes()[static_cast<size_t>(table.kind)].id))
        out.push_back(table.kind);
    return out;
  }

  const Inputs& inputs_;
  const Joins& joins_;
  const Mapping& mapping_;
  const Notations& notations_;
  Dimensions& dimensions_;
  Use use_;
  const Work& work_;
  std::deque<File> files_;
  std::atomic<size_t> next_file_ = 0;
  std::atomic<size_t> bad_file_;  // the first that cannot be read; those after it need not be
  std::atomic<bool> leave_ = false;
};

// The digests of the files; an error where the store, or the list itself, has a file already and what it has
// shall not count twice. A table of customers, products or stores may come again: it changes nothing.
Result<std::vector<std::string>> digests_of(store::Connection& connection, const Inputs& inputs,
                                            const Reading& reading, int64_t first_load, OnOverlap on_overlap,
                                            const Work& work) {
  std::vector<std::string> digests;
  for (size_t f = 0; f < inputs.size(); ++f) {
    InputFile file = TRY(inputs.open(f));
    std::string digest = TRY(file.digest(work.stop));
    int64_t known = TRY(connection.integer("SELECT load_no + 1 FROM raw.load WHERE digest = $digest LIMIT 1",
                                           {{"digest", digest}}));
    auto same = std::find(digests.begin(), digests.end(), digest);
    bool is_twice = known == 0 && same != digests.end();
    if (is_twice) known = first_load + (same - digests.begin()) + 1;
    // of events what is there already stands aside, of exposures it would count again
    bool may_come = is_dimension(reading.kind_of(f)) || on_overlap == OnOverlap::keep ||
                    (on_overlap == OnOverlap::skip && reading.kind_of(f) == Kind::events);
    if (known != 0 && !may_come)
      return Error{Code::conflict,
                   is_twice ? fmt::format("{}: the same content as {}; name it once", inputs.path(f),
                                          inputs.path(static_cast<size_t>(same - digests.begin())))
                            : fmt::format("{}: already in the store as load {}; give --replace={} to load it "
                                          "anew in that one's place",
                                          inputs.path(f), known - 1, known - 1)};
    digests.push_back(std::move(digest));
  }
  return digests;
}

// Where the store is; what a load cannot hold in memory goes there too.
Result<std::string> folder_of(store::Connection& connection) {
  std::string store =
      TRY(connection.text("SELECT path FROM duckdb_databases() WHERE database_name = 'danggol'"));
  if (store.empty()) return std::filesystem::temp_directory_path().string();
  std::string folder = std::filesystem::path(store).parent_path().string();
  return folder.empty() ? "." : folder;
}

Status expect_rows(const std::vector<FileReport>& reports) {
  auto nothing = [](const FileReport& report) { return !why_nothing(report).empty(); };
  auto first = std::find_if(reports.begin(), reports.end(), nothing);
  if (first == reports.end()) return {};
  return Error{Code::bad_input, fmt::format("{}: {}", first->facts.path, why_nothing(*first))};
}

Error no_rows(const Mapping& mapping) {
  return {Code::not_found, fmt::format("{}: no file is its table of rows, whose columns are {}; give it too",
                                       mapping.preset, expected(mapping.tables[0]))};
}

// Exposures of which nobody ever did anything are not of this shop, or their ids are written otherwise: a
// comparison of them would say "no effect".
Status expect_known_people(store::Connection& connection, int64_t first_load, const std::string& path) {
  Table found = TRY(connection.query(
      "WITH exposed AS (SELECT DISTINCT customer_no FROM raw.exposure WHERE source >= $load), "
      "buyer AS (SELECT DISTINCT customer_no FROM raw.event), "
      "bare AS (SELECT ltrim(customer_id, '0') AS id, min(customer_id) AS customer_id FROM buyer "
      "JOIN raw.customer USING (customer_no) GROUP BY ALL) "
      "SELECT (SELECT count(*) FROM exposed) AS people, (SELECT count(*) FROM exposed SEMI JOIN buyer USING "
      "(customer_no)) AS known, (SELECT count(*) FROM buyer) AS buyers, "
      "(SELECT count(*) FROM exposed JOIN raw.customer c USING (customer_no) JOIN bare ON bare.id = "
      "ltrim(c.customer_id, '0')) AS near, "
      "(SELECT min((c.customer_id, bare.customer_id)) FROM exposed JOIN raw.customer c USING (customer_no) "
      "JOIN "
      "bare ON bare.id = ltrim(c.customer_id, '0'))::VARCHAR AS pair",
      {{"load", first_load}}));
  int64_t people = found.integers("people")[0];
  if (people == 0 || found.integers("known")[0] > 0 || found.integers("buyers")[0] == 0) return {};
  std::string why =
      found.integers("near")[0] > 0
          ? fmt::format(
                "the ids of {} of them differ from a customer's by leading zeros alone, as in {}; "
                "export them as text",
                found.integers("near")[0], shown(found.texts("pair")[0]))
          : "import the events of the same shop first, or name the column with --customer=COLUMN";
  return Error{Code::bad_input,
               fmt::format("{}: none of its {} people has ever done anything in this store; {}", path,
                           grouped(people), why)};
}

// Whether a file turned out to be written in another way than it was read; then `notations` say how.
bool was_misread(const std::vector<FileReport>& reports, Notations& notations) {
  bool misread = false;
  notations.resize(reports.size());
  for (size_t f = 0; f < reports.size(); ++f) {
    if (reports[f].notation == reports[f].facts.notation) continue;
    notations[f] = reports[f].notation;
    misread = true;
  }
  return misread;
}

// What can only be asked.
Status expect_answers(const std::vector<FileReport>& reports) {
  for (const FileReport& report : reports)
    if (!report.question.empty())
      return Error{Code::bad_input, fmt::format("{}: {}", report.facts.path, report.question)};
  return {};
}

// The reports of a reading by which all files are written as they were read; `read_once` reads them all.
template <class ReadOnce>
Result<std::vector<FileReport>> settled(const ReadOnce& read_once) {
  constexpr int most_readings = 3;
  Notations notations;
  std::vector<FileReport> reports = TRY(read_once(notations));
  for (int readings = 1; readings < most_readings && was_misread(reports, notations); ++readings)
    reports = TRY(read_once(notations));
  TRY(expect_answers(reports));
  return reports;
}

// The amount of an order stands on each of its rows, wherever they are: it is kept on the first.
Status count_orders_once(store::Connection& connection, int32_t load_no) {
  return connection.execute(
      "UPDATE raw.event SET amount = 0 WHERE source = $load AND receipt_id IS NOT NULL AND event_id NOT IN "
      "(SELECT min(event_id) FROM raw.event WHERE source = $load AND receipt_id IS NOT NULL "
      "GROUP BY customer_no, action, ts::DATE, receipt_id)",
      {{"load", int64_t{load_no}}});
}

// What earlier loads have already, and how long it took to look for it.
Status settle(store::Connection& connection, int64_t first_load, OnOverlap on_overlap,
              std::vector<FileReport>& reports, const Work& work) {
  Stopwatch watch;
  work.say("looking for rows that are there already");
  auto aside = TRY(settle_overlap(connection, first_load, on_overlap));
  for (const auto& [load, rows] : aside) reports[static_cast<size_t>(load - first_load)].rows_aside = rows;
  reports.back().overlap_seconds = watch.seconds();
  return {};
}

// The rows that were not let in, for they are of people who were forgotten: they are rejects that say
// nothing.
Status turn_down_forgotten(store::Connection& connection, const std::vector<Staging::File>& files,
                           const std::vector<int64_t>& rows, RejectLimits limits,
                           std::vector<FileReport>& reports) {
  if (std::all_of(rows.begin(), rows.end(), [](int64_t n) { return n == 0; })) return {};
  TRY(settle_left_out(connection, files.front().load_no));
  for (size_t f = 0; f < files.size(); ++f) {
    if (rows[f] == 0) continue;
    FileReport& report = reports[f];
    report.rows_loaded -= rows[f], report.rows_rejected += rows[f];
    report.rejects.emplace_back("forgotten", rows[f]);
    std::stable_sort(report.rejects.begin(), report.rejects.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    if (report.rejects.front().first == "forgotten") report.examples.clear();
    Bindings of_load = {{"load", int64_t{files[f].load_no}},
                        {"file", files[f].name},
                        {"rows", rows[f]},
                        {"kept", std::min(rows[f], limits.rows)}};
    TRY(connection.execute(
        "UPDATE raw.load SET rows_loaded = rows_loaded - $rows, rows_rejected = rows_rejected + "
        "$rows WHERE load_no = $load",
        of_load));
    TRY(connection.execute(
        "INSERT INTO raw.reject SELECT $load, $file, NULL, 'forgotten', NULL FROM range($kept)", of_load));
    Table days =
        TRY(connection.query("SELECT first_day, last_day FROM raw.load WHERE load_no = $load", of_load));
    report.first_day = report.last_day = {};
    if (!days["first_day"].is_null(0))
      report.first_day = Date{static_cast<int32_t>(days.integers("first_day")[0])},
      report.last_day = Date{static_cast<int32_t>(days.integers("last_day")[0])};
  }
  return expect_rows(reports);
}

Value value_of(const std::optional<Date>& day) { return day ? Value(*day) : Value(); }

Result<std::vector<FileReport>> load_all(store::Connection& connection, const Inputs& inputs,
                                         const Joins& joins, const Mapping& mapping,
                                         const ImportOptions& options, const Work& work) {
  int64_t first_load =
      TRY(connection.integer("SELECT greatest((SELECT coalesce(max(next_load), 0) FROM run.store), (SELECT "
                             "coalesce(max(load_no) + 1, 0) FROM raw.load))"));
  std::vector<std::string> digests;
  std::optional<Dimensions> dimensions;
  std::optional<Staging> staging;
  std::string folder = TRY(folder_of(connection));
  auto reports = TRY(settled([&](const Notations& notations) -> Result<std::vector<FileReport>> {
    dimensions.emplace();
    staging.emplace(folder, Reading::threads(), options.rejects);
    auto put_aside = [&](size_t thread, size_t file, const Batch& batch) {
      return staging->of(thread).add(file, batch);
    };
    Reading reading(inputs, joins, mapping, notations, *dimensions, put_aside, work);
    TRY(reading.read_dimensions());
    TRY(dimensions->know_store(connection, work.stop));
    auto make_digests = [&]() -> Status {
      if (digests.empty())
        digests = TRY(digests_of(connection, inputs, reading, first_load, options.on_overlap, work));
      return {};
    };
    return reading.run(make_digests);
  }));
  TRY(expect_rows(reports));
  work.say("numbering customers and products");
  std::vector<Staging::File> files;
  for (size_t f = 0; f < inputs.size(); ++f) {
    const FileReport& report = reports[f];
    if (!report.digest_of_read.empty() && report.digest_of_read != digests[f]) return changed(inputs.path(f));
    int64_t load_no = first_load + static_cast<int64_t>(f);
    files.push_back({as_text(inputs.name(f)), static_cast<int32_t>(load_no)});
    TRY(connection.execute(
        "INSERT INTO raw.load VALUES ($no, $file, $digest, $preset, $format, $encoding, $read, "
        "$loaded, $rejected, $first, $last, $at, false, $keeps)",
        {{"no", load_no},
         {"file", files[f].name},
         {"digest", digests[f]},
         {"preset", mapping.preset},
         {"format", report.facts.format},
         {"encoding", report.facts.encoding},
         {"read", report.rows_read()},
         {"loaded", report.rows_loaded},
         {"rejected", report.rows_rejected},
         {"first", value_of(report.first_day)},
         {"last", value_of(report.last_day)},
         {"at", now_utc()},
         {"keeps", options.on_overlap == OnOverlap::keep}}));
  }
  TRY(connection.execute("UPDATE run.store SET next_load = $next",
                         {{"next", first_load + static_cast<int64_t>(inputs.size())}}));
  Forgotten forgotten = TRY(Forgotten::read(connection, options.key_file));
  auto of_forgotten = TRY(staging->insert(connection, files, *dimensions, forgotten, work.stop));
  TRY(turn_down_forgotten(connection, files, of_forgotten, options.rejects, reports));
  for (size_t f = 0; f < reports.size(); ++f)
    if (reports[f].facts.rules.is_amount_of_order) TRY(count_orders_once(connection, files[f].load_no));
  TRY(settle(connection, first_load, options.on_overlap, reports, work));
  for (FileReport& report : reports) {
    warn(mapping, report);
    TRY(warn_of_states(connection, first_load + (&report - reports.data()), report));
    if (int64_t most = options.rejects.rows; report.rows_rejected > most) warn_of_rejects(most, report);
  }
  TRY(warn_of_one_for_all(connection, first_load, reports.back()));
  TRY(warn_of_lost_zeros(connection, reports.back()));
  auto exposures = std::find_if(reports.begin(), reports.end(), [](const FileReport& report) {
    return report.facts.kind == Kind::exposures;
  });
  if (exposures != reports.end()) TRY(expect_known_people(connection, first_load, exposures->facts.path));
  if (options.before_commit) TRY(options.before_commit(connection, first_load));
  return reports;
}

}  // namespace

Result<std::vector<FileReport>> check(const std::vector<std::string>& paths, const Mapping& mapping,
                                      const Progress& progress) {
  std::vector<FileReport> reports;
  Status outcome = watched(progress, [&](const Work& work) -> Status {
    Inputs inputs = TRY(Inputs::open(paths, work.stop));
    Joins joins = TRY(Joins::take(inputs, mapping, work));
    if (inputs.size() == 0) return no_rows(mapping);
    auto leave = [](size_t, size_t, const Batch&) { return Status(); };
    reports = TRY(settled([&](const Notations& notations) -> Result<std::vector<FileReport>> {
      Dimensions dimensions;
      Reading reading(inputs, joins, mapping, notations, dimensions, leave, work);
      TRY(reading.read_dimensions());
      return reading.run([] { return Status(); });
    }));
    for (FileReport& report : reports) warn(mapping, report);
    name_left_out(inputs, joins, reports.back());
    return {};
  });
  if (!outcome) return std::move(outcome).error();
  return reports;
}

Result<std::vector<FileReport>> import(store::Connection& connection, const std::vector<std::string>& paths,
                                       const Mapping& mapping, const ImportOptions& options,
                                       const Progress& progress) {
  std::vector<FileReport> reports;
  auto load = [&](const Work& work) -> Status {
    if (!options.replace.empty()) TRY(unload(connection, options.replace, options.renew_receipts));
    Inputs inputs = TRY(Inputs::open(paths, work.stop, options.before_opening));
    Joins joins = TRY(Joins::take(inputs, mapping, work));
    if (inputs.size() == 0) return no_rows(mapping);
    reports = TRY(load_all(connection, inputs, joins, mapping, options, work));
    name_left_out(inputs, joins, reports.back());
    return {};
  };
  TRY(connection.together([&] { return watched(progress, load, [&] { connection.interrupt(); }); }));
  return reports;
}

}  // namespace danggol::ingest
