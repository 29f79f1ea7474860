# Turns FILE into a header that holds its text as a string_view called NAME in namespace danggol::<SPACE>.
# Run as a script: cmake -DFILE=... -DOUT=... -DNAME=... -DSPACE=... -P Embed.cmake
# The text goes in as pieces, since a compiler need not take a literal longer than 64 KiB.
file(READ ${FILE} text HEX)
string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${text}")
string(LENGTH "${bytes}" length)
math(EXPR size "${length} / 4")
set(piece 32000)
set(literals "")
set(at 0)
while(at LESS length)
  string(SUBSTRING "${bytes}" ${at} ${piece} part)
  string(APPEND literals "\n    \"${part}\"")
  math(EXPR at "${at} + ${piece}")
endwhile()
file(WRITE ${OUT} "// Made from ${NAME} by the build.
#pragma once
#include <string_view>
namespace danggol::${SPACE} {
// internal linkage: two folders may have a file of the same name
[[maybe_unused]] static constexpr std::string_view ${NAME}(${literals}, ${size});
}
")
