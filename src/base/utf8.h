// UTF-8 (RFC 3629) without NUL.
#pragma once

#include <string>
#include <string_view>

namespace danggol {

bool is_utf8(std::string_view text);
// The length of the character at the start of `text`, which is not empty; 0 if it is malformed, -1 if the
// text ends inside it.
int character_bytes(std::string_view text);
// The beginning of a text of UTF-8, of at most so many bytes, that ends between two characters.
std::string_view beginning(std::string_view text, size_t most_bytes);

// One of the texts that look alike (Unicode, UAX 15): with composed characters, also with wide and narrow
// forms made one, also with letters small and what cannot be seen left out. What is no UTF-8 comes back as it
// is.
enum class Form { composed, compatible, folded };
std::string normalised(std::string_view text, Form form);

}  // namespace danggol
