// Who may be contacted through which medium: raw.consent. Where any consent is kept, no word of a customer is
// no consent; the last word counts, of one day a refusal. Ids are compared as the list of the suppressed
// does. The view `reachable` (customer_no, sms, push, email, kakao, night) says what follows.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/units.h"
#include "store/database.h"

namespace danggol::ingest {

// `night` goes with another one: to be sent between 21 and 8 o'clock, too.
inline constexpr std::array<std::string_view, 5> media = {"sms", "push", "email", "kakao", "night"};

// All within the transaction; `key_file` as for suppress(): of who was forgotten nothing is kept.
// Of a file that is a table of customers with a column each medium (sms, 이메일 수신동의), or with a column
// of media and one of consents; a column of days where there is one, else it is said on `today`.
// Code::bad_input for a file that is none, and for a cell that is neither yes nor no, with its line.
struct KeptConsents {
  int64_t added = 0;                                         // words that were new
  std::vector<std::pair<std::string, std::string>> columns;  // that were read, and what each is taken for
};
Result<KeptConsents> keep_consents(store::Connection& connection, const std::string& path, Date today,
                                   const std::string& key_file);
// Of customers, how many words were new; an id of nobody is an error (bad_input) with whom it may have been
// meant for.
Result<int64_t> keep_consents(store::Connection& connection, const std::vector<std::string>& ids,
                              const std::vector<std::string>& of_media, bool given, Date day,
                              const std::string& key_file);

}  // namespace danggol::ingest
