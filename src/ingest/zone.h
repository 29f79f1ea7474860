// A time zone as the differences of its clocks from UTC through the years.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/units.h"
#include "danggol/result.h"

namespace danggol::ingest {

class Zone {
 public:
  // "Asia/Seoul", by the zone data that come with DuckDB. Error (bad_input) for a name that is none.
  static Result<std::shared_ptr<const Zone>> named(const std::string& name);
  // The same of a text in a file; nullptr for a name that is none. A zone is made once.
  static const Zone* known(std::string_view name);

  Timestamp local(Timestamp utc) const;
  Timestamp utc(Timestamp local) const;  // of a time that comes twice the first

 private:
  struct Change {
    int64_t from, offset;  // in microseconds, UTC
  };
  std::vector<Change> changes_;  // ascending; the first from the beginning of time
};

}  // namespace danggol::ingest
