#include "ingest/nameless_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace danggol::ingest {

struct NamelessFile::State {
  std::string folder;
  int descriptor = -1;
  ~State() {
    if (descriptor >= 0) ::close(descriptor);
  }
  Error failed(const char* what) const {
    return {Code::io, fmt::format("{}: a temporary file cannot be {}: {}", folder, what,
                                  errno ? std::strerror(errno) : "it has become shorter")};
  }
};

Result<NamelessFile> NamelessFile::make(const std::string& folder) {
  NamelessFile file;
  file.state_ = std::make_shared<State>();
  file.state_->folder = folder;
  std::string name = folder + "/danggol-import-XXXXXX";
  int& descriptor = file.state_->descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) return file.state_->failed("made");
  ::unlink(name.c_str());
  return file;
}

Status NamelessFile::write(std::string_view bytes, int64_t at) const {
  for (size_t done = 0; done < bytes.size();) {
    ssize_t written = ::pwrite(state_->descriptor, bytes.data() + done, bytes.size() - done,
                               at + static_cast<int64_t>(done));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return state_->failed("written");
    done += static_cast<size_t>(written);
  }
  return {};
}

Status NamelessFile::read(char* into, size_t bytes, int64_t at) const {
  for (size_t done = 0; done < bytes;) {
    errno = 0;
    ssize_t got = ::pread(state_->descriptor, into + done, bytes - done, at + static_cast<int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return state_->failed("read");
    done += static_cast<size_t>(got);
  }
  return {};
}

int NamelessFile::descriptor() const { return state_->descriptor; }

}  // namespace danggol::ingest
