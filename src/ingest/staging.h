// The rows of a load before they are in the store. The ids of a load are numbered in their byte order, which
// is known when the last row is read; until then every thread puts its rows aside under codes of its own.
#pragma once

#include <cstdint>
#include <deque>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/dictionary.h"
#include "ingest/dimensions.h"
#include "ingest/forgotten.h"
#include "ingest/spool.h"
#include "ingest/table_reader.h"
#include "store/database.h"

namespace danggol::ingest {

// How often each second code came with each first one. Nearly always it is the same.
class PairCounts {
 public:
  int32_t usual(int32_t first) const {  // a second code that came with `first`, -1 if none did
    size_t at = static_cast<size_t>(first);
    return at < usual_.size() ? usual_[at].second : -1;
  }
  void add(int32_t first, int32_t second) {
    size_t at = static_cast<size_t>(first);
    if (at >= usual_.size()) usual_.resize(at + 1 + at / 2);
    Usual& usual = usual_[at];
    if (usual.second < 0) usual.second = second;
    if (usual.second == second) ++usual.count;
    else ++others_[static_cast<uint64_t>(first) << 32 | static_cast<uint32_t>(second)];
  }
  template <class Use>
  void each(const Use& use) const {  // use(first, second, count), in no order
    for (size_t first = 0; first < usual_.size(); ++first)
      if (usual_[first].second >= 0)
        use(static_cast<int32_t>(first), usual_[first].second, usual_[first].count);
    for (const auto& [pair, count] : others_)
      use(static_cast<int32_t>(pair >> 32), static_cast<int32_t>(pair & UINT32_MAX), count);
  }
  void clear() { usual_.clear(), others_.clear(); }

 private:
  struct Usual {
    int32_t second = -1;
    int64_t count = 0;
  };
  std::vector<Usual> usual_;
  std::unordered_map<uint64_t, int64_t> others_;
};

// Where things happen, as small numbers in order of first appearance; a code of -1 is an empty text.
struct Outlet {
  int32_t partner, channel;
  bool operator==(const Outlet&) const = default;
};
class Outlets {
 public:
  int32_t code(Outlet outlet) {
    if (outlet == last_) return last_code_;
    uint64_t key = static_cast<uint64_t>(static_cast<uint32_t>(outlet.partner)) << 32 |
                   static_cast<uint32_t>(outlet.channel);
    auto [at, is_new] = codes_.try_emplace(key, static_cast<int32_t>(all_.size()));
    if (is_new) all_.push_back(outlet);
    last_ = outlet;
    return last_code_ = at->second;
  }
  const std::vector<Outlet>& all() const { return all_; }  // by code

 private:
  std::unordered_map<uint64_t, int32_t> codes_;
  std::vector<Outlet> all_;
  Outlet last_{-2, -2};
  int32_t last_code_ = -1;
};

// The customers, products or stores that rows speak of, and what rows tell of them, as in DimensionShape.
struct Mentions {
  struct Told {  // by `rows` rows of a file
    size_t file, property;
    int32_t id, value;
    int64_t rows;
  };
  struct Property {
    Dictionary values;
    PairCounts pairs;  // of the file that is being read
  };
  Dictionary ids;
  std::array<Property, most_properties> properties;
  std::vector<Told> told;
  void tell(int32_t id, const std::array<std::string_view, most_properties>& values) {
    for (size_t p = 0; p < most_properties; ++p)
      if (Property& property = properties[p]; !values[p].empty())
        property.pairs.add(id, property.values.code(values[p], property.pairs.usual(id)));
  }
  void end(size_t file);
};

// Rows that stand in the file one after the other, perhaps with rejects between them.
struct Stretch {
  size_t file;
  int64_t batch;
  size_t rows;
};

// A block of the spool: rows of one kind, `Row` by `Row`, then their texts.
struct StagedBlock {
  size_t spooled;
  size_t rows;
  std::vector<Stretch> stretches;
};

// How many of a file's rows that are turned down are kept, and of how many of these what they say: the first.
struct RejectLimits {
  int64_t rows = 1'000'000, texts = 10'000;
};

// What one thread has read.
class Staged {
 public:
  Staged(Spool& spool, RejectLimits limits) : spool_(&spool), limits_(limits) {}
  Status add(size_t file, const Batch& batch);
  Status finish();  // after the last batch

