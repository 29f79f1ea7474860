#include "ingest/suppression.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/ids.h"
#include "ingest/byte_source.h"
#include "ingest/consent.sql.h"
#include "ingest/forgotten.h"
#include "ingest/list_file.h"
#include "ingest/suppression.sql.h"
#include "ingest/words.h"

namespace danggol::ingest {
namespace {

// What is written between two quotes, where they are the first of their kind around all of it.
std::string_view unquoted(std::string_view text) {
  for (auto [open, close] : {std::pair{"\"", "\""}, {"'", "'"}, {"“", "”"}, {"‘", "’"}}) {
    std::string_view left = open, right = close;
    if (text.size() > left.size() && text.starts_with(left) &&
        text.find(right, left.size()) == text.size() - right.size())
      return text.substr(left.size(), text.size() - left.size() - right.size());
  }
  return text;
}

// How a list is parted, the outermost first.
constexpr std::array separators = {"\n\r", ",;\t|", " "};
enum Level : size_t { lines, parts, blanks, words };

// The parts of a text at a level; what stands in double quotes is one.
std::vector<std::string_view> split(std::string_view text, size_t level) {
  std::vector<std::string_view> out;
  std::string_view ends = separators[level];
  for (size_t from = 0, at = 0; at <= text.size(); ++at) {
    if (level > lines && at < text.size() && text[at] == '"')
      if (size_t closed = text.find('"', at + 1); closed != text.npos) at = closed;
    if (at < text.size() && ends.find(text[at]) == ends.npos) continue;
    out.push_back(text.substr(from, at - from));
    from = at + 1;
  }
  return out;
}

// Calls take(id, level) for a text as a whole and, where that is not taken, for what it is parted into, down
// to its words. What stands in quotes may be a list of its own.
template <class Take>
void each_id(std::string_view text, size_t level, const Take& take) {
  std::string_view id = customer_id(text), bare = unquoted(id);
  if (id.empty() || take(id, level)) return;
  if (bare != id) return each_id(bare, std::min<size_t>(level, parts), take);
  if (level < words)
    for (std::string_view part : split(id, level)) each_id(part, level + 1, take);
}

// What somebody wrote: a list, or the cells of a table's column, each of which is one id.
struct Written {
  std::vector<std::string> texts;
  Level level = lines;
};

// The ids of a list in the order they stand there. A name with a blank that is nobody's yet may be one id or
// two: it counts as two and is kept as one, too.
struct Ids {
  std::vector<std::string> given, kept_too;
};

template <class IsKnown>
Ids read_ids(const Written& written, const IsKnown& is_known) {
  Ids out;
  std::set<std::string, std::less<>> seen;
  auto add = [&](std::string_view id, std::vector<std::string>& to) {
    if (seen.emplace(id).second) to.emplace_back(id);
    return true;
  };
  auto is_name = [&](std::string_view text) {
    auto its_words = split(text, blanks);
    return its_words.size() > 1 && unquoted(text) == text &&
           std::none_of(its_words.begin(), its_words.end(),
                        [&](std::string_view word) { return is_known(customer_id(word)); });
  };
  auto take = [&](std::string_view id, size_t level) {
    if (is_known(id)) return add(id, out.given);
    if (level == blanks && is_name(id)) add(id, out.kept_too);
    return level == words && unquoted(id) == id && add(id, out.given);
  };
  for (const auto& text : written.texts) each_id(text, written.level, take);
  return out;
}

// The texts that could be ids.
std::set<std::string> candidates(const Written& written) {
  std::set<std::string> out;
  auto look = [&](std::string_view id, size_t) {
    if (id.size() <= most_id_bytes) out.emplace(id);
    return false;
  };
  for (const auto& text : written.texts) each_id(text, written.level, look);
  return out;
}

// The cells of a file's column of customers, or its text where it is no table that has one.
Result<Written> read_file(const std::string& path) {
  ListFile file = TRY(ListFile::read(path));
  if (file.customer < 0) return Written{{file.block.text}};
  Written cells{{}, words};
  for (size_t i = 1; i < file.block.records.size(); ++i) {
    const Record& record = file.block.records[i];
    bool is_whole =
        record.problem == RecordProblem::none && static_cast<uint32_t>(file.customer) < record.fields;
    cells.texts.emplace_back(is_whole ? file.block.field(record, file.customer) : record.text);
  }
  return cells;
}

// The temporary table `listed` of these ids.
Status list(store::Connection& connection, const auto& ids) {
  TRY(connection.execute("CREATE OR REPLACE TEMP TABLE listed (customer_id VARCHAR)"));
  auto rows = TRY(store::Appender::open(connection, "temp", "listed"));
  for (const std::string& id : ids) {
    if (id.size() > most_id_bytes) continue;  // nobody's, ever
    rows.set(0, std::string_view(id));
    TRY(rows.end_row());
  }
  return rows.close();
}

// Whom the ids of `listed` stand for among those of a table: the same one first.
Result<std::map<std::string, std::vector<std::string>, std::less<>>> who_is_listed(
    store::Connection& connection, const char* table) {
  Table rows = TRY(connection.query(
      fmt::format("SELECT l.customer_id AS listed, t.customer_id AS id FROM listed l JOIN {} t "
                  "ON folded_id(l.customer_id) = folded_id(t.customer_id) ORDER BY listed, id <> listed, id",
                  table)));
  std::map<std::string, std::vector<std::string>, std::less<>> out;
  for (size_t i = 0; i < rows.rows(); ++i) out[rows.texts("listed")[i]].push_back(rows.texts("id")[i]);
  return out;
}

// "A1 for a-1", "B or 0b for bb": whom the ids of `listed` may have been meant for. Those that look alike are
// found for all of them, those a letter or two apart for the first ones only: it takes time.
Result<std::vector<std::string>> near_misses(store::Connection& connection, const char* table) {
  constexpr int64_t most_compared = 20;
  Table rows = TRY(connection.query(fmt::format(R"(
        WITH given AS (
          SELECT customer_id, loose_id(customer_id) AS loose, row_number() OVER (ORDER BY rowid) AS n FROM listed),
        known AS (SELECT DISTINCT customer_id, loose_id(customer_id) AS loose FROM {}),
        near AS (
          SELECT g.n, g.customer_id AS given, k.customer_id AS id, 0 AS letters
          FROM given g JOIN known k USING (loose) WHERE loose <> ''
          UNION ALL
          SELECT g.n, g.customer_id, k.customer_id, damerau_levenshtein(g.loose, k.loose) AS letters
          FROM given g JOIN known k ON length(k.loose) BETWEEN length(g.loose) - 2 AND length(g.loose) + 2
          WHERE g.n <= $most_compared AND letters BETWEEN 1 AND 2 AND 2 * letters < length(g.loose))
        SELECT string_agg(id, ' or ' ORDER BY id) || ' for ' || given AS miss
        FROM (FROM near QUALIFY rank() OVER (PARTITION BY n ORDER BY letters) = 1
                AND row_number() OVER (PARTITION BY n ORDER BY letters, id) <= 3)
        GROUP BY n, given ORDER BY n)",
                                                table),
                                    {{"most_compared", most_compared}}));
  return rows.texts("miss");
}

// The first of many, for a message of one line.
Text named(const std::vector<std::string>& all) {
  constexpr size_t most = 5, most_bytes = 100;
  std::string first;
  for (size_t i = 0; i < std::min(all.size(), most); ++i)
    first += (i > 0 ? ", " : "") +
             (all[i].size() <= most_bytes ? all[i] : as_text(all[i].substr(0, most_bytes)) + "...");
  if (all.size() <= most) return written(Name{first});
  return render(ingest_words::all, ingest_words::and_more({.first = {first}, .more = all.size() - most}));
}

std::vector<std::string> joined(std::vector<std::string> ids, const std::vector<std::string>& more) {
  ids.insert(ids.end(), more.begin(), more.end());
  return ids;
}

}  // namespace

