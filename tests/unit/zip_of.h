// A zip of files.
#pragma once

#include <fcntl.h>
#include <minizip/zip.h>
#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace danggol {

inline std::string zip_of(const std::vector<std::pair<std::string, std::string>>& files, int level = 6) {
  int descriptor = memfd_create("zip", 0);
  std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  zipFile zip = zipOpen64(path.c_str(), APPEND_STATUS_CREATE);
  bool good = zip != nullptr;
  for (const auto& [name, bytes] : files) {
    zip_fileinfo info{};
    good = good &&
           zipOpenNewFileInZip64(zip, name.c_str(), &info, nullptr, 0, nullptr, 0, nullptr,
                                 level > 0 ? Z_DEFLATED : 0, level, 0) == ZIP_OK &&
           zipWriteInFileInZip(zip, bytes.data(), static_cast<unsigned>(bytes.size())) == ZIP_OK &&
           zipCloseFileInZip(zip) == ZIP_OK;
  }
  good = good && zipClose(zip, nullptr) == ZIP_OK;
  std::string out(static_cast<size_t>(good ? lseek(descriptor, 0, SEEK_END) : 0), '\0');
  good = good && pread(descriptor, out.data(), out.size(), 0) == static_cast<ssize_t>(out.size());
  close(descriptor);
  if (!good) throw std::runtime_error("zip: cannot be written");
  return out;
}

}  // namespace danggol
