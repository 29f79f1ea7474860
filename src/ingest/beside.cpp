#include "ingest/beside.h"

#include <algorithm>
#include <set>

#include "base/ids.h"
#include "ingest/values.h"

namespace danggol::ingest {
namespace {

bool is_one_of(std::string_view text, const std::vector<std::string_view>& known) {
  return std::find(known.begin(), known.end(), text) != known.end();
}
const std::vector<std::string_view> flags = {
    "취소여부", "환불여부",   "반품여부", "iscancelled", "iscanceled", "cancelled", "canceled", "isrefunded",
    "refunded", "isreturned", "returned", "isvoid",      "isvoided",   "void",      "voided"};
const std::vector<std::string_view> days = {
    "cancelledat",  "canceledat", "cancelat",   "cancelledon", "canceledon", "canceldate", "cancelleddate",
    "canceleddate", "refundedat", "refundedon", "refunddate",  "voidedat",   "취소일시",   "취소일자",
    "취소일",       "취소시각",   "취소완료일", "환불일시",    "환불일자",   "환불일",     "환불완료일",
    "반품일시",     "반품일자",   "반품일",     "반품완료일"};
const std::vector<std::string_view> words_of_giving_back = {"refund", "returned", "환불",
                                                            "반품",   "취소금액", "취소수량"};
const std::vector<std::string_view> yes = {"y", "yes", "true", "t", "1", "o", "예"};
const std::vector<std::string_view> no = {"n", "no", "false", "f", "0", "x", "아니요", "아니오", ""};

}  // namespace

bool Undoing::says_so(std::string_view text, const Meanings& meanings) const {
  if (text.empty()) return false;
  switch (kind) {
    case Kind::flag: return is_one_of(plain(text), yes);
    case Kind::day: return is_time(text);
    case Kind::state: {
      auto meaning = meanings.of(text, true);
      return meaning && meaning->is_undone;
    }
  }
  return false;
}

Beside beside(const Match& match, const Sample& sample) {
  Beside out;
  if (match.table->kind != Kind::events) return out;
  const Meanings& meanings = match.table->rules.meanings;
  auto role = [&](Role of) { return match.roles[static_cast<size_t>(of)]; };
  for (int column = 0; column < static_cast<int>(sample.header.size()); ++column) {
    const std::string& header = sample.header[static_cast<size_t>(column)];
    std::string name = plain(header);
    if (name.ends_with('?')) name.pop_back();
    size_t object = header.rfind('.');  // of an object, its own name
    std::string own = object == header.npos ? name : plain(std::string_view(header).substr(object + 1));
    const auto& values = sample.columns[static_cast<size_t>(column)];
    auto any = [&](const auto& is) {
      return std::any_of(values.begin(), values.end(), [&](auto value) { return is(trimmed(value)); });
    };
    auto all = [&](const auto& is) {
      return std::all_of(values.begin(), values.end(), [&](auto value) { return is(trimmed(value)); });
    };
    bool is_money = column == role(Role::amount) || column == role(Role::price);
    if (is_money) {
      std::set<std::string> signs;
      for (std::string_view value : values)
        for (std::string_view sign : {"₩", "원", "$", "€", "£", "¥", "KRW", "USD", "EUR", "JPY"})
          if (value.find(sign) != value.npos)
            signs.insert(sign == "원" || sign == "KRW" ? "₩" : std::string(sign));
      if (signs.size() > 1) out.currencies.push_back(header);
    }
    if (plays_role(match.roles, column)) continue;
    if (own == "currency" || own == "currencycode" || own == "통화") {
      std::set<std::string_view> different(values.begin(), values.end());
      different.erase("");
      if (different.size() > 1) out.currencies.push_back(header);
    }
    auto is_flag = [](std::string_view text) {
      return is_one_of(plain(text), yes) || is_one_of(plain(text), no);
    };
    auto is_undone = [&](std::string_view text) {
      auto meaning = meanings.of(text, true);
      return meaning && meaning->is_undone;
    };
    if (is_one_of(own, days)) {
      out.undoing.push_back({column, Undoing::Kind::day});
    } else if (is_one_of(own, flags) && all(is_flag)) {
      out.undoing.push_back({column, Undoing::Kind::flag});
    } else if (is_state_by_name(header) || own == "구분" || own.ends_with("구분")) {
      if (any(is_undone)) out.undoing.push_back({column, Undoing::Kind::state});
    } else if (has_one_of(own, words_of_giving_back)) {
      auto is_some = [](std::string_view text) {
        return is_number(text) && text.find_first_of("123456789") != text.npos;
      };
      if (any(is_some)) out.given_back.push_back(header);
    } else if (role(Role::action) < 0) {
      int64_t texts = 0, known = 0, undone = 0;
      for (std::string_view value : values) {
        if (trimmed(value).empty()) continue;
        ++texts;
        known += meanings.of(trimmed(value), true).has_value();
        undone += is_undone(trimmed(value));
      }
      if (undone > 0 && known * 2 >= texts) out.with_words.push_back(header);
    }
  }
  return out;
}

}  // namespace danggol::ingest
