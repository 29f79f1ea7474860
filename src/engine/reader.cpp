#include "engine/reader.h"

#include "engine/results.h"

namespace danggol::engine {

Reader::Reader(store::Connection connection) : connection_(std::move(connection)), busy_(stop, connection_) {}

Result<std::shared_ptr<Reader>> Reader::open(const store::Database& database, Keeper& keeper,
                                             std::optional<double> seconds) {
  auto reader = std::make_shared<Reader>(TRY(database.connect()));
  if (seconds)
    reader->deadline_ =
        std::chrono::steady_clock::now() +
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::duration<double>(*seconds));
  keeper.keep(reader);
  return reader;
}

// The views are made before the reading begins, for it writes nothing; were other runs shown meanwhile, they
// are made again.
Status Reader::begin() {
  for (;;) {
    Shown shown = TRY(read_shown(connection_));
    TRY(show_results(connection_, shown));
    TRY(connection_.execute("BEGIN TRANSACTION READ ONLY"));
    if (TRY(read_shown(connection_)) == shown) return {};
    TRY(connection_.rollback());
  }
}

void Reader::tend(Time now) {
  if (deadline_ && now > *deadline_) {
    is_late_ = true;
    stop.request();
  }
  stop.press();
}

}  // namespace danggol::engine
