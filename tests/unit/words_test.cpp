// Sentences as people read them, and as they are kept.
#include "contract/words.h"

#include <gtest/gtest.h>

#include <cmath>

namespace danggol {
namespace {

constexpr WordEntry entries[] = {
    {"label.leaving", {"about to leave", "이탈 예상"}},
    {"label.partner_share", {"share at", "비중"}},
    {"sentence.amount", {"{amount}", "{amount}"}},
    {"sentence.bought", {"{n} {n|customer|customers} bought in {when}.", "{when}에 {n}명이 샀습니다."}},
    {"sentence.bounded", {"{n}", "{n:명}이"}},
    {"sentence.change", {"{change} and {gain}", "{change}, {gain}"}},
    {"sentence.decimals", {"{share:.0} {share:.2} {number:.3}", "{share:.0} {share:.2} {number:.3}"}},
    {"sentence.particles", {"{name}", "{name|은/는} {name|이/가} {name|을/를} {name|과/와} {name|으로/로}"}},
    {"sentence.share", {"{share} of {why} on {day}", "{day} {why}{why|은/는} {share}"}},
};
constexpr Words words{"test", entries};

std::string en(const Sentence& sentence) { return render(words, sentence).in(Language::en); }
std::string ko(const Sentence& sentence) { return render(words, sentence).in(Language::ko); }
Sentence sentence(std::string id, Arguments arguments) {
  return {"test", std::move(id), std::move(arguments)};
}

TEST(Words, FiguresWithTheirBoundsAndUnits) {
  Arguments arguments = {{"share", Share(0.1234, {0.1, 0.15})}, {"why", Word{"leaving"}}, {"day", Date{0}}};
  EXPECT_EQ(en(sentence("share", arguments)),
            "12.3 % (95 % interval 10.0 to 15.0 %) of about to leave on 1970-01-01");
  EXPECT_EQ(ko(sentence("share", arguments)), "1970-01-01 이탈 예상은 12.3%(95% 구간 10.0~15.0%)");
  arguments = {{"share", Share(0.0055)}, {"number", Number(-0.0001)}};
  EXPECT_EQ(en(sentence("decimals", arguments)), "1 % 0.55 % 0.000") << "no -0.000";
  arguments = {{"change", Change(-0.051)}, {"gain", Gain(1'234, {-5, 2'500})}};
  EXPECT_EQ(en(sentence("change", arguments)), "-5.1 % and +1,234 (95 % interval -5 to +2,500)");
}

TEST(Words, ACountHasItsUnitWithItsBounds) {
  Sentence of = sentence("bounded", {{"n", Count(1'667, {1'577, 1'758})}});
  EXPECT_EQ(en(of), "1,667 (95 % interval 1,577 to 1,758)");
  EXPECT_EQ(ko(of), "1,667명(95% 구간 1,577~1,758명)이");
}

TEST(Words, OneAndMany) {
  auto of = [](int64_t n) {
    return sentence("bought", {{"n", Count(n)}, {"when", Period{Date{0}, Date{30}}}});
  };
  EXPECT_EQ(en(of(1)), "1 customer bought in 1970-01-01 to 1970-01-30.");
  EXPECT_EQ(en(of(0)), "0 customers bought in 1970-01-01 to 1970-01-30.");
  EXPECT_EQ(en(of(12'345)), "12,345 customers bought in 1970-01-01 to 1970-01-30.");
  EXPECT_EQ(ko(of(1)), "1970-01-01~1970-01-30에 1명이 샀습니다.");
}

TEST(Words, WholeMonthsAreToldByTheirMonths) {
  auto of = [](Civil from, Civil until) {
    return sentence("bought", {{"n", Count(2)}, {"when", Period{to_date(from), to_date(until)}}});
  };
  EXPECT_EQ(en(of({2010, 12, 1}, {2011, 6, 1})), "2 customers bought in December 2010 to May 2011.");
  EXPECT_EQ(ko(of({2010, 12, 1}, {2011, 6, 1})), "2010년 12월~2011년 5월에 2명이 샀습니다.");
  EXPECT_EQ(en(of({2011, 2, 1}, {2011, 3, 1})), "2 customers bought in February 2011.");
  EXPECT_EQ(ko(of({2011, 2, 1}, {2011, 3, 1})), "2011년 2월에 2명이 샀습니다.");
  EXPECT_EQ(en(of({2011, 2, 1}, {2011, 2, 2})), "2 customers bought in 2011-02-01.") << "one day";
}

TEST(Words, MoneyIsCountedAsTheLanguageCounts) {
  struct Case {
    double amount;
    const char *en, *ko;
  };
  for (const Case& c : {Case{0, "0", "0"},
                        {999'999, "999,999", "999,999"},
                        {1'000'000, "1,000,000", "100만"},
                        {12'345'678, "12,345,678", "1,235만"},
                        {99'999'999, "99,999,999", "1억"},
                        {123'456'789, "123,456,789", "1억 2,346만"},
                        {10'121'793'088, "10,121,793,088", "101억 2,179만"},
                        {1'234'567'890'123, "1,234,567,890,123", "12,345억"},
                        {-5'000'000, "-5,000,000", "-500만"}}) {
    Sentence of = sentence("amount", {{"amount", Amount(c.amount)}});
    EXPECT_EQ(en(of), c.en);
    EXPECT_EQ(ko(of), c.ko) << c.en;
  }
}

TEST(Words, KoreanParticles) {
  auto after = [](const char* name) { return ko(sentence("particles", {{"name", Name{name}}})); };
  EXPECT_EQ(after("사과"), "는 가 를 와 로");
  EXPECT_EQ(after("라면"), "은 이 을 과 으로");
  EXPECT_EQ(after("서울"), "은 이 을 과 로") << "ㄹ takes 로";
  EXPECT_EQ(after("A01"), "은 이 을 과 로") << "일";
  EXPECT_EQ(after("A02"), "는 가 를 와 로");
  EXPECT_EQ(after("A03"), "은 이 을 과 으로") << "삼";
  EXPECT_EQ(after("12.3%"), "는 가 를 와 로");
  EXPECT_EQ(after("쿠폰(A)"), "는 가 를 와 로");
  EXPECT_EQ(after("‘쿠폰’"), "은 이 을 과 으로");
  EXPECT_EQ(after("고객"), "은 이 을 과 으로") << "a syllable whose last byte is also that of a quote";
  EXPECT_EQ(after(""), "는 가 를 와 로");
}

TEST(Words, ALabelStandsForAValueAndForWhatComesBeforeAColon) {
  EXPECT_EQ(label_of(words, "leaving").in(Language::ko), "이탈 예상");
  EXPECT_EQ(label_of(words, "partner_share:A06").in(Language::en), "share at A06");
  EXPECT_EQ(label_of(words, "top").in(Language::ko), "최우수고객") << "of the words that all rooms share";
  EXPECT_EQ(label_of(words, "unknown").in(Language::ko), "unknown");
}

TEST(Words, WhatIsKeptIsReadBack) {
  Arguments all = {{"a", Count(7, {5, 9})},
                   {"b", Share(0.1, {0.05, 0.2})},
                   {"c", Points(0.01)},
                   {"d", Change(-1)},
                   {"e", Number(3.5)},
                   {"f", Amount(1e12)},
                   {"g", Gain(-2)},
                   {"h", Date{-5}},
                   {"i", Period{Date{1}, Date{2}}},
                   {"j", Name{"김 \"\\\n</script>"}},
                   {"k", Word{"top"}},
                   {"l", Text({"customers", "고객"})}};
  std::string json = to_json(all);
  auto again = arguments_from_json(json);
  ASSERT_TRUE(again);
  EXPECT_EQ(to_json(*again), json);
  EXPECT_EQ(again->size(), all.size());
  for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ((*again)[i].second.index(), all[i].second.index());
  for (const char* bad : {"", "[]", "{", "{\"a\": 1}", "{\"a\": {\"is\": \"nothing\", \"value\": 1}}",
                          "{\"a\": {\"is\": \"count\"}}", "{\"a\": {\"is\": \"count\", \"value\": \"x\"}}"})
    EXPECT_FALSE(arguments_from_json(bad)) << bad;
}

TEST(Words, WhatIsNoNumberIsNotSaid) {
  EXPECT_TRUE(is_sound(sentence("share", {{"share", Share(0.5)}, {"day", Date{0}}})));
  EXPECT_FALSE(is_sound(sentence("share", {{"share", Share(NAN)}})));
  EXPECT_FALSE(is_sound(sentence("share", {{"share", Share(0.5, {0, INFINITY})}})));
  EXPECT_EQ(en(sentence("nothing", {})), "") << "a sentence that is not there";
  EXPECT_EQ(en(sentence("share", {})), " of  on ") << "arguments that are not there";
}

}  // namespace
}  // namespace danggol
