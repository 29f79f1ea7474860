// Rows of one answer in one format.
#pragma once

#include "contract/table.h"
#include "danggol/result.h"

namespace danggol::report {

class RowWriter {
 public:
  virtual ~RowWriter() = default;
  virtual Status rows(const Table& texts) = 0;  // the next ones, every column as text
  virtual Status end() = 0;
};

inline bool is_numeric(Type type) {
  return type == Type::integer || type == Type::real || type == Type::money;
}

}  // namespace danggol::report
