// In which encoding a file's text is, and that text as UTF-8.
#pragma once

#include <iconv.h>

#include <string>
#include <string_view>

#include "danggol/result.h"

namespace danggol::ingest {

inline constexpr const char* plain_encoding = "UTF-8";

// By the first bytes of a text: "UTF-8", "CP949", "WINDOWS-1252", "UTF-16LE" or "UTF-16BE" (by their mark);
// "" where they are none of these for sure.
std::string told_encoding(std::string_view head);

// Of another encoding, by a name that iconv knows, into UTF-8.
class Transcoder {
 public:
  // Error (bad_input): not the name of an encoding.
  static Result<Transcoder> from(const std::string& encoding);
  Transcoder(Transcoder&& other) noexcept;
  Transcoder& operator=(Transcoder&& other) noexcept;
  ~Transcoder();

  // Appends the UTF-8 of `in` to `out`, keeps a character that is cut in two for the next call. A byte that
  // is no text in the encoding goes through as it is: its row then fails the UTF-8 check and becomes a
  // reject. Returns the number of such bytes.
  size_t convert(std::string_view in, std::string& out);
  bool flush(std::string& out);  // half a character at the end of the file; its row becomes a reject

 private:
  explicit Transcoder(iconv_t handle) : handle_(handle) {}
  static inline const iconv_t none = reinterpret_cast<iconv_t>(-1);
  iconv_t handle_ = none;
  std::string rest_;
};

}  // namespace danggol::ingest
