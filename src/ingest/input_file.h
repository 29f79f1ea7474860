// A file that somebody named. Its name is a name and no pattern; it is opened once for all that is read of it
// and told of it; what is no ordinary file is refused before anything can wait for it; and what changes while
// it is read is an error. What lies packed in another file is one of its own, too: see Inputs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/output_file.h"
#include "danggol/result.h"

namespace danggol::ingest {

class InputFile {
 public:
  // Which file it is and how it stands; another one by the same name, or more bytes in it, is another
  // version.
  struct Version {
    FileId file;
    int64_t bytes = 0, changed_ns = 0;
    bool operator==(const Version&) const = default;
  };

  // Code::not_found, ::bad_input (a folder, pipe, socket or device), ::io.
  static Result<InputFile> open(const std::string& path);
  // The same file as before, else Code::conflict.
  static Result<InputFile> open(const std::string& path, const Version& before);

  // What `write` makes by the function that it is given: a file without a name, told of as `path`.
  using Put = std::function<Status(std::string_view)>;
  static Result<InputFile> make(const std::string& path, std::string_view format,
                                const std::function<Status(const Put&)>& write);
  InputFile again() const;  // the same open file, from its beginning

  const std::string& path() const;
  std::string_view format() const;  // of what a made one was made of, such as "XLSX"; else ""
  const Version& version() const;
  bool starts_with(std::string_view bytes) const;
  // Puts the next bytes, at most `most`, at `into`; 0 at the end, which is an error where the file has
  // changed by then.
  Result<size_t> read(char* into, size_t most);
  // The digest of what read() gave so far, and of all that is in the file.
  std::string digest_of_read() const;
  Result<std::string> digest(const std::stop_token& stop) const;
  Status unchanged() const;  // Code::conflict
  // A name under which a library opens this very file, whatever stands under its path by then. It lives as
  // long as the InputFile.
  std::string name_of_open() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

Error changed(const std::string& path);  // the conflict

}  // namespace danggol::ingest
