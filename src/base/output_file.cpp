#include "base/output_file.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/part.h"

namespace danggol {

Result<FileId> file_id(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) == 0) return FileId{facts.st_dev, facts.st_ino};
  return Error{errno == ENOENT ? Code::not_found : Code::io,
               fmt::format("{}: {}", path, std::strerror(errno))};
}

struct OutputFile::State {
  std::string target, now;
  std::unique_ptr<Part> part;  // none where a pipe or device is written itself
  std::ofstream stream;

  ~State() { stream.close(); }  // before the part goes
};

Result<OutputFile> OutputFile::create(const std::string& path) {
  OutputFile out;
  out.state_ = std::make_shared<State>();
  State& state = *out.state_;
  state.target = state.now = path;
  struct stat facts {};
  bool is_there = ::stat(path.c_str(), &facts) == 0;
  if (!is_there && errno != ENOENT) return cannot_write(path, errno);
  if (is_there && S_ISDIR(facts.st_mode)) return Error{Code::bad_input, path + ": a folder; name a file"};
  if (is_there && S_ISBLK(facts.st_mode)) return Error{Code::bad_input, path + ": a disk; name a file"};
  if (!is_there || S_ISREG(facts.st_mode)) {
    std::error_code error;
    if (is_there) {  // what a link leads to is replaced, not the link
      state.target = std::filesystem::canonical(path, error).string();
      if (error) return cannot_write(path, error.value());
    }
    state.part = TRY(Part::create(state.target, Part::Kind::file, path));
    state.now = state.part->path();
  }
  state.stream.open(state.now, std::ios::binary);
  if (!state.stream) return cannot_write(path, errno);
  return out;
}

std::ostream& OutputFile::stream() { return state_->stream; }
const std::string& OutputFile::path_now() const { return state_->now; }
bool OutputFile::is_file() const { return state_->part != nullptr; }

Status OutputFile::commit() {
  State& state = *state_;
  errno = 0;
  state.stream.close();
  if (!state.stream) return cannot_write(state.target, errno ? errno : EIO);
  if (!state.part) return {};
  if (::fsync(state.part->descriptor()) != 0 || ::rename(state.now.c_str(), state.target.c_str()) != 0)
    return cannot_write(state.target, errno);
  state.part->done();
  return {};
}

}  // namespace danggol
