#include "store/store_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/utf8.h"

namespace danggol::store {
namespace {

Error failed(const std::string& path, int number) {
  if (number == ENOENT)
    return {Code::not_found, fmt::format("store {}: no such file; run danggol import first", path)};
  return {Code::io, fmt::format("store {}: {}", path, std::strerror(number))};
}

struct Descriptor {
  explicit Descriptor(int n) : number(n) {}
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  int number;
};

// Of the whole file, like DuckDB's own; a process that ends gives it up, however it ends.
Status lock(int descriptor, Access access, const std::string& path) {
  struct flock wanted {};
  wanted.l_type = access == Access::read_write ? F_WRLCK : F_RDLCK;
  wanted.l_whence = SEEK_SET;
  if (::fcntl(descriptor, F_SETLK, &wanted) == 0) return {};
  if (errno != EACCES && errno != EAGAIN) return failed(path, errno);
  return Error{Code::conflict,
               fmt::format("store {}: another process has it open; wait for it to end", path)};
}

void clear_spill(const std::string& folder) {
  std::error_code ignored;
  if (std::filesystem::is_symlink(folder, ignored)) return;
  for (std::filesystem::directory_iterator at(folder, ignored), none; !ignored && at != none;
       at.increment(ignored))
    if (at->path().filename().string().starts_with("duckdb_temp")) ::unlink(at->path().c_str());
  ::rmdir(folder.c_str());
}

// Whether a write-ahead file holds nothing but the mark that a checkpoint was begun, which is all that a
// killed process of ours leaves of one: entries of a size, a checksum and a type, each ended by ff ff, after
// a first one with the version alone.
bool is_checkpoint_mark(const std::string& bytes) {
  constexpr size_t most_bytes = 128, head_bytes = 2 * sizeof(uint64_t);
  auto type = [](std::string_view entry) {  // field 100 of the entry
    return entry.size() > 3 && entry.substr(0, 2) == std::string_view("\x64\0", 2) ? entry[2] : 0;
  };
  constexpr char version = 98, checkpoint = 99, flush = 100;
  std::string_view rest(bytes);
  size_t first = rest.find("\xff\xff");
  if (rest.size() > most_bytes || first == rest.npos || type(rest) != version) return false;
  for (rest.remove_prefix(first + 2); !rest.empty();) {
    if (rest.size() < head_bytes) return false;
    uint64_t size = 0;
    std::memcpy(&size, rest.data(), sizeof size);
    rest.remove_prefix(head_bytes);
    if (size > rest.size()) return false;
    if (char what = type(rest.substr(0, size)); what != checkpoint && what != flush) return false;
    rest.remove_prefix(size);
  }
  return true;
}

// DuckDB would replay it into the store, whoever wrote it.
Status check_no_write_ahead(const std::string& path, Access access) {
  for (const char* end : {".wal", ".wal.checkpoint", ".wal.recovery"}) {
    std::string beside = path + end;
    struct stat facts {};
    if (::lstat(beside.c_str(), &facts) != 0) continue;
    bool is_file = S_ISREG(facts.st_mode);
    if (is_file && facts.st_size == 0) continue;
    std::stringstream bytes;
    if (is_file && facts.st_size < 1'000) bytes << std::ifstream(beside, std::ios::binary).rdbuf();
    if (!is_checkpoint_mark(bytes.str()))
      return Error{
          Code::refused,
          fmt::format("store {}: another program left {}{} beside it; open the store with that program "
                      "once more, or delete that file",
                      path, std::filesystem::path(path).filename().string(), end)};
    if (access == Access::read_write) ::unlink(beside.c_str());
  }
  return {};
}

// DuckDB takes nothing else.
Status check_name(const std::string& path) {
  if (is_utf8(path)) return {};
  return Error{Code::bad_input, fmt::format("store {}: its name must be UTF-8", path)};
}

}  // namespace

Result<StoreFile> StoreFile::open(const std::string& path, Access access) {
  StoreFile file;
  // never waits for the other end of a pipe, never changes what is there
  file.descriptor_ = ::open(
      path.c_str(), (access == Access::read_write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file.descriptor_ < 0) return failed(path, errno);
  struct stat facts {};
  if (::fstat(file.descriptor_, &facts) != 0) return failed(path, errno);
  if (!S_ISREG(facts.st_mode))
    return Error{Code::bad_input,
                 fmt::format("store {}: must be a file, not a folder, pipe or device", path)};
  file.id_ = {facts.st_dev, facts.st_ino};
  std::error_code error;
  file.path_ = std::filesystem::canonical(path, error).string();
  if (error) return failed(path, error.value());
  TRY(check_name(file.path_));
  TRY(lock(file.descriptor_, access, path));
  TRY(check_no_write_ahead(file.path_, access));
  if (access == Access::read_write) clear_spill(file.spill_folder());
  return file;
}

namespace {

// Calls fill(file beside `path`) and use(it), in a folder that is held by whoever makes it; one that nobody
// holds was left by a killed one.
Status make_beside(const std::string& path, const std::function<Status(const std::string& beside)>& fill,
                   const std::function<int(const char* beside)>& use) {
  std::string folder = path + ".new", beside = folder + "/store";
  if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST)
    return Error{Code::io, fmt::format("store {}: {}", path, std::strerror(errno))};
  Descriptor held(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (held.number < 0) return failed(path, errno);
  if (::flock(held.number, LOCK_EX | LOCK_NB) != 0)
    return Error{Code::conflict, fmt::format("store {}: another process is making it; wait for it", path)};
  ::unlink(beside.c_str());
  auto outcome = fill(beside);
  if (outcome && (::chmod(beside.c_str(), S_IRUSR | S_IWUSR) != 0 || use(beside.c_str()) != 0))
    outcome = errno == EEXIST ? Error{Code::conflict, fmt::format("store {}: another process made it", path)}
                              : failed(path, errno);
  ::unlink(beside.c_str());
  ::rmdir(folder.c_str());
  return outcome;
}

}  // namespace

Result<StoreFile> StoreFile::create(const std::string& path,
                                    const std::function<Status(const std::string& beside)>& fill) {
  TRY(check_name(path));
  TRY(make_beside(path, fill, [&](const char* beside) { return ::link(beside, path.c_str()); }));
  StoreFile file = TRY(open(path, Access::read_write));
  file.keep_ = false;
  return file;
}

Status StoreFile::replace(const std::function<Status(const std::string& beside)>& fill) {
  return make_beside(path_, fill, [&](const char* beside) { return ::rename(beside, path_.c_str()); });
}

std::string StoreFile::state() const {
  struct stat facts {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &facts) != 0) return "unknown";
  return fmt::format("{} {} {} {}.{:09} {}.{:09}", facts.st_dev, facts.st_ino, facts.st_size,
                     facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec, facts.st_ctim.tv_sec,
                     facts.st_ctim.tv_nsec);
}

StoreFile& StoreFile::operator=(StoreFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(id_, other.id_);
  std::swap(keep_, other.keep_);
  return *this;
}

StoreFile::~StoreFile() {
  if (descriptor_ < 0) return;
  if (!keep_) ::unlink(path_.c_str());
  ::close(descriptor_);
}

}  // namespace danggol::store
