// Whom a misspelt name may have meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace danggol {

// The name that takes the fewest slips to become the typed one, a slip being a letter more, less, other or
// two swapped (Damerau, 1964): at most one in four letters, and one always. Else the first that goes on
// where a beginning of three letters or more was typed; "" where no name is near. Letter case is no slip.
std::string nearest(std::string_view typed, const std::vector<std::string>& names);
// ", the nearest is NAME" for a message that says there is no such name; "" where none is near.
std::string nearest_hint(std::string_view typed, const std::vector<std::string>& names);

}  // namespace danggol
