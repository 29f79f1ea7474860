// What holds for every room, checked on every room there is: a room that is registered is tested by this
// suite without a line of its own.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>
#include <thread>

#include "must.h"
#include "shop.h"
#include "stores.h"

namespace danggol::contract {
namespace {

const std::vector<AnalysisInfo>& rooms() {
  static const std::vector<AnalysisInfo> all = Engine::analyses();
  return all;
}

const AnalysisInfo* writer_of(const std::string& table) {
  for (const auto& room : rooms()) {
    if (std::count(room.trains.begin(), room.trains.end(), table)) return &room;
    for (const auto& written : room.writes)
      if (written.name == table) return &room;
  }
  return nullptr;
}

bool has_hangul(const std::string& text) {
  for (size_t i = 0; i + 2 < text.size(); ++i) {
    auto lead = static_cast<unsigned char>(text[i]);
    if (lead >= 0xea && lead <= 0xed) return true;
  }
  return false;
}

bool is_one_line(const std::string& text) { return !text.empty() && text.find('\n') == text.npos; }

std::string history_of(const std::string& table) { return "history" + table.substr(table.find('.')); }

const char* sql_type(Type type) {
  switch (type) {
    case Type::integer: return "BIGINT";
    case Type::real: return "DOUBLE";
    case Type::text: return "VARCHAR";
    case Type::date: return "DATE";
    case Type::timestamp: return "TIMESTAMP";
    case Type::money: return "DECIMAL(18,4)";
    case Type::boolean: return "BOOLEAN";
    case Type::blob: return "BLOB";
  }
  return "";
}

// The first lines that differ, rather than two whole tables.
testing::AssertionResult same_rows(const std::string& a, const std::string& b) {
  if (a == b) return testing::AssertionSuccess();
  std::istringstream left(a), right(b);
  std::string x, y;
  for (int line = 1;; ++line) {
    bool more_x = static_cast<bool>(std::getline(left, x)),
         more_y = static_cast<bool>(std::getline(right, y));
    if (!more_x) x = "(nothing more)";
    if (!more_y) y = "(nothing more)";
    if (x != y) return testing::AssertionFailure() << "line " << line << " is\n  " << x << "\nand\n  " << y;
  }
}

// A job that ran once more, every default given in words.
struct Repeat {
  Store store = copy_of(Way::once);
  RunSummary run;
  int calls = 0;  // of progress
  std::string printed;
};

class Contract : public testing::TestWithParam<std::string> {
 protected:
  Contract() : room_(*Engine::analysis(GetParam())) {}
  bool is_job() const { return room_.kind == Kind::job; }
  // What the room has to say in a store: its tables, or its answer.
  std::map<std::string, std::string> said(const OpenStore& store) const {
    std::map<std::string, std::string> out;
    for (const auto& table : room_.writes) out[table.name] = store.csv(table.name);
    if (!is_job()) out["the answer"] = must(store.answer(room_.name, with_day(needed_params(room_))));
    return out;
  }
  void expect_same(const OpenStore& a, const OpenStore& b) const {
    auto left = said(a), right = said(b);
    ASSERT_FALSE(left.empty());
    for (const auto& [what, rows] : left) {
      EXPECT_NE(rows.find('\n'), rows.size() - 1) << what << " is empty: the comparison would say nothing";
      EXPECT_TRUE(same_rows(rows, right[what])) << what;
    }
  }
  static ParamTexts with_day(ParamTexts params, const char* day = as_of) {
    params["as-of"] = day;
    return params;
  }
  ParamTexts defaults_in_words() const {
    ParamTexts params = needed_params(room_);
    for (const auto& param : room_.params)
      if (!param.required) params[param.name] = param.default_text;
    return with_day(params);
  }
  const Repeat& repeat() const {
    static std::map<std::string, Repeat> known;
    if (auto at = known.find(room_.name); at != known.end()) return at->second;
    Repeat repeat;
    Engine engine = must(repeat.store.open(Engine::Access::write));
    testing::internal::CaptureStdout(), testing::internal::CaptureStderr();
    auto run = engine.run(room_.name, defaults_in_words(),
                          [&](double, std::string_view) { return ++repeat.calls, Status(); });
    repeat.printed = testing::internal::GetCapturedStdout() + testing::internal::GetCapturedStderr();
    repeat.run = must(run);
    return known.emplace(room_.name, repeat).first->second;
  }
  // Runs or asks, whichever the room is for.
  Status use(Engine& engine, ParamTexts params) const {
    std::ostringstream out;
    if (is_job()) TRY(engine.run(room_.name, std::move(params), nullptr));
    else TRY(engine.answer(room_.name, std::move(params), {Format::csv}, out));
    return {};
  }
  Status use(const Store& store, ParamTexts params) const {
    Engine engine = TRY(store.open(is_job() ? Engine::Access::write : Engine::Access::read));
    return use(engine, std::move(params));
  }
  std::vector<std::string> read_results() const {  // of other rooms
    std::vector<std::string> out;
    for (const auto& table : room_.reads)
      if (table.starts_with("result.")) out.push_back(table);
    return out;
  }

