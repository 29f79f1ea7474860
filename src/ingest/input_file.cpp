#include "ingest/input_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/digest.h"
#include "ingest/nameless_file.h"
#include "ingest/watch.h"

namespace danggol::ingest {
namespace {

constexpr size_t block_bytes = 1 << 20;

Error failed(const std::string& path) {
  if (errno == ENOENT || errno == ENOTDIR) return {Code::not_found, fmt::format("{}: no such file", path)};
  return {Code::io, fmt::format("{}: cannot be read: {}", path, std::strerror(errno))};
}

Status expect_ordinary(const struct stat& status, const std::string& path) {
  auto is = [&](const char* what) {
    return Error{Code::bad_input, fmt::format("{}: a {}, not a file; give an ordinary file", path, what)};
  };
  switch (status.st_mode & S_IFMT) {
    case S_IFREG: return {};
    case S_IFDIR: return is("folder");
    case S_IFIFO: return is("pipe");
    case S_IFSOCK: return is("socket");
    default: return is("device");
  }
}

InputFile::Version version_of(const struct stat& status) {
  return {{status.st_dev, status.st_ino},
          status.st_size,
          status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
}

// pread that goes on where a signal came between; 0 at the end.
Result<size_t> read_at(int descriptor, const std::string& path, char* into, size_t most, int64_t offset) {
  while (true) {
    ssize_t got = ::pread(descriptor, into, most, offset);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) return failed(path);
  }
}

}  // namespace

struct InputFile::State {
  struct Open {
    int descriptor = -1;
    NamelessFile made;
    ~Open() {
      if (!made && descriptor >= 0) ::close(descriptor);
    }
  };
  std::string path;
  std::string_view format;
  std::shared_ptr<Open> open = std::make_shared<Open>();
  Version version;
  int64_t at = 0;  // where read() goes on
  Digest of_read;
};

Result<InputFile> InputFile::open(const std::string& path) {
  auto state = std::make_shared<State>();
  state->path = path;
  struct stat status;
  // Looked at before it is opened, for opening a device may do something, and after, for what is open counts.
  if (::stat(path.c_str(), &status) != 0) return failed(path);
  TRY(expect_ordinary(status, path));
  int descriptor = state->open->descriptor =
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0 || ::fstat(descriptor, &status) != 0) return failed(path);
  TRY(expect_ordinary(status, path));
  state->version = version_of(status);
  InputFile file;
  file.state_ = std::move(state);
  return file;
}

Result<InputFile> InputFile::open(const std::string& path, const Version& before) {
  auto file = open(path);
  if (file ? file->version() != before : file.error().code == Code::not_found) return changed(path);
  return file;
}

Result<InputFile> InputFile::make(const std::string& path, std::string_view format,
                                  const std::function<Status(const Put&)>& write) {
  auto state = std::make_shared<State>();
  state->path = path;
  state->format = format;
  NamelessFile& made = state->open->made;
  made = TRY(NamelessFile::make(std::filesystem::temp_directory_path().string()));
  std::string block;
  int64_t written = 0;
  auto flush = [&]() -> Status {
    TRY(made.write(block, written));
    written += static_cast<int64_t>(block.size());
    block.clear();
    return {};
  };
  TRY(write([&](std::string_view bytes) -> Status {
    block += bytes;
    return block.size() < block_bytes ? Status() : flush();
  }));
  TRY(flush());
  state->open->descriptor = made.descriptor();
  struct stat status;
  if (::fstat(made.descriptor(), &status) != 0) return failed(path);
  state->version = version_of(status);
  InputFile file;
  file.state_ = std::move(state);
  return file;
}

InputFile InputFile::again() const {
  InputFile file;
  file.state_ = std::make_shared<State>();
  file.state_->path = state_->path;
  file.state_->format = state_->format;
  file.state_->open = state_->open;
  file.state_->version = state_->version;
  return file;
}

std::string_view InputFile::format() const { return state_->format; }
const std::string& InputFile::path() const { return state_->path; }
const InputFile::Version& InputFile::version() const { return state_->version; }

bool InputFile::starts_with(std::string_view bytes) const {
  std::string front(bytes.size(), '\0');
  auto got = read_at(state_->open->descriptor, state_->path, front.data(), front.size(), 0);
  return got && *got == front.size() && front == bytes;
}

Result<size_t> InputFile::read(char* into, size_t most) {
  State& s = *state_;
  size_t got = TRY(read_at(s.open->descriptor, s.path, into, most, s.at));
  if (got == 0) TRY(unchanged());
  s.of_read.add({into, got});
  s.at += static_cast<int64_t>(got);
  return got;
}

std::string InputFile::digest_of_read() const { return state_->of_read.hex(); }

Result<std::string> InputFile::digest(const std::stop_token& stop) const {
  Digest digest;
  std::vector<char> buffer(block_bytes);
  for (int64_t at = 0;;) {
    TRY(go_on(stop));
    size_t got = TRY(read_at(state_->open->descriptor, state_->path, buffer.data(), buffer.size(), at));
    if (got == 0) break;
    digest.add({buffer.data(), got});
    at += static_cast<int64_t>(got);
  }
  TRY(unchanged());
  return digest.hex();
}

Status InputFile::unchanged() const {
  struct stat status;
  if (::fstat(state_->open->descriptor, &status) != 0) return failed(state_->path);
  if (version_of(status) != state_->version) return changed(state_->path);
  return {};
}

Error changed(const std::string& path) {
  return {Code::conflict, fmt::format("{}: changed while it was read; try again", path)};
}

std::string InputFile::name_of_open() const {
  return fmt::format("/proc/self/fd/{}", state_->open->descriptor);
}

}  // namespace danggol::ingest
