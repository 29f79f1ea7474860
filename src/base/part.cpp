#include "base/part.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <system_error>
#include <vector>

namespace danggol {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view six_letters = "XXXXXX";

std::mutex unfinished_mutex;
std::vector<std::string> unfinished;

void take_away(const fs::path& path) {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

// A part is locked by who writes it; one that nobody locks was left behind.
void clear_leftovers(const fs::path& folder, const std::string& prefix) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), none; !error && at != none; at.increment(error)) {
    std::string name = at->path().filename().string();
    if (!name.starts_with(prefix) || name.size() != prefix.size() + six_letters.size()) continue;
    int left = ::open(at->path().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (left < 0) continue;
    if (::flock(left, LOCK_EX | LOCK_NB) == 0) take_away(at->path());
    ::close(left);
  }
}

// Of a file or folder made for it from the template; below 0 with errno set.
int create_one(std::string& path, Part::Kind kind) {
  if (kind == Part::Kind::file) return ::mkostemp(path.data(), O_CLOEXEC);
  if (!::mkdtemp(path.data())) return -1;
  return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

// False if somebody who cleared up took the part for a left-over one before it was locked.
bool lock(int descriptor) {
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
  struct stat facts {};
  return ::fstat(descriptor, &facts) == 0 && facts.st_nlink > 0;
}

}  // namespace

Error cannot_write(const std::string& name, int number) {
  return {Code::io, fmt::format("{}: cannot be written: {}", name, std::strerror(number))};
}

Part::Part(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {
  unfinished.push_back(path_);
}

Result<std::unique_ptr<Part>> Part::create(const fs::path& target, Kind kind, const std::string& name) {
  fs::path folder = target.has_parent_path() ? target.parent_path() : ".";
  std::string prefix = fmt::format(".{}.part-", target.filename().string());
  clear_leftovers(folder, prefix);
  std::lock_guard guard(unfinished_mutex);
  while (true) {
    std::string path = (folder / prefix).string().append(six_letters);
    int descriptor = create_one(path, kind);
    if (descriptor < 0) return cannot_write(name, errno);
    if (lock(descriptor)) return std::unique_ptr<Part>(new Part(path, descriptor));
    ::close(descriptor);
  }
}

Part::~Part() {
  if (descriptor_ < 0) return;
  take_away(path_);
  done();
}

void Part::done() {
  forget();
  ::close(descriptor_);
  descriptor_ = -1;
}

void Part::forget() const {
  std::lock_guard guard(unfinished_mutex);
  std::erase(unfinished, path_);
}

void Part::abandon_all() {
  std::lock_guard guard(unfinished_mutex);
  for (const std::string& path : unfinished) take_away(path);
}

}  // namespace danggol