  AnalysisInfo room_;
};

class Job : public Contract {};     // rooms that write tables
class Query : public Contract {};   // rooms that answer at once
class Reader : public Contract {};  // rooms that read what other rooms wrote

// Snapshots of a store before and after what must leave no trace in it but rows of the log.
void expect_unchanged_but_log(Snapshot before, Snapshot after) {
  before.erase("run.log"), after.erase("run.log");
  EXPECT_EQ(after, before);
}

// The stores that the cases share: every job runs in each of them, else nothing can be said about the rooms.
class Stores : public testing::TestWithParam<std::pair<Way, std::string>> {};

TEST_P(Stores, AreMade) {
  Way way = GetParam().first;
  make(way);
  auto ran = shared(way).texts("SELECT DISTINCT room FROM run.log WHERE state = 'done'");
  std::set<std::string> jobs;
  if (way != Way::imported)
    for (const auto& room : rooms())
      if (room.kind == Kind::job) jobs.insert(room.name);
  if (!moved_date(way).empty()) {
    EXPECT_GE(ran.size(), 3u);  // not all can, with other dates
    return;
  }
  EXPECT_EQ(std::set<std::string>(ran.begin(), ran.end()), jobs);
}

TEST_P(Contract, DeclaresItselfInFull) {
  static const std::regex room_name("[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)?"), column_name("[a-z][a-z0-9_]*");
  static const std::set<std::string> raw = {"raw.event",   "raw.exposure", "raw.customer",
                                            "raw.product", "raw.store",    "raw.calendar"};
  EXPECT_TRUE(std::regex_match(room_.name, room_name));
  EXPECT_FALSE(room_.method.empty()) << "the method and its source";
  EXPECT_FALSE(room_.reads.empty());
  std::vector<std::string> tables = room_.reads;
  tables.insert(tables.end(), room_.uses.begin(), room_.uses.end());
  for (const auto& table : tables) {
    if (table.starts_with("raw.")) {
      EXPECT_TRUE(raw.count(table)) << table;
      continue;
    }
    const AnalysisInfo* writer = writer_of(table);
    ASSERT_TRUE(writer) << table << ": no room writes it";
    auto place = [](const std::string& name) {
      return std::find_if(rooms().begin(), rooms().end(), [&](const auto& r) { return r.name == name; }) -
             rooms().begin();
    };
    EXPECT_LT(place(writer->name), place(room_.name)) << table << ": its writer must be registered before";
  }
  for (const auto& model : room_.trains) {
    EXPECT_TRUE(model.starts_with("model.")) << model;
    EXPECT_EQ(writer_of(model)->name, room_.name) << model << ": two rooms train it";
  }
  EXPECT_EQ(room_.writes.empty(), !is_job()) << "a job writes, a query does not";
  for (const auto& table : room_.writes) {
    EXPECT_TRUE(table.name.starts_with("result.")) << table.name;
    EXPECT_EQ(writer_of(table.name)->name, room_.name) << table.name << ": two rooms write it";
    EXPECT_TRUE(std::any_of(table.columns.begin(), table.columns.end(), [](const auto& c) { return c.key; }))
        << table.name << ": no key";
    std::set<std::string> seen;
    for (const auto& column : table.columns) {
      EXPECT_TRUE(std::regex_match(column.name, column_name)) << table.name << "." << column.name;
      EXPECT_TRUE(seen.insert(column.name).second) << table.name << "." << column.name << ": twice";
      if (column.name == "customer_id") {
        EXPECT_TRUE(column.subject) << table.name << ": a customer's row must be found to be erased";
      }
      bool real = column.type == Type::real || column.type == Type::money;
      if (real && (column.name.ends_with("_lo") || column.name.ends_with("_hi"))) {
        EXPECT_FALSE(column.help.empty())
            << table.name << "." << column.name << ": the interval's level and method";
      }
    }
  }
}

TEST_P(Contract, SaysEverythingInBothLanguages) {
  auto both = [](const Text& text, const std::string& of, bool words) {
    EXPECT_FALSE(text.in(Language::en).empty()) << of << ": no words";
    EXPECT_FALSE(text.in(Language::ko).empty()) << of << ": no words";
    if (words) {
      EXPECT_TRUE(has_hangul(text.in(Language::ko))) << of << ": " << text.in(Language::ko);
    }
    EXPECT_FALSE(has_hangul(text.in(Language::en))) << of << ": " << text.in(Language::en);
  };
  both(room_.title, "title", true);
  both(room_.question, "question", true);
  both(room_.method, "method", true);
  for (const auto& param : room_.params) both(param.help, "--" + param.name, true);
  for (const auto& table : room_.writes) {
    both(table.title, table.name, true);
    for (const auto& column : table.columns) {
      both(column.label, table.name + "." + column.name, false);
      if (!column.bounds.empty()) both(column.help, table.name + "." + column.name + " bounds", false);
    }
  }
  for (const auto& chart : room_.charts) {
    both(chart.title, chart.id, true);
    if (!chart.note.empty()) both(chart.note, chart.id + " note", true);
  }
  if (!is_job()) return;
  const RunSummary& run = repeat().run;
  EXPECT_FALSE(run.sentences.empty() && run.warnings.empty()) << "a run that has nothing to say";
  static const std::regex crumbs("\\b(nan|inf|currency|H1|H2|customers?|receipts?)\\b");
  for (const auto* list : {&run.sentences, &run.warnings}) {
    for (const Text& text : *list) {
      EXPECT_TRUE(is_one_line(text.in(Language::en))) << text.in(Language::en);
      EXPECT_TRUE(is_one_line(text.in(Language::ko))) << text.in(Language::ko);
      EXPECT_TRUE(has_hangul(text.in(Language::ko))) << text.in(Language::ko);
      EXPECT_FALSE(std::regex_search(text.in(Language::ko), crumbs)) << text.in(Language::ko);
      EXPECT_EQ(text.in(Language::en).find("nan"), std::string::npos) << text.in(Language::en);
    }
  }
  std::set<std::string> key_figures, labelled;
  for (const auto& name :
       shared(Way::once).texts(fmt::format("SELECT DISTINCT name FROM run.fact JOIN run.log USING (run_id) "
                                           "WHERE about_from IS NOT NULL AND room = '{}'",
                                           room_.name)))
    key_figures.insert(name);
  for (const auto& [name, text] : room_.key_figures) labelled.insert(name);
  for (const auto& name : key_figures) EXPECT_TRUE(labelled.contains(name)) << name << ": no words in [fact]";
}

TEST_P(Contract, PicturesAndTablesCanBeDrawn) {
  auto columns_of = [&](const std::string& table) {
    std::set<std::string> names;
    for (const auto& written : room_.writes)
      if (written.name == table)
        for (const auto& column : written.columns) names.insert(column.name);
    return names;
  };
  auto rows = [](const std::string& table, const std::string& where, const std::string& order_by) {
    return shared(Way::once).number(fmt::format("SELECT count(*) FROM (SELECT * FROM {}{}{}{}{})", table,
                                                where.empty() ? "" : " WHERE ", where,
                                                order_by.empty() ? "" : " ORDER BY ", order_by));
  };
  std::set<std::string> ids;
  for (const auto& chart : room_.charts) {
    EXPECT_TRUE(ids.insert(chart.id).second) << chart.id << ": twice";
    auto columns = columns_of(chart.table);
    ASSERT_FALSE(columns.empty()) << chart.id << ": " << chart.table << " is not a table of this room";
    for (const auto& [role, column] : chart.encoding)
      EXPECT_TRUE(columns.count(column) || column == "true" || column == "false")
          << chart.id << ": " << role << " = " << column;
    double drawn = rows(chart.table, chart.where, chart.order_by);
    EXPECT_GT(drawn, 0) << chart.id << ": nothing to draw";
    if (chart.order_by.empty()) {
      EXPECT_LE(drawn, chart.most_rows) << chart.id << ": cut off without an order";
    }
  }
  for (const auto& shown : room_.tables) {
    ASSERT_FALSE(columns_of(shown.table).empty()) << shown.table << " is not a table of this room";
    EXPECT_GT(rows(shown.table, shown.where, shown.order_by), 0) << shown.table;
    for (const auto* listed : {&shown.columns, &shown.lead})
      for (const auto& column : *listed)
        EXPECT_TRUE(columns_of(shown.table).count(column)) << shown.table << ": " << column;
  }
  if (!room_.lead.empty()) {
    EXPECT_EQ(
        shared(Way::once).number(fmt::format("SELECT count(*) FROM run.sentence JOIN run.log USING (run_id) "
                                             "WHERE room = '{}' AND id = '{}'",
                                             room_.name, room_.lead[0])),
        1)
        << room_.lead[0] << " leads and is not said";
  }
}

// A value in code ("spend_5") that a report shows has words.
TEST_P(Contract, NoCodesAreShown) {
  static const std::regex code("[a-z][a-z0-9]*(_[a-z0-9]+)+");
  std::set<std::string> labelled;
  for (const auto& [value, text] : room_.labels) labelled.insert(value);
  auto look = [&](const std::string& table, const std::string& where) {
    for (const auto& written : room_.writes)
      for (const auto& column : written.columns) {
        if (written.name != table || column.type != danggol::Type::text || column.subject ||
            column.unit == "product")
          continue;
        for (const auto& value : shared(Way::once).texts(
                 fmt::format("SELECT DISTINCT split_part({0}, ':', 1) FROM {1} {2}{3} ORDER BY ALL",
                             column.name, table, where.empty() ? "" : "WHERE ", where)))
          EXPECT_TRUE(labelled.contains(value) || !std::regex_match(value, code))
              << table << "." << column.name << ": " << value;
      }
  };
  for (const auto& chart : room_.charts) look(chart.table, chart.where);
  for (const auto& shown : room_.tables) look(shown.table, shown.where);
}

TEST_P(Contract, ParametersHaveHelpAndLimits) {
  static const std::regex param_name("[a-z][a-z0-9]*(-[a-z0-9]+)*");
  std::set<std::string> seen;
  for (const auto& param : Engine::run_params()) seen.insert(param.name);
  for (const auto& param : room_.params) {
    SCOPED_TRACE(param.name);
    EXPECT_TRUE(std::regex_match(param.name, param_name));
    EXPECT_TRUE(seen.insert(param.name).second) << "twice, or a parameter of every run";
    EXPECT_FALSE(param.help.empty()) << "no words";
    if (param.least || param.type == danggol::ParamType::integer || param.type == danggol::ParamType::real) {
      ASSERT_TRUE(param.least && param.most);
      EXPECT_LT(*param.least, *param.most);
      std::istringstream values(param.default_text);  // one, or a list's
      for (std::string value; std::getline(values, value, ',');)
        EXPECT_TRUE(std::stod(value) >= *param.least && std::stod(value) <= *param.most)
            << "default " << value;
    }
    EXPECT_EQ(param.required, !param.values.empty()) << "what must be given is one of a column's values";
    if (param.required) {
      EXPECT_EQ(param.default_text, "");
    }
    if (param.type == danggol::ParamType::choice) {
      EXPECT_GE(param.choices.size(), 2u);
      EXPECT_EQ(std::count(param.choices.begin(), param.choices.end(), param.default_text), 1)
          << "default " << param.default_text;
    }
  }
}

// Texts that a parameter must refuse.
std::vector<std::string> wrong_texts(const ParamInfo& param) {
  std::vector<std::string> wrong;
  switch (param.type) {
    case ParamType::integer: wrong = {"1.5"}; [[fallthrough]];
    case ParamType::real:
      wrong.insert(wrong.end(), {"", "x", "1x", "nan", "inf", "1e999", fmt::format("{}", *param.least - 1),
                                 fmt::format("{}", *param.most + 1)});
      break;
    case ParamType::boolean: wrong = {"", "maybe", "1"}; break;
    case ParamType::choice: wrong = {"", "no such choice"}; break;
    case ParamType::date: wrong = {"soon", "2023-02-30", "1/2/2023"}; break;
    case ParamType::list:
      if (param.least) wrong = {"x", fmt::format("{}", *param.least - 1), fmt::format("{}", *param.most + 1)};
      break;
    case ParamType::text:
      if (param.required) wrong = {""};
      break;
    case ParamType::group:
      wrong = {"top", "result.rfm", "result.rfm:grade", "run.log:room=rfm", ":=x"};
      break;
    default: ADD_FAILURE() << param.name << ": the suite does not know this type of parameter yet";
  }
  return wrong;
}

TEST_P(Contract, ParametersOutsideTheirLimitsAreRefused) {
  Store store = copy_of(Way::once);
  std::vector<ParamInfo> params = room_.params, run_params = Engine::run_params();
  params.insert(params.end(), run_params.begin(), run_params.end());
  ParamTexts base = needed_params(room_);
  auto engine = store.open(is_job() ? Engine::Access::write : Engine::Access::read);
  ASSERT_TRUE(engine);
  for (const auto& param : params) {
    for (const auto& text : wrong_texts(param)) {
      ParamTexts given = base;
      given[param.name] = text;
      auto outcome = use(*engine, given);
      ASSERT_FALSE(outcome) << param.name << "=" << text;
      EXPECT_EQ(outcome.error().code, Code::bad_input) << param.name << "=" << text;
      EXPECT_TRUE(is_one_line(outcome.error().message) &&
                  outcome.error().message.find(param.name + "=") != std::string::npos)
          << param.name << "=" << text << ": " << outcome.error().message;
    }
  }
  ParamTexts unknown = base;
  unknown["no-such-parameter"] = "1";
  auto outcome = use(*engine, unknown);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::bad_input);
  EXPECT_NE(outcome.error().message.find("no-such-parameter"), std::string::npos) << outcome.error().message;
  if (!base.empty()) {
    auto missing = use(*engine, {});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Code::bad_input);
    EXPECT_NE(missing.error().message.find(base.begin()->first), std::string::npos)
        << missing.error().message;
  }
  engine = Error{};  // closes the store
  EXPECT_EQ(store.read().snapshot(), shared(Way::once).snapshot()) << "what is refused leaves no trace";
}

