// Numbers as people and programs write them. Which of "." and "," is the decimal mark is a matter of the
// whole column: a single text may leave it open, and then it is not guessed here.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/units.h"

namespace danggol::ingest {

enum class Decimal : uint8_t { open, point, comma };

// How many texts of a column can be read with one decimal mark only (1.5, 1,234.50, 1.234.567), and how many
// could be read with either: one mark with three digits after it.
struct NumberEvidence {
  int64_t point = 0, comma = 0;
  int64_t three_after_point = 0, three_after_comma = 0;

  void add(const NumberEvidence& more);
  // The mark that the texts show: all that show one, but for slips.
  Decimal shown() const;
  int64_t open() const { return three_after_point + three_after_comma; }
};

// 1234.5, -1,234.50, 1 234,50, 1'234.50, 1,00,000.00, 12.990, 1.5E+3, $1,234, 1,234원, KRW 1,234,
// (12.50), 12.50-; rounded half away from zero to four decimals. nullopt: it is none, or not one by this
// decimal mark. What it shows of the mark is counted in `seen`, whatever `decimal` is. By Decimal::open a
// mark with three digits after it parts thousands.
std::optional<Money> parse_number(std::string_view text, Decimal decimal, NumberEvidence& seen);

}  // namespace danggol::ingest
