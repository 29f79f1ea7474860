// The bytes of a file as UTF-8 text: gzip is inflated, a byte-order mark dropped, CP949 transcoded. What is
// not text (binary, UTF-16, a gzip that breaks off) is an error that says so.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "danggol/result.h"

namespace danggol::ingest {

enum class Encoding { utf8, cp949 };
inline const char* name(Encoding encoding) { return encoding == Encoding::utf8 ? "UTF-8" : "CP949"; }

class ByteSource {
 public:
  static Result<ByteSource> open(const std::string& path);
  // Appends the next few MiB of text to `out`; false at the end of the file.
  Result<bool> read(std::string& out);
  Encoding encoding() const;
  bool compressed() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

bool is_utf8(std::string_view text);          // well-formed (RFC 3629) and without NUL
std::string as_text(std::string_view bytes);  // what is no UTF-8 becomes U+FFFD: the store holds text only

}  // namespace danggol::ingest