TEST_P(Contract, DefaultsGivenInWordsAreTheDefaults) {
  if (is_job()) return expect_same(shared(Way::once), repeat().store.read());
  auto answer = shared(Way::once).answer(room_.name, defaults_in_words());
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(same_rows(*answer, said(shared(Way::once))["the answer"]));
}

TEST_P(Contract, WritesWhatItDeclaresAndNothingElse) {
  std::set<std::string> declared;
  for (const auto& table : room_.writes) {
    declared.insert(table.name);
    declared.insert(history_of(table.name));
    std::vector<std::string> columns;
    for (const auto& column : table.columns) columns.push_back(column.name + " " + sql_type(column.type));
    EXPECT_EQ(shared(Way::once).texts(fmt::format(
                  "SELECT column_name || ' ' || data_type FROM information_schema.columns "
                  "WHERE table_catalog = 'danggol' AND table_schema || '.' || table_name = '{}' ORDER BY "
                  "ordinal_position",
                  table.name)),
              columns)
        << table.name;
  }
  if (!is_job()) {
    Store store = copy_of(Way::once);
    ASSERT_TRUE(store.read().answer(room_.name, needed_params(room_)));
    EXPECT_EQ(store.read().snapshot(), shared(Way::once).snapshot());
    return;
  }
  // The engine's part: the record of every run, and what was known of the customers.
  static const std::set<std::string> of_engine = {"run.log",   "run.input", "run.fact", "run.sentence",
                                                  "run.shown", "run.frame", "run.kept", "feature.customer"};
  static const std::set<std::string> of_models = {"model.manifest", "model.blob"};
  std::set<std::string> wrote = written_by(room_.name);
  EXPECT_TRUE(wrote.count("run.log"));
  for (const auto& table : declared)
    EXPECT_TRUE(wrote.count(table)) << table << " is declared and was not written";
  for (const auto& table : wrote)
    EXPECT_TRUE(declared.count(table) || of_engine.count(table) ||
                (of_models.count(table) && !room_.trains.empty()))
        << table << " is not declared and was written";
}

