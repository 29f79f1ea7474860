#include "ingest/csv.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <set>
#include <tuple>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/utf8.h"
#include "ingest/byte_source.h"

namespace danggol::ingest {
namespace {

const char* find(const char* from, const char* end, char c) {
  const void* at = std::memchr(from, c, static_cast<size_t>(end - from));
  return at ? static_cast<const char*>(at) : end;
}

// Finds the ends of fields, 64 bytes at a time: one bit for each byte that is a delimiter or a line end.
class FieldEnds {
 public:
  FieldEnds(const char* begin, const char* end, char delimiter) : end_(end), delimiter_(delimiter) {
    look(begin);
  }
  const char* next(const char* from) {  // `from` or the first after it; the end of the text if there is none
    while (from < end_) {
      if (static_cast<size_t>(from - window_) >= 64) look(from);  // behind the window too
      if (uint64_t left = ends_ >> (from - window_)) return from + std::countr_zero(left);
      from = window_ + 64;
    }
    return end_;
  }

 private:
  void look(const char* window) {
    window_ = window;
    ends_ = 0;
    size_t left = static_cast<size_t>(end_ - window);
#ifdef __SSE2__
    if (left >= 64) {
      const __m128i delimiters = _mm_set1_epi8(delimiter_), newlines = _mm_set1_epi8('\n');
      for (int i = 0; i < 4; ++i) {
        __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(window) + i);
        __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(bytes, delimiters), _mm_cmpeq_epi8(bytes, newlines));
        ends_ |= static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(ends))) << 16 * i;
      }
      return;
    }
#endif
    for (size_t i = 0; i < std::min<size_t>(left, 64); ++i)
      ends_ |= static_cast<uint64_t>(window[i] == delimiter_ || window[i] == '\n') << i;
  }

  const char* window_ = nullptr;
  const char* end_;
  char delimiter_;
  uint64_t ends_ = 0;
};

// Nothing but the bytes 1..127, so that every part of it is UTF-8.
bool is_plain(std::string_view text) {
  constexpr uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
  uint64_t odd = 0;  // a top bit where a byte is zero or has one itself
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    odd |= word | (word - ones);
  }
  for (; i < text.size(); ++i) odd |= text[i] <= 0 ? tops : 0;
  return (odd & tops) == 0;
}

std::string unescape(std::string_view quoted) {
  std::string out;
  for (size_t i = 0; i < quoted.size(); ++i) {
    bool is_escape = quoted.substr(i, 2) == "\\\"" && quoted.substr(i + 1, 2) != "\"\"";
    if (is_escape) ++i;
    out += quoted[i];
    if (!is_escape && quoted[i] == '"') ++i;
  }
  return out;
}

}  // namespace

size_t CsvSplitter::split(RecordBlock& block, bool at_end, size_t most) {
  const char* begin = block.text.data();
  const char* end = begin + block.text.size();
  const char* at = begin;
  FieldEnds field_ends(begin, end, delimiter_);
  auto ends_field = [&](char c) { return c == delimiter_ || c == '\n' || c == '\r'; };
  bool plain = is_plain(block.text);
  while (at < end && block.records.size() < most) {
    if (skipping_) {
      at = find(at, end, '\n');
      if (at < end) ++at, skipping_ = false;
      continue;
    }
    const char* start = at;
    // The record must end within `limit`, so that one too long is the same however the text came in.
    bool cut = static_cast<size_t>(end - start) > most_record_bytes;
    const char* limit = cut ? start + most_record_bytes : end;
    bool last = at_end && !cut;
    Record record{line_, static_cast<uint32_t>(block.fields.size()), 0, {}};
    int64_t newlines = 0;
    bool finished = false;
    while (!finished) {
      if (at < limit && *at == '"') {
        const char* open = at + 1;
        const char* close = open;
        bool doubled = false;
        while ((close = find(close, limit, '"')) < limit && close + 1 < limit) {
          if (close[1] == '"') close += 2, doubled = true;
          else if (close > open && close[-1] == '\\' && !ends_field(close[1])) ++close, doubled = true;
          else break;
        }
        if (close == limit || (close + 1 == limit && !last)) {
          record.problem = RecordProblem::open_quote;
          break;
        }
        std::string_view field(open, static_cast<size_t>(close - open));
        newlines += std::count(field.begin(), field.end(), '\n');
        block.fields.push_back(doubled ? std::string_view(block.unescaped.emplace_back(unescape(field)))
                                       : field);
        at = close + 1;
        if (at < limit && *at == '\r' && (at + 1 == limit || at[1] == '\n')) ++at;
        if (at < limit && *at != delimiter_ && *at != '\n') {
          record.problem = RecordProblem::bad_quote;
          at = find(at, limit, '\n');
        }
      } else {
        const char* first = at;
        at = std::min(field_ends.next(at), limit);
        const char* past = at;
        if (past > first && past[-1] == '\r' && (at == limit || *at == '\n')) --past;
        block.fields.emplace_back(first, static_cast<size_t>(past - first));
      }
      finished = at == limit || *at == '\n';
      if (!finished) ++at;  // the delimiter
      if (!finished && at == limit) {
        if (last) block.fields.emplace_back();
        finished = true;
      }
    }
    // lines that a quote took in by being left open
    bool swallows = newlines > 0 && finished && (at < limit || last) &&
                    (record.problem == RecordProblem::bad_quote ||
                     (columns_ != 0 && block.fields.size() - record.first_field != columns_));
    if (swallows) record.problem = RecordProblem::open_quote, finished = false;
    bool ends = finished && (at < limit || last);
    if (!ends && !swallows && !cut && !at_end) {  // its end is in text not yet read
      block.fields.resize(record.first_field);
      return static_cast<size_t>(start - begin);
    }
    if (!ends) {  // only its first line is turned down, or what fits of it
      if (record.problem == RecordProblem::none) record.problem = RecordProblem::too_long;
      at = find(start, limit, '\n');
      newlines = 0;
      skipping_ = at == limit && cut;
      if (swallows) block.fields.resize(record.first_field);
    }
    record.text = {start, static_cast<size_t>(at - start)};
    if (record.text.ends_with('\r')) record.text.remove_suffix(1);
    record.fields = static_cast<uint32_t>(block.fields.size()) - record.first_field;
    line_ += newlines + 1;
    if (at < end && !skipping_) ++at;  // the line end
    if (record.text.empty()) {
      block.fields.resize(record.first_field);
      continue;
    }
    if (record.problem == RecordProblem::none) {
      if (columns_ != 0 && record.fields != columns_) record.problem = RecordProblem::field_count;
      else if (!plain && !is_utf8(record.text)) record.problem = RecordProblem::encoding;
    }
    block.records.push_back(record);
  }
  return static_cast<size_t>(at - begin);
}

