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

// What may stand in the name of a column, once blanks and marks are gone: a medium, and what is asked of it.
const std::array<Words, media.size()> words_of_media = {
    Words{"textmessage", "sms", "lms", "mms", "문자메시지", "문자"},
    Words{"apppush", "pushnotification", "push", "앱푸시", "앱알림", "푸시알림", "푸시", "앱"},
    Words{"email", "이메일", "메일"}, Words{"kakaotalk", "kakao", "카카오톡", "카카오", "알림톡", "친구톡"},
    Words{"nighttime", "night", "야간"}};
const Words asks_consent = {"",
                            "consent",
                            "consented",
                            "optin",
                            "agree",
                            "agreed",
                            "agreement",
                            "subscribed",
                            "동의",
                            "동의여부",
                            "수신",
                            "수신동의",
                            "수신동의여부",
                            "수신여부",
                            "광고",
                            "광고수신",
                            "광고수신동의",
                            "마케팅동의",
                            "마케팅수신동의",
                            "marketing",
                            "marketingconsent"},
            asks_refusal = {"optout", "optedout", "unsubscribe",  "unsubscribed", "blocked", "refused",
                            "거부",   "수신거부", "수신거부여부", "차단",         "미동의"},
            asks_day = {"date",     "day",      "consentdate",    "agreedat",     "동의일",
                        "동의일자", "동의일시", "수신동의일",     "수신동의일자", "수신동의일시",
                        "변경일",   "변경일시", "수신동의변경일", "일자",         "날짜"},
            names_medium = {"medium", "media", "channel", "매체", "채널", "수신매체"};
const Words yes = {"y",      "yes",    "true",     "1",     "t",          "o",     "on",
                   "agree",  "agreed", "opt-in",   "optin", "subscribed", "given", "동의",
                   "동의함", "수신",   "수신동의", "허용",  "예",         "네"},
            no = {"n",      "no",      "false",    "0",       "f",        "x",         "off",
                  "refuse", "refused", "disagree", "opt-out", "optout",   "withdrawn", "unsubscribed",
                  "미동의", "비동의",  "동의안함", "거부",    "수신거부", "수신안함",  "미수신",
                  "차단",   "해지",    "철회",     "아니오",  "아니요"};

// The medium that a text begins or ends with, which is taken off it.
std::optional<size_t> take_medium(std::string& text) {
  for (size_t m = 0; m < media.size(); ++m)
    for (std::string_view word : words_of_media[m]) {
      if (text.starts_with(word)) text.erase(0, word.size());
      else if (text.ends_with(word)) text.resize(text.size() - word.size());
      else continue;
      return m;
    }
  return {};
}
std::optional<bool> answer_in(std::string_view cell) {
  std::string text = small(cell, " ");
  if (is_of(text, yes)) return true;
  if (is_of(text, no)) return false;
  return {};
}

