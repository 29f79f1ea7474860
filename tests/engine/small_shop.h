// A shop of a few hundred customers in a store of its own, and what the tests ask of it.
#pragma once

#include <string>
#include <vector>

#include "danggol/engine.h"
#include "must.h"
#include "temp_folder.h"

namespace danggol {

class SmallShop {
 public:
  SmallShop();  // its events imported
  const std::string& store() const { return store_; }
  const TempFolder& folder() const { return folder_; }
  Engine open(Engine::Access access) const { return must(Engine::open(store_, access)); }
  // A file of events of one customer on a day of the shop's last months, another one for every number.
  std::string more_events(int number, const char* day = "2024-11-05") const;

 private:
  TempFolder folder_;
  std::string store_;
};

inline const Progress silent = [](double, std::string_view) { return Status(); };

// Rows of a SELECT as CSV, without its first line.
std::string rows(Engine& engine, const std::string& select);
// The rows a cursor gives to its end.
int64_t count_rows(Cursor& cursor);

}  // namespace danggol