 private:
  friend class Staging;
  friend class EventFeed;
  friend class DetailFeed;
  friend class ExposureFeed;
  friend class RejectFeed;

  // As they stand in the spool. A code of -1 is an empty text; texts are those of the block.
  struct Event {
    int64_t ts, amount, quantity;  // money_absent where the file does not say
    int32_t customer, product, store, outlet;
    uint32_t receipt_at;
    uint16_t receipt_bytes;
    Action action;
  };
  struct Detail {
    int64_t row;  // of its batch's events
    int32_t customer;
    uint32_t text_at;
    uint16_t text_bytes;
    Role role;
  };
  struct Exposure {
    int64_t ts;
    double propensity;
    int32_t customer, offer;
  };
  struct Reject {
    int64_t line;
    uint32_t text_at;
    uint16_t text_bytes, reason;
  };
  static constexpr int64_t money_absent = INT64_MIN;

  template <class Row>
  struct Open {  // a block that is being filled
    std::vector<Row> rows;
    std::string texts;
    std::vector<Stretch> stretches;
    std::vector<StagedBlock> full;
  };
  template <class Row>
  Status put_aside(Open<Row>& open);
  void add_event(const EventRow& row);
  size_t add_details(const Batch& batch);  // of events that were added; how many
  void add_exposure(const ExposureRow& row);
  void add_reject(const Batch& batch, const RejectRow& row, bool with_text);

  Spool* spool_;
  RejectLimits limits_;
  std::vector<int64_t> rejected_;  // rows kept by file, in this thread
  std::array<Mentions, dimension_count> mentions_;
  size_t file_ = 0;  // that the pairs are of
  Mentions& of(Kind kind) { return mentions_[static_cast<size_t>(kind)]; }
  Dictionary words_;  // partners, channels and offers
  Outlets outlets_;
  Dictionary reasons_;  // of rejects: few
  Open<Event> events_;
  Open<Detail> details_;
  Open<Exposure> exposures_;
  Open<Reject> rejects_;
  // of the row before, which are probably this row's
  int32_t customer_ = -1, store_ = -1, partner_ = -1, channel_ = -1;
  std::string_view receipt_;
};

class Staging {
 public:
  // One Staged for each of `threads`.
  Staging(std::string spool_folder, size_t threads, RejectLimits limits);
  Staged& of(size_t thread) { return threads_[thread]; }

  struct File {
    std::string name;
    int32_t load_no;
  };
  // Numbers the ids, inserts all rows and keeps what each file says of customers, products and stores;
  // `files` by the number that add() was told. Nothing comes in of people who were forgotten: how many rows
  // that were, by file.
  Result<std::vector<int64_t>> insert(store::Connection& connection, const std::vector<File>& files,
                                      const Dimensions& dimensions, const Forgotten& forgotten,
                                      const std::stop_token& stop);

 private:
  Result<std::vector<std::vector<int32_t>>> number(store::Connection& connection, const DimensionShape& shape,
                                                   const Dimension& dimension, const Forgotten& forgotten,
                                                   const std::stop_token& stop);
  Status keep_properties(store::Connection& connection, const DimensionShape& shape,
                         const Dimension& dimension, const std::vector<std::vector<int32_t>>& numbers,
                         const std::vector<File>& files, const std::stop_token& stop,
                         std::vector<int64_t>& turned_down);
  Result<std::vector<std::vector<int32_t>>> number_outlets(store::Connection& connection) const;

  Spool spool_;
  RejectLimits limits_;
  std::deque<Staged> threads_;
};

}  // namespace danggol::ingest
