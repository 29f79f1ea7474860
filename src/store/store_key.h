// What the owner of a store keeps of it, in "STORE.key" beside it, a file that only they can read:
//   secret  by which models are signed; a store that comes from elsewhere comes without it
//   left    the file as our last writing left it; opened again unchanged, its rows need no second look
#pragma once

#include <string>

#include "danggol/result.h"

namespace danggol::store {

struct StoreKey {
  std::string secret;  // 64 hex digits; empty where there is none yet
  std::string left;    // StoreFile::state()
};

// Empty where there is no such file. Code::refused if others can read or write it, or if it is no key.
Result<StoreKey> read_key(const std::string& file);
Status write_key(const std::string& file, const StoreKey& key);

// The secret in that file, made where there is none.
Result<std::string> secret_in(const std::string& file);

}  // namespace danggol::store
