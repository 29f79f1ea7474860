#include "ingest/consent.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/clock.h"
#include "base/ids.h"
#include "ingest/byte_source.h"
#include "ingest/forgotten.h"
#include "ingest/list_file.h"
#include "ingest/suppression.h"
#include "ingest/times.h"
#include "ingest/values.h"

namespace danggol::ingest {
namespace {

using Words = std::vector<std::string_view>;
// What the name of a column, or a cell, has in it.
const std::array<Words, media.size()> words_of_media = {
    Words{"sms", "lms", "mms", "text", "문자"}, Words{"push", "app", "푸시", "앱"},
    Words{"email", "mail", "메일"}, Words{"kakao", "카카오", "알림톡", "친구톡"}, Words{"night", "야간"}};
const Words words_of_medium = {"medium", "media", "channel", "매체", "채널"},
            words_of_consent = {"consent", "given", "agree", "optin", "status", "동의", "수신여부"},
            words_of_day = {"date", "day", "time", "일자", "일시", "날짜", "동의일", "변경일", "수정일"},
            yes = {"y",      "yes",   "true",  "1",    "t",    "o",        "on",   "agree",
                   "agreed", "optin", "given", "동의", "수신", "수신동의", "허용", "예"},
            no = {"n",      "no",      "false",    "0",      "f",         "x",
                  "off",    "refused", "disagree", "optout", "withdrawn", "미동의",
                  "비동의", "거부",    "수신거부", "철회",   "아니오"};

// Small letters, without blanks and marks between them.
std::string bare(std::string_view text) {
  std::string out;
  for (char c : text)
    if (c != ' ' && c != '_' && c != '-' && c != '.')
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return out;
}
bool has_one_of(std::string_view text, const Words& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != text.npos; });
}
std::optional<size_t> medium_in(std::string_view text) {
  for (size_t m = 0; m < media.size(); ++m)
    if (has_one_of(bare(text), words_of_media[m])) return m;
  return {};
}
std::optional<bool> answer_in(std::string_view cell) {
  std::string text = bare(cell);
  auto is_of = [&](const Words& words) { return std::find(words.begin(), words.end(), text) != words.end(); };
  if (is_of(yes)) return true;
  if (is_of(no)) return false;
  return {};
}

// Which column is what; -1 for none. Either `medium` and `consent`, or some of `of_medium`.
struct Columns {
  int customer = -1, medium = -1, consent = -1, day = -1;
  std::array<int, media.size()> of_medium{-1, -1, -1, -1, -1};
  bool is_long() const { return medium >= 0 && consent >= 0; }
};
Columns columns_of(const ListFile& file) {
  Columns out{.customer = file.customer};
  for (int c = 0; c < static_cast<int>(file.header.size()); ++c) {
    if (c == file.customer) continue;
    std::string name = bare(file.header[static_cast<size_t>(c)]);
    auto medium = medium_in(name);
    if (has_one_of(name, words_of_day)) out.day = out.day < 0 ? c : out.day;
    else if (medium) out.of_medium[*medium] = c;
    else if (has_one_of(name, words_of_medium)) out.medium = c;
    else if (has_one_of(name, words_of_consent)) out.consent = c;
  }
  return out;
}

struct Consent {
  std::string id;
  size_t medium;
  bool given;
  Date day;
};

// The rows of the table, which `where` is the path of.
class Reader {
 public:
  Reader(const ListFile& file, std::string where, Date today)
      : file_(file), where_(std::move(where)), today_(today), columns_(columns_of(file)) {}

  Result<std::vector<Consent>> read() {
    bool is_wide =
        std::any_of(columns_.of_medium.begin(), columns_.of_medium.end(), [](int c) { return c >= 0; });
    if (columns_.customer < 0 || (!columns_.is_long() && !is_wide))
      return Error{
          Code::bad_input,
          fmt::format("{}: must be a table of customers with a column each medium ({}), or with the columns "
                      "medium and consent",
                      where_, fmt::join(media, ", "))};
    TRY(settle_days());
    for (size_t i = 1; i < file_.block.records.size(); ++i) TRY(add(file_.block.records[i]));
    return std::move(out_);
  }

 private:
  std::string_view cell(const Record& record, int column) const {
    bool is_there = column >= 0 && static_cast<uint32_t>(column) < record.fields;
    return is_there ? trimmed(file_.block.field(record, column)) : std::string_view();
  }
  Error bad(const Record& record, std::string_view text, const std::string& must) const {
    return {Code::bad_input, fmt::format("{}: line {}: {}: {}", where_, record.line, shown(text), must)};
  }

