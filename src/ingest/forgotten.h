// Who was forgotten, as far as a store may know it still: of an id only what the store's key makes of it
// (HMAC-SHA-256). Who has the store and not the key cannot tell whether an id is among them; who has both can
// try ids, as an import must.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/database.h"

namespace danggol::ingest {

class Forgotten {
 public:
  // Those of the store. Code::conflict where the key that made them is not in `key_file`: nobody could be
  // known again.
  static Result<Forgotten> read(store::Connection& connection, const std::string& key_file);

  bool empty() const { return digests_.empty(); }
  // For each of the ids whether it is of one of them, however it is written where nobody else's is like it.
  Result<std::vector<bool>> among(store::Connection& connection,
                                  const std::vector<std::string_view>& ids) const;
  // The rows of such a table as raw.reject that name one of them keep no text.
  Status blank_rejects(store::Connection& connection, std::string_view table) const;

 private:
  std::string secret_;
  std::vector<std::string> digests_;  // sorted
};

// Those that name one of the temporary table `asked` (id) keep no text; how many there were.
Result<int64_t> blank_rejects(store::Connection& connection, std::string_view table);

// The ids of `asked` of which the store knows nothing: no customer, nobody on a list or in a reject, and
// nobody who was forgotten before.
Result<std::vector<std::string>> unknown_people(store::Connection& connection, const std::string& key_file);

// Adds the ids of `asked` (id, is_alone: nobody else's is like it), within the transaction. A key is made
// where there is none.
Status keep_forgotten(store::Connection& connection, const std::string& key_file);

}  // namespace danggol::ingest
