#include "ingest/calendar.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/ids.h"
#include "ingest/calendars/kr.csv.h"
#include "ingest/list_file.h"

namespace danggol::ingest {
namespace {

const Words first_names = {"firstday", "day",  "date", "from",   "start", "startdate",
                           "begin",    "날짜", "일자", "시작일", "시작"},
            last_names = {"lastday", "until", "to", "end", "enddate", "종료일", "종료", "끝"},
            name_names = {"name", "title",  "event",  "holiday", "note", "description", "이름",
                          "명칭", "휴일명", "행사명", "행사",    "메모", "내용"},
            name_ko_names = {"nameko", "korean", "한글이름", "한글명"},
            kind_names = {"kind", "type", "종류", "구분", "유형"};
const Words names_of_sales = {"event", "행사명", "행사"}, names_of_notes = {"note", "메모", "내용"};
const Words holidays = {"holiday", "publicholiday", "휴일", "공휴일", "명절"},
            sales = {"sale", "sales", "promotion", "campaign", "세일",
                     "할인", "행사",  "프로모션",  "할인행사", "event"},
            notes = {"note", "memo", "메모", "기록"};

struct CalendarDay {
  Date first, last;
  std::string_view kind;
  std::string name, name_ko, source;
};

constexpr size_t most_days = 10'000, most_name_bytes = 200;
constexpr int32_t most_length_days = 366;

class Reader {
 public:
  Reader(const RecordBlock& block, std::string source, std::string where)
      : block_(block), source_(std::move(source)), where_(std::move(where)), rows_(block, where_) {}

  Status read(std::vector<CalendarDay>& out) {
    if (block_.records.empty()) return {};
    const Record& header = block_.records[0];
    for (uint32_t f = 0; f < header.fields; ++f) {
      int column = static_cast<int>(f);
      std::string name = bare(rows_.cell(header, column));
      for (auto [names, at] : {std::pair(&first_names, &first_),
                               {&last_names, &last_},
                               {&name_ko_names, &name_ko_},
                               {&kind_names, &kind_},
                               {&name_names, &name_}})
        if (*at < 0 && is_of(name, *names)) {
          *at = column;
          break;
        }
    }
    if (first_ < 0 || name_ < 0)
      return Error{
          Code::bad_input,
          fmt::format("{}: must be a table with the columns day (or first_day and last_day) and name, "
                      "and perhaps kind and name_ko",
                      where_)};
    std::string named = bare(rows_.cell(header, name_));
    if (is_of(named, names_of_sales)) usual_kind_ = "sale";
    else if (is_of(named, names_of_notes)) usual_kind_ = "note";
    rows_.settle_days({first_, last_});
    for (size_t i = 1; i < block_.records.size(); ++i) TRY(add(block_.records[i], out));
    return {};
  }

 private:
  Result<Date> day(const Record& record, std::string_view text) const {
    auto found = rows_.day(text);
    if (!found) return rows_.bad(record, text, "must be a day, such as 2024-11-11");
    return *found;
  }
  Status add(const Record& record, std::vector<CalendarDay>& out) const {
    if (record.problem != RecordProblem::none)
      return rows_.bad(record, record.text, "must be a row of the table");
    bool is_blank = true;
    for (uint32_t f = 0; f < record.fields; ++f)
      is_blank = is_blank && rows_.cell(record, static_cast<int>(f)).empty();
    if (is_blank) return {};
    CalendarDay row{.kind = usual_kind_, .source = source_};
    row.first = row.last = TRY(day(record, rows_.cell(record, first_)));
    if (std::string_view text = rows_.cell(record, last_); !text.empty()) row.last = TRY(day(record, text));
    if (row.last < row.first || row.last.days - row.first.days >= most_length_days)
      return rows_.bad(
          record, rows_.cell(record, last_),
          fmt::format("must be from the first day on, and less than {} days after it", most_length_days));
    if (std::string kind = bare(rows_.cell(record, kind_)); is_of(kind, sales)) row.kind = "sale";
    else if (is_of(kind, notes)) row.kind = "note";
    else if (!kind.empty() && !is_of(kind, holidays))
      return rows_.bad(record, rows_.cell(record, kind_), "must be one of holiday, sale, note");
    row.name = cleaned(std::string(rows_.cell(record, name_)));
    row.name_ko = cleaned(std::string(rows_.cell(record, name_ko_)));
    if (row.name.empty()) row.name = row.name_ko;
    if (row.name_ko.empty()) row.name_ko = row.name;
    if (row.name.empty() || std::max(row.name.size(), row.name_ko.size()) > most_name_bytes)
      return rows_.bad(record, rows_.cell(record, name_),
                       fmt::format("must be a name of 1..{} bytes", most_name_bytes));
    if (out.size() == most_days)
      return Error{Code::bad_input,
                   fmt::format("{}: more than {} days; leave out what no analysis needs", where_, most_days)};
    out.push_back(std::move(row));
    return {};
  }

  const RecordBlock& block_;
  std::string source_, where_;
  ListRows rows_;
  std::string_view usual_kind_ = "holiday";  // of a table without kinds, by what it calls their names
  int first_ = -1, last_ = -1, name_ = -1, name_ko_ = -1, kind_ = -1;
};

}  // namespace

namespace {

constexpr std::pair<std::string_view, std::string_view> known[] = {{"kr", calendars::kr}};

Result<std::vector<CalendarDay>> read(const CalendarSources& sources) {
  std::vector<CalendarDay> days;
  for (const auto& [country, text] : known) {
    if (!is_of(country, {sources.countries.begin(), sources.countries.end()})) continue;
    RecordBlock block;
    block.text = text;
    CsvSplitter(',', 0).split(block, true);
    TRY(Reader(block, std::string(country), std::string(country)).read(days));
  }
  for (const std::string& path : sources.files) {
    ListFile list = TRY(ListFile::read(path));
    TRY(Reader(list.block, std::filesystem::path(path).filename().string(), path).read(days));
  }
  return days;
}

}  // namespace

std::vector<std::string> calendar_countries() {
  std::vector<std::string> out;
  for (const auto& [country, text] : known) out.emplace_back(country);
  return out;
}

Status check_calendar(const CalendarSources& sources) {
  (void)TRY(read(sources));
  return {};
}

Status keep_calendar(store::Connection& connection, const CalendarSources& sources) {
  std::vector<CalendarDay> days = TRY(read(sources));
  TRY(connection.execute("CREATE OR REPLACE TEMP TABLE settled_calendar AS FROM raw.calendar LIMIT 0"));
  auto rows = TRY(store::Appender::open(connection, "temp", "settled_calendar"));
  for (const CalendarDay& day : days) {
    rows.set(0, day.first);
    rows.set(1, day.last);
    rows.set(2, day.kind);
    rows.set(3, std::string_view(day.name));
    rows.set(4, std::string_view(day.name_ko));
    rows.set(5, std::string_view(day.source));
    TRY(rows.end_row());
  }
  TRY(rows.close());
  int64_t changed =
      TRY(connection.integer("SELECT (SELECT count(*) FROM (FROM raw.calendar EXCEPT ALL FROM "
                             "settled_calendar)) + (SELECT count(*) FROM "
                             "(FROM settled_calendar EXCEPT ALL FROM raw.calendar))"));
  if (changed > 0)
    TRY(connection.execute(
        "DELETE FROM raw.calendar; INSERT INTO raw.calendar FROM settled_calendar ORDER BY ALL"));
  return connection.execute("DROP TABLE settled_calendar");
}

}  // namespace danggol::ingest