  // The order of a day's numbers is a matter of the whole column.
  Status settle_days() {
    TimeEvidence seen;
    for (size_t i = 1; i < file_.block.records.size(); ++i)
      if (auto text = cell(file_.block.records[i], columns_.day); !text.empty())
        (void)parse_time(text, {}, seen);
    style_.order = seen.shown();
    return {};
  }
  Result<Date> day_of(const Record& record) {
    std::string_view text = cell(record, columns_.day);
    if (text.empty()) return today_;
    TimeEvidence ignored;
    auto time = parse_time(text, style_, ignored);
    if (!time) return bad(record, text, "must be a day, such as 2024-01-31");
    if (to_date(*time).days > today_.days + 1) return bad(record, text, "must be a day that has been");
    return to_date(*time);
  }
  Status answer(const Record& record, const std::string& id, size_t medium, std::string_view text) {
    if (text.empty()) return {};
    auto given = answer_in(text);
    if (!given) return bad(record, text, "must be a yes or a no, such as Y or N");
    out_.push_back({id, medium, *given, TRY(day_of(record))});
    return {};
  }
  Status add(const Record& record) {
    if (record.problem != RecordProblem::none) return bad(record, record.text, "must be a row of the table");
    std::string id = cleaned(std::string(customer_id(cell(record, columns_.customer))));
    if (id.empty() || id.size() > most_id_bytes || !why_nobody(id).empty()) return {};
    if (!columns_.is_long()) {
      for (size_t m = 0; m < media.size(); ++m)
        TRY(answer(record, id, m, cell(record, columns_.of_medium[m])));
      return {};
    }
    auto medium = medium_in(cell(record, columns_.medium));
    if (!medium)
      return bad(record, cell(record, columns_.medium),
                 fmt::format("must be one of {}", fmt::join(media, ", ")));
    return answer(record, id, *medium, cell(record, columns_.consent));
  }

  const ListFile& file_;
  std::string where_;
  Date today_;
  Columns columns_;
  TimeStyle style_;
  std::vector<Consent> out_;
};

Result<int64_t> keep(store::Connection& connection, const std::vector<Consent>& consents,
                     const std::string& source, const std::string& key_file) {
  TRY(create_suppression(connection));
  std::vector<std::string_view> ids;
  for (const Consent& consent : consents) ids.push_back(consent.id);
  auto is_forgotten = TRY(TRY(Forgotten::read(connection, key_file)).among(connection, ids));
  TRY(connection.execute("CREATE OR REPLACE TEMP TABLE said AS FROM raw.consent LIMIT 0"));
  auto rows = TRY(store::Appender::open(connection, "temp", "said"));
  Timestamp now = now_utc();
  for (size_t i = 0; i < consents.size(); ++i) {
    if (is_forgotten[i]) continue;
    rows.set(0, ids[i]);
    rows.set(1, media[consents[i].medium]);
    rows.set(2, consents[i].given);
    rows.set(3, consents[i].day);
    rows.set(4, std::string_view(source));
    rows.set(5, now);
    TRY(rows.end_row());
  }
  TRY(rows.close());
  int64_t before = TRY(connection.integer("SELECT count(*) FROM raw.consent"));
  TRY(connection.execute(
      "INSERT INTO raw.consent SELECT DISTINCT ON (customer_id, medium, given, day) * FROM said "
      "ANTI JOIN raw.consent USING (customer_id, medium, given, day) ORDER BY ALL;"
      "DROP TABLE said"));
  return TRY(connection.integer("SELECT count(*) FROM raw.consent")) - before;
}

}  // namespace

Result<int64_t> keep_consents(store::Connection& connection, const std::string& path, Date today,
                              const std::string& key_file) {
  ListFile file = TRY(ListFile::read(path));
  auto consents = TRY(Reader(file, path, today).read());
  return keep(connection, consents, as_text(std::filesystem::path(path).filename().string()), key_file);
}

Result<int64_t> keep_consents(store::Connection& connection, const std::vector<std::string>& ids,
                              const std::vector<std::string>& of_media, bool given, Date day,
                              const std::string& key_file) {
  TRY(create_suppression(connection));
  std::vector<Consent> consents;
  std::vector<std::string> unknown;
  for (const std::string& written : ids) {
    std::string id = cleaned(std::string(customer_id(as_text(written))));
    if (TRY(connection.integer(
            "SELECT count(*) FROM raw.customer WHERE folded_id(customer_id) = folded_id($id)",
            {{"id", id}})) == 0)
      unknown.push_back(id);
    for (const std::string& name : of_media) {
      auto medium = std::find(media.begin(), media.end(), name);
      if (medium == media.end())
        return Error{Code::bad_input,
                     fmt::format("media={}: must be some of {}", shown(name), fmt::join(media, ", "))};
      consents.push_back({id, static_cast<size_t>(medium - media.begin()), given, day});
    }
  }
  if (!unknown.empty()) {
    std::string near = TRY(nearest_customers(connection, unknown)).in(Language::en);
    return Error{Code::bad_input,
                 fmt::format("consent: {}: no customer has this id, nothing was changed{}",
                             fmt::join(unknown, ", "), near.empty() ? "" : "; did you mean " + near + "?")};
  }
  return keep(connection, consents, "command line", key_file);
}

}  // namespace danggol::ingest
