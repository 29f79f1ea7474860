// Random shops written in random dialects: the same events come back, or a question; never other events. What
// writes them here shares nothing with what reads them.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <iconv.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/random.h"
#include "danggol/progress.h"
#include "gzip.h"
#include "ingest/import.h"
#include "ingest/mapping.h"
#include "must.h"
#include "store/database.h"
#include "temp_folder.h"
#include "zip_of.h"
#include "zstd_of.h"

namespace danggol::ingest {
namespace {

struct Event {
  std::string customer;
  int year, month, day, hour, minute;  // by the clocks of Seoul
  int64_t cents;
  auto operator<=>(const Event&) const = default;
};

std::string pick(Random& random, std::initializer_list<const char*> of) {
  return of.begin()[random.below(of.size())];
}

std::string encoded(const std::string& text, const std::string& encoding) {
  iconv_t handle = iconv_open(encoding.c_str(), "UTF-8");
  std::string out(text.size() * 4 + 16, '\0'), in = text;
  char *from = in.data(), *to = out.data();
  size_t left = in.size(), room = out.size();
  size_t outcome = iconv(handle, &from, &left, &to, &room);
  iconv_close(handle);
  EXPECT_NE(outcome, static_cast<size_t>(-1)) << encoding;
  out.resize(out.size() - room);
  return encoding.starts_with("UTF-16") ? (encoding == "UTF-16LE" ? "\xff\xfe" : "\xfe\xff") + out : out;
}

struct Dialect {
  std::string delimiter, encoding, ends, decimal, thousands, currency, date, zone;
  bool quotes_all, korean_header, has_title;
  int decimals;