TEST_P(Contract, TheSameSeedGivesTheSameTables) { expect_same(shared(Way::once), shared(Way::again)); }

TEST_P(Contract, TheOrderOfRowsDoesNotMatter) { expect_same(shared(Way::once), shared(Way::shuffled)); }

TEST_P(Contract, TheNumberOfThreadsDoesNotMatter) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "this machine has one processor";
  expect_same(shared(Way::once), shared(Way::one_core));
}

TEST_P(Contract, WhatIsLoadedAfterAsOfChangesNothing) {
  expect_same(shared(Way::once), shared(Way::later_load));
}

TEST_P(Contract, WhatHappensAfterAsOfInTheSameFileChangesNothing) {
  expect_same(shared(Way::once), shared(Way::one_load));
}

// Whether the room depends on a date, by itself or by what it reads.
bool depends_on(const AnalysisInfo& room, const std::string& date) {
  if (std::count(room.dates.begin(), room.dates.end(), date)) return true;
  std::vector<std::string> tables = room.reads;
  tables.insert(tables.end(), room.uses.begin(), room.uses.end());
  return std::any_of(tables.begin(), tables.end(), [&](const std::string& table) {
    const AnalysisInfo* writer = writer_of(table);
    return writer && depends_on(*writer, date);
  });
}

