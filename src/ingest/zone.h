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
  // "Asia/Seoul", by the zone data that come with DuckDB; read once. Error (bad_input) for a name that is
  // none.
  static Result<std::shared_ptr<const Zone>> named(const std::string& name);

  Timestamp local(Timestamp utc) const;
  Timestamp utc(Timestamp local) const;  // of a time that comes twice the first

 private:
  struct Change {
    int64_t from, offset;  // in microseconds, UTC
  };
  static Result<std::shared_ptr<const Zone>> read(const std::string& name);
  std::vector<Change> changes_;  // ascending; the first from the beginning of time
};

}  // namespace danggol::ingest
