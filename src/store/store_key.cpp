#include "store/store_key.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/output_file.h"
#include "base/signature.h"

namespace danggol::store {

Result<StoreKey> read_key(const std::string& file) {
  int descriptor = ::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0 && errno == ENOENT) return StoreKey();
  if (descriptor < 0) return Error{Code::refused, fmt::format("{}: {}", file, std::strerror(errno))};
  std::string text(512, '\0');  // more than it has
  struct stat facts {};
  bool is_ours = ::fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_uid == ::geteuid() &&
                 (facts.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  ssize_t bytes = is_ours ? ::read(descriptor, text.data(), text.size()) : 0;
  ::close(descriptor);
  text.resize(static_cast<size_t>(std::max<ssize_t>(bytes, 0)));
  // two lines
  StoreKey key{text.substr(0, text.find('\n')), text.substr(std::min(text.find('\n'), text.size() - 1) + 1)};
  bool is_key = key.secret.size() == key_digits && key.left.ends_with('\n') &&
                key.secret.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_key)
    return Error{Code::refused, fmt::format("{}: must be a store's key that nobody but you can read; take it "
                                            "away, and train models again",
                                            file)};
  key.left.pop_back();
  return key;
}

Status write_key(const std::string& file, const StoreKey& key) {
  OutputFile out = TRY(OutputFile::create(file));
  out.stream() << key.secret << '\n' << key.left << '\n';
  return out.commit();
}

Result<std::string> secret_in(const std::string& file) {
  StoreKey key = TRY(read_key(file));
  if (!key.secret.empty()) return key.secret;
  key.secret = random_key();
  TRY(write_key(file, key));
  return key.secret;
}

}  // namespace danggol::store