// What the columns are. One whose name has more in it than a medium and what is asked is not read.
struct Columns {
  struct Answer {
    int column;
    size_t medium;
    bool is_refusal;  // a yes refuses, and a no says nothing
  };
  int customer = -1, medium = -1, consent = -1, day = -1;
  std::vector<Answer> answers;
  std::array<int, media.size()> days{-1, -1, -1, -1, -1};  // of one medium alone
  bool is_long() const { return medium >= 0 && consent >= 0; }
};
Columns columns_of(const ListFile& file) {
  Columns out{.customer = file.customer};
  for (int c = 0; c < static_cast<int>(file.header.size()); ++c) {
    if (c == file.customer) continue;
    std::string name = bare(file.header[static_cast<size_t>(c)]);
    if (is_of(name, names_medium)) out.medium = c;
    else if (is_of(name, asks_day)) out.day = out.day < 0 ? c : out.day;
    else if (name == "status" || (!name.empty() && is_of(name, asks_consent))) out.consent = c;
    else if (auto medium = take_medium(name)) {
      if (is_of(name, asks_consent)) out.answers.push_back({c, *medium, false});
      else if (is_of(name, asks_refusal)) out.answers.push_back({c, *medium, true});
      else if (is_of(name, asks_day)) out.days[*medium] = c;
    }
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
  Reader(const ListFile& file, const Columns& columns, const std::string& where, Date today)
      : file_(file), columns_(columns), where_(where), rows_(file.block, where), today_(today) {}

  Result<std::vector<Consent>> read() {
    if (columns_.customer < 0 || (!columns_.is_long() && columns_.answers.empty()))
      return Error{Code::bad_input,
                   fmt::format("{}: must be a table of customers with a column each medium ({}), or with the "
                               "columns medium and consent",
                               where_, fmt::join(media, ", "))};
    std::vector<int> of_days(columns_.days.begin(), columns_.days.end());
    of_days.push_back(columns_.day);
    rows_.settle_days(of_days);
    for (size_t i = 1; i < file_.block.records.size(); ++i) TRY(add(file_.block.records[i]));
    return std::move(out_);
  }

 private:
  Result<Date> day_of(const Record& record, size_t medium) {
    std::string_view text =
        rows_.cell(record, columns_.days[medium] >= 0 ? columns_.days[medium] : columns_.day);
    if (text.empty()) return today_;
    auto day = rows_.day(text);
    if (!day) return rows_.bad(record, text, "must be a day, such as 2024-01-31");
    if (*day > to_date(now_utc())) return rows_.bad(record, text, "must be a day that has been");
    return *day;
  }
  Status answer(const Record& record, const std::string& id, const Columns::Answer& asked) {
    std::string_view text = rows_.cell(record, asked.column);
    if (text.empty()) return {};
    auto said = answer_in(text);
    if (!said) return rows_.bad(record, text, "must be a yes or a no, such as Y or N");
    if (asked.is_refusal && !*said) return {};
    out_.push_back({id, asked.medium, *said && !asked.is_refusal, TRY(day_of(record, asked.medium))});
    return {};
  }
  Status add(const Record& record) {
    if (record.problem != RecordProblem::none)
      return rows_.bad(record, record.text, "must be a row of the table");
    std::string id = cleaned(std::string(customer_id(rows_.cell(record, columns_.customer))));
    if (id.empty() || id.size() > most_id_bytes || !why_nobody(id).empty()) return {};
    if (!columns_.is_long()) {
      for (const Columns::Answer& asked : columns_.answers) TRY(answer(record, id, asked));
      return {};
    }
    std::string named = bare(rows_.cell(record, columns_.medium));
    auto medium = take_medium(named);
    if (!medium || !named.empty())
      return rows_.bad(record, rows_.cell(record, columns_.medium),
                       fmt::format("must be one of {}", fmt::join(media, ", ")));
    return answer(record, id, {columns_.consent, *medium, false});
  }

  const ListFile& file_;
  const Columns& columns_;
  const std::string& where_;
  ListRows rows_;
  Date today_;
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

Result<KeptConsents> keep_consents(store::Connection& connection, const std::string& path, Date today,
                                   const std::string& key_file) {
  ListFile file = TRY(ListFile::read(path));
  Columns columns = columns_of(file);
  auto consents = TRY(Reader(file, columns, path, today).read());
  KeptConsents out;
  auto name_of = [&](int column) { return file.header[static_cast<size_t>(column)]; };
  if (columns.is_long()) out.columns.emplace_back(name_of(columns.consent), name_of(columns.medium));
  else
    for (const Columns::Answer& asked : columns.answers)
      out.columns.emplace_back(name_of(asked.column),
                               fmt::format("{}{}", asked.is_refusal ? "no " : "", media[asked.medium]));
  out.added =
      TRY(keep(connection, consents, as_text(std::filesystem::path(path).filename().string()), key_file));
  return out;
}

Result<int64_t> keep_consents(store::Connection& connection, const std::vector<std::string>& ids,
                              const std::vector<std::string>& of_media, bool given, Date day,
                              const std::string& key_file) {
  if (day > to_date(now_utc()))
    return Error{Code::bad_input, fmt::format("date={}: must be a day that has been", to_text(day))};
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
      auto medium = std::find(media.begin(), media.end(), small(name, " "));
      if (medium == media.end())
        return Error{Code::bad_input,
                     fmt::format("media={}: must be some of {}", shown(name), fmt::join(media, ", "))};
      consents.push_back({id, static_cast<size_t>(medium - media.begin()), given, day});
    }
  }
  TRY(expect_none_unknown(connection, "consent", unknown));

  return keep(connection, consents, "command line", key_file);
}

}  // namespace danggol::ingest
