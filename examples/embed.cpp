// danggol inside another program: opens a store, imports, starts two jobs, streams a table while one of them
// runs, and cancels the other.
//
//   embed EVENTS.csv STORE.duckdb
#include <cstdio>
#include <string>

#include "danggol/engine.h"

using namespace danggol;

namespace {

int fail(const Error& error) {
  std::fprintf(stderr, "embed: %s: %s\n", name(error.code), error.message.c_str());
  return exit_status(error.code);
}

Status embed(const std::string& events, const std::string& store) {
  Engine engine = TRY(Engine::open(store, Engine::Access::write));
  for (const FileSummary& file : TRY(engine.import({.preset = "events", .paths = {events}}, nullptr)))
    std::printf("imported %lld rows\n", static_cast<long long>(file.rows_loaded));

  // One after the other, by a thread of the engine's own.
  Job grades = engine.start(RunRequest{"rfm", {}});
  Job forecast = engine.start(RunRequest{"grade_forecast.train", {}});

  // Meanwhile: rows as Arrow has them, some thousand at a time.
  Cursor cursor = TRY(engine.table("raw.event"));
  long long rows = 0;
  for (ArrowArray chunk; TRY(cursor.next(chunk)); chunk.release(&chunk)) rows += chunk.length;
  std::printf("streamed %lld events, the forecast is %s\n", rows, name(forecast.state()));

  forecast.cancel();
  auto trained = forecast.wait();
  std::printf("the forecast: %s\n", trained ? "done before" : name(trained.error().code));

  auto summary = std::get<RunSummary>(TRY(grades.wait()));
  for (const Text& sentence : summary.sentences) std::printf("%s\n", sentence.in(Language::en).c_str());
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: embed EVENTS.csv STORE.duckdb\n");
    return 2;
  }
  Status outcome = embed(argv[1], argv[2]);
  return outcome ? 0 : fail(outcome.error());
}
