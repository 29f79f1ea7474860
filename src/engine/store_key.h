// The secret by which a store knows its own models: 32 random bytes in "STORE.key" beside it, readable by its
// owner alone. A store that comes from elsewhere comes without it, and its models are trained again.
#pragma once

#include <string>

#include "danggol/result.h"

namespace danggol::engine {

// The key in that file, empty where there is none. Code::refused if others can read or write it, or if it is
// no key.
Result<std::string> store_key(const std::string& file);
// The same, made where there is none.
Result<std::string> make_store_key(const std::string& file);

}  // namespace danggol::engine
