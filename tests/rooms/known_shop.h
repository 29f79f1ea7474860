// One simulated shop with its truth, imported and run through the whole pipeline once for all room tests.
#pragma once

#include <string>

#include "contract/table.h"
#include "danggol/engine.h"

namespace danggol::test {

struct KnownShop {
  std::string folder;  // events.csv, truth/
  std::string store;   // its store after the pipeline
};
const KnownShop& known_shop();

// A copy of its store that a test may write to.
std::string copy_of_store();

// A store with a marketplace's events, and nothing run: 1,500 sellers, seller k of whom sold k times for 10
// over two years; who bought from the first ones left after the first of the last two half years.
constexpr int marketplace_sellers = 1'500;
std::string marketplace();

Table query(const std::string& store, const std::string& sql);
void execute(const std::string& store, const std::string& sql);  // what no import would write
RunSummary run(const std::string& store, const std::string& room, ParamTexts params = {});
Status try_run(const std::string& store, const std::string& room, ParamTexts params = {});

}  // namespace danggol::test
