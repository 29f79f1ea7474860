#include "base/output_folder.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <new>
#include <system_error>
#include <utility>

#include "base/output_file.h"
#include "base/part.h"

namespace danggol {
namespace {

namespace fs = std::filesystem;

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Every file and folder in `folder` but those folders that hold a named file.
Result<std::vector<std::string>> content(const fs::path& folder, const OutputFolder::Names& names) {
  std::vector<std::string> found, folders;
  for (const auto* list : {&names.always, &names.sometimes})
    for (const std::string& name : *list) folders.push_back(fs::path(name).parent_path().string());
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), none; !error && at != none; at.increment(error)) {
    std::string name = at->path().lexically_relative(folder).string();
    bool is_folder = at->symlink_status(error).type() == fs::file_type::directory;
    if (!is_folder || !has(folders, name)) found.push_back(name);
    if (found.size() > names.always.size() + names.sometimes.size()) break;
  }
  if (error) return Error{Code::io, fmt::format("{}: cannot be read: {}", folder.string(), error.message())};
  return found;
}

// Nothing but an older folder of the kind is ever replaced.
Status may_be_replaced(const std::string& path, const fs::path& folder, const OutputFolder::Names& names) {
  std::vector<std::string> found = TRY(content(folder, names));
  auto refuse = [&](const std::string& why) {
    return Error{Code::refused, fmt::format("{}: {}; name a new or an empty folder", path, why)};
  };
  for (const std::string& name : found)
    if (!has(names.always, name) && !has(names.sometimes, name))
      return refuse(fmt::format("holds {}, which would be lost", name));
  for (const std::string& name : names.always)
    if (!found.empty() && !has(found, name))
      return refuse(fmt::format("holds {} but no {}: not what is to be replaced", found.front(), name));
  return {};
}

// The folder that is meant, through links, and that it can be replaced.
Result<fs::path> target_of(const std::string& path, const OutputFolder::Names& names) {
  std::error_code error;
  fs::file_status link = fs::symlink_status(path, error), status = fs::status(path, error);
  if (link.type() == fs::file_type::not_found) {
    fs::path target = fs::absolute(path, error).lexically_normal();
    if (!target.has_filename()) target = target.parent_path();  // "shop/"
    fs::create_directories(target.parent_path(), error);
    if (error) return cannot_write(path, error.value());
    return target;
  }
  if (status.type() != fs::file_type::directory)
    return error && error != std::errc::no_such_file_or_directory
               ? cannot_write(path, error.value())
               : Error{Code::bad_input, path + ": no folder; name a new or an empty one"};
  fs::path target = fs::canonical(path, error);
  if (error || ::access(target.c_str(), W_OK) != 0) return cannot_write(path, error ? error.value() : errno);
  FileId own = TRY(file_id(target)), above = TRY(file_id(target / ".."));
  if (own.device != above.device || own == above)
    return Error{Code::bad_input, path + ": a disk's top folder; name one in it"};
  if (own == TRY(file_id(".")))
    return Error{Code::bad_input, path + ": the folder this runs in; name one in it"};
  TRY(may_be_replaced(path, target, names));
  return target;
}

}  // namespace

struct OutputFolder::State {
  std::string path;
  std::unique_ptr<Part> part;
  std::vector<std::unique_ptr<File>> files;

  // The older folder, if there is one, goes whole when the newer is in its place.
  Status put_in_place(const fs::path& target, const Names& names) {
    for (auto& file : files) TRY(file->close());
    if (::rename(part->path().c_str(), target.c_str()) == 0) {
      part->done();
      return {};
    }
    if (errno != ENOTEMPTY && errno != EEXIST) return cannot_write(path, errno);
    TRY(exchange(target));
    Status older = may_be_replaced(path, part->path(), names);
    if (!older) TRY(exchange(target));  // somebody put something there meanwhile
    return older;
  }

  Status exchange(const fs::path& target) const {
    if (::renameat2(AT_FDCWD, part->path().c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0)
      return {};
    if (errno != EINVAL && errno != ENOSYS) return cannot_write(path, errno);
    return Error{Code::io, path + ": this disk cannot replace a folder at once; name a new one"};
  }
};

OutputFolder::File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status OutputFolder::File::close() {
  bool safe = ::fsync(descriptor_) == 0;
  int why = errno;
  if (::close(std::exchange(descriptor_, -1)) == 0 && safe) return {};
  return cannot_write(path_, safe ? errno : why);
}

Status OutputFolder::File::write(std::string_view text) {
  while (!text.empty()) {
    ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return cannot_write(path_, written < 0 ? errno : ENOSPC);
    text.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Result<OutputFolder::File*> OutputFolder::create(const std::string& name) {
  fs::path path = fs::path(state_.part->path()) / name;
  std::string shown = (fs::path(state_.path) / name).string();
  if (path.parent_path() != state_.part->path() && ::mkdir(path.parent_path().c_str(), 0700) != 0 &&
      errno != EEXIST)
    return cannot_write(shown, errno);
  int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (descriptor < 0) return cannot_write(shown, errno);
  state_.files.emplace_back(new File(shown, descriptor));
  return state_.files.back().get();
}

Status OutputFolder::write(const std::string& path, const Names& names,
                           const std::function<Status(OutputFolder&)>& fill) {
  try {
    fs::path target = TRY(target_of(path, names));
    State state{path, TRY(Part::create(target, Part::Kind::folder, path)), {}};
    OutputFolder folder(state);
    TRY(fill(folder));
    return state.put_in_place(target, names);
  } catch (const std::bad_alloc&) {
    return Error{Code::memory, path + ": not enough memory; ask for less"};
  } catch (const std::exception& error) {
    return Error{Code::internal, fmt::format("{}: a bug in danggol: {}", path, error.what())};
  }
}

}  // namespace danggol
