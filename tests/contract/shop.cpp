#include "shop.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <vector>

#include "base/random.h"
#include "must.h"
#include "simulate/shop.h"
#include "temp_folder.h"

namespace danggol::contract {
namespace {

namespace fs = std::filesystem;

void write_rows(const std::string& path, const std::string& header, const std::vector<std::string>& rows) {
  std::string part = fmt::format("{}.{}", path, ::getpid());
  std::ofstream file(part, std::ios::binary);
  file << header << '\n';
  for (const auto& row : rows) file << row << '\n';
  file.close();
  if (!file) throw std::runtime_error(part + ": cannot be written");
  fs::rename(part, path);
}

std::vector<std::string> split(const std::string& row) {
  std::vector<std::string> fields(1);
  for (char c : row)
    if (c == ',') fields.emplace_back();
    else fields.back() += c;
  return fields;
}

// The simulated shop knows neither a payment service nor affiliates. With them: some customers pay with it
// where they buy, and some of their days also hold a stay, a film, or a payment where nobody has a receipt.
void add_payments(const std::string& header, std::vector<std::string>& rows) {
  std::vector<std::string> columns = split(header), added;
  auto at = [&](const char* name) {
    return static_cast<size_t>(std::find(columns.begin(), columns.end(), name) - columns.begin());
  };
  for (const auto& row : rows) {
    auto purchase = split(row);
    if (purchase[at("action")] != "purchase") continue;
    auto add = [&](const char* action, const char* partner, const std::string& receipt) {
      auto event = purchase;
      event[at("action")] = action, event[at("receipt_id")] = receipt;
      if (*partner) event[at("partner")] = partner;
      for (const char* name : {"product_id", "product_name", "quantity", "price"}) event[at(name)].clear();
      added.push_back(fmt::format("{}", fmt::join(event, ",")));
    };
    std::string receipt = purchase[at("receipt_id")];
    std::hash<std::string> lot;
    if (lot(receipt) % 100 < lot(purchase[at("customer_id")]) % 3 * 40) add("pay", "", receipt);
    if (lot(receipt) % 17 == 0) add("partner_use", lot(receipt) % 2 ? "호텔" : "영화관", "u" + receipt);
    if (lot(receipt) % 23 == 0) add("pay", "송금", "p" + receipt);
  }
  rows.insert(rows.end(), added.begin(), added.end());
}

// On the first day of every month each customer there was gets a coupon, a gift or nothing, by known chances.
void write_exposures(const std::vector<std::string>& events, const ShopFiles& files) {
  std::map<std::string, std::string> first_day;  // by customer; events are by time
  for (const auto& row : events) first_day.emplace(split(row)[0], split(row)[1].substr(0, 10));
  std::vector<std::string> before, after;
  for (const char* day : {"2024-07-01", "2024-08-01", "2024-09-01", "2024-10-01", "2024-11-01", "2024-12-01",
                          "2025-01-01", as_of}) {
    for (const auto& [customer, first] : first_day) {
      if (first >= day) continue;
      uint64_t lot = mix(std::hash<std::string>()(customer + day)) % 10;
      (day == std::string(as_of) ? after : before)
          .push_back(fmt::format("{},{},{}", customer, day,
                                 lot < 4   ? "none,0.4"
                                 : lot < 7 ? "coupon,0.3"
                                           : "gift,0.3"));
    }
  }
  const char* header = "customer_id,ts,offer,propensity";
  write_rows(files.exposures, header, before);
  write_rows(files.later_exposures, header, after);
}

// A third of the products each in one of three categories.
void write_goods(const std::string& header, const std::vector<std::string>& rows, const ShopFiles& files) {
  std::vector<std::string> columns = split(header), goods;
  auto at = static_cast<size_t>(std::find(columns.begin(), columns.end(), "product_id") - columns.begin());
  std::set<std::string> products;
  for (const auto& row : rows) products.insert(split(row)[at]);
  products.erase("");
  for (const auto& product : products)
    goods.push_back(fmt::format("{},class {},{}", product, std::hash<std::string>()(product) % 3, 50'000));
  write_rows(files.goods, "product_id,category,list_price", goods);
}

}  // namespace

ShopFiles shop_files(const std::string& folder) {
  auto file = [&](const char* name) { return folder + "/" + name; };
  return {file("before.csv"),    file("shuffled.csv"),        file("after.csv"), file("all.csv"),
          file("exposures.csv"), file("later_exposures.csv"), file("goods.csv")};
}

void write_shop_files(const std::string& folder) {
  fs::create_directories(folder);
  ShopFiles files = shop_files(folder);
  ShopOptions options;
  options.customers = 260;
  options.months = 26;
  TempFolder simulated;
  must(simulate_shop(options, simulated.path("shop"), nullptr));
  std::ifstream stream(simulated.path("shop/events.csv"));
  std::string header;
  std::getline(stream, header);
  std::vector<std::string> before, after, all;
  for (std::string row; std::getline(stream, row);) all.push_back(row);
  write_exposures(all, files);
  add_payments(header, all);
  for (const auto& row : all) (split(row)[1] < as_of ? before : after).push_back(row);
  if (before.empty() || after.empty())
    throw std::runtime_error("the shop has no events on one side of as_of");
  write_rows(files.before, header, before);
  write_rows(files.after, header, after);
  write_rows(files.all, header, all);
  write_goods(header, before, files);
  Random random(7);
  for (size_t i = before.size(); i > 1; --i) std::swap(before[i - 1], before[random.below(i)]);
  write_rows(files.shuffled, header, before);
}

}  // namespace danggol::contract