TEST_P(Job, DatesItDoesNotDeclareDoNotMatter) {
  for (const auto& date : room_.dates)
    EXPECT_TRUE(std::count_if(ways().begin(), ways().end(),
                              [&](const auto& way) { return moved_date(way.first) == date; }))
        << date << ": no such date";
  for (const auto& [way, name] : ways()) {
    std::string moved = moved_date(way);
    if (moved.empty() || depends_on(room_, moved)) continue;
    SCOPED_TRACE(moved);
    expect_same(shared(Way::once), shared(way));
  }
}

// No row of a table may meet any of the conditions; `what` says which is which.
struct Never {
  std::vector<std::string> conditions, what;
  void add(const std::string& condition, const std::string& why) {
    conditions.push_back("count(*) FILTER (" + condition + ")");
    what.push_back(why);
  }
  void expect_in(const OpenStore& store, const std::string& table) const {
    if (conditions.empty()) return;
    auto counts = store.numbers(fmt::format("SELECT {} FROM {}", fmt::join(conditions, ", "), table));
    ASSERT_EQ(counts.size(), what.size());
    for (size_t i = 0; i < counts.size(); ++i)
      EXPECT_EQ(counts[i], 0) << "rows of " << table << ": " << what[i];
  }
};

TEST_P(Contract, EstimatesLieWithinTheirBounds) {
  for (const auto& table : room_.writes) {
    std::map<std::string, Type> columns;
    for (const auto& column : table.columns) columns[column.name] = column.type;
    auto is_real = [&](const std::string& name) {
      auto at = columns.find(name);
      return at != columns.end() && (at->second == Type::real || at->second == Type::money);
    };
    Never never;
    for (const auto& column : table.columns) {
      const std::string& name = column.name;
      if (is_real(name)) never.add(fmt::format("isnan({0}) OR isinf({0})", name), name + " is no number");
      if (column.unit == "share" || column.unit == "probability")
        never.add(name + " NOT BETWEEN 0 AND 1", name + " is outside 0..1");
      if (!is_real(name) || !(name.ends_with("_lo") || name.ends_with("_hi"))) continue;
      std::string base = name.substr(0, name.size() - 3);
      ASSERT_TRUE(is_real(base + "_lo") && is_real(base + "_hi"))
          << table.name << "." << name << ": one bound without the other";
      // bounds and value are computed apart: half a unit of the ninth decimal is rounding
      never.add(fmt::format("{0}_lo > {0}_hi + 5e-10", base), base + " has crossed bounds");
      // what 95 % of customers lie within need not hold their mean, which a few large ones make
      if (is_real(base) && column.bounds != "predictive")
        never.add(fmt::format("{0} < {0}_lo - 5e-10 OR {0} > {0}_hi + 5e-10", base),
                  base + " is outside its bounds");
    }
    never.expect_in(shared(Way::once), table.name);
  }
  if (!is_job()) return;
  for (const auto& fact : repeat().run.facts) {
    SCOPED_TRACE(fact.name);
    EXPECT_TRUE(std::isfinite(fact.value));
    EXPECT_EQ(fact.lo.has_value(), fact.hi.has_value());
    if (fact.lo) {
      EXPECT_TRUE(*fact.lo <= fact.value + 5e-10 && fact.value <= *fact.hi + 5e-10)
          << *fact.lo << " " << fact.value << " " << *fact.hi;
    }
    if (fact.unit == "share") {
      EXPECT_TRUE(fact.value >= 0 && fact.value <= 1) << fact.value;
    }
  }
}