void BlankRuns::append(std::string_view text, std::string& out) {
  for (char c : text) {
    if (c == ' ' || c == '\t') {
      is_open_ = !at_start_;
      continue;
    }
    bool ends = c == '\n' || c == '\r';
    if (is_open_ && !ends) out += '\t';
    out += c;
    at_start_ = c == '\n', is_open_ = false;
  }
}

namespace {

// The first records of a text, as a delimiter splits them, and how many of them have as many fields as most.
struct Head {
  char delimiter;
  RecordBlock block = {};
  size_t fields = 0, usual_records = 0;

  Head(char of, std::string_view text) : delimiter(of) {
    constexpr size_t most_records = 40, most_bytes = 256 << 10;
    split(text.substr(0, most_bytes), text.size() <= most_bytes, most_records);
    if (block.records.empty()) split(text, true, most_records);  // a line longer than that
    std::map<size_t, size_t> counts;
    for (const Record& record : block.records) ++counts[record.fields];
    for (auto [of_fields, records] : counts)
      if (records >= usual_records) fields = of_fields, usual_records = records;
  }
  Head(const Head&) = delete;  // its records point into it
  void split(std::string_view text, bool at_end, size_t most_records) {
    block.clear();
    block.text = text;
    CsvSplitter(delimiter, 0).split(block, at_end, most_records);
  }
  // Alike in all lines, then more fields, then more lines.
  auto rank() const {
    return std::tuple(fields > 1, usual_records * 10 >= block.records.size() * 9, fields, usual_records);
  }
};

}  // namespace

TableStart find_table(std::string_view text, bool (*is_value)(std::string_view)) {
  TableStart out;
  std::string_view first = text.substr(0, text.find_first_of("\r\n"));
  bool says_delimiter = (first.size() == 5 || first.size() == 7) && first.find("sep=") <= 1;
  if (says_delimiter) {
    out.delimiter = first[first.find('=') + 1];
    out.skipped = std::min(text.find('\n'), text.size() - 1) + 1;
    out.line = 2;
    text.remove_prefix(out.skipped);
  }
  std::deque<Head> heads;
  std::string_view delimiters = says_delimiter ? std::string_view(&out.delimiter, 1) : ",;\t|";
  for (char delimiter : delimiters) heads.emplace_back(delimiter, text);
  const Head& best = *std::max_element(heads.begin(), heads.end(),
                                       [](const Head& a, const Head& b) { return a.rank() < b.rank(); });
  out.delimiter = best.delimiter;
  if (best.fields < 2 && !says_delimiter) {
    std::string parted;
    BlankRuns().append(text.substr(0, 64 << 10), parted);
    Head blanks('\t', parted);
    out.by_blanks = blanks.fields > 1 && blanks.usual_records == blanks.block.records.size();
    if (out.by_blanks) out.delimiter = '\t';
    return out;
  }
  const RecordBlock& block = best.block;
  // Lines of names before the first of values: the first of them, but for one of groups of columns above it.
  const Record* header = nullptr;
  size_t different = 0;
  for (const Record& record : block.records) {
    if (record.fields != best.fields || record.problem != RecordProblem::none || best.fields < 2) continue;
    size_t values = 0, names = 0;
    std::set<std::string_view> distinct;
    for (uint32_t f = 0; f < record.fields; ++f) {
      std::string_view field = block.fields[record.first_field + f];
      if (!field.empty()) ++(is_value(field) ? values : names), distinct.insert(field);
    }
    if (values > 0) break;  // the table has begun
    if (names * 2 <= record.fields) continue;
    bool was_of_groups = header && different * 3 <= best.fields * 2;
    if (!header || (was_of_groups && distinct.size() > different))
      header = &record, different = distinct.size();
  }
  if (header) {
    out.skipped += static_cast<size_t>(header->text.data() - block.text.data());
    out.line += header->line - 1;
  }
  return out;
}

}  // namespace danggol::ingest