Status expect_none_unknown(store::Connection& connection, const std::string& command,
                           const std::vector<std::string>& unknown) {
  if (unknown.empty()) return {};
  TRY(list(connection, unknown));
  auto near = TRY(near_misses(connection, "raw.customer"));
  TRY(connection.execute("DROP TABLE temp.listed"));
  return Error{
      Code::bad_input,
      fmt::format("{}: {}: no customer has this id, nothing was changed{}", command, fmt::join(unknown, ", "),
                  near.empty() ? "" : "; did you mean " + named(near).in(Language::en) + "?")};
}

Status create_suppression(store::Connection& connection) {
  TRY(connection.execute(sql::suppression));
  return connection.execute(sql::consent);
}

Result<SuppressionReport> suppress(store::Connection& connection, const SuppressionChange& change) {
  bool adds = change.kind == SuppressionChange::Kind::add, is_file = !change.file.empty();
  const char* known_in = adds ? "raw.customer" : "raw.suppression";
  Written written = is_file ? TRY(read_file(change.file)) : Written{{as_text(change.ids)}};
  for (std::string& text : written.texts) text = cleaned(text);
  TRY(create_suppression(connection));
  TRY(list(connection, candidates(written)));
  auto known = TRY(who_is_listed(connection, known_in));
  Ids ids = read_ids(written, [&](std::string_view id) { return known.contains(id); });
  if (ids.given.empty() && !is_file)
    return Error{Code::bad_input, "suppress: no id in what was given; name a customer"};

  std::vector<std::string> unknown, elsewise;
  for (const auto& id : ids.given) {
    auto who = known.find(id);
    if (who == known.end()) unknown.push_back(id);
    else if (who->second.back() != id) elsewise.push_back(fmt::format("{} ({})", id, who->second.back()));
  }
  Text near;
  if (!unknown.empty()) {
    TRY(list(connection, joined(unknown, ids.kept_too)));
    near = named(TRY(near_misses(connection, known_in)));
  }
  if (!unknown.empty() && !is_file)
    return Error{Code::bad_input,
                 fmt::format("suppress: {}: {}, nothing was changed{}", named(unknown).in(Language::en),
                             adds ? "no customer has this id" : "not on the list",
                             near.empty() ? "" : "; did you mean " + near.in(Language::en) + "?")};

  std::vector<std::string> changing = joined(ids.given, ids.kept_too);
  if (adds) {
    auto is_forgotten = TRY(TRY(Forgotten::read(connection, change.key_file))
                                .among(connection, {changing.begin(), changing.end()}));
    size_t i = 0;
    std::erase_if(changing, [&](const std::string&) { return is_forgotten[i++]; });
  }
  TRY(list(connection, changing));
  int64_t before = TRY(connection.integer("SELECT count(*) FROM raw.suppression"));
  std::string source =
      is_file ? as_text(std::filesystem::path(change.file).filename().string()) : "command line";
  if (adds)
    TRY(
        connection.execute("INSERT INTO raw.suppression SELECT customer_id, $source, $at FROM listed l "
                           "WHERE NOT EXISTS (FROM raw.suppression s WHERE s.customer_id = l.customer_id) "
                           "ORDER BY customer_id",
                           {{"source", source}, {"at", now_utc()}}));
  else
    TRY(
        connection.execute("DELETE FROM raw.suppression WHERE folded_id(customer_id) IN "
                           "(SELECT folded_id(customer_id) FROM listed)"));
  int64_t after = TRY(connection.integer("SELECT count(*) FROM raw.suppression"));
  TRY(connection.execute("DROP TABLE temp.listed"));

  SuppressionReport report;
  report.changed = std::abs(after - before);
  report.unknown = static_cast<int64_t>(unknown.size());
  auto warn = [&](const Sentence& sentence) {
    report.warnings.push_back(render(ingest_words::all, sentence));
  };
  if (!elsewise.empty()) warn(ingest_words::written_otherwise({.ids = named(elsewise)}));
  if (!unknown.empty() && adds)
    warn(ingest_words::no_customers({.unknown = unknown.size(), .given = ids.given.size()}));
  if (!unknown.empty() && !adds)
    warn(ingest_words::not_listed({.unknown = unknown.size(), .given = ids.given.size()}));
  if (!near.empty()) warn(ingest_words::near({.ids = near}));
  return report;
}

}  // namespace danggol::ingest
