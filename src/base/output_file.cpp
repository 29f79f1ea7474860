#include "base/output_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <vector>

namespace danggol {
namespace {

Error failed(const std::string& path, int number) {
  return {Code::io, fmt::format("{}: cannot be written: {}", path, std::strerror(number))};
}

std::mutex unfinished_mutex;
std::vector<std::string> unfinished;

// A part is locked by who writes it; one that nobody locks was left behind.
void clear_leftovers(const std::filesystem::path& folder, const std::string& prefix) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), none; !error && at != none;
       at.increment(error)) {
    if (!at->path().filename().string().starts_with(prefix)) continue;
    int left = ::open(at->path().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (left < 0) continue;
    if (::flock(left, LOCK_EX | LOCK_NB) == 0) ::unlink(at->path().c_str());
    ::close(left);
  }
}

}  // namespace

Result<FileId> file_id(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) == 0) return FileId{facts.st_dev, facts.st_ino};
  return Error{errno == ENOENT ? Code::not_found : Code::io,
               fmt::format("{}: {}", path, std::strerror(errno))};
}

struct OutputFile::Part {
  std::string target, now;
  int lock = -1;
  std::ofstream stream;
  bool is_file = true;

  void forget() {
    std::lock_guard guard(unfinished_mutex);
    std::erase(unfinished, now);
  }
  ~Part() {
    stream.close();
    if (lock >= 0) {
      ::unlink(now.c_str());
      forget();
      ::close(lock);
    }
  }
};

Result<OutputFile> OutputFile::create(const std::string& path) {
  OutputFile out;
  out.part_ = std::make_shared<Part>();
  Part& part = *out.part_;
  part.target = path;
  struct stat facts {};
  bool is_there = ::stat(path.c_str(), &facts) == 0;
  if (!is_there && errno != ENOENT) return failed(path, errno);
  if (is_there && S_ISDIR(facts.st_mode)) return Error{Code::bad_input, path + ": a folder; name a file"};
  if (is_there && S_ISBLK(facts.st_mode)) return Error{Code::bad_input, path + ": a disk; name a file"};
  part.is_file = !is_there || S_ISREG(facts.st_mode);
  if (!part.is_file) {
    part.now = path;
    part.stream.open(path, std::ios::binary);
    if (!part.stream) return failed(path, errno);
    return out;
  }
  std::error_code error;
  if (is_there) {  // what a link leads to is replaced, not the link
    part.target = std::filesystem::canonical(path, error).string();
    if (error) return failed(path, error.value());
  }
  std::filesystem::path target(part.target), folder = target.has_parent_path() ? target.parent_path() : ".";
  std::string prefix = "." + target.filename().string() + ".part-";
  clear_leftovers(folder, prefix);
  part.now = (folder / (prefix + "XXXXXX")).string();
  std::lock_guard guard(unfinished_mutex);
  part.lock = ::mkostemp(part.now.data(), O_CLOEXEC);
  if (part.lock < 0) return failed(path, errno);
  unfinished.push_back(part.now);
  ::flock(part.lock, LOCK_EX | LOCK_NB);
  part.stream.open(part.now, std::ios::binary);
  return out;
}

std::ostream& OutputFile::stream() { return part_->stream; }
const std::string& OutputFile::path_now() const { return part_->now; }
bool OutputFile::is_file() const { return part_->is_file; }

Status OutputFile::commit() {
  Part& part = *part_;
  errno = 0;
  part.stream.close();
  if (!part.stream) return failed(part.target, errno ? errno : EIO);
  if (!part.is_file) return {};
  if (::fsync(part.lock) != 0 || ::rename(part.now.c_str(), part.target.c_str()) != 0)
    return failed(part.target, errno);
  part.forget();
  ::close(part.lock);
  part.lock = -1;
  return {};
}

void OutputFile::abandon_all() {
  std::lock_guard guard(unfinished_mutex);
  for (const std::string& path : unfinished) ::unlink(path.c_str());
}

}  // namespace danggol
