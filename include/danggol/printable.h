// Texts from outside, for a terminal, a log or a message: whatever would steer the terminal, hide or reorder
// what stands beside it is written out.
#pragma once

#include <string>
#include <string_view>

namespace danggol {

// Control characters (C0, DEL, C1), marks that change the direction or end a line (U+061C, U+202A..E,
// U+2066..9, U+2028, U+2029, U+200E, U+200F, U+FEFF) and bytes that are no UTF-8 become \x1b or \u{202e}; a
// backslash stays one.
std::string printable(std::string_view text);
// The same of a text of ours with several lines: '\n' is left.
std::string printable_lines(std::string_view text);

}  // namespace danggol
