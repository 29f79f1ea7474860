// A zip, and what lies in it.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/input_file.h"
#include "ingest/unpack.h"

namespace danggol::ingest {

class Zip {
 public:
  static bool is(const InputFile& file);
  // Code::corrupt, Code::bad_input (more members than 10,000).
  static Result<Zip> open(const InputFile& file, std::stop_token stop = {}, UnpackLimits limits = {});

  struct Member {
    std::string name;  // in UTF-8
    int64_t position, number;
    bool has_password;
  };
  const std::string& path() const { return file_.path(); }
  const std::vector<Member>& members() const { return members_; }
  const Member* member(std::string_view name) const;
  // Gives what is in a member piece by piece. Code::corrupt, Code::bad_input (a password, another method than
  // "deflate", more than the limits).
  Status read(const Member& member, const InputFile::Put& use) const;

 private:
  InputFile file_;
  std::stop_token stop_;
  UnpackLimits limits_;
  std::shared_ptr<void> zip_;
  std::vector<Member> members_;
};

}  // namespace danggol::ingest
