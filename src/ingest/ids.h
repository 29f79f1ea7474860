// Ids and other texts as they are kept, and which ids are nobody's.
#pragma once

#include <string>
#include <string_view>

#include "base/units.h"

namespace danggol::ingest {

// Whether cleaned() would leave a text of UTF-8 as it is, for all that a look at its bytes shows; the second is for long
// texts, and sees less.
bool is_clean(std::string_view text);
bool is_all_clean(std::string_view text);
// Composed (NFC), without what cannot be seen: blanks of whatever kind around it, marks of direction,
// joiners.
std::string cleaned(std::string_view text);

// Why a customer's id is nobody's, a reason of reject_reasons(): it is empty, it stands for none (NULL,
// guest, 비회원), or a spreadsheet has cut it (8.80E+11). "" for somebody's.
std::string_view why_nobody(std::string_view id);

// Days that programs write where they know none: 1900-01-01, 1970-01-01, 9999-12-31.
bool stands_for_none(Date day);

}  // namespace danggol::ingest
