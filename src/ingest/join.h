// Related tables of a folder, joined: what one tells of an order or a product is added to the rows of
// another.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ingest/inputs.h"
#include "ingest/mapping.h"
#include "ingest/table_source.h"
#include "ingest/watch.h"

namespace danggol::ingest {

// The rows of a Join's table, in memory. Of several rows with one key the first counts.
class Lookup {
 public:
  // Of a table that has the join's columns. `say` is told of the rows so far.
  static Result<Lookup> read(TableSource source, const Join& join, const std::function<void(size_t)>& say);
  size_t rows() const { return keys_.size(); }
  std::string_view field(size_t row, size_t column) const { return fields_[row * columns_ + column]; }

 private:
  friend class JoinedSource;
  std::string_view keep(std::string_view text);

  size_t columns_ = 0;
  std::deque<std::string> texts_;  // what the views are of
  std::vector<std::string_view> fields_;
  std::unordered_map<std::string_view, uint32_t> keys_;
};

class Joins {
 public:
  // Takes the mapping's tables to join out of the inputs, and reads them, and those of which nothing is read.
  // Code::not_found where one is missing.
  static Result<Joins> take(Inputs& inputs, const Mapping& mapping, const Work& work);

  // What became of the tables that were taken out.
  struct Taken {
    std::string path;
    std::string key;   // "" where nothing is read of it
    int64_t rows = 0;  // with a key of their own
  };
  const std::vector<Taken>& taken() const { return taken_; }
  // Adds the columns that a table lacks.
  void extend(TableSource& source) const;

 private:
  std::vector<Join> joins_;
  std::vector<std::shared_ptr<const Lookup>> lookups_;  // by joins_
  std::vector<Taken> taken_;
};

}  // namespace danggol::ingest
