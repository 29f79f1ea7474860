// The simulators as the engine offers them: names, parameters, one call.
#include <fmt/format.h>

#include "contract/params.h"
#include "danggol/engine.h"
#include "simulate/lpoint.h"
#include "simulate/shop.h"

namespace danggol {
namespace {

struct ShopParams {
  int64_t customers = 3'000, months = 24, seed = 1;
};

ParamTable<ShopParams> shop_params() {
  ParamTable<ShopParams> table;
  table.integer("customers", &ShopParams::customers, {1, 200'000}, "customers", "how many there ever are")
      .integer("months", &ShopParams::months, {2, 120}, "months", "of history")
      .integer("seed", &ShopParams::seed, {0, 9e15}, "", "the same seed gives the same shop");
  return table;
}

Status shop(ParamTexts texts, const std::string& out_dir, const Progress& progress) {
  ShopParams params;
  TRY(shop_params().read(texts, params));
  if (!texts.empty())
    return Error{Code::bad_input, fmt::format("simulate shop: no parameter --{}", texts.begin()->first)};
  ShopOptions options;
  options.customers = static_cast<int32_t>(params.customers);
  options.months = static_cast<int32_t>(params.months);
  options.seed = static_cast<uint64_t>(params.seed);
  return simulate_shop(options, out_dir, progress);
}

struct LpointParams {
  int64_t customers = 29'756, seed = 1;
  bool offers = false;
};

ParamTable<LpointParams> lpoint_params() {
  ParamTable<LpointParams> table;
  table.integer("customers", &LpointParams::customers, {1, 10e6}, "customers", "of the loyalty programme")
      .integer("seed", &LpointParams::seed, {0, 9e15}, "", "the same seed gives the same programme")
      .flag("offers", &LpointParams::offers, "adds randomised coupon exposures with their propensity");
  return table;
}

Status lpoint(ParamTexts texts, const std::string& out_dir, const Progress& progress) {
  LpointParams params;
  TRY(lpoint_params().read(texts, params));
  if (!texts.empty())
    return Error{Code::bad_input, fmt::format("simulate lpoint: no parameter --{}", texts.begin()->first)};
  LpointOptions options;
  options.customers = static_cast<int32_t>(params.customers);
  options.seed = static_cast<uint64_t>(params.seed);
  options.offers = params.offers;
  return simulate_lpoint(options, out_dir, progress);
}

}  // namespace

std::vector<SimulatorInfo> Engine::simulators() {
  return {{"shop",
           {"a small Korean shop with known truth: events.csv and truth/",
            "정답을 아는 작은 한국 상점: events.csv와 truth/"},
           shop_params().info()},
          {"lpoint",
           {"a loyalty programme of six tables with known truth", "정답을 아는 로열티 프로그램의 여섯 개 표"},
           lpoint_params().info()}};
}

Status Engine::simulate(const std::string& name, ParamTexts params, const std::string& out_dir,
                        const Progress& progress) {
  if (name == "shop") return shop(std::move(params), out_dir, progress);
  if (name == "lpoint") return lpoint(std::move(params), out_dir, progress);
  return Error{Code::not_found,
               fmt::format("simulate {}: no such simulator; there are shop and lpoint", name)};
}

}  // namespace danggol