TEST_P(Contract, KeysIdentifyRows) {
  for (const auto& table : room_.writes) {
    std::string keys;
    for (const auto& column : table.columns)
      if (column.key) keys += (keys.empty() ? "" : ", ") + column.name;
    EXPECT_EQ(shared(Way::once).number(
                  fmt::format("SELECT count(*) - count(DISTINCT ({})) FROM {}", keys, table.name)),
              0)
        << table.name << " by " << keys;
  }
}

TEST_P(Contract, AnEmptyStoreIsAnErrorInOneLine) {
  Engine engine = must(Store().open(Engine::Access::write));
  auto outcome = use(engine, needed_params(room_));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::no_data);
  EXPECT_TRUE(is_one_line(outcome.error().message)) << outcome.error().message;
  EXPECT_NE(outcome.error().message.find("import"), std::string::npos)
      << "the remedy: " << outcome.error().message;
}

TEST_P(Query, AStoreThatIsNotThereIsAnErrorInOneLine) {
  auto outcome = use(Store(), needed_params(room_));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::not_found);
  EXPECT_TRUE(is_one_line(outcome.error().message)) << outcome.error().message;
}

TEST_P(Job, PrintsNothing) { EXPECT_EQ(repeat().printed, ""); }

TEST_P(Job, AStoppedRunLeavesTheLastGoodResult) {
  int calls = repeat().calls;
  ASSERT_GE(calls, 1) << "a room tells how far it is";
  Store store = copy_of(Way::once);
  std::set<int> stops = {1, (calls + 1) / 2, calls};
  {
    Engine engine = must(store.open(Engine::Access::write));
    for (int stop : stops) {
      int call = 0;
      auto stopped =
          engine.run(room_.name, {{"as-of", as_of}, {"seed", "2"}}, [&](double, std::string_view) -> Status {
            if (++call == stop) return Error{Code::cancelled, "stopped by the test"};
            return {};
          });
      ASSERT_FALSE(stopped) << "stopped at call " << stop << " of " << calls;
      EXPECT_EQ(stopped.error().code, Code::cancelled);
    }
  }
  OpenStore after = store.read();
  expect_unchanged_but_log(shared(Way::once).snapshot(), after.snapshot());
  for (const auto& table : room_.writes)
    EXPECT_TRUE(same_rows(shared(Way::once).csv(table.name), after.csv(table.name))) << table.name;
  EXPECT_EQ(after.number(fmt::format("SELECT count(*) FROM run.log WHERE room = '{}' AND state = 'cancelled' "
                                     "AND error <> '' AND rows_written = 0",
                                     room_.name)),
            static_cast<double>(stops.size()));
}

