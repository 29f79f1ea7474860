// The bytes of a file as UTF-8 text with "\n" at the ends of lines: gzip and zstd are unpacked, a byte-order
// mark dropped, another encoding transcoded. What is not text (binary, a gzip that breaks off) is an error
// that says so.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "ingest/input_file.h"
#include "ingest/unpack.h"

namespace danggol::ingest {

class ByteSource {
 public:
  // `encoding` by its name; "" where the bytes are to tell. Error (bad_input) where they do not.
  static Result<ByteSource> open(InputFile file, std::stop_token stop = {}, UnpackLimits limits = {},
                                 const std::string& encoding = "");
  // Appends the next few MiB of text to `out`; false at the end of the file.
  Result<bool> read(std::string& out);
  const std::string& encoding() const;
  Packing packing() const;
  std::string digest_of_read() const;  // of the file's bytes

 private:
  struct State;
  std::shared_ptr<State> state_;
};

std::string as_text(std::string_view bytes);  // what is no UTF-8 becomes U+FFFD: the store holds text only

}  // namespace danggol::ingest
