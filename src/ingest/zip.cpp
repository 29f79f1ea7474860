#include "ingest/zip.h"

#include <fmt/core.h>
#include <minizip/unzip.h>

#include <algorithm>
#include <array>

#include "base/units.h"
#include "base/utf8.h"
#include "ingest/byte_source.h"
#include "ingest/encoding.h"
#include "ingest/watch.h"

namespace danggol::ingest {
namespace {

constexpr size_t most_members = 10'000, piece_bytes = 1 << 20, most_name_bytes = 200;

// Zips from Korean Windows name their members in CP949.
std::string as_utf8(const std::string& name) {
  if (is_utf8(name)) return name;
  std::string out;
  if (auto korean = Transcoder::from("CP949")) {
    korean->convert(name, out);
    korean->flush(out);
  }
  return as_text(out);
}

Error damaged(const InputFile& file) {
  if (auto same = file.unchanged(); !same) return same.error();
  return {Code::corrupt, fmt::format("{}: the zip is damaged; fetch the file again", file.path())};
}

}  // namespace

bool Zip::is(const InputFile& file) {
  return file.starts_with("PK\x03\x04") || file.starts_with("PK\x05\x06");
}

Result<Zip> Zip::open(const InputFile& file, std::stop_token stop, UnpackLimits limits) {
  Zip zip;
  zip.file_ = file;
  zip.stop_ = std::move(stop);
  zip.limits_ = limits;
  zip.zip_ = std::shared_ptr<void>(unzOpen64(file.name_of_open().c_str()), [](unzFile open) {
    if (open) unzClose(open);
  });
  if (!zip.zip_) return damaged(file);
  int status = unzGoToFirstFile(zip.zip_.get());
  for (; status == UNZ_OK; status = unzGoToNextFile(zip.zip_.get())) {
    unz_file_info64 info;
    std::array<char, 4'096> name{};
    unz64_file_pos position;
    if (unzGetCurrentFileInfo64(zip.zip_.get(), &info, name.data(), name.size() - 1, nullptr, 0, nullptr,
                                0) != UNZ_OK ||
        unzGetFilePos64(zip.zip_.get(), &position) != UNZ_OK)
      return damaged(file);
    if (zip.members_.size() == most_members)
      return Error{Code::bad_input,
                   fmt::format("{}: more than {} files in the zip, the most that are read of one; unpack it "
                               "and give the folder",
                               file.path(), grouped(most_members))};
    constexpr uLong encrypted = 1;
    zip.members_.push_back({as_utf8(name.data()), static_cast<int64_t>(position.pos_in_zip_directory),
                            static_cast<int64_t>(position.num_of_file), (info.flag & encrypted) != 0});
  }
  if (status != UNZ_END_OF_LIST_OF_FILE && !zip.members_.empty()) return damaged(file);
  return zip;
}

const Zip::Member* Zip::member(std::string_view name) const {
  auto found =
      std::find_if(members_.begin(), members_.end(), [&](const Member& m) { return m.name == name; });
  return found == members_.end() ? nullptr : &*found;
}

Status Zip::read(const Member& member, const InputFile::Put& use) const {
  auto refused = [&](std::string_view why) {
    return Error{Code::bad_input,
                 fmt::format("{}: {} {}", path(), beginning(member.name, most_name_bytes), why)};
  };
  if (member.has_password) return refused("is protected by a password; unpack it and give that");
  unz64_file_pos position{static_cast<ZPOS64_T>(member.position), static_cast<ZPOS64_T>(member.number)};
  if (unzGoToFilePos64(zip_.get(), &position) != UNZ_OK) return damaged(file_);
  unz_file_info64 info;
  if (unzGetCurrentFileInfo64(zip_.get(), &info, nullptr, 0, nullptr, 0, nullptr, 0) != UNZ_OK)
    return damaged(file_);
  if (info.compression_method != 0 && info.compression_method != Z_DEFLATED)
    return refused("is packed in a way that is not read; unpack it and give that");
  if (unzOpenCurrentFile(zip_.get()) != UNZ_OK) return damaged(file_);
  std::string piece(piece_bytes, '\0');
  Status outcome;
  int64_t unpacked = 0;
  while (outcome) {
    outcome = go_on(stop_);
    if (!outcome) break;
    int got = unzReadCurrentFile(zip_.get(), piece.data(), static_cast<unsigned>(piece.size()));
    if (got < 0) outcome = damaged(file_);
    if (got <= 0) break;
    unpacked += got;
    outcome = within(limits_, "zip", file_.version().bytes, unpacked);
    if (!outcome)
      outcome = Error{outcome.error().code, fmt::format("{}: {}", path(), outcome.error().message)};
    else outcome = use(std::string_view(piece.data(), static_cast<size_t>(got)));
  }
  if (unzCloseCurrentFile(zip_.get()) != UNZ_OK && outcome) return damaged(file_);  // its checksum
  return outcome;
}

}  // namespace danggol::ingest
