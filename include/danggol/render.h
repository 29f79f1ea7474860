// What the engine answers, as text for people and JSON for programs.
#pragma once

#include <string>
#include <vector>

#include "danggol/engine.h"

namespace danggol {

std::string to_json(const std::vector<AnalysisInfo>& analyses);
std::string to_json(const AnalysisInfo& analysis);
std::string to_json(const std::vector<FileSummary>& files);
std::string to_json(const std::vector<LoadSummary>& loads);
std::string to_json(const std::vector<Setting>& settings);
std::string to_json(const UnloadSummary& unloaded);
std::string to_json(const ForgetSummary& forgotten);
std::string to_json(const SuppressSummary& suppressed);
std::string to_json(const ConsentSummary& consents);
std::string to_json(const RunSummary& run);
std::string to_json(const PipelineSummary& pipeline);

std::string to_text(const std::vector<AnalysisInfo>& analyses, Language language);
std::string to_text(const AnalysisInfo& analysis, Language language);
std::string to_text(const std::vector<FileSummary>& files, Language language);
std::string to_text(const std::vector<LoadSummary>& loads, Language language);
std::string to_text(const std::vector<Setting>& settings, Language language);
std::string to_text(const UnloadSummary& unloaded, Language language);
std::string to_text(const ForgetSummary& forgotten, Language language);
std::string to_text(const SuppressSummary& suppressed, Language language);
std::string to_text(const ConsentSummary& consents, Language language);
std::string to_text(const RunSummary& run, Language language);
std::string to_text(const PipelineSummary& pipeline, Language language);

}  // namespace danggol
