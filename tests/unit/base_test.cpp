#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/dictionary.h"
#include "base/digest.h"
#include "base/random.h"
#include "base/signature.h"
#include "base/units.h"
#include "contract/grading.h"
#include "contract/params.h"
#include "contract/table.h"
#include "danggol/nearest.h"
#include "must.h"
#include "temp_folder.h"

namespace danggol {

bool operator==(const Civil& a, const Civil& b) {
  return a.year == b.year && a.month == b.month && a.day == b.day;
}

namespace {

Date date(const char* text) {
  auto parsed = parse_date(text);
  if (!parsed) throw std::runtime_error(std::string(text) + " is no date");
  return *parsed;
}

bool is_leap(int32_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }
int32_t days_in(int32_t year, int32_t month) {
  constexpr int32_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return days[month - 1] + (month == 2 && is_leap(year));
}

// --- dates

TEST(Dates, EveryDayFrom1600To2400CountedByHand) {
  int32_t days = -135'140;  // 1600-01-01
  for (int32_t year = 1600; year < 2400; ++year)
    for (int32_t month = 1; month <= 12; ++month)
      for (int32_t day = 1; day <= days_in(year, month); ++day, ++days) {
        ASSERT_EQ(to_date(Civil{year, month, day}).days, days);
        ASSERT_EQ(to_civil(Date{days}), (Civil{year, month, day}));
        ASSERT_EQ(parse_date(to_text(Date{days})), Date{days});
        ASSERT_EQ(month_start(Date{days}).days, days - day + 1);
      }
  EXPECT_EQ(to_text(Date{0}), "1970-01-01");
  EXPECT_EQ(to_text(Date{-1}), "1969-12-31");
  EXPECT_EQ(to_text(earliest_date), "1900-01-01");
}

TEST(Dates, ADayThatIsNotInTheCalendarIsNone) {
  for (const char* text : {"2021-02-29",  "1900-02-29",  "2021-04-31", "2021-00-10", "2021-13-01",
                           "2021-01-00",  "2021-01-32",  "20210229",   "",           "2021-1-01",
                           "2021-01-1",   "2021/01/01",  "-021-01-01", "2021-+1-01", "2021-01-0x",
                           "2021-01-01 ", " 2021-01-01", "2021010",    "202101011",  "２０２１"})
    EXPECT_FALSE(parse_date(text)) << text;
  EXPECT_EQ(parse_date("2020-02-29"), (to_date(Civil{2020, 2, 29})));
  EXPECT_EQ(parse_date("2000-02-29"), (to_date(Civil{2000, 2, 29})));
  EXPECT_EQ(parse_date("20111209"), date("2011-12-09"));
}

TEST(Dates, AddMonthsCapsTheDayAndGoesBothWays) {
  EXPECT_EQ(add_months(date("2021-01-31"), 1), date("2021-02-28"));
  EXPECT_EQ(add_months(date("2020-01-31"), 1), date("2020-02-29"));
  EXPECT_EQ(add_months(date("2021-03-31"), -1), date("2021-02-28"));
  EXPECT_EQ(add_months(date("2020-02-29"), 12), date("2021-02-28"));
  EXPECT_EQ(add_months(date("2020-02-29"), -48), date("2016-02-29"));
  EXPECT_EQ(add_months(date("2021-01-15"), -1), date("2020-12-15"));
  EXPECT_EQ(add_months(date("2021-12-01"), 1), date("2022-01-01"));
  EXPECT_EQ(add_months(date("2021-06-01"), -6), date("2020-12-01"));
  EXPECT_EQ(add_months(date("2021-06-30"), 0), date("2021-06-30"));
}

TEST(Dates, AddMonthsAgainstCountingMonthByMonth) {
  Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    Date from{static_cast<int32_t>(random.below(60'000)) - 20'000};
    auto months = static_cast<int32_t>(random.below(241)) - 120;
    Civil civil = to_civil(from);
    for (int32_t m = 0; m < months; ++m)
      if (++civil.month > 12) civil.month = 1, ++civil.year;
    for (int32_t m = 0; m > months; --m)
      if (--civil.month < 1) civil.month = 12, --civil.year;
    civil.day = std::min(civil.day, days_in(civil.year, civil.month));
    ASSERT_EQ(to_civil(add_months(from, months)), civil) << to_text(from) << " + " << months;
  }
}

TEST(Dates, MonthsBetweenIsTheMostThatStillFits) {
  EXPECT_EQ(months_between(date("2021-01-31"), date("2021-02-28")), 1);
  EXPECT_EQ(months_between(date("2021-01-31"), date("2021-03-01")), 1);
  EXPECT_EQ(months_between(date("2021-01-01"), date("2021-01-31")), 0);
  EXPECT_EQ(months_between(date("2009-12-01"), date("2011-12-01")), 24);
  Random random(2);
  for (int i = 0; i < 20'000; ++i) {
    Date from{static_cast<int32_t>(random.below(30'000)) - 10'000};
    Date until{from.days + static_cast<int32_t>(random.below(3'000))};
    int32_t months = months_between(from, until);
    ASSERT_LE(add_months(from, months), until);
    ASSERT_GT(add_months(from, months + 1), until);
  }
}

TEST(Dates, AnInstantBelongsToTheDayItIsIn) {
  EXPECT_EQ(to_text(to_date(Timestamp{-1})), "1969-12-31");
  EXPECT_EQ(to_text(Timestamp{-1'000'000}), "1969-12-31 23:59:59");
  EXPECT_EQ(to_date(Timestamp{-micros_per_day}), Date{-1});
  EXPECT_EQ(to_date(Timestamp{-micros_per_day - 1}), Date{-2});
  EXPECT_EQ(to_text(Timestamp{to_timestamp(date("2011-12-09")).micros + 45'000 * micros_per_second}),
            "2011-12-09 12:30:00");
}

// --- texts to numbers

TEST(Dictionary, CodesComeInOrderOfFirstAppearance) {
  Random random(3);
  Dictionary dictionary;
  std::map<std::string, int32_t> expected;
  std::vector<std::string> in_order;
  for (int i = 0; i < 60'000; ++i) {
    std::string text(random.below(6), '\0');
    for (char& c : text) c = static_cast<char>(random.below(7));  // NUL among them: texts are not C strings
    auto [at, is_new] = expected.emplace(text, static_cast<int32_t>(in_order.size()));
    if (is_new) in_order.push_back(text);
    ASSERT_EQ(dictionary.code(text), at->second);
  }
  ASSERT_EQ(dictionary.size(), in_order.size());
  for (size_t code = 0; code < in_order.size(); ++code)
    ASSERT_EQ(dictionary.text(static_cast<int32_t>(code)), in_order[code]);
}

TEST(Dictionary, KeepsLongTextsWhereverTheyCome) {
  // 64 KiB is the arena's block: texts around it, the first one among them
  for (size_t first : {size_t{3}, size_t{65'535}, size_t{65'536}, size_t{65'537}, size_t{200'000}}) {
    Dictionary dictionary;
    std::vector<std::string> texts = {std::string(first, 'a')};
    for (int i = 0; i < 40; ++i) {
      texts.push_back("short " + std::to_string(i));
      texts.push_back(std::string(i % 7 == 0 ? 70'000 : 9'000, 'b') + std::to_string(i));
    }
    texts.emplace_back();
    for (size_t i = 0; i < texts.size(); ++i) ASSERT_EQ(dictionary.code(texts[i]), static_cast<int32_t>(i));
    for (size_t i = 0; i < texts.size(); ++i) {
      ASSERT_TRUE(dictionary.text(static_cast<int32_t>(i)) == texts[i])
          << "text " << i << ", first of " << first << " bytes";
      ASSERT_EQ(dictionary.code(texts[i]), static_cast<int32_t>(i));
    }
  }
}

// --- digests

TEST(Digest, IsXxh3With128Bits) {
  EXPECT_EQ(digest(""), "99aa06d3014798d86001c324468d497f");  // xxHash's own test vector
  std::set<std::string> different;
  for (const char* text : {"", "a", "b", "ab", "ba", "abc"}) different.insert(digest(text));
  EXPECT_EQ(different.size(), 6u);
}

TEST(Digest, OfBytesOneAfterTheOtherIsThatOfAll) {
  for (size_t size : {size_t{0}, size_t{1}, size_t{1'000}, size_t{300'000}}) {
    std::string bytes(size, '\0');
    Random random(size);
    for (char& c : bytes) c = static_cast<char>(random());
    Digest parts;
    for (std::string_view rest = bytes; !rest.empty();) {
      std::string_view part = rest.substr(0, 1 + random.below(70'000));
      parts.add(part);
      rest.remove_prefix(part.size());
    }
    EXPECT_EQ(parts.hex(), digest(bytes)) << size;
    EXPECT_EQ(parts.hex(), digest(bytes)) << "it can be asked again";
  }
}

// --- signatures

TEST(Signature, IsHmacSha256) {  // RFC 4231, section 4; test case 5 is of a shortened one
  std::string counted;
  for (char c = 1; c <= 25; ++c) counted += c;
  const struct {
    std::string key, bytes, signature;
  } cases[] = {
      {std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xaa'), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {counted, std::string(50, '\xcd'), "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {std::string(131, '\xaa'),
       "This is a test using a larger than block-size key and a larger than block-size data. The key needs "
       "to be "
       "hashed before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(sign(c.key, c.bytes), c.signature);
    EXPECT_TRUE(is_signed(c.key, c.bytes, c.signature));
  }
}

TEST(Signature, OfAnythingElseIsNone) {
  std::string key = random_key(), bytes = "a model", signature = sign(key, bytes);
  EXPECT_TRUE(is_signed(key, bytes, signature));
  EXPECT_FALSE(is_signed(key, bytes + '\0', signature));
  EXPECT_FALSE(is_signed(key, "", signature));
  EXPECT_FALSE(is_signed(key, bytes, ""));
  EXPECT_FALSE(is_signed(key, bytes, signature + "0"));
  EXPECT_FALSE(is_signed(random_key(), bytes, signature));
  for (size_t i = 0; i < signature.size(); ++i) {
    std::string other = signature;
    other[i] = other[i] == '0' ? '1' : '0';
    EXPECT_FALSE(is_signed(key, bytes, other)) << i;
    EXPECT_FALSE(is_signed(key, bytes, signature.substr(0, i))) << i;
  }
}

TEST(Signature, NoTwoKeysAreTheSame) {
  std::set<std::string> keys;
  for (int i = 0; i < 1'000; ++i) keys.insert(random_key());
  EXPECT_EQ(keys.size(), 1'000u);
  EXPECT_EQ(keys.begin()->size(), key_digits);
}

// --- random numbers

TEST(Randomness, MixIsSplitMix64) {
  // the first outputs of SplitMix64 seeded 1234567, as its authors' reference code gives them
  uint64_t state = 1'234'567;
  for (uint64_t expected : {6457827717110365317ULL, 3203168211198807973ULL, 9817491932198370423ULL,
                            4593380528125082431ULL, 16408922859458223821ULL}) {
    EXPECT_EQ(mix(state), expected);
    state += 0x9e3779b97f4a7c15ULL;
  }
}

TEST(Randomness, AStreamIsNamedBySeedAndNumber) {
  auto first = [](uint64_t seed, uint64_t stream) { return Random(seed, stream)(); };
  EXPECT_EQ(first(1, 2), first(1, 2));
  std::set<uint64_t> different;
  for (uint64_t seed = 0; seed < 100; ++seed)
    for (uint64_t stream = 0; stream < 100; ++stream) different.insert(first(seed, stream));
  EXPECT_EQ(different.size(), 10'000u);
}

TEST(Randomness, BelowAndUniformAreUniform) {
  Random random(5);
  std::vector<double> counts(10), uniform(10);
  constexpr int draws = 100'000;
  for (int i = 0; i < draws; ++i) {
    ++counts.at(random.below(10));
    ++uniform.at(static_cast<size_t>(random.uniform() * 10));
  }
  auto chi_square = [](const std::vector<double>& cells) {
    double sum = 0;
    for (double cell : cells) sum += (cell - draws / 10.0) * (cell - draws / 10.0) / (draws / 10.0);
    return sum;
  };
  EXPECT_LT(chi_square(counts), 27.9);  // 99.9 % of chi-square with 9 degrees of freedom
  EXPECT_LT(chi_square(uniform), 27.9);
  EXPECT_EQ(random.below(1), 0u);
}

// --- rows in memory

TEST(Columns, NullsStayWithTheirRowsWhenTablesAreJoined) {
  ColumnData all{"n", Type::integer};
  std::vector<std::optional<int64_t>> expected;
  Random random(6);
  for (int part = 0; part < 40; ++part) {
    ColumnData more{"n", Type::integer};
    bool nulls = random.below(2) == 0;
    for (uint64_t i = random.below(5); i > 0; --i) {
      if (nulls && random.below(3) == 0) more.push(nullptr), expected.push_back(std::nullopt);
      else more.push(int64_t{part}), expected.push_back(part);
    }
    all.append(more);
  }
  ASSERT_EQ(all.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(all.is_null(i), !expected[i]);
    if (expected[i]) {
      EXPECT_EQ(all.integers[i], *expected[i]);
    }
  }
}

TEST(Columns, NaNIsStoredAsNull) {
  ColumnData column{"x", Type::real};
  column.push(1.5);
  column.push(std::numeric_limits<double>::quiet_NaN());
  EXPECT_FALSE(column.is_null(0));
  EXPECT_TRUE(column.is_null(1));
  EXPECT_TRUE(std::isnan(column.number(1)));
}

// --- parameters

struct Sample {
  int64_t buckets = 5;
  double share = 0.25;
  bool deep = false;
  std::string name = "x", rule = "band";
  std::optional<Date> day;
  std::vector<double> bands = {80, 60, 40};
  std::vector<std::string> only;
  Group group;
};

ParamTable<Sample> sample_params() {
  ParamTable<Sample> table;
  table.integer("buckets", &Sample::buckets, {2, 10}, "")
      .real("share", &Sample::share, {0, 1}, "share")
      .flag("deep", &Sample::deep)
      .text("name", &Sample::name)
      .choice("rule", &Sample::rule, {"band", "rank"})
      .date("day", &Sample::day)
      .reals("bands", &Sample::bands, {0, 100}, "score")
      .texts("only", &Sample::only)
      .group("group", &Sample::group);
  return table;
}

TEST(Params, WhatIsWrittenReadsBackTheSame) {
  Sample sample;
  ParamTexts texts = {{"buckets", "7"},         {"share", "0.125"}, {"deep", "true"},
                      {"name", "김치, \"맛\""}, {"rule", "rank"},   {"day", "2011-06-01"},
                      {"bands", "90,50.5,1"},   {"only", "a,b"},    {"group", "raw.customer:area=a:b=c"}};
  ParamTexts given = texts;
  must(sample_params().read(given, sample));
  EXPECT_TRUE(given.empty());
  EXPECT_EQ(sample_params().write(sample), texts);
  EXPECT_EQ(sample.day, date("2011-06-01"));
  EXPECT_EQ(sample.bands, (std::vector<double>{90, 50.5, 1}));
  EXPECT_EQ(sample.group.value, "a:b=c");
}

TEST(Params, WhatNobodyGaveReadsBackAsNotGiven) {
  ParamTexts defaults = sample_params().write({});
  EXPECT_EQ(defaults["day"] + defaults["group"] + defaults["only"], "");
  ParamTexts given = defaults;
  Sample sample;
  sample.day = date("2011-06-01"), sample.group = {"raw.customer", "area", "b"}, sample.only = {"c"};
  must(sample_params().read(given, sample));
  EXPECT_EQ(sample_params().write(sample), defaults);
  EXPECT_FALSE(sample.day);
  EXPECT_TRUE(sample.group.empty() && sample.only.empty());
}

TEST(Params, WhatMustBeGivenIsRefusedWithoutIt) {
  struct One {
    std::string id;
  };
  ParamTable<One> table;
  table.one_of("id", &One::id, "raw.customer:customer_id");
  for (ParamTexts texts : {ParamTexts{}, ParamTexts{{"id", ""}}}) {
    One one;
    EXPECT_EQ(message(table.read(texts, one)), "id=: must be given: --id=..., one of raw.customer:customer_id");
  }
  EXPECT_TRUE(table.info()[0].required);
  EXPECT_EQ(table.info()[0].values, "raw.customer:customer_id");
}

TEST(Params, AMessageNamesValueAndLimit) {
  auto problem = [](const char* name, const char* text) {
    Sample sample;
    ParamTexts texts = {{name, text}};
    return message(sample_params().read(texts, sample));
  };
  EXPECT_EQ(problem("buckets", "99"), "buckets=99: must be a whole number in 2..10");
  EXPECT_EQ(problem("rule", "best"), "rule=best: must be one of band, rank");
  EXPECT_EQ(problem("day", "2011-02-30"), "day=2011-02-30: must be a date such as 2011-06-01");
  EXPECT_EQ(problem("deep", "yes"), "deep=yes: must be true or false");
  for (const char* text : {"", "1", "11", "5.5", "5x", " 5", "+5", "99999999999999999999", "nan"})
    EXPECT_NE(problem("buckets", text), "") << text;
  for (const char* text : {"", "-0.1", "1.1", "nan", "inf", "0,5", "1e999"})
    EXPECT_NE(problem("share", text), "") << text;
  for (const char* text : {"80,x,40", "80,,40", "101"}) EXPECT_NE(problem("bands", text), "") << text;
}

TEST(Params, NamesItDoesNotKnowAreLeft) {
  Sample sample;
  ParamTexts texts = {{"buckets", "3"}, {"elsewhere", "1"}};
  must(sample_params().read(texts, sample));
  EXPECT_EQ(texts, (ParamTexts{{"elsewhere", "1"}}));
}

TEST(Params, AGradingMustAddUp) {
  EXPECT_TRUE(validate(Grading{}));
  Grading grading;
  grading.w_monetary = 0.4;
  EXPECT_EQ(code(validate(grading)), Code::bad_input);
  grading = {};
  grading.bands = {60, 80, 40};
  EXPECT_EQ(code(validate(grading)), Code::bad_input);
  grading.bands = {80, 60};
  EXPECT_EQ(code(validate(grading)), Code::bad_input);
  grading = {};
  grading.shares = {0.5, 0.5, 0.5};
  EXPECT_EQ(code(validate(grading)), Code::bad_input);
}

// --- names mistyped

TEST(Nearest, FewestSlipsWin) {
  std::vector<std::string> names = {"import", "report", "rfm", "run"};
  EXPECT_EQ(nearest("imprt", names), "import");   // one less
  EXPECT_EQ(nearest("rmf", names), "rfm");        // two swapped
  EXPECT_EQ(nearest("raport", names), "report");  // another
  EXPECT_EQ(nearest("IMPORT", names), "import");  // case is none
  EXPECT_EQ(nearest("rum", names), "rfm");        // as near as run, and first
  EXPECT_EQ(nearest("repo", names), "report");    // a beginning
  EXPECT_EQ(nearest("re", names), "");            // two slips from run: one is allowed
  EXPECT_EQ(nearest("campaign", names), "");
  EXPECT_EQ(nearest("", names), "");
  EXPECT_EQ(nearest("x", {"y"}), "");  // nothing of it is left
  EXPECT_EQ(nearest(std::string(100'000, 'r'), names), "");
}

TEST(Nearest, OneSlipInFourLetters) {
  EXPECT_EQ(nearest("abcdefgh", {"abXYefgh"}), "abXYefgh");
  EXPECT_EQ(nearest("abcdefgh", {"aXYZefgh"}), "");
  EXPECT_EQ(nearest("abcd", {"abdc"}), "abdc");
  EXPECT_EQ(nearest("abcd", {"badc"}), "");  // two swaps
}

}  // namespace
}  // namespace danggol