TEST_P(Job, RunningAgainReplacesTheView) {
  const OpenStore& store = shared(Way::twice);
  auto runs = store.numbers(
      fmt::format("SELECT min(run_id), max(run_id) FROM run.log WHERE room = '{}'", room_.name));
  double first = runs.at(0), second = runs.at(1);
  ASSERT_GT(second, first);
  for (const auto& table : room_.writes) {
    auto of_run = [&](double run) {
      return fmt::format("(SELECT * EXCLUDE (run_id) FROM {} WHERE run_id = {})", history_of(table.name),
                         run);
    };
    auto rows_besides = [&](const std::string& a, const std::string& b) {
      return fmt::format("(SELECT count(*) FROM (FROM {} EXCEPT ALL FROM {}))", a, b);
    };
    auto counts = store.numbers(fmt::format("SELECT {}, {}, {}", rows_besides(table.name, of_run(second)),
                                            rows_besides(of_run(second), table.name),
                                            rows_besides(of_run(first), table.name)));
    ASSERT_EQ(counts.size(), 3u);
    EXPECT_EQ(counts[0], 0) << table.name << ": rows that are not of the newest run";
    EXPECT_EQ(counts[1], 0) << table.name << ": rows of the newest run are missing";
    EXPECT_GT(counts[2], 0) << table.name << ": the run before is not kept, or says the same of another day";
  }
}

TEST_P(Job, KeepsARecord) {
  const OpenStore store = repeat().store.read();
  const RunSummary& run = repeat().run;
  std::string of_run = fmt::format(" WHERE run_id = {}", run.run_id);
  EXPECT_EQ(run.as_of, as_of);
  int64_t all_rows = 0;
  for (const auto& [table, rows] : run.rows_written) all_rows += rows;
  EXPECT_EQ(
      store.text("SELECT concat_ws(' ', room, state, as_of, period_from, period_split, period_until, seed, "
                 "rows_written, "
                 "CASE WHEN version <> '' AND error = '' AND seconds >= 0 THEN 'in full' END) FROM run.log" +
                 of_run),
      fmt::format("{} done {} {} {} {} 1 {} in full", room_.name, as_of, run.from, run.split, run.until,
                  all_rows));
  // every parameter is on record, also those nobody gave
  nlohmann::json expected = nlohmann::json::object();
  for (const auto& param : room_.params) expected[param.name] = param.default_text;
  EXPECT_EQ(nlohmann::json::parse(store.text("SELECT params FROM run.log" + of_run)), expected);

  ASSERT_EQ(run.rows_written.size(), room_.writes.size());
  for (size_t i = 0; i < room_.writes.size(); ++i) {
    EXPECT_EQ(run.rows_written[i].first, room_.writes[i].name);
    EXPECT_EQ(static_cast<double>(run.rows_written[i].second),
              store.number("SELECT count(*) FROM " + room_.writes[i].name));
  }
  EXPECT_EQ(
      store.text(fmt::format(
          "SELECT concat_ws(' ', (SELECT count(*) FROM run.fact{0}), count(*) FILTER (kind = 'sentence'), "
          "count(*) FILTER (kind = 'warning')) FROM run.sentence{0}",
          of_run)),
      fmt::format("{} {} {}", run.facts.size(), run.sentences.size(), run.warnings.size()));

  // which runs it read: those that wrote what it reads and uses
  std::set<std::string> inputs;
  std::vector<std::string> tables = room_.reads;
  tables.insert(tables.end(), room_.uses.begin(), room_.uses.end());
  for (const auto& table : tables)
    if (const AnalysisInfo* writer = writer_of(table))
      inputs.insert(fmt::format(
          "{} {}", table,
          store.number(fmt::format("SELECT max(run_id) FROM run.log WHERE room = '{}'", writer->name))));
  auto recorded = store.texts("SELECT table_name || ' ' || read_run_id FROM run.input" + of_run);
  EXPECT_EQ(std::set<std::string>(recorded.begin(), recorded.end()), inputs);
}

