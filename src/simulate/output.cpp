#include "simulate/output.h"

#include <fmt/core.h>

#include <filesystem>
#include <system_error>

namespace danggol {
namespace {

namespace fs = std::filesystem;

std::string unfinished(const std::string& path) { return path + ".part"; }

Status make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Error{Code::io, fmt::format("{}: cannot be made: {}", folder.string(), error.message())};
  return {};
}

}  // namespace

Result<Output> Output::open(const std::string& folder) {
  TRY(make_folder(folder));
  return Output(folder);
}

Output::~Output() {
  for (File& file : files_) {
    file.stream_.close();
    std::error_code ignored;
    fs::remove(unfinished(file.path_), ignored);
  }
}

Result<Output::File*> Output::create(const std::string& name) {
  fs::path path = fs::path(folder_) / name;
  TRY(make_folder(path.parent_path()));
  File file;
  file.path_ = path.string();
  file.stream_.open(unfinished(file.path_), std::ios::binary | std::ios::trunc);
  if (!file.stream_)
    return Error{Code::io,
                 fmt::format("{}: cannot be written; choose a folder you may write to", file.path_)};
  files_.push_back(std::move(file));
  return &files_.back();
}

Status Output::check() const {
  for (const File& file : files_)
    if (!file.stream_)
      return Error{Code::io, fmt::format("{}: writing failed; is the disk full?", file.path_)};
  return {};
}

Status Output::finish() {
  for (File& file : files_) file.stream_.close();  // sets the stream's error if the last bytes did not fit
  TRY(check());
  for (const File& file : files_) {
    std::error_code error;
    fs::rename(unfinished(file.path_), file.path_, error);
    if (error)
      return Error{Code::io, fmt::format("{}: cannot be put in place: {}", file.path_, error.message())};
  }
  files_.clear();
  return {};
}

}  // namespace danggol
