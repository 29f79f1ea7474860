// The bytes of a file as UTF-8 text with "\n" at the ends of lines: gzip is inflated, a byte-order mark
// dropped, another encoding transcoded. What is not text (binary, a gzip that breaks off) is an error that
// says so.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "ingest/input_file.h"

namespace danggol::ingest {

// How much a gzip may hold: tables shrink to a tenth, seldom to a fiftieth; what holds more was made to fill
// a disk.
struct GzipLimits {
  int64_t bytes = int64_t{1} << 40;
  int64_t ratio = 250;             // bytes in it for each of its own,
  int64_t free_bytes = 256 << 20;  // which is not looked at before so many
};

class ByteSource {
 public:
  // `encoding` by its name; "" where the bytes are to tell. Error (bad_input) where they do not.
  static Result<ByteSource> open(InputFile file, std::stop_token stop = {}, GzipLimits limits = {},
                                 const std::string& encoding = "");
  // Appends the next few MiB of text to `out`; false at the end of the file.
  Result<bool> read(std::string& out);
  const std::string& encoding() const;
  bool compressed() const;
  std::string digest_of_read() const;  // of the file's bytes

 private:
  struct State;
  std::shared_ptr<State> state_;
};

std::string as_text(std::string_view bytes);  // what is no UTF-8 becomes U+FFFD: the store holds text only

}  // namespace danggol::ingest
