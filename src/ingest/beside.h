// Columns that play no role, and yet change what the rows mean: an order was canceled on such a day, so much
// was paid back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/mapping.h"

namespace danggol::ingest {

// A column of which a value may say that the order was undone.
struct Undoing {
  enum class Kind : uint8_t { state, flag, day };
  int column;
  Kind kind;
  // Whether this text of it does.
  bool says_so(std::string_view text, const Meanings& meanings) const;
};

struct Beside {
  std::vector<Undoing> undoing;
  // Names of columns, for warnings: with money or pieces that went back, with words of actions that are not
  // read, with several currencies.
  std::vector<std::string> given_back, with_words, currencies;
};

// Of a table of events; other tables have nothing beside.
Beside beside(const Match& match, const Sample& sample);

}  // namespace danggol::ingest
