#include <fmt/format.h>
#include <gtest/gtest.h>
#include <iconv.h>

#include <functional>
#include <limits>
#include <set>

#include "base/random.h"
#include "base/utf8.h"
#include "gzip.h"
#include "ingest/byte_source.h"
#include "ingest/csv.h"
#include "ingest/encoding.h"
#include "ingest/import.h"
#include "ingest/mapping.h"
#include "ingest/numbers.h"
#include "ingest/table_reader.h"
#include "ingest/times.h"
#include "ingest/values.h"
#include "must.h"
#include "temp_folder.h"

namespace danggol::ingest {
namespace {

// --- money

std::optional<int64_t> money(std::string_view text, Decimal decimal = Decimal::point) {
  NumberEvidence seen;
  auto value = parse_number(text, decimal, seen);
  return value ? std::optional(value->ten_thousandths) : std::nullopt;
}

TEST(Money, IsReadToFourDecimals) {
  EXPECT_EQ(money("0"), 0);
  EXPECT_EQ(money("12"), 120'000);
  EXPECT_EQ(money("12.5"), 125'000);
  EXPECT_EQ(money(".5"), 5'000);
  EXPECT_EQ(money("5."), 50'000);
  EXPECT_EQ(money("-3.85"), -38'500);
  EXPECT_EQ(money("+3.85"), 38'500);
  EXPECT_EQ(money("-0"), 0);
  EXPECT_EQ(money("007"), 70'000);
  EXPECT_EQ(money("1,234.5"), 12'345'000);
  EXPECT_EQ(money("-1,234,567.89"), -12'345'678'900);
}

TEST(Money, IsRoundedHalfAwayFromZero) {
  EXPECT_EQ(money("0.00004"), 0);
  EXPECT_EQ(money("0.00005"), 1);
  EXPECT_EQ(money("-0.00005"), -1);
  EXPECT_EQ(money("0.000049999999999999999999"), 0);
  EXPECT_EQ(money("0.000050000000000000000001"), 1);
  EXPECT_EQ(money("1.99995"), 20'000);
  EXPECT_EQ(money("-1.99995"), -20'000);
  EXPECT_EQ(money("0.99994999"), 9'999);
}

TEST(Money, AsPeopleWriteIt) {
  for (const char* text :
       {"1234.5", "1,234.50", "1 234.50", "1\u00a0234.50", "1'234.50", "1’234.50", "$1,234.50", "$ 1,234.50",
        "1,234.50 USD", "USD 1,234.5", "₩1,234.50", "￦1,234.50", "1,234.50원", "1.2345E+3", "1.2345e3",
        "１２３４.５", " 1234.5 ", "US$1,234.50", "1,234.50 €"})
    EXPECT_EQ(money(text), 12'345'000) << text;
  for (const char* text : {"-1234.5", "(1,234.50)", "1,234.50-", "-$1,234.50", "$-1,234.50", "$(1,234.50)",
                           "−1,234.50", "- 1234.5", "(₩1,234.50)"})
    EXPECT_EQ(money(text),
              std::string_view(text) == "$(1,234.50)" ? std::nullopt : std::optional(-12'345'000))
        << text;
  for (const char* text :
       {"1.234,5", "1234,50", "1 234,5", "1'234,50", "1.234,50 €", "EUR 1.234,50", "1.234,5 zł"})
    EXPECT_EQ(money(text, Decimal::comma), 12'345'000) << text;
  EXPECT_EQ(money("1,00,000.00"), 1'000'000'000) << "as in India";
  EXPECT_EQ(money("1.234.567", Decimal::comma), 12'345'670'000);
}

// What one text shows of the decimal mark, and what is read by either.
TEST(Money, TheMarkIsTheColumns) {
  auto shows = [](std::string_view text) {
    NumberEvidence seen;
    (void)parse_number(text, Decimal::open, seen);
    return std::array{seen.point, seen.comma, seen.three_after_point, seen.three_after_comma};
  };
  using Shown = std::array<int64_t, 4>;
  EXPECT_EQ(shows("12990"), (Shown{0, 0, 0, 0}));
  for (const char* text : {"12.9", "1,234.50", "1,234,567", "0.125", "1234.567", ".5"})
    EXPECT_EQ(shows(text), (Shown{1, 0, 0, 0})) << text;
  for (const char* text : {"12,9", "1.234,50", "1.234.567", "0,125", "1234,567"})
    EXPECT_EQ(shows(text), (Shown{0, 1, 0, 0})) << text;
  EXPECT_EQ(shows("12.990"), (Shown{0, 0, 1, 0}));
  EXPECT_EQ(shows("12,990"), (Shown{0, 0, 0, 1}));
  EXPECT_EQ(money("12.990"), 129'900);
  EXPECT_EQ(money("12.990", Decimal::comma), 129'900'000);
  EXPECT_EQ(money("12,990"), 129'900'000);
  EXPECT_EQ(money("12,990", Decimal::comma), 129'900);
  EXPECT_EQ(money("12,9"), std::nullopt) << "is none where the point is decimal";
  EXPECT_EQ(money("12.9", Decimal::comma), std::nullopt);
}

TEST(Money, ASlipInAHundredDoesNotDecide) {
  EXPECT_EQ((NumberEvidence{.point = 101, .comma = 1}.shown()), Decimal::point);
  EXPECT_EQ((NumberEvidence{.point = 100, .comma = 1}.shown()), Decimal::open);
  EXPECT_EQ((NumberEvidence{.point = 1, .comma = 101}.shown()), Decimal::comma);
  EXPECT_EQ((NumberEvidence{.point = 1, .comma = 1}.shown()), Decimal::open);
  EXPECT_EQ(NumberEvidence{}.shown(), Decimal::open);
}

TEST(Money, WhatIsNoNumberIsNone) {
  for (const char* text :
       {"",       "-",      "+",        ".",       "-.",      ",",     "nan",      "inf",    "NaN",
        "--1",    "+-1",    "0x10",     "1.2.3",   "12,34.5", "1,23",  "1234,567", "1,2345", "1,,234",
        ",123",   "1,234,", "1.234,50", "1.5,000", "5x",      "$",     "USD",      "1e",     "e5",
        "1 23 4", "1-2",    "(5",       "5)",      "-(5)",    "12:30", "5%"})
    EXPECT_FALSE(money(text)) << text;
}

TEST(Money, ThatDoesNotFitIsNone) {
  EXPECT_EQ(money("9223372036854.7758"), 92'233'720'368'547'758);
  EXPECT_EQ(money("90000000000000"), 900'000'000'000'000'000);
  for (const char* text : {"100000000000000", "999999999999999", "9223372036854775807", "9223372036854775808",
                           "99999999999999999999999999999999", "-100000000000000", "1,000,000,000,000,000"})
    EXPECT_FALSE(money(text)) << text;
}

TEST(Money, AgainstWritingItOut) {
  Random random(1);
  for (int i = 0; i < 50'000; ++i) {
    int64_t value = static_cast<int64_t>(random.below(uint64_t{1} << random.below(56)));
    std::string whole = std::to_string(value / Money::scale),
                fraction = std::to_string(Money::scale + value % Money::scale).substr(1);
    if (random.below(2))
      for (int at = static_cast<int>(whole.size()) - 3; at > 0; at -= 3)
        whole.insert(static_cast<size_t>(at), ",");
    bool negative = random.below(2) == 1;
    std::string text = (negative ? "-" : "") + whole + "." + fraction;
    ASSERT_EQ(money(text), negative ? -value : value);
    for (char& c : text) c = c == '.' ? ',' : c == ',' ? '.' : c;
    ASSERT_EQ(money(text, Decimal::comma), negative ? -value : value);
  }
}

TEST(Money, TimesAQuantity) {
  auto times = [](int64_t a, int64_t b) -> std::optional<int64_t> {
    bool overflow = false;
    Money product = multiply(Money{a}, Money{b}, overflow);
    return overflow ? std::nullopt : std::optional(product.ten_thousandths);
  };
  EXPECT_EQ(times(25'500, 60'000), 153'000);
  EXPECT_EQ(times(25'500, -120'000), -306'000);
  EXPECT_EQ(times(1, 5'000), 1);  // half a ten-thousandth
  EXPECT_EQ(times(-1, 5'000), -1);
  EXPECT_EQ(times(1, 4'999), 0);
  EXPECT_EQ(times(0, 900'000'000'000'000'000), 0);
  EXPECT_EQ(times(900'000'000'000'000'000, 900'000'000'000'000'000), std::nullopt);
  EXPECT_EQ(times(900'000'000'000'000'000, -900'000'000'000'000'000), std::nullopt);
  EXPECT_EQ(times(std::numeric_limits<int64_t>::max() / 100, 10'000),
            std::numeric_limits<int64_t>::max() / 100);
}

// --- times

std::string time(std::string_view text, DateOrder order = DateOrder::open, bool unix_only = false) {
  TimeEvidence seen;
  auto ts = parse_time(text, {order, unix_only}, seen);
  if (ts && seen.open > 0 && order == DateOrder::open) return "both a time and ambiguous";
  if (!ts) return seen.open > 0 ? "ambiguous" : "none";
  int64_t micros = ((ts->micros % micros_per_second) + micros_per_second) % micros_per_second;
  return to_text(*ts) + (micros ? "+" + std::to_string(micros) : "");
}

TEST(Times, AreReadInEveryFormatPromised) {
  for (const char* text : {"2010-12-01 08:26", "2010-12-01T08:26", "2010-12-01 08:26:00",
                           "2010-12-01T08:26:00Z", "2010-12-01 8:26", "2010/12/01 08:26", "2010.12.01 08:26",
                           "2010-12-1 8:26", "2010-12-01 08:26:00.000"})
    EXPECT_EQ(time(text), "2010-12-01 08:26:00") << text;
  for (const char* text : {"2010-12-01", "20101201", "2010/12/01", "2010.12.01", "2010-12-01 00:00"})
    EXPECT_EQ(time(text), "2010-12-01 00:00:00") << text;
  EXPECT_EQ(time("2010-12-01 08:26:59.123"), "2010-12-01 08:26:59+123000");
  EXPECT_EQ(time("2010-12-01 23:59:59.999999"), "2010-12-01 23:59:59+999999");
  EXPECT_EQ(time("2010-12-01 23:59:59.9999999"), "2010-12-01 23:59:59+999999") << "never the next second";
  EXPECT_EQ(time("2020-02-29"), "2020-02-29 00:00:00");
  EXPECT_EQ(time("1969-12-31 23:59:59"), "1969-12-31 23:59:59");
}

TEST(Times, WithDayAndMonthInEitherOrder) {
  EXPECT_EQ(time("12/1/2010 8:26", DateOrder::month_first), "2010-12-01 08:26:00");
  EXPECT_EQ(time("12/1/2010 8:26", DateOrder::day_first), "2010-01-12 08:26:00");
  EXPECT_EQ(time("1.12.2010", DateOrder::day_first), "2010-12-01 00:00:00");
  EXPECT_EQ(time("13/1/2010", DateOrder::month_first), "none");
  EXPECT_EQ(time("1/13/2010", DateOrder::day_first), "none");
  // by themselves, where one of the two cannot be a month
  EXPECT_EQ(time("12/13/2010"), "2010-12-13 00:00:00");
  EXPECT_EQ(time("13/12/2010"), "2010-12-13 00:00:00");
  EXPECT_EQ(time("7/7/2010 10:00"), "2010-07-07 10:00:00");
  EXPECT_EQ(time("12/1/2010 8:26"), "ambiguous");
  EXPECT_EQ(time("1-2-2010"), "ambiguous");
  EXPECT_EQ(time("13/13/2010"), "none");
  EXPECT_EQ(time("31/2/2010"), "none");
  // a year in front leaves nothing to guess
  EXPECT_EQ(time("2010/1/2", DateOrder::day_first), "2010-01-02 00:00:00");
}

TEST(Times, AsUnixSeconds) {
  auto unix_time = [](std::string_view text) { return time(text, DateOrder::open, true); };
  EXPECT_EQ(unix_time("0"), "1970-01-01 00:00:00");
  EXPECT_EQ(unix_time("1291191960"), "2010-12-01 08:26:00");
  EXPECT_EQ(unix_time("1291191960000"), "2010-12-01 08:26:00");
  EXPECT_EQ(unix_time("1291191960000000"), "2010-12-01 08:26:00");
  for (const char* text : {"", "-1", "99999999999999999999", " 1", "2010-12-01"})
    EXPECT_EQ(unix_time(text), "none") << text;
  EXPECT_EQ(time("1291191960"), "2010-12-01 08:26:00") << "by its length";
}

TEST(Times, OfTwoDigitsAndOfThreeOrders) {
  EXPECT_EQ(time("12/31/23"), "2023-12-31 00:00:00");
  EXPECT_EQ(time("31.12.23 10:00"), "2023-12-31 10:00:00");
  EXPECT_EQ(time("1/5/24"), "ambiguous");
  EXPECT_EQ(time("24-01-05", DateOrder::year_first), "2024-01-05 00:00:00");
}

// A column's order is the one that makes days of all its texts.
TEST(Times, TheOrderIsTheColumns) {
  auto shown = [](std::initializer_list<const char*> texts) {
    TimeEvidence seen;
    for (const char* text : texts) (void)parse_time(text, {}, seen);
    return seen.shown();
  };
  EXPECT_EQ(shown({"1/2/2024", "13/2/2024"}), DateOrder::day_first);
  EXPECT_EQ(shown({"1/2/2024", "2/13/2024"}), DateOrder::month_first);
  EXPECT_EQ(shown({"1/2/2024", "3/4/2024"}), DateOrder::open);
  EXPECT_EQ(shown({"13/2/2024", "2/13/2024"}), DateOrder::open) << "contradicts itself";
  EXPECT_EQ(shown({"24-01-05", "24-01-31"}), DateOrder::year_first);
  EXPECT_EQ(shown({"1/5/24", "1/31/24"}), DateOrder::month_first);
  EXPECT_EQ(shown({"2024-01-05"}), DateOrder::open);
}

TEST(Times, ASlipInAThousandDoesNotDecide) {
  auto shown = [](int64_t ordered, int64_t not_day_first) {
    return TimeEvidence{.ordered = ordered, .impossible = {not_day_first, 500, 900}}.shown();
  };
  EXPECT_EQ(shown(1'000, 0), DateOrder::day_first);
  EXPECT_EQ(shown(1'000, 1), DateOrder::day_first);
  EXPECT_EQ(shown(999, 1), DateOrder::open);
  EXPECT_EQ(shown(1'000, 2), DateOrder::open);
}

TEST(Times, ByTheClocksOfAZone) {
  auto seoul = must(Zone::named("Asia/Seoul")), berlin = must(Zone::named("Europe/Berlin"));
  auto in = [](const Zone& zone, std::string_view text) {
    TimeEvidence seen;
    auto ts = parse_time(text, {DateOrder::open, false, &zone}, seen);
    return ts ? to_text(*ts) : "none";
  };
  EXPECT_EQ(in(*seoul, "2024-01-05T15:30:00Z"), "2024-01-06 00:30:00");
  EXPECT_EQ(in(*seoul, "2024-01-05T15:30:00"), "2024-01-05 15:30:00") << "is the shop's already";
  EXPECT_EQ(in(*seoul, "2024-01-05T15:30:00+09:00"), "2024-01-05 15:30:00");
  EXPECT_EQ(in(*berlin, "2024-03-31T00:59:59Z"), "2024-03-31 01:59:59");
  EXPECT_EQ(in(*berlin, "2024-03-31T01:00:00Z"), "2024-03-31 03:00:00") << "summer begins";
  EXPECT_EQ(in(*berlin, "2024-10-27T01:00:00Z"), "2024-10-27 02:00:00") << "summer ends";
  EXPECT_EQ(in(*berlin, "2024-07-01T12:00:00[Asia/Seoul]"), "2024-07-01 05:00:00");
  EXPECT_EQ(code(Zone::named("Asia/Soul")), Code::bad_input);
}

TEST(Times, WhatIsNoTimeIsNone) {
  for (const char* text : {"",
                           " ",
                           "yesterday",
                           "2010",
                           "2010-12",
                           "2010-13-01",
                           "2010-00-01",
                           "2010-02-30",
                           "2010-12-01 24:00",
                           "2010-12-01 08:60",
                           "2010-12-01 08:26:60",
                           "2010-12-01 08:",
                           "2010-12-01 08:26:",
                           "2010-12-01 08:26:00.",
                           "2010-12-01 08:26:00.Z",
                           "2010-12-01 08:26 x",
                           "2010-12-01x",
                           "2010-12/01",
                           "2010-12-01 08:26+09:0",
                           "2010-12-01 08:26 Asia/Nowhere",
                           "2010-12-01 13:26 AM",
                           "-2010-12-01",
                           "20101301",
                           "2010120",
                           "201012010",
                           "1/2",
                           "1/2/",
                           "//",
                           "1/2/x",
                           "2010-12-01T",
                           "２０１０-12-01",
                           "12/13/10/1"})
    EXPECT_EQ(time(text), "none") << text;
}

TEST(Times, EveryMinuteOfTheCenturiesComesBack) {
  Random random(2);
  for (int i = 0; i < 50'000; ++i) {
    Timestamp ts{(static_cast<int64_t>(random.below(200'000'000)) - 50'000'000) * 60 * micros_per_second};
    std::string text = to_text(ts);
    ASSERT_EQ(time(text), text);
    text[10] = 'T';
    ASSERT_EQ(time(text + ".25Z"), to_text(ts) + "+250000");
  }
}

TEST(Clocks, AreThoseOfADay) {
  auto clock = [](std::string_view text) {
    auto micros = parse_clock(text);
    return micros ? to_text(Timestamp{*micros}).substr(11) : "none";
  };
  for (const char* text : {"0", "00", "0:00", "00:00:00", "12 AM", "오전 12:00"})
    EXPECT_EQ(clock(text), "00:00:00") << text;
  for (const char* text :
       {"15", "15:00", "15:00:00.000", "3 PM", "3:00 pm", "오후 3:00", "오후 3시", "15시 00분"})
    EXPECT_EQ(clock(text), "15:00:00") << text;
  EXPECT_EQ(clock("23:59:59"), "23:59:59");
  for (const char* text :
       {"", " ", "24", "99", "-1", "+1", "1.0", "1h", "001", "012", "１", "15:60", "13 AM", "1:2"})
    EXPECT_EQ(clock(text), "none") << text;
}

TEST(Propensities, AreAboveZeroAndUpToOne) {
  EXPECT_EQ(parse_propensity("1"), 1.0);
  EXPECT_EQ(parse_propensity("0.25"), 0.25);
  EXPECT_EQ(parse_propensity("6.5e-05"), 6.5e-05);
  for (const char* text :
       {"", "0", "0.0", "-0.5", "1.0001", "2", "nan", "inf", "1e-999", "25%", "0,25", " 1", "half"})
    EXPECT_FALSE(parse_propensity(text)) << text;
}

TEST(Actions, HaveOneNameEach) {
  auto meaning = [](std::string_view text, bool is_state = false) {
    auto found = Meanings().of(text, is_state);
    return found ? name(*found) : "";
  };
  for (const char* text : {"buy", "구매", "Order Completed", "paid", "wc-completed", "배송 완료", "구매확정",
                           "PARTIALLY_REFUNDED", "교환"})
    EXPECT_EQ(meaning(text), "purchase") << text;
  for (const char* text : {"refund", "취소", "Order Refunded"}) EXPECT_EQ(meaning(text), "cancel") << text;
  for (const char* text : {"refund", "취소", "반품", "Cancelled", "취소완료", "refunded", "void"})
    EXPECT_EQ(meaning(text, true), "canceled") << text;
  for (const char* text : {"canceled", "환불완료", "취소요청"}) EXPECT_EQ(meaning(text), "canceled") << text;
  for (const char* text : {"unpaid", "Pending payment", "입금전", "failed"})
    EXPECT_EQ(meaning(text), "none") << text;
  EXPECT_EQ(meaning("pv"), "view");
  EXPECT_EQ(meaning("$pageview"), "view");
  EXPECT_EQ(meaning("fav"), "wishlist");
  EXPECT_EQ(meaning("장바구니"), "cart");
  for (const char* text : {"", "teleport", "wc", "달나라"}) EXPECT_EQ(meaning(text), "") << text;

  Meanings own;
  EXPECT_TRUE(own.add("Livré", "purchase"));
  EXPECT_TRUE(own.add("paid", "none"));
  EXPECT_EQ(own.of("livré", true), Meaning{Action::purchase});
  EXPECT_EQ(own.of("PAID", true), Meaning{});
  EXPECT_EQ(code(own.add("x", "teleport")), Code::bad_input);
}

TEST(Actions, ChargesAreNoProducts) {
  for (const char* name : {"Shipping", "shipping_fee", "SHIPPING & HANDLING", "배송비", "VAT",
                           "Standard Shipping", "배송비(도서산간)"})
    EXPECT_EQ(charge_of(name), Charge::cost) << name;
  for (const char* name :
       {"쿠폰 할인", "Discount: WELCOME10", "Coupon (SUMMER)", "할인쿠폰(10%)", "포인트 할인"})
    EXPECT_EQ(charge_of(name), Charge::discount) << name;
  for (const char* name : {"", "Ta", "Tax law", "Gift card holder", "Shipping box, large, of recycled paper",
                           "배송비누", "(할인) 비누"})
    EXPECT_EQ(charge_of(name), Charge::none) << name;
}

// --- CSV

struct SplitRecord {
  int64_t line;
  std::vector<std::string> fields;
  std::string text;
  RecordProblem problem;
};

bool operator==(const SplitRecord& a, const SplitRecord& b) {
  return a.line == b.line && a.fields == b.fields && a.text == b.text && a.problem == b.problem;
}

// Splits `text` as a reader would that gets it in pieces; `piece` says how long the next one is.
std::vector<SplitRecord> split(std::string_view text, size_t columns, char delimiter,
                               const std::function<size_t()>& piece) {
  CsvSplitter splitter(delimiter, columns);
  std::vector<SplitRecord> out;
  std::string rest;
  bool at_end = false;
  while (!at_end) {
    RecordBlock block;
    std::string_view next = text.substr(0, piece());
    text.remove_prefix(next.size());
    at_end = text.empty();
    block.text = rest + std::string(next);
    size_t used = splitter.split(block, at_end);
    EXPECT_LE(used, block.text.size());
    rest = block.text.substr(used);
    for (const Record& record : block.records) {
      SplitRecord copy{record.line, {}, std::string(record.text), record.problem};
      for (uint32_t c = 0; c < record.fields; ++c)
        copy.fields.emplace_back(block.field(record, static_cast<int>(c)));
      out.push_back(copy);
    }
  }
  EXPECT_TRUE(rest.empty());
  return out;
}

std::vector<SplitRecord> split(std::string_view text, size_t columns = 0, char delimiter = ',') {
  return split(text, columns, delimiter, [] { return SIZE_MAX; });
}

std::vector<std::string> fields(std::string_view line) {
  auto records = split(line);
  if (records.size() != 1) return {"not one record"};
  return records[0].fields;
}

TEST(Csv, OneLine) {
  using Fields = std::vector<std::string>;
  EXPECT_EQ(fields("a,b,c"), (Fields{"a", "b", "c"}));
  EXPECT_EQ(fields("a,b,c\n"), (Fields{"a", "b", "c"}));
  EXPECT_EQ(fields("a,b,c\r\n"), (Fields{"a", "b", "c"}));
  EXPECT_EQ(fields(","), (Fields{"", ""}));
  EXPECT_EQ(fields(",\n"), (Fields{"", ""}));
  EXPECT_EQ(fields("a,,\r\n"), (Fields{"a", "", ""}));
  EXPECT_EQ(fields("\"a\""), (Fields{"a"}));
  EXPECT_EQ(fields("\"\""), (Fields{""}));
  EXPECT_EQ(fields("\"a,b\",\"c\"\"d\",\"\"\"\""), (Fields{"a,b", "c\"d", "\""}));
  EXPECT_EQ(fields("\"a\nb\r\nc\",d"), (Fields{"a\nb\r\nc", "d"}));
  EXPECT_EQ(fields("\"a\"\r\n"), (Fields{"a"}));
  EXPECT_EQ(fields("a \"quoted\" word,b"), (Fields{"a \"quoted\" word", "b"}))
      << "a quote inside a bare field is a quote";
  EXPECT_EQ(fields(" \"a\""), (Fields{" \"a\""}));
  EXPECT_EQ(fields("a\rb,c\r"), (Fields{"a\rb", "c"}));
  EXPECT_EQ(fields("취소,\"김치, 맛\""), (Fields{"취소", "김치, 맛"}));
}

TEST(Csv, BlankLinesAreNoRecordsButLines) {
  auto records = split("\n\na,b\n\r\n\nc,d\n\n");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].line, 3);
  EXPECT_EQ(records[1].line, 6);
  EXPECT_TRUE(split("").empty());
  EXPECT_TRUE(split("\n").empty());
}

TEST(Csv, WhatIsWrongWithARecordIsSaidAndTheNextOneIsFine) {
  auto problem = [](std::string_view line) {
    auto records = split(std::string(line) + "\nx,y\n", 2);
    EXPECT_EQ(records.back().fields, (std::vector<std::string>{"x", "y"})) << line;
    EXPECT_EQ(records.back().line, 2) << line;
    EXPECT_EQ(records.back().problem, RecordProblem::none) << line;
    EXPECT_EQ(records[0].text, line);
    return records.size() == 2 ? records[0].problem : RecordProblem::none;
  };
  EXPECT_EQ(problem("a"), RecordProblem::field_count);
  EXPECT_EQ(problem("a,b,c"), RecordProblem::field_count);
  EXPECT_EQ(problem("\"a\"b,c"), RecordProblem::bad_quote);
  EXPECT_EQ(problem("\"a\" ,c"), RecordProblem::bad_quote);
  EXPECT_EQ(problem("a,\"b"), RecordProblem::open_quote);
  EXPECT_EQ(problem("\""), RecordProblem::open_quote);
  EXPECT_EQ(problem("a,\"b\"\""), RecordProblem::open_quote);
  EXPECT_EQ(problem("a,b\xff"), RecordProblem::encoding);
  EXPECT_EQ(problem(std::string_view("a,b\0", 4)), RecordProblem::encoding);
  EXPECT_EQ(problem("a,\xea\xb9"), RecordProblem::encoding);
}

TEST(Csv, AnOpenQuoteCostsItsOwnLineOnly) {
  auto records = split("a,b\nc,\"d\ne,f\ng,h\n", 2);
  ASSERT_EQ(records.size(), 4u);
  EXPECT_EQ(records[1].problem, RecordProblem::open_quote);
  EXPECT_EQ(records[1].text, "c,\"d");
  EXPECT_EQ(records[2].fields, (std::vector<std::string>{"e", "f"}));
  EXPECT_EQ(records[2].line, 3);
  EXPECT_EQ(records[3].line, 4);
}

// Fields of any bytes that text may hold, written with quotes where they need them or at random, and split in
// pieces of random length.
TEST(Csv, AnyTableWrittenAndSplitInAnyPiecesComesBackTheSame) {
  const std::vector<std::string> parts = {"a",  "bc",   "0.5", "김치", "é",  ",", ";", "\t", "|",
                                          "\"", "\"\"", "\n",  "\r\n", "\r", " ", "'", "😀",  "\\"};
  for (uint64_t seed = 0; seed < 3'000; ++seed) {
    Random random(7, seed);
    char delimiter = ",;\t|"[random.below(4)];
    size_t columns = 1 + random.below(5), rows = random.below(12);
    const char* line_end = random.below(2) ? "\n" : "\r\n";
    std::string text;
    std::vector<SplitRecord> expected;
    int64_t line = 1;
    for (size_t r = 0; r < rows; ++r) {
      while (random.below(8) == 0) text += line_end, ++line;  // a blank line
      SplitRecord record{line, {}, {}, RecordProblem::none};
      for (size_t c = 0; c < columns; ++c) {
        std::string field;
        for (uint64_t n = random.below(5); n > 0; --n) field += parts[random.below(parts.size())];
        record.fields.push_back(field);
        bool must_quote = field.find_first_of(std::string("\"\r\n") + delimiter) != field.npos ||
                          (columns == 1 && field.empty());
        if (c > 0) record.text += delimiter;
        if (must_quote || random.below(3) == 0) {
          record.text += '"';
          for (char byte : field) record.text += byte == '"' ? "\"\"" : std::string(1, byte);
          record.text += '"';
        } else {
          record.text += field;
        }
        for (char byte : field) line += byte == '\n';
      }
      ++line;
      text += record.text;
      if (r + 1 < rows || random.below(2)) text += line_end;
      expected.push_back(record);
    }
    auto whole = split(text, columns, delimiter);
    ASSERT_TRUE(whole == expected) << "seed " << seed << "\n" << text;
    uint64_t longest = 1 + random.below(12);
    ASSERT_TRUE(split(text, columns, delimiter, [&] { return 1 + random.below(longest); }) == expected)
        << "seed " << seed << "\n"
        << text;
  }
}

// The same for text that is no good CSV: whatever it is, the pieces it came in do not show, and no byte of it
// but blank lines and line ends is in no record.
TEST(Csv, GarbageIsTheSameInAnyPieces) {
  const std::vector<std::string> parts = {
      "a", "b,", ",", "\"", "\"\"", "\n", "\r\n", "\r", "\xff", "김", std::string(1, '\0')};
  for (uint64_t seed = 0; seed < 3'000; ++seed) {
    Random random(8, seed);
    std::string text;
    for (uint64_t n = random.below(40); n > 0; --n) text += parts[random.below(parts.size())];
    auto whole = split(text, 2);
    uint64_t longest = 1 + random.below(8);
    ASSERT_TRUE(split(text, 2, ',', [&] { return 1 + random.below(longest); }) == whole)
        << "seed " << seed << "\n"
        << text;
    std::string in_records, all;
    for (const auto& record : whole) in_records += record.text;
    std::erase_if(in_records, [](char c) { return c == '\n' || c == '\r'; });
    for (char c : text)
      if (c != '\n' && c != '\r') all += c;
    ASSERT_EQ(in_records, all) << "seed " << seed;
  }
}

TEST(Csv, ManyRecordsAtATimeOrOne) {
  std::string text = "h1,h2\na,b\nc,d\n";
  CsvSplitter splitter(',', 0);
  RecordBlock block;
  block.text = text;
  EXPECT_EQ(splitter.split(block, true, 1), 6u);
  ASSERT_EQ(block.records.size(), 1u);
  RecordBlock rest;
  rest.text = text.substr(6);
  splitter.split(rest, true);
  ASSERT_EQ(rest.records.size(), 2u);
  EXPECT_EQ(rest.records[0].line, 2);
}

// A record may be as long as most_record_bytes; one that is longer is turned down, and what follows is read.
TEST(Csv, HugeRecords) {
  Random random(9);
  for (size_t size : {size_t{60'000}, most_record_bytes / 2, most_record_bytes - 10, most_record_bytes + 10,
                      3 * most_record_bytes}) {
    for (bool quoted : {false, true}) {
      std::string field(size, 'x');
      if (quoted) field[size / 2] = '\n', field[size / 3] = ',';
      std::string record = "a," + (quoted ? "\"" + field + "\"" : field);
      std::string text = "k,l\n" + record + "\nm,n\no,p\n";
      auto whole = split(text, 2);
      for (int i = 0; i < 4; ++i)
        ASSERT_TRUE(split(text, 2, ',', [&] { return 1 + random.below(size_t{1} << (16 + i * 2)); }) == whole)
            << size << (quoted ? " quoted" : "");
      ASSERT_GE(whole.size(), 4u);
      EXPECT_EQ(whole.back().fields, (std::vector<std::string>{"o", "p"}));
      EXPECT_EQ(whole.back().line, quoted ? 5 : 4);
      if (record.size() < most_record_bytes) {
        ASSERT_EQ(whole.size(), 4u);
        EXPECT_EQ(whole[1].fields, (std::vector<std::string>{"a", field}));
      } else {
        EXPECT_EQ(whole[1].problem, quoted ? RecordProblem::open_quote : RecordProblem::too_long);
        EXPECT_LE(whole[1].text.size(), most_record_bytes);
        EXPECT_EQ(whole.size(), quoted ? 5u : 4u)
            << "an open quote costs its first line; the second is a row like any other";
      }
    }
  }
}

char delimiter_of(std::string_view text) {
  return find_table(
             text,
             [](std::string_view field) { return field.find_first_not_of("0123456789,.") == field.npos; })
      .delimiter;
}

TEST(Csv, TheDelimiterIsTheOneThatSplitsTheLinesAlikeIntoMost) {
  EXPECT_EQ(delimiter_of("a;b;c\n"), ';');
  EXPECT_EQ(delimiter_of("a\tb\n"), '\t');
  EXPECT_EQ(delimiter_of("a|b|c"), '|');
  EXPECT_EQ(delimiter_of("\"a;b;c\",d"), ',');
  EXPECT_EQ(delimiter_of("one"), ',');
  EXPECT_EQ(delimiter_of(""), ',');
  EXPECT_EQ(delimiter_of("a;b;c\n1,5;2,5;3\n1,5;2,5;3\n"), ';') << "with decimal commas";
  EXPECT_EQ(delimiter_of("sep=;\na,b;c\n"), ';');
}

TEST(Csv, TheTableBeginsBelowItsTitles) {
  auto is_number = [](std::string_view field) { return field.find_first_not_of("0123456789") == field.npos; };
  auto start = [&](std::string_view text) {
    TableStart found = find_table(text, is_number);
    return std::pair(found.line, text.substr(found.skipped, 4));
  };
  using Start = std::pair<int64_t, std::string_view>;
  EXPECT_EQ(start("id,n\na,1\nb,2\n"), Start(1, "id,n"));
  EXPECT_EQ(start("Sales\n\nid,n,m\na,1,2\nb,2,3\n"), Start(3, "id,n"));
  EXPECT_EQ(start("Sales 2024,,\nid,n,m\na,1,2\nb,2,3\n"), Start(2, "id,n"));
  EXPECT_EQ(start("sep=,\nid,n\na,1\nb,2\n"), Start(2, "id,n"));
  EXPECT_EQ(start("1,2\n3,4\n"), Start(1, "1,2\n")) << "no names anywhere: the first line stays";
}

TEST(Csv, AnOpenQuoteCostsItsLine) {
  std::string text = "a,b\n1,\"12 inch\n2,x\n3,\"y\"\n4,\"z \\\"w\\\" v\"\n5,\"two\nlines\"\n";
  RecordBlock block;
  block.text = text;
  EXPECT_EQ(CsvSplitter(',', 2).split(block, true), text.size());
  std::vector<std::string> seen;
  for (const Record& record : block.records)
    seen.push_back(record.problem == RecordProblem::none ? std::string(block.field(record, 1)) : "reject");
  EXPECT_EQ(seen, (std::vector<std::string>{"b", "reject", "x", "y", "z \"w\" v", "two\nlines"}));
}

// --- bytes of files

Result<ByteSource> bytes_of(const std::string& path) {
  InputFile file = TRY(InputFile::open(path));
  return ByteSource::open(std::move(file));
}

Result<TableReader> table_of(const std::string& path, const Mapping& mapping) {
  InputFile file = TRY(InputFile::open(path));
  return TableReader::open(std::move(file), mapping);
}

Result<std::string> read_all(const std::string& path) {
  ByteSource source = TRY(bytes_of(path));
  std::string out;
  while (TRY(source.read(out))) continue;
  return out;
}

std::string cp949(std::string_view utf8) {
  iconv_t handle = iconv_open("CP949", "UTF-8");
  std::string out(utf8.size() * 2 + 16, '\0');
  char *from = const_cast<char*>(utf8.data()), *to = out.data();
  size_t left = utf8.size(), room = out.size();
  size_t outcome = iconv(handle, &from, &left, &to, &room);
  iconv_close(handle);
  if (outcome == static_cast<size_t>(-1)) throw std::runtime_error("no CP949 for this text");
  out.resize(out.size() - room);
  return out;
}

std::string utf8(char32_t c) {
  std::string out;
  if (c < 0x80) return out = static_cast<char>(c), out;
  if (c < 0x800) return {static_cast<char>(0xc0 | (c >> 6)), static_cast<char>(0x80 | (c & 0x3f))};
  return {static_cast<char>(0xe0 | (c >> 12)), static_cast<char>(0x80 | ((c >> 6) & 0x3f)),
          static_cast<char>(0x80 | (c & 0x3f))};
}

std::string all_hangul() {
  std::string out;
  for (char32_t c = 0xac00; c <= 0xd7a3; ++c) {
    out += utf8(c);
    if (c % 16 == 15) out += "\n";
  }
  return out;
}

TEST(Utf8, IsWhatRfc3629Says) {
  for (std::string_view text : {"", "a", "é", "김치", "😀", "a plain line of text", "seven  김치"})
    EXPECT_TRUE(is_utf8(text)) << text;
  for (std::string_view text :
       {std::string_view("\0", 1), std::string_view("12345678\0", 9),
        std::string_view("1234\0"
                         "5678",
                         9),
        std::string_view("\x80"), std::string_view("\xc0\x80"), std::string_view("\xc1\xbf"),
        std::string_view("\xe0\x9f\xbf"), std::string_view("\xed\xa0\x80"),
        std::string_view("\xf0\x8f\xbf\xbf"), std::string_view("\xf4\x90\x80\x80"),
        std::string_view("\xf5\x80\x80\x80"), std::string_view("\xea\xb9"), std::string_view("abcdefgh\xea"),
        std::string_view("\xff"), std::string_view("\xea\xb9x")})
    EXPECT_FALSE(is_utf8(text));
  // every code point, and every two bytes, against a decoder written from the table of the RFC
  for (char32_t c = 1; c < 0x10000; ++c) {
    bool surrogate = c >= 0xd800 && c < 0xe000;
    ASSERT_EQ(is_utf8(utf8(c)), !surrogate) << static_cast<uint32_t>(c);
  }
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      char bytes[] = {static_cast<char>(a), static_cast<char>(b)};
      bool good =
          (a > 0 && a < 0x80 && b > 0 && b < 0x80) || (a >= 0xc2 && a <= 0xdf && b >= 0x80 && b <= 0xbf);
      ASSERT_EQ(is_utf8({bytes, 2}), good) << a << " " << b;
    }
}

TEST(Bytes, OfPlainText) {
  TempFolder folder;
  Random random(3);
  for (size_t size : {size_t{1}, size_t{7}, (size_t{1} << 20) - 1, size_t{1} << 20, (size_t{1} << 20) + 1,
                      size_t{5'000'000}}) {
    std::string text(size, 'x');
    for (char& c : text) c = static_cast<char>('a' + random.below(26));
    EXPECT_TRUE(must(read_all(folder.write("t", text))) == text) << size;
    EXPECT_TRUE(must(read_all(folder.write("t.gz", gzip(text)))) == text) << size;
  }
}

TEST(Bytes, AMarkAtTheFrontIsDropped) {
  TempFolder folder;
  EXPECT_EQ(must(read_all(folder.write("t", "\xef\xbb\xbfid,날짜\n"))), "id,날짜\n");
  EXPECT_EQ(must(read_all(folder.write("t", gzip("\xef\xbb\xbfid\n")))), "id\n");
}

TEST(Bytes, WhatIsNoTextSaysSo) {
  TempFolder folder;
  EXPECT_EQ(code(read_all(folder.path("absent"))), Code::not_found);
  EXPECT_EQ(code(read_all(folder.path("."))), Code::bad_input);
  EXPECT_EQ(code(read_all("/proc/self/mem")), Code::io) << "reading fails";
  EXPECT_EQ(code(read_all(folder.write("t", ""))), Code::bad_input);
  EXPECT_EQ(code(read_all(folder.write("t", gzip("")))), Code::bad_input);
  EXPECT_EQ(code(read_all(folder.write("t", std::string("a,b\n1,\0\n", 8)))), Code::bad_input);
  EXPECT_EQ(must(read_all(folder.write("t", std::string("\xff\xfe"
                                                        "a\0,\0",
                                                        6)))),
            "a,");
  EXPECT_EQ(must(read_all(folder.write("t", std::string("\xfe\xff"
                                                        "\0a\0,",
                                                        6)))),
            "a,");
}

TEST(Gzip, MembersOneAfterTheOtherAreOneText) {
  TempFolder folder;
  Random random(4);
  for (int i = 0; i < 60; ++i) {
    std::string text, bytes;
    for (uint64_t members = 1 + random.below(5); members > 0; --members) {
      std::string part(random.below(3) == 0 ? 0 : random.below(200'000), 'x');
      for (char& c : part) c = static_cast<char>('a' + random.below(1 + random.below(26)));
      text += part;
      bytes += gzip(part);
    }
    if (text.empty()) continue;
    ASSERT_TRUE(must(read_all(folder.write("t.gz", bytes))) == text);
  }
}

// The inflater hands out 4 MiB at a time: texts that end just there, in one member or two, compressed to next
// to nothing so that the input is used up long before the output.
TEST(Gzip, TextsThatEndWhereABlockEnds) {
  TempFolder folder;
  constexpr size_t block = 4 << 20;
  for (size_t blocks : {size_t{1}, size_t{2}})
    for (int offset : {-300, -259, -258, -257, -9, -8, -2, -1, 0, 1, 2, 257, 258, 259, 300}) {
      size_t size = blocks * block + static_cast<size_t>(offset);
      std::string text(size, 'x'), bytes = gzip(text);
      auto answer = read_all(folder.write("t.gz", bytes));
      ASSERT_TRUE(answer) << size << ": " << message(answer);
      ASSERT_TRUE(*answer == text) << size;
      auto two = read_all(folder.write("t.gz", bytes + gzip("a tail\n")));
      ASSERT_TRUE(two) << size << " and a second member: " << message(two);
      ASSERT_TRUE(*two == text + "a tail\n") << size;
    }
}

// A file cut anywhere must be noticed: what is silently short would count customers wrong.
TEST(Gzip, CutAtAnyByteIsAnError) {
  TempFolder folder;
  std::string text = "customer_id,ts,amount\n";
  for (int i = 0; i < 60; ++i)
    text += "c" + std::to_string(i) + ",2021-01-01 10:00," + std::to_string(i * 37 % 101) + "\n";
  auto rows = [&](std::string_view bytes) -> Result<size_t> {
    TableReader reader = TRY(table_of(folder.write("t.csv.gz", bytes), guessing()));
    size_t seen = 0;
    while (auto batch = TRY(reader.next())) seen += batch->events.size();
    return seen;
  };
  std::string one = gzip(text), two = one + gzip("c60,2021-01-01 10:00,5\n");
  ASSERT_EQ(must(rows(one)), 60u);
  ASSERT_EQ(must(rows(two)), 61u);
  for (size_t size = 0; size < two.size(); ++size) {
    if (size == one.size()) continue;
    EXPECT_FALSE(rows(two.substr(0, size))) << "cut after " << size << " of " << two.size() << " bytes";
  }
  EXPECT_FALSE(rows(one + "rubbish")) << "bytes that are no member";
}

TEST(Gzip, ABitTurnedAnywhereIsAnErrorOrChangesNothing) {
  TempFolder folder;
  std::string text = "customer_id,ts,amount\n";
  for (int i = 0; i < 40; ++i)
    text += "c" + std::to_string(i) + ",2021-01-01 10:00," + std::to_string(i * 37 % 101) + "\n";
  std::string good = gzip(text);
  int errors = 0;
  for (size_t byte = 0; byte < good.size(); ++byte) {
    size_t bit = byte * 8 + byte % 8;
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    auto answer = read_all(folder.write("t.gz", bad));
    if (!answer) ++errors;
    // bits of the header that say when and by what it was made, and the magic itself, without which it is no
    // gzip
    else if (bit >= 16) {
      EXPECT_EQ(*answer, text) << "bit " << bit;
    }
  }
  EXPECT_GT(errors, static_cast<int>(good.size()) - 12) << "only the header's ten bytes are free";
}

TEST(Encoding, EveryHangulSyllableFromCp949) {
  TempFolder folder;
  std::string text = "회원번호,구매일시,금액\n" + all_hangul();
  std::string path = folder.write("t.csv", cp949(text));
  EXPECT_EQ(must(bytes_of(path)).encoding(), "CP949");
  EXPECT_TRUE(must(read_all(path)) == text);
  EXPECT_TRUE(must(read_all(folder.write("t.csv.gz", gzip(cp949(text))))) == text);
  EXPECT_EQ(must(bytes_of(folder.write("u.csv", text))).encoding(), plain_encoding);
  EXPECT_TRUE(must(read_all(folder.path("u.csv"))) == text);
}

// Blocks end after 1 MiB of a file, or 4 MiB of what a gzip holds: for one of two offsets a character of two
// bytes is cut.
TEST(Encoding, CharactersCutAtABlocksBorder) {
  TempFolder folder;
  std::string hangul = all_hangul(), body;
  while (body.size() < 14'000'000) body += hangul;  // 9.4 MB of CP949
  for (const char* front : {"", "x", "xy"}) {
    std::string text = front + body, bytes = cp949(text);
    ASSERT_GT(bytes.size(), 9u << 20);
    auto plain = read_all(folder.write("t.csv", bytes));
    ASSERT_TRUE(plain) << message(plain);
    ASSERT_TRUE(*plain == text) << "plain, " << front;
    auto zipped = read_all(folder.write("t.csv.gz", gzip(bytes)));
    ASSERT_TRUE(zipped) << message(zipped);
    ASSERT_TRUE(*zipped == text) << "gzip, " << front;
    auto unchanged = read_all(folder.write("u.csv", text));
    ASSERT_TRUE(unchanged);
    ASSERT_TRUE(*unchanged == text) << "UTF-8, " << front;
  }
}

TEST(Encoding, HalfACharacterAtTheEndIsNotLost) {
  TempFolder folder;
  std::string bytes =
      cp949("가나다\n라마바\n사아자\n차카타\n파하\n단골 고객\n구매 주문\n취소 환불\n가나다라마바사\n");
  std::string text = must(read_all(folder.write("t.csv", bytes + "\xb0")));
  EXPECT_TRUE(text.ends_with("\xb0"));  // is no UTF-8: its row becomes a reject
}

TEST(Encoding, AFewBadBytesDoNotTurnUtf8IntoCp949) {
  TempFolder folder;
  std::string text;
  for (int i = 0; i < 2'000; ++i) text += "김치찌개 " + std::to_string(i) + "\n";
  text += "caf\xe9\n";
  std::string path = folder.write("t.csv", text);
  EXPECT_EQ(must(bytes_of(path)).encoding(), plain_encoding);
  EXPECT_TRUE(must(read_all(path)) == text);
}

// --- columns to roles

// A file of a header alone.
Sample sample(std::vector<std::string> header) {
  Sample out{std::move(header), {}};
  out.columns.resize(out.header.size());
  return out;
}

TEST(Mapping, GuessesTheColumnsOfShopsInTwoLanguages) {
  Mapping mapping = guessing();
  auto roles =
      must(match(mapping, sample({"주문번호", "상품코드", "수량", "단가", "회원번호", "주문일시"}), "f.csv"))
          .roles;
  EXPECT_EQ(roles[static_cast<size_t>(Role::receipt)], 0);
  EXPECT_EQ(roles[static_cast<size_t>(Role::product)], 1);
  EXPECT_EQ(roles[static_cast<size_t>(Role::quantity)], 2);
  EXPECT_EQ(roles[static_cast<size_t>(Role::price)], 3);
  EXPECT_EQ(roles[static_cast<size_t>(Role::customer)], 4);
  EXPECT_EQ(roles[static_cast<size_t>(Role::time)], 5);
  EXPECT_EQ(roles[static_cast<size_t>(Role::partner)], -1);
  roles = must(match(mapping, sample({"User ID", "event-time", "Event_Type"}), "f.csv")).roles;
  EXPECT_EQ(roles[static_cast<size_t>(Role::customer)], 0);
  EXPECT_EQ(roles[static_cast<size_t>(Role::time)], 1);
  EXPECT_EQ(roles[static_cast<size_t>(Role::action)], 2);
}

TEST(Mapping, AMissingColumnIsAnErrorThatNamesIt) {
  auto missing = match(guessing(), sample({"a", "b"}), "f.csv");
  EXPECT_EQ(code(missing), Code::bad_input);
  EXPECT_NE(message(missing).find("--customer=COLUMN"), std::string::npos);
}

TEST(Mapping, WhatTheUserNamesWins) {
  Mapping mapping = guessing();
  must(override_columns({{"customer", "Who"}, {"time-format", "dmy"}, {"amount", "paid"}}, mapping));
  EXPECT_EQ(mapping.tables[0].rules.order, DateOrder::day_first);
  auto roles = must(match(mapping, sample({"customer_id", "ts", "WHO", "Paid"}), "f.csv")).roles;
  EXPECT_EQ(roles[static_cast<size_t>(Role::customer)], 2);
  EXPECT_EQ(roles[static_cast<size_t>(Role::amount)], 3);
  EXPECT_FALSE(match(mapping, sample({"customer_id", "ts", "who"}), "f.csv"))
      << "a column named by the user must be there";
  EXPECT_EQ(code(override_columns({{"custmer", "x"}}, mapping)), Code::bad_input);
  EXPECT_EQ(code(override_columns({{"time-format", "iso"}}, mapping)), Code::bad_input);
  EXPECT_EQ(code(preset("nothing")), Code::bad_input);
  for (const auto& name : preset_names()) EXPECT_TRUE(preset(name)) << name;
}

// Every table of a preset is known by its own header, also with columns in another order and more of them;
// one column less, and it is no other table by mistake.
TEST(Mapping, ATableIsTheOneWhoseColumnsItHas) {
  Mapping lpoint = must(preset("lpoint"));
  ASSERT_EQ(lpoint.tables.size(), 7u);
  for (const TableMapping& table : lpoint.tables) {
    std::vector<std::string> header = {"more"};
    for (size_t role = role_count; role-- > 0;)
      if (table.required[role]) header.push_back(table.columns[role].front());
    EXPECT_EQ(must(match(lpoint, sample(header), "f.csv")).table, &table) << table.name;
    for (size_t lost = 1; lost < header.size(); ++lost) {
      auto less = header;
      less.erase(less.begin() + static_cast<int64_t>(lost));
      auto matched = match(lpoint, sample(less), "f.csv");
      bool is_payments =
          table.name == "03_COP_U" && header[lost] == "br_c";  // for these are the same columns
      EXPECT_EQ(static_cast<bool>(matched), is_payments) << table.name << " without " << header[lost];
      if (!matched) {
        EXPECT_NE(message(matched).find("f.csv"), std::string::npos) << message(matched);
        EXPECT_NE(message(matched).find(header[lost]), std::string::npos) << message(matched);
      }
    }
  }
  EXPECT_EQ(code(match(lpoint, sample({"a", "b"}), "f.csv")), Code::bad_input);
}

TEST(Mapping, ANamedColumnCountsForEveryTableThatHasTheRole) {
  Mapping lpoint = must(preset("lpoint"));
  must(override_columns({{"customer", "who"}}, lpoint));
  EXPECT_EQ(must(match(lpoint, sample({"who", "ma_fem_dv", "ages", "zon_hlv"}), "f.csv")).table->name,
            "01_DEMO");
  EXPECT_EQ(must(match(lpoint, sample({"who", "offered_on", "offer", "propensity"}), "f.csv")).table->name,
            "offer");
  EXPECT_EQ(
      must(match(lpoint, sample({"pd_c", "pd_nm", "clac_hlv_nm", "clac_mcls_nm"}), "f.csv")).table->name,
      "04_PD_CLAC");
  Mapping exposures = must(preset("exposures"));
  EXPECT_EQ(code(override_columns({{"amount", "x"}}, exposures)), Code::bad_input)
      << "an offer has no amount";
}

TEST(Mapping, FromAFile) {
  TempFolder folder;
  Mapping mapping = guessing();
  must(override_from_file(folder.write("m.toml",
                                       "[columns]\ncustomer = \"고객\"\nproduct_name = "
                                       "\"이름\"\n[rules]\ntime_format = \"mdy\"\ncancel_prefix = \"R\"\n"),
                          mapping));
  EXPECT_EQ(mapping.tables[0].rules.order, DateOrder::month_first);
  EXPECT_EQ(mapping.tables[0].rules.cancel_prefix, "R");
  EXPECT_EQ(mapping.tables[0].columns[static_cast<size_t>(Role::product_name)],
            std::vector<std::string>{"이름"});
  for (const char* bad : {"[columns", "customer = \"x\"", "[other]\na = \"b\"", "[columns]\ncustomer = [5]",
                          "[columns]\nnothing = \"x\"", "= = =", "[columns]\na = i\n",
                          "[columns]\ncafé = \"x\"", "[columns]\ncustomer = あ"}) {
    auto status = override_from_file(folder.write("bad.toml", bad), mapping);
    EXPECT_EQ(code(status), Code::bad_input) << bad;
    EXPECT_EQ(message(status).find('\n'), std::string::npos) << bad;
  }
  EXPECT_FALSE(override_from_file(folder.path("absent.toml"), mapping));
}

// --- rows to events

struct Read {
  std::vector<EventRow> events;  // their texts are gone
  std::vector<std::string> customers, actions, products;
  std::vector<std::pair<int64_t, std::string>> rejects;  // line, reason
};

Read read_events(const std::string& path, const Mapping& mapping) {
  TableReader reader = must(table_of(path, mapping));
  Read out;
  while (auto batch = must(reader.next())) {
    for (const auto& row : batch->events) {
      out.events.push_back(row);
      out.customers.emplace_back(row.customer);
      out.actions.emplace_back(name_of(row.action));
      out.products.emplace_back(row.product);
    }
    for (const auto& row : batch->rejects) out.rejects.emplace_back(row.line, row.reason);
  }
  return out;
}

// What only an order's first row says is that of its other rows, wherever the pieces end in which a file is
// read.
TEST(Events, AnOrderIsOneAcrossPieces) {
  TempFolder folder;
  std::string text = "order_id,email,date,financial_status,cancelled_at,amount\n";
  constexpr int orders = 20'000;
  for (int i = 0; i < orders; ++i) {
    std::string row = fmt::format("{},Kim{}@X.io,2024-01-05,", i, i);
    text += row + (i % 2 ? "paid" : "refunded") + (i % 3 ? ",,5\n" : ",2024-01-06,5\n") + row + ",,7\n";
  }
  Read read = read_events(folder.write("e.csv", text), guessing());
  EXPECT_TRUE(read.rejects.empty()) << read.rejects.size();
  ASSERT_EQ(read.events.size(), size_t{2} * orders);
  for (size_t i = 0; i < read.events.size(); ++i) {
    size_t order = i / 2;
    bool is_sold = order % 2 == 1 && order % 3 != 0;
    ASSERT_EQ(read.actions[i], is_sold ? "purchase" : "cancel") << i;
    ASSERT_EQ(read.customers[i], fmt::format("kim{}@x.io", order)) << i;
  }
}

TEST(Events, EveryReasonForAReject) {
  TempFolder folder;
  std::string long_id(257, 'x');
  std::string path =
      folder.write("e.csv",
                   "customer_id,ts,product_id,quantity,price,action\n"  // 1
                   "c1,2021-01-01 10:00,p1,2,3.50,buy\n"                // 2
                   ",2021-01-01,p1,1,1,buy\n"                           // 3 no_customer
                   "c1,soon,p1,1,1,buy\n"                               // 4 bad_time
                   "c1,1/2/2021,p1,1,1,buy\n"                           // 5 ambiguous_time
                   "c1,2999-01-01,p1,1,1,buy\n"                         // 6 future_time
                   "c1,1899-12-31,p1,1,1,buy\n"                         // 7 default_time
                   "c1,2021-01-01,p1,1,free,buy\n"                      // 8 bad_amount
                   "c1,2021-01-01,p1,1,,buy\n"                          // 9 no_amount
                   "c1,2021-01-01,p1,many,1,buy\n"                      // 10 bad_quantity
                   "c1,2021-01-01,p1,1,1,dance\n"                       // 11 unknown_action
                   "c1,2021-01-01,p1\n"                                 // 12 field_count
                   "c1,2021-01-01,\"p\"1,1,1,buy\n"                     // 13 bad_quote
                   "c1,2021-01-01,p\xff,1,1,buy\n"                      // 14 encoding
                   "c1,2021-01-01," +
                       long_id +
                       ",1,1,buy\n"                                          // 15 id_too_long
                       "c1,2021-01-01,p1,9000000000000,9000000000000,buy\n"  // 16 bad_amount: too large
                       " c2.0 ,2021-01-02,p1,,,view\n"                       // 17
                       "17850.0,2021-01-02,p1,-1,2,refund\n"                 // 18
                       "c1,2021-01-01,p1,1,1,buy" +
                       std::string(most_record_bytes, 'y') +
                       "\n"                                // 19 too_long
                       "None,2021-01-01,p1,1,1,buy\n"      // 20 placeholder_id
                       "8.80E+11,2021-01-01,p1,1,1,buy\n"  // 21 spreadsheet_id
                       "c1,2021-01-01,p1,1,1,unpaid\n"     // 22 no_event
                       "c1,2021-01-01,\"p1,1,1,buy\n");    // 23 open_quote
  Read read = read_events(path, guessing());
  std::vector<std::pair<int64_t, std::string>> expected = {
      {3, "no_customer"},     {4, "bad_time"},     {5, "ambiguous_time"}, {6, "future_time"},
      {7, "default_time"},    {8, "bad_amount"},   {9, "no_amount"},      {10, "bad_quantity"},
      {11, "unknown_action"}, {12, "field_count"}, {13, "bad_quote"},     {14, "encoding"},
      {15, "id_too_long"},    {16, "bad_amount"},  {19, "too_long"},      {20, "placeholder_id"},
      {21, "spreadsheet_id"}, {22, "no_event"},    {23, "open_quote"}};
  EXPECT_EQ(read.rejects, expected);
  std::set<std::string_view> named,
      seen = {"lonely_time",  "bad_hour",         "no_offer",        "bad_propensity", "no_id",
              "duplicate_id", "unknown_customer", "unknown_product", "unknown_store",  // lpoint.test
              "unmatched",    "lost_zeros",                                            // folders.test
              "forgotten"};                                                            // forget.test
  for (const auto& reason : reject_reasons()) named.insert(reason.name);
  for (const auto& [line, reason] : expected) seen.insert(reason);
  EXPECT_EQ(named, seen) << "a reason no test knows";
  EXPECT_EQ(read.customers, (std::vector<std::string>{"c1", "c2.0", "17850"}));
  EXPECT_EQ(read.actions, (std::vector<std::string>{"purchase", "view", "cancel"}));
  ASSERT_EQ(read.events.size(), 3u);
  EXPECT_EQ(read.events[0].amount.ten_thousandths, 70'000);
  EXPECT_EQ(read.events[0].quantity.ten_thousandths, 20'000);
  EXPECT_FALSE(read.events[1].has_amount);
  EXPECT_EQ(read.events[2].amount.ten_thousandths, -20'000);
}

TEST(Events, TheRetailPreset) {
  TempFolder folder;
  std::string path =
      folder.write("r.csv",
                   "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
                   "489434,85048,GLASS BALL,12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom\n"
                   "C489449,22087,PAPER BUNTING,-12,2009-12-01 10:33:00,2.95,16321.0,Australia\n"
                   "489450,POST,POSTAGE,1,2009-12-01 10:34:00,18.00,12682.0,France\n");
  Read read = read_events(path, must(preset("online-retail")));
  EXPECT_TRUE(read.rejects.empty());
  EXPECT_EQ(read.customers, (std::vector<std::string>{"13085", "16321", "12682"}));
  EXPECT_EQ(read.actions, (std::vector<std::string>{"purchase", "cancel", "purchase"}));
  EXPECT_EQ(read.products, (std::vector<std::string>{"85048", "22087", ""}));
  EXPECT_EQ(read.events[0].amount.ten_thousandths, 834'000);
  EXPECT_EQ(read.events[1].amount.ten_thousandths, -354'000);
}

TEST(Events, OfAFileWithoutRows) {
  TempFolder folder;
  for (const char* text : {"customer_id,ts", "customer_id,ts\n", "customer_id,ts\r\n\r\n"}) {
    Read read = read_events(folder.write("e.csv", text), guessing());
    EXPECT_TRUE(read.events.empty() && read.rejects.empty());
  }
  EXPECT_EQ(code(table_of(folder.write("e.csv", "\n\n"), guessing())), Code::bad_input);
  EXPECT_EQ(code(table_of(folder.write("e.csv", "\"open\n"), guessing())), Code::bad_input);
}

TEST(Events, OfAParquetFileAreThoseOfTheCsv) {
  TempFolder folder;
  std::string csv =
      folder.write("e.csv",
                   "customer_id,ts,price,quantity,product_name\nc1,2021-01-01 10:00:00,1.5,2,\"김치, "
                   "맛\"\n,2021-01-02 00:00:00,2,1,x\nc2,2021-01-03 00:00:00,3,,\n");
  auto database = must(store::Database::in_memory());
  auto connection = must(database.connect());
  std::string parquet = folder.path("e.parquet");
  must(connection.execute(
      "COPY (SELECT customer_id, ts::TIMESTAMP AS ts, price::DECIMAL(9, 2) AS price, quantity::INTEGER AS "
      "quantity, product_name FROM read_csv(" +
      store::literal(csv) + ", all_varchar = true)) TO " + store::literal(parquet) + " (FORMAT parquet)"));
  Read a = read_events(csv, guessing()), b = read_events(parquet, guessing());
  EXPECT_EQ(a.customers, b.customers);
  ASSERT_EQ(a.events.size(), 2u);
  ASSERT_EQ(b.events.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(a.events[i].ts, b.events[i].ts);
    EXPECT_EQ(a.events[i].amount, b.events[i].amount);
    EXPECT_EQ(a.events[i].has_quantity, b.events[i].has_quantity);
  }
  ASSERT_EQ(b.rejects.size(), 1u);
  EXPECT_EQ(b.rejects[0].second, "no_customer");
  EXPECT_EQ(must(table_of(parquet, guessing())).facts().format, "Parquet");
  EXPECT_EQ(code(table_of(folder.write("bad.parquet", "PAR1 is not all it takes PAR1"), guessing())),
            Code::corrupt);
}

// --- into the store

class Import : public testing::Test {
 protected:
  TempFolder folder;
  store::Connection connection = [this] {
    return must(must(store::Database::open(folder.path("s.duckdb"), store::Access::read_write)).connect());
  }();
  Progress silent = [](double, std::string_view) { return Status(); };
  Result<std::vector<FileReport>> load(const std::vector<std::string>& paths, bool again = false) {
    return import(connection, paths, guessing(), {.on_overlap = again ? OnOverlap::keep : OnOverlap::refuse},
                  silent);
  }
  int64_t count(const std::string& table) {
    return must(connection.integer("SELECT count(*) FROM " + table));
  }
};

TEST_F(Import, NumbersAreGivenInByteOrderOfTheIdsAndStay) {
  must(load({folder.write(
      "a.csv", "customer_id,ts,product,price\nb,2021-01-01,p2,1\nA,2021-01-02,p1,2\n김,2021-01-03,p2,3\n")}));
  must(load({folder.write("b.csv", "customer_id,ts,product,price\na,2021-01-04,p0,4\nb,2021-01-05,p1,5\n")}));
  Table customers = must(connection.query("SELECT customer_id FROM raw.customer ORDER BY customer_no"));
  EXPECT_EQ(customers.texts("customer_id"), (std::vector<std::string>{"A", "b", "김", "a"}));
  Table products = must(connection.query("SELECT product_id FROM raw.product ORDER BY product_no"));
  EXPECT_EQ(products.texts("product_id"), (std::vector<std::string>{"p1", "p2", "p0"}));
  EXPECT_EQ(must(connection.integer("SELECT count(*) FROM raw.event e JOIN raw.customer c USING "
                                    "(customer_no) WHERE customer_id = 'b'")),
            2);
  EXPECT_EQ(must(connection.integer("SELECT count(DISTINCT event_id) FROM raw.event")), 5);
}

// Twenty batches of purchases in two threads, a tenth of them by strangers: orphans are told whichever thread
// reads them, and stand in the store in the order of their lines.
TEST_F(Import, OrphansAreRejectsWithTheirLines) {
  std::string people = "cust,ma_fem_dv,ages,zon_hlv\n";
  for (int i = 0; i < 90; ++i) people += "m" + std::to_string(i) + ",여성,20대,Z01\n";
  std::string bought = "cust,rct_no,chnl_dv,cop_c,br_c,pd_c,de_dt,de_hr,buy_am,buy_ct\n";
  for (int i = 0; i < 50'000; ++i)
    bought += "m" + std::to_string(i % 100) + "," + std::to_string(i) + ",1,A01,,P1,20210101,9,5000,1\n";
  std::vector<std::string> paths = {folder.write("b.csv", bought), folder.write("p.csv", people)};
  auto lpoint = must(preset("lpoint"));
  auto reports = must(import(connection, paths, lpoint, {}, silent));
  auto checked = must(check(paths, lpoint, silent));
  EXPECT_EQ(reports[0].rows_loaded, 45'000);
  EXPECT_EQ(reports[0].rejects, (std::vector<std::pair<std::string, int64_t>>{{"unknown_customer", 5'000}}));
  EXPECT_EQ(checked[0].rejects, reports[0].rejects);
  EXPECT_EQ(reports[0].unchecked, (std::vector<Kind>{Kind::products, Kind::stores}));
  EXPECT_EQ(count("raw.customer"), 90) << "a stranger gets no number";
  EXPECT_EQ(
      must(connection.integer("SELECT count(*) FROM raw.reject WHERE (line - 2) % 100 >= 90 AND text LIKE "
                              "'cust=m' || (line - 2) % 100 || ', %'")),
      5'000);
}

TEST_F(Import, AFailedImportLeavesTheDimensionsAsTheyWere) {
  must(load({folder.write("a.csv", "customer_id,ts,price,country\nc,2021-01-01,1,UK\n")}));
  std::string zipped = gzip("cust,rct_no,chnl_dv,cop_c,br_c,pd_c,de_dt,de_hr,buy_am,buy_ct\n");
  std::vector<std::string> paths = {
      folder.write("p.csv", "cust,ma_fem_dv,ages,zon_hlv\nc,여성,20대,KR\nd,,,\n"),
      folder.write("b.csv.gz", zipped.substr(0, zipped.size() - 3))};
  EXPECT_FALSE(import(connection, paths, must(preset("lpoint")), {}, silent));
  EXPECT_EQ(must(connection.text("SELECT string_agg(customer_id || region, ',') FROM raw.customer")), "cUK");
}

TEST_F(Import, AFileIsTakenOnceUnlessAskedFor) {
  std::string path = folder.write("a.csv", "customer_id,ts,price\nc,2021-01-01,1\n");
  must(load({path}));
  EXPECT_EQ(code(load({path})), Code::conflict);
  EXPECT_EQ(code(load({folder.write("copy.csv", "customer_id,ts,price\nc,2021-01-01,1\n")})), Code::conflict)
      << "the same content by another name";
  EXPECT_EQ(count("raw.event"), 1);
  must(load({path}, true));
  EXPECT_EQ(count("raw.event"), 2);
  EXPECT_EQ(count("raw.customer"), 1);
}

TEST_F(Import, AllFilesOrNone) {
  std::string good = folder.write("a.csv", "customer_id,ts,price\nc,2021-01-01,1\n,2021-01-01,1\n"),
              zipped = gzip("customer_id,ts,price\nd,2021-01-01,1\n");
  std::string bad = folder.write("b.csv.gz", zipped.substr(0, zipped.size() - 3));
  EXPECT_EQ(code(load({good, bad})), Code::corrupt);
  for (const char* table : {"raw.event", "raw.customer", "raw.reject", "raw.load"})
    EXPECT_EQ(count(table), 0) << table;
  must(load({good}));
  EXPECT_EQ(count("raw.event"), 1);
  EXPECT_EQ(count("raw.reject"), 1);
}

TEST_F(Import, StoppedInTheMiddleChangesNothing) {
  std::string text = "customer_id,ts,price\n";
  for (int i = 0; i < 1'000; ++i) text += "c" + std::to_string(i) + ",2021-01-01,1\n";
  std::string path = folder.write("a.csv", text);
  auto stopped = import(connection, {path}, guessing(), {}, [](double, std::string_view) -> Status {
    return Error{Code::cancelled, "stopped"};
  });
  EXPECT_EQ(code(stopped), Code::cancelled);
  EXPECT_EQ(count("raw.event"), 0);
  must(load({path}));
  EXPECT_EQ(count("raw.event"), 1'000);
}

TEST_F(Import, RejectsKeepWhatTheirColumnsSayAndAreCounted) {
  auto reports = must(load({folder.write(
      "a.csv",
      "customer_id,ts,price,\"no, \"\"x\"\"\"\n,2021-01-01,1,y\nc,bad\xff,1,\nc,never,\"1,000\",\n"
      "c,2021-01-01,1,\n" +
          std::string("c,") + std::string(4'076, '9') + "김치,1,z\n")}));
  EXPECT_EQ(reports[0].rows_read(), 5);
  EXPECT_EQ(reports[0].rows_loaded, 1);
  Table rejects = must(connection.query("SELECT line, reason, text FROM raw.reject ORDER BY line"));
  EXPECT_EQ(rejects.integers("line"), (std::vector<int64_t>{2, 3, 4, 6}));
  EXPECT_EQ(rejects.texts("reason"),
            (std::vector<std::string>{"no_customer", "encoding", "bad_time", "bad_time"}));
  EXPECT_EQ(rejects.texts("text")[0], "ts=2021-01-01, price=1");
  EXPECT_TRUE(rejects.columns[2].is_null(1));
  EXPECT_EQ(rejects.texts("text")[2], "customer_id=c, ts=never, price=\"1,000\"");
  EXPECT_EQ(rejects.texts("text")[3].size(), 4'094u) << "cut between two characters";
  EXPECT_TRUE(is_utf8(rejects.texts("text")[3]));
  EXPECT_EQ(must(connection.integer("SELECT count(*) FROM raw.load WHERE rows_read = rows_loaded + "
                                    "rows_rejected AND rows_rejected = 4")),
            1);
}

TEST_F(Import, AFileMayHaveANameThatIsNoText) {
  must(load({folder.write("caf\xe9.csv", "customer_id,ts,price\nc,2021-01-01,1\n,2021-01-01,1\n")}));
  EXPECT_EQ(must(connection.text("SELECT file FROM raw.load")), "caf\xef\xbf\xbd.csv");
  EXPECT_EQ(must(connection.text("SELECT file FROM raw.reject")), "caf\xef\xbf\xbd.csv");
}

TEST_F(Import, AVeryLongProductNameDoesNotSpoilOthers) {
  std::string name(100'000, 'x');
  must(load({folder.write("a.csv", "customer_id,ts,price,product,product_name\nc,2021-01-01,1,p1," + name +
                                       "\nc,2021-01-01,1,p2,kimchi\nc,2021-01-01,1,p3,tofu\n")}));
  Table products = must(connection.query("SELECT product_name FROM raw.product ORDER BY product_id"));
  EXPECT_TRUE(products.texts("product_name")[0] == name);
  EXPECT_EQ(products.texts("product_name")[1], "kimchi");
  EXPECT_EQ(products.texts("product_name")[2], "tofu");
}

TEST_F(Import, TheWinningRegionAndNameAreThoseOfMostRows) {
  must(load(
      {folder.write("a.csv",
                    "customer_id,ts,price,product,product_name,country\nc,2021-01-01,1,p,old,UK\nc,2021-01-"
                    "02,1,p,new,FR\nc,2021-01-03,1,p,new,FR\nd,2021-01-01,1,p,,DE\nd,2021-01-01,1,,,AT\n")}));
  EXPECT_EQ(must(connection.text("SELECT region FROM raw.customer WHERE customer_id = 'c'")), "FR");
  EXPECT_EQ(must(connection.text("SELECT region FROM raw.customer WHERE customer_id = 'd'")), "AT")
      << "the smaller name where two are level";
  EXPECT_EQ(must(connection.text("SELECT product_name FROM raw.product")), "new");
}

TEST_F(Import, CheckCountsWhatImportLoads) {
  std::string text = "customer_id,ts,price\n";
  Random random(1);
  for (int i = 0; i < 3'000; ++i)
    text += (random.below(9) ? "c" + std::to_string(random.below(500)) : "") + ",2021-01-0" +
            std::to_string(random.below(12)) + "," + (random.below(7) ? "1" : "x") + "\n";
  std::string path = folder.write("a.csv", text);
  FileReport checked = must(check({path}, guessing(), silent))[0], loaded = must(load({path}))[0];
  EXPECT_EQ(checked.rows_read(), 3'000);
  EXPECT_EQ(checked.rows_loaded, loaded.rows_loaded);
  EXPECT_EQ(checked.rejects, loaded.rejects);
  EXPECT_EQ(checked.first_day, loaded.first_day);
  EXPECT_EQ(checked.last_day, loaded.last_day);
  EXPECT_EQ(loaded.rows_loaded, count("raw.event"));
  EXPECT_EQ(loaded.rows_rejected, count("raw.reject"));
}

// Of a text beside the event the beginning is kept, cut where a character ends.
TEST_F(Import, OfALongDetailTheBeginningIsKept) {
  std::string hangul;
  for (int i = 0; i < 4'000; ++i) hangul += "가";  // of three bytes each
  must(load(
      {folder.write("a.csv", "customer_id,ts,review_text\nc,2021-01-01,ok\nd,2021-01-02," + hangul + "\n")}));
  EXPECT_EQ(must(connection.integer("SELECT max(strlen(value)) FROM raw.detail WHERE name = 'review_text'")),
            static_cast<int64_t>(most_detail_bytes) / 3 * 3);
  EXPECT_EQ(most_detail_bytes, 10'000U);
}

}  // namespace
}  // namespace danggol::ingest
