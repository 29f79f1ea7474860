#include "engine/store_key.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/output_file.h"
#include "base/signature.h"

namespace danggol::engine {

Result<std::string> store_key(const std::string& file) {
  int descriptor = ::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0 && errno == ENOENT) return std::string();
  if (descriptor < 0) return Error{Code::refused, fmt::format("{}: {}", file, std::strerror(errno))};
  std::string key(key_bytes + 1, '\0');
  struct stat facts {};
  bool is_ours = ::fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_uid == ::geteuid() &&
                 (facts.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  ssize_t bytes = is_ours ? ::read(descriptor, key.data(), key.size()) : -1;
  ::close(descriptor);
  if (bytes != static_cast<ssize_t>(key_bytes))
    return Error{Code::refused, fmt::format("{}: must be {} bytes that nobody but you can read; take it away "
                                            "and train again",
                                            file, key_bytes)};
  key.resize(key_bytes);
  return key;
}

Result<std::string> make_store_key(const std::string& file) {
  std::string key = TRY(store_key(file));
  if (!key.empty()) return key;
  key = random_key();
  OutputFile made = TRY(OutputFile::create(file));
  made.stream() << key;
  TRY(made.commit());
  return key;
}

}  // namespace danggol::engine