TEST_P(Job, WhatARunRecordsCanBeReplayed) {
  std::string of_room =
      fmt::format(" FROM run.log WHERE room = '{}' ORDER BY run_id DESC LIMIT 1", room_.name);
  auto recorded = nlohmann::json::parse(shared(Way::twice).text("SELECT params" + of_room));
  ParamTexts params = recorded.get<ParamTexts>();
  for (auto [name, column] :
       {std::pair("as-of", "as_of"), std::pair("from", "period_from"), std::pair("split", "period_split"),
        std::pair("until", "period_until"), std::pair("seed", "seed")})
    params[name] = shared(Way::twice).text(fmt::format("SELECT {}::VARCHAR{}", column, of_room));
  ASSERT_EQ(params["as-of"], earlier_as_of);
  Store store = copy_of(Way::twice);
  auto outcome = use(store, params);
  ASSERT_TRUE(outcome) << outcome.error().message;
  expect_same(shared(Way::twice), store.read());
}

TEST_P(Reader, RefusesAResultOfAnotherDay) {
  auto results = read_results();
  Store store = copy_of(Way::once);
  auto refused = use(store, {{"as-of", earlier_as_of}});
  ASSERT_FALSE(refused) << "it read what was computed as of a later day";
  EXPECT_TRUE(is_one_line(refused.error().message));
  if (!results.empty()) {
    EXPECT_EQ(refused.error().code, Code::conflict) << refused.error().message;
    EXPECT_NE(refused.error().message.find("run " + writer_of(results[0])->name), std::string::npos)
        << "the remedy: " << refused.error().message;
  }
  expect_unchanged_but_log(shared(Way::once).snapshot(), store.read().snapshot());
}

TEST_P(Reader, RefusesToRunBeforeWhatItReads) {
  auto results = read_results();
  Store store = copy_of(Way::imported);
  auto refused = use(store, {{"as-of", as_of}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::not_found) << refused.error().message;
  std::string first = results.empty() ? "" : writer_of(results[0])->name;
  EXPECT_NE(refused.error().message.find("run " + first), std::string::npos)
      << "the remedy: " << refused.error().message;
}

template <class Condition>
auto rooms_that(Condition condition) {
  std::vector<std::string> out;
  for (const auto& room : rooms())
    if (condition(room)) out.push_back(room.name);
  return testing::ValuesIn(out);
}

std::string test_name(const testing::TestParamInfo<std::string>& test) {
  std::string name = test.param;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Every, Stores, testing::ValuesIn(ways()),
                         [](const auto& test) { return test.param.second; });
INSTANTIATE_TEST_SUITE_P(Every, Contract, rooms_that([](const auto&) { return true; }), test_name);
INSTANTIATE_TEST_SUITE_P(Every, Job, rooms_that([](const auto& room) { return room.kind == Kind::job; }),
                         test_name);
INSTANTIATE_TEST_SUITE_P(Every, Query, rooms_that([](const auto& room) { return room.kind == Kind::query; }),
                         test_name);
INSTANTIATE_TEST_SUITE_P(Every, Reader, rooms_that([](const auto& room) {
                           return std::any_of(room.reads.begin(), room.reads.end(),
                                              [](const auto& table) { return !table.starts_with("raw."); });
                         }),
                         test_name);

}  // namespace
}  // namespace danggol::contract
