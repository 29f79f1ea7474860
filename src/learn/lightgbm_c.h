// The functions of LightGBM's C API (4.x) that we call, declared by ourselves: its wheel carries the library
// without a header. Every function answers 0, or -1 with LGBM_GetLastError.
#pragma once

#include <cstdint>

extern "C" {
using LightgbmDataset = void*;
using LightgbmBooster = void*;
inline constexpr int lightgbm_float32 = 0, lightgbm_float64 = 1;
inline constexpr int lightgbm_predict_normal = 0, lightgbm_importance_gain = 1;

const char* LGBM_GetLastError();
int LGBM_RegisterLogCallback(void (*callback)(const char*));
int LGBM_DatasetCreateFromMat(const void* data, int data_type, int32_t rows, int32_t columns,
                              int is_row_major, const char* parameters, LightgbmDataset reference,
                              LightgbmDataset* out);
int LGBM_DatasetSetField(LightgbmDataset dataset, const char* field, const void* data, int elements,
                         int type);
int LGBM_DatasetFree(LightgbmDataset dataset);
int LGBM_BoosterCreate(LightgbmDataset train, const char* parameters, LightgbmBooster* out);
int LGBM_BoosterLoadModelFromString(const char* model, int* iterations, LightgbmBooster* out);
int LGBM_BoosterFree(LightgbmBooster booster);
int LGBM_BoosterUpdateOneIter(LightgbmBooster booster, int* is_finished);
int LGBM_BoosterSaveModelToString(LightgbmBooster booster, int start, int iterations, int importance,
                                  int64_t buffer_length, int64_t* out_length, char* out);
int LGBM_BoosterPredictForMat(LightgbmBooster booster, const void* data, int data_type, int32_t rows,
                              int32_t columns, int is_row_major, int predict_type, int start, int iterations,
                              const char* parameters, int64_t* out_length, double* out);
int LGBM_BoosterFeatureImportance(LightgbmBooster booster, int iterations, int importance, double* out);
}