  explicit Dialect(Random& random)
      : delimiter(pick(random, {",", ";", "\t", "|"})),
        encoding(pick(random, {"UTF-8", "UTF-8", "CP949", "WINDOWS-1252", "UTF-16LE", "UTF-16BE"})),
        ends(pick(random, {"\n", "\r\n", "\r"})),
        decimal(pick(random, {".", ","})),
        thousands(pick(random, {"", "", "mark", " ", "'"})),
        currency(pick(random, {"", "", "$", "원", "EUR"})),
        date(pick(random, {"iso", "iso", "slashes", "dmy", "mdy", "dotted dmy", "korean", "named", "digits",
                           "short mdy"})),
        zone(pick(random, {"", "", "Z", "+09:00", "unix"})),
        quotes_all(random.below(3) == 0),
        korean_header(random.below(2) == 0),
        has_title(random.below(4) == 0),
        decimals(static_cast<int>(random.below(3))) {
    if (encoding == "WINDOWS-1252") korean_header = false, currency = currency == "원" ? "$" : currency;
    if (encoding == "WINDOWS-1252" && date == "korean") date = "iso";
    if (thousands == "mark") thousands = decimal == "." ? "," : ".";
    if (date != "iso") zone = zone == "unix" ? zone : "";
  }
  std::string told() const {
    return fmt::format("{:?} {} {:?} decimal {} thousands {:?} {} date {} {} {}{}{} decimals {}", delimiter,
                       encoding, ends, decimal, thousands, currency, date, zone, quotes_all ? "quoted " : "",
                       korean_header ? "korean " : "", has_title ? "title" : "", decimals);
  }
  std::string field(std::string text) const {
    bool needs = quotes_all || text.find_first_of(delimiter + "\"") != text.npos;
    return needs ? '"' + text + '"' : text;
  }
  std::string number(int64_t cents) const {
    std::string whole = std::to_string(cents / 100);
    for (size_t at = whole.size(); !thousands.empty() && at > 3;) whole.insert(at -= 3, thousands);
    std::string part = fmt::format("{:02}", cents % 100).substr(0, static_cast<size_t>(decimals));
    std::string text = whole + (decimals > 0 ? decimal + part : "");
    return currency == "$" ? "$" + text : currency == "EUR" ? text + " EUR" : text + currency;
  }
  std::string time(const Event& e) const {
    int64_t seconds = (int64_t{to_timestamp(*checked_date(e.year, e.month, e.day)).micros} / 1'000'000) +
                      e.hour * 3600 + e.minute * 60 - 9 * 3600;
    if (zone == "unix") return std::to_string(seconds);
    if (zone == "Z") {
      std::string utc = to_text(Timestamp{seconds * 1'000'000});
      return utc.replace(10, 1, "T") + "Z";
    }
    std::string clock = fmt::format("{:02}:{:02}", e.hour, e.minute);
    if (date == "iso") return fmt::format("{}-{:02}-{:02} {}:00{}", e.year, e.month, e.day, clock, zone);
    if (date == "slashes") return fmt::format("{}/{}/{} {}", e.year, e.month, e.day, clock);
    if (date == "dmy") return fmt::format("{}/{}/{} {}", e.day, e.month, e.year, clock);
    if (date == "mdy") return fmt::format("{}/{}/{} {}", e.month, e.day, e.year, clock);
    if (date == "dotted dmy") return fmt::format("{:02}.{:02}.{} {}", e.day, e.month, e.year, clock);
    if (date == "digits")
      return fmt::format("{}{:02}{:02}{:02}{:02}00", e.year, e.month, e.day, e.hour, e.minute);
    bool late = e.hour >= 12;
    int hour = (e.hour + 11) % 12 + 1;
    if (date == "korean")
      return fmt::format("{}. {}. {}. {} {}:{:02}", e.year, e.month, e.day, late ? "오후" : "오전", hour,
                         e.minute);
    if (date == "short mdy")
      return fmt::format("{}/{}/{:02} {}:{:02} {}", e.month, e.day, e.year % 100, hour, e.minute,
                         late ? "PM" : "AM");
    constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return fmt::format("{} {} {} {}", e.day, months[e.month - 1], e.year, clock);
  }
  std::string file(const std::vector<Event>& events) const {
    std::string text;
    if (has_title) text += "Sales" + ends + ends;
    auto line = [&](std::initializer_list<std::string> fields) {
      std::string out;
      for (const std::string& of : fields) out += (out.empty() ? "" : delimiter) + field(of);
      text += out + ends;
    };
    if (korean_header) line({"번호표", "결제금액(원)", "구매일시", "회원번호"});
    else line({"row", "Total amount (net)", "Order Date", "Customer ID"});
    int64_t row = 0;
    for (const Event& e : events) line({fmt::format("n{}", ++row), number(e.cents), time(e), e.customer});
    return encoded(text, encoding);
  }
};

std::vector<Event> shop(Random& random, const Dialect& dialect) {
  std::vector<Event> events(1 + random.below(80));
  for (Event& e : events) {
    e.customer = fmt::format("{}{}",
                             dialect.encoding == "WINDOWS-1252" ? "Jos\u00e9"
                             : dialect.encoding == "CP949"      ? "고객"
                                                                : pick(random, {"고객", "Åsa", "c"}),
                             random.below(9));
    auto draw = [&](uint64_t from, uint64_t until) {
      return static_cast<int>(from + random.below(until - from));
    };
    e.year = draw(2019, 2025), e.month = draw(1, 13), e.day = draw(1, 29), e.hour = draw(0, 24),
    e.minute = draw(0, 60);
    int64_t unit = dialect.decimals == 0 ? 100 : dialect.decimals == 1 ? 10 : 1;
    e.cents = static_cast<int64_t>(random.below(uint64_t{1} << (4 + random.below(26)))) / unit * unit;
  }
  std::sort(events.begin(), events.end());
  return events;
}

// As it stands, or as people pack it.
std::string packed(Random& random, const std::string& bytes) {
  switch (random.below(5)) {
    case 0: return gzip(bytes);
    case 1: return zip_of({{"export/shop.csv", bytes}, {"export/readme.md", "hello"}});
    case 2: return zstd_of(bytes);
    default: return bytes;
  }
}

TEST(Dialects, TheSameEventsComeBackOrAQuestion) {
  TempFolder folder;
  int questions = 0;
  constexpr int shops = 150;
  for (int seed = 0; seed < shops; ++seed) {
    Random random(static_cast<uint64_t>(seed));
    Dialect dialect(random);
    std::vector<Event> events = shop(random, dialect), back;
    std::string path = folder.write("shop.csv", packed(random, dialect.file(events)));
    Mapping mapping = guessing();
    must(override_columns({{"zone", "Asia/Seoul"}}, mapping));
    auto database = must(store::Database::open(":memory:", store::Access::read_write));
    auto connection = must(database.connect());
    auto outcome = import(connection, {path}, mapping, {}, [](double, std::string_view) { return Status(); });
    if (!outcome) {
      EXPECT_EQ(outcome.error().code, Code::bad_input) << outcome.error().message;
      EXPECT_NE(outcome.error().message.find("--"), std::string::npos)
          << outcome.error().message << " " << dialect.told();
      ++questions;
      continue;
    }
    Table rows = must(connection.query(
        "SELECT customer_id, year(ts) AS y, month(ts) AS mo, day(ts) AS d, hour(ts) AS h, minute(ts) AS mi, "
        "(amount * 100)::BIGINT AS cents FROM raw.event JOIN raw.customer USING (customer_no)"));
    for (size_t i = 0; i < rows.rows(); ++i) {
      auto at = [&](const char* column) { return static_cast<int>(rows.integers(column)[i]); };
      back.push_back({rows.texts("customer_id")[i], at("y"), at("mo"), at("d"), at("h"), at("mi"),
                      rows.integers("cents")[i]});
    }
    std::sort(back.begin(), back.end());
    ASSERT_TRUE(back == events) << "seed " << seed << ": " << events.size() << " became " << back.size()
                                << "; " << dialect.told();
  }
  EXPECT_LT(questions, shops / 5) << "most files are read without asking";
}

// What only the end of a file shows is true of its beginning; a row a year away from all others is set aside.
TEST(Dialects, AFileIsReadAgainWhereItsEndShowsMore) {
  TempFolder folder;
  std::string text = "customer_id;order_date;amount\n";
  constexpr int rows = 3'000;
  for (int i = 0; i < rows; ++i) text += fmt::format("c{};{}/{}/2024;1,250\n", i % 50, 1 + i % 12, 1 + i % 9);
  text += "c1;13/2/2024;2,5\nc2;14/2/2019;2,5\n";
  std::string path = folder.write("late.csv", text);
  auto database = must(store::Database::open(":memory:", store::Access::read_write));
  auto connection = must(database.connect());
  auto reports =
      must(import(connection, {path}, guessing(), {}, [](double, std::string_view) { return Status(); }));
  EXPECT_EQ(reports[0].rows_loaded, rows + 1);
  EXPECT_EQ(reports[0].rejects, (std::vector<std::pair<std::string, int64_t>>{{"lonely_time", 1}}));
  EXPECT_EQ(must(connection.text("SELECT sum(amount)::VARCHAR FROM raw.event")), "3752.5000");
  EXPECT_EQ(must(connection.text("SELECT max(ts)::DATE::VARCHAR FROM raw.event")), "2024-09-12")
      << "never 2024-12-09";
}

}  // namespace
}  // namespace danggol::ingest
