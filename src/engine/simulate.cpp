// The simulators as the engine offers them: names, parameters, one call.
#include <fmt/format.h>

#include "contract/params.h"
#include "danggol/engine.h"
#include "engine/said.h"
#include "simulate/lpoint.h"
#include "simulate/shop.h"

namespace danggol {
namespace {

struct ShopParams {
  int64_t customers = 3'000, months = 24, seed = 1;
  double growth = 0, cohort_share = 0, cohort_hazard_factor = 1, one_time_share = 0;
  double rate_drift = 1, hazard_drift = 1;
  std::string cohort_month;
  std::vector<double> season;
  std::vector<std::string> closed;
};

ParamTable<ShopParams> shop_params() {
  ParamTable<ShopParams> table;
  table.integer("customers", &ShopParams::customers, {1, 200'000}, "customers")
      .integer("months", &ShopParams::months, {2, 120}, "months")
      .integer("seed", &ShopParams::seed, {0, 9e15}, "")
      .real("growth", &ShopParams::growth, {0, 10}, "")
      .text("cohort-month", &ShopParams::cohort_month)
      .real("cohort-share", &ShopParams::cohort_share, {0, 1}, "")
      .real("cohort-hazard-factor", &ShopParams::cohort_hazard_factor, {0.1, 100}, "")
      .real("one-time-share", &ShopParams::one_time_share, {0, 1}, "")
      .reals("season", &ShopParams::season, {0.1, 10}, "")
      .real("rate-drift", &ShopParams::rate_drift, {0.5, 2}, "")
      .real("hazard-drift", &ShopParams::hazard_drift, {0.5, 2}, "")
      .texts("closed", &ShopParams::closed);
  return table;
}

Result<Date> month_of(const std::string& name, const std::string& text) {
  auto first = text.size() == 7 ? parse_date(text + "-01") : std::nullopt;
  if (first) return *first;
  return Error{Code::bad_input, fmt::format("{}={}: must be a month, such as 2024-02", name, text)};
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
  options.growth = params.growth;
  options.cohort_share = params.cohort_share;
  options.cohort_hazard_factor = params.cohort_hazard_factor;
  if (!params.cohort_month.empty()) options.cohort_month = TRY(month_of("cohort-month", params.cohort_month));
  options.one_time_share = params.one_time_share;
  options.season = params.season;
  options.rate_drift = params.rate_drift;
  options.hazard_drift = params.hazard_drift;
  for (const std::string& month : params.closed) options.closed.push_back(TRY(month_of("closed", month)));
  return simulate_shop(options, out_dir, progress);
}

struct LpointParams {
  int64_t customers = 29'756, seed = 1;
  bool offers = false;
};

ParamTable<LpointParams> lpoint_params() {
  ParamTable<LpointParams> table;
  table.integer("customers", &LpointParams::customers, {1, 10e6}, "customers")
      .integer("seed", &LpointParams::seed, {0, 9e15}, "")
      .flag("offers", &LpointParams::offers);
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
  auto info = [](const std::string& name, std::vector<ParamInfo> params) {
    std::string words = "simulator." + name;
    return SimulatorInfo{name, engine::own_words(words + ".title"),
                         engine::with_help(std::move(params), words + ".parameter.")};
  };
  return {info("shop", shop_params().info()), info("lpoint", lpoint_params().info())};
}

Status Engine::simulate(const std::string& name, ParamTexts params, const std::string& out_dir,
                        const Progress& progress) {
  if (name == "shop") return shop(std::move(params), out_dir, progress);
  if (name == "lpoint") return lpoint(std::move(params), out_dir, progress);
  return Error{Code::not_found,
               fmt::format("simulate {}: no such simulator; there are shop and lpoint", name)};
}

}  // namespace danggol
