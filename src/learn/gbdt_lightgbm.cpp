#include "learn/gbdt_lightgbm.h"

#include <fmt/core.h>

#include <memory>

#include "base/assert.h"
#include "learn/lightgbm_c.h"
#include "learn/model_text.h"

namespace danggol::learn {
namespace {

Error failed() { return {Code::internal, fmt::format("LightGBM: {}", LGBM_GetLastError())}; }

#define LIGHTGBM(call)                \
  do {                                \
    if ((call) != 0) return failed(); \
  } while (false)

struct FreeBooster {
  void operator()(void* booster) const { LGBM_BoosterFree(booster); }
};
struct FreeDataset {
  void operator()(void* dataset) const { LGBM_DatasetFree(dataset); }
};
using Booster = std::unique_ptr<void, FreeBooster>;
using Dataset = std::unique_ptr<void, FreeDataset>;

void quiet(const char*) {}

}  // namespace

Result<Gbdt> train_lightgbm(const Matrix& features, const std::vector<int32_t>& labels, int32_t classes,
                            const GbdtParams& p, uint64_t seed, const std::vector<float>& weights,
                            const std::vector<double>& start) {
  DANGGOL_ASSERT(features.rows() == labels.size());
  DANGGOL_ASSERT(weights.empty() || weights.size() == labels.size());
  DANGGOL_ASSERT(start.empty() || start.size() == labels.size() * static_cast<size_t>(classes));
  if (features.rows() < 2)  // LightGBM would print before it throws
    return Error{Code::no_data, fmt::format("rows to learn from = {}: must be 2 or more", features.rows())};
  LGBM_RegisterLogCallback(quiet);
  // One thread: callers train several models side by side, and a spinning OpenMP team would fight them. With
  // deterministic and force_col_wise sums are taken in one order anyhow.
  std::string parameters = fmt::format(
      "objective=multiclass num_class={} num_leaves={} min_data_in_leaf={} learning_rate={} "
      "feature_fraction={} "
      "bagging_fraction={} bagging_freq=1 lambda_l1={} lambda_l2={} max_bin={} seed={} deterministic=true "
      "force_col_wise=true num_threads=1 verbosity=-1 feature_pre_filter=false",
      classes, p.leaves, p.least_rows_in_leaf, p.learning_rate, p.column_share, p.row_share, p.l1, p.l2,
      p.bins, seed % 1'000'000'007);
  LightgbmDataset dataset_handle = nullptr;
  LIGHTGBM(LGBM_DatasetCreateFromMat(
      features.values.data(), lightgbm_float64, static_cast<int32_t>(features.rows()),
      static_cast<int32_t>(features.columns()), 1, parameters.c_str(), nullptr, &dataset_handle));
  Dataset dataset(dataset_handle);
  std::vector<float> targets(labels.begin(), labels.end());
  LIGHTGBM(LGBM_DatasetSetField(dataset.get(), "label", targets.data(), static_cast<int>(targets.size()),
                                lightgbm_float32));
  if (!weights.empty())
    LIGHTGBM(LGBM_DatasetSetField(dataset.get(), "weight", weights.data(), static_cast<int>(weights.size()),
                                  lightgbm_float32));
  if (!start.empty())
    LIGHTGBM(LGBM_DatasetSetField(dataset.get(), "init_score", start.data(), static_cast<int>(start.size()),
                                  lightgbm_float64));
  LightgbmBooster booster_handle = nullptr;
  LIGHTGBM(LGBM_BoosterCreate(dataset.get(), parameters.c_str(), &booster_handle));
  Booster booster(booster_handle);
  for (int32_t round = 0; round < p.rounds; ++round) {
    int finished = 0;
    LIGHTGBM(LGBM_BoosterUpdateOneIter(booster.get(), &finished));
    if (finished) break;
  }
  int64_t bytes = 0;
  LIGHTGBM(LGBM_BoosterSaveModelToString(booster.get(), 0, -1, lightgbm_importance_gain, 0, &bytes, nullptr));
  std::string text(static_cast<size_t>(bytes), '\0');
  LIGHTGBM(LGBM_BoosterSaveModelToString(booster.get(), 0, -1, lightgbm_importance_gain, bytes, &bytes,
                                         text.data()));
  ModelText read(text);  // after the trees come the parameters of the training: nothing that predicts
  auto model = Gbdt::read(read, features.columns(), classes);
  if (!model) return Error{Code::internal, fmt::format("LightGBM's model: {}", model.error().message)};
  return model;
}

}  // namespace danggol::learn
