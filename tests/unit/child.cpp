// What a test needs another process for:
//   unit_child hold STORE    opens the store to write, prints "open", keeps it until standard input ends
//   unit_child gbdt          prints the digest of a model trained with a fixed seed
#include <cstdio>
#include <iostream>
#include <string>

#include "base/digest.h"
#include "easy_problem.h"
#include "learn/gbdt_lightgbm.h"
#include "store/database.h"

int main(int argc, char** argv) {
  using namespace danggol;
  std::string what = argc > 1 ? argv[1] : "";
  if (what == "hold" && argc == 3) {
    auto database = store::Database::open(argv[2], store::Access::read_write);
    std::puts(database ? "open" : database.error().message.c_str());
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) continue;
    return database ? 0 : 1;
  }
  if (what == "gbdt") {
    EasyProblem problem(2'000, 1);
    auto model =
        learn::train_lightgbm(problem.features, problem.labels, EasyProblem::classes, {.rounds = 40}, 7);
    if (!model) return 1;
    std::puts(digest(model->text()).c_str());
    return 0;
  }
  return 2;
}
