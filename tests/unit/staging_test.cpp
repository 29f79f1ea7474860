// What an import puts aside before it is in the store, and files read side by side.
#include "ingest/staging.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <thread>

#include "ingest/import.h"
#include "ingest/spool.h"
#include "must.h"
#include "temp_folder.h"

namespace danggol::ingest {
namespace {

TEST(Spool, GivesBackWhatWasKeptInMemoryAndBeyond) {
  TempFolder folder;
  for (size_t memory : {size_t{0}, size_t{1'000}, size_t{1} << 20}) {
    Spool spool(folder.path(""), memory);
    auto block = [](size_t i) { return std::string(1 + i * 37 % 200, static_cast<char>('a' + i % 26)); };
    std::vector<std::vector<size_t>> numbers(3, std::vector<size_t>(100));
    std::vector<std::thread> threads;
    for (size_t t = 0; t < numbers.size(); ++t)
      threads.emplace_back([&, t] {
        for (size_t i = 0; i < numbers[t].size(); ++i) numbers[t][i] = must(spool.keep(block(t * 1'000 + i)));
      });
    for (auto& thread : threads) thread.join();
    std::string buffer;
    for (size_t t = 0; t < numbers.size(); ++t)
      for (size_t i = 0; i < numbers[t].size(); ++i)
        ASSERT_EQ(must(spool.read(numbers[t][i], buffer)), block(t * 1'000 + i)) << memory;
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path(""))) << "its file has no name";
}

TEST(Spool, WhereNoFileCanBeIsAnError) {
  Spool spool("/no/such/folder", 10);
  EXPECT_TRUE(spool.keep("fits"));
  EXPECT_FALSE(spool.keep("fits no more"));
}

TEST(PairCounts, CountsEveryPair) {
  PairCounts counts;
  EXPECT_EQ(counts.usual(7), -1);
  std::map<std::pair<int32_t, int32_t>, int64_t> expected, got;
  for (int32_t i = 0; i < 1'000; ++i) {
    counts.add(i % 13, i % 7);
    ++expected[{i % 13, i % 7}];
  }
  counts.each([&](int32_t first, int32_t second, int64_t count) { got[{first, second}] += count; });
  EXPECT_EQ(got, expected);
  EXPECT_EQ(counts.usual(3), 3);
}

// Of several files that cannot be read the first one is told, however fast the others are.
TEST(ImportFiles, TheFirstOfSeveralBadFilesIsTheError) {
  TempFolder folder;
  std::string rows = "customer_id,ts,amount\n";
  for (int i = 0; i < 20'000; ++i) rows += "c" + std::to_string(i % 500) + ",2021-01-01 10:00,5\n";
  std::vector<std::string> paths = {folder.write("1.csv", rows),
                                    folder.write("2.csv", rows + "c1,2021-01-02,7\n"),
                                    folder.write("3.csv", "a,b\n1,2\n"), folder.write("4.csv", "")};
  auto database = must(store::Database::open(":memory:", store::Access::read_write));
  auto connection = must(database.connect());
  auto quiet = [](double, std::string_view) { return Status(); };
  for (int round = 0; round < 20; ++round) {
    auto reports = import(connection, paths, guessing(), {}, quiet);
    ASSERT_FALSE(reports);
    EXPECT_NE(reports.error().message.find("3.csv"), std::string::npos) << reports.error().message;
  }
  EXPECT_EQ(must(connection.integer("SELECT count(*) FROM raw.event")), 0);
  paths.resize(2);
  must(import(connection, paths, guessing(), {.on_overlap = OnOverlap::keep}, quiet));
  EXPECT_EQ(must(connection.integer("SELECT count(*) FROM raw.event WHERE event_id % 20000 % 500 = "
                                    "(SELECT substr(customer_id, 2)::INTEGER FROM raw.customer c WHERE "
                                    "c.customer_no = event.customer_no)")),
            40'000)
      << "event ids in the order of the rows; the last of the second file is another customer's";
}

// What a file says of its customers is one row each, whichever threads read their rows.
TEST(ImportFiles, WhatALoadSaysIsTheSameEveryTime) {
  TempFolder folder;
  std::string rows = "customer_id,ts,amount,region\n";
  for (int i = 0; i < 100'000; ++i)
    rows += fmt::format("c{},2021-01-01 10:00,5,{}\n", i % 500, i % 7 == 0 ? "Seoul" : "Busan");
  std::string path = folder.write("shop.csv", rows);
  auto quiet = [](double, std::string_view) { return Status(); };
  for (int round = 0; round < 5; ++round) {
    auto database = must(store::Database::open(":memory:", store::Access::read_write));
    auto connection = must(database.connect());
    must(import(connection, {path}, guessing(), {}, quiet));
    EXPECT_EQ(must(connection.integer("SELECT count(*) FROM raw.property")), 1'000);
    EXPECT_EQ(must(connection.integer("SELECT sum(rows)::BIGINT FROM raw.property")), 100'000);
    EXPECT_EQ(must(connection.integer("SELECT sum(rows)::BIGINT FROM raw.property WHERE value = 'Seoul'")),
              14'286);
  }
}

}  // namespace
}  // namespace danggol::ingest
