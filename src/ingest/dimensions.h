// Customers, products and stores as the tables of a load describe them, and the rows that speak of others.
#pragma once

#include <array>
#include <stop_token>
#include <string_view>
#include <vector>

#include "base/dictionary.h"
#include "ingest/table_reader.h"
#include "store/database.h"

namespace danggol::ingest {

class Dimension {
 public:
  bool described() const { return described_; }  // the load has its table
  // The ids of the load's table and, by their codes, what it says of them; empty text for nothing.
  const Dictionary& ids() const { return ids_; }
  size_t file(int32_t code) const { return files_[static_cast<size_t>(code)]; }  // of the load, that has it
  std::string_view property(int32_t code, size_t property) const {
    return words_[property].text(rows_[static_cast<size_t>(code)][property]);
  }
  // Where the load has no table anything may be; an empty text names nothing.
  bool allows(std::string_view id) const {
    return !described_ || id.empty() || ids_.has(id) || in_store_.has(id);
  }
  // Whether it would be allowed with other zeros in front of it: a spreadsheet takes them off.
  bool lacks_zeros(std::string_view id) const;

 private:
  friend class Dimensions;
  bool described_ = false;
  void know_bare(std::string_view id);
  Dictionary ids_, in_store_, bare_;  // the last, those of zeros in front without them
  std::array<Dictionary, most_said> words_;
  std::vector<std::array<int32_t, most_said>> rows_;
  std::vector<size_t> files_;
};

class Dimensions {
 public:
  const Dimension& of(Kind kind) const { return all_[static_cast<size_t>(kind)]; }
  // Takes a batch of a dimension's table, the file of that number. A row whose id came before becomes a
  // reject. Where it `is_whole` rows that speak of others are orphans.
  void add(size_t file, bool is_whole, Batch& batch);
  // Besides those of the tables, the ids of the store are known.
  Status know_store(store::Connection& connection, const std::stop_token& stop);
  // Events and exposures of a customer, product or store that is not known become rejects. From any thread,
  // when all else is done.
  void turn_down_orphans(Batch& batch) const;

 private:
  std::array<Dimension, dimension_count> all_;
};

}  // namespace danggol::ingest
