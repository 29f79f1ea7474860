// A shop of a few hundred customers in a store of its own, and what the tests ask of it.
#pragma once

#include <string>
#include <vector>

#include "danggol/engine.h"
#include "must.h"
#include "temp_folder.h"

namespace danggol {

class SmallShop {
 public:
  SmallShop();  // its events imported
  const std::string& store() const { return store_; }
  const TempFolder& folder() const { return folder_; }
  Engine open(Engine::Access access) const { return must(Engine::open(store_, access)); }
  // A file of events of one customer on a day of the shop's last months, another one for every number.
  std::string more_events(int number, const char* day = "2024-11-05") const;

 private:
  TempFolder folder_;
  std::string store_;
};

inline const Progress silent = [](double, std::string_view) { return Status(); };

// What must be empty in whatever a reader sees: runs shown together that do not rest on each other, or of
// whose rows some are missing.
inline constexpr const char* contradictions = R"(
  SELECT 'of other inputs', i.run_id FROM run.shown s JOIN run.input i USING (run_id)
    JOIN run.log r ON r.run_id = i.read_run_id JOIN run.shown t ON t.room = r.room
    JOIN run.log u ON u.run_id = t.run_id WHERE u.fingerprint <> r.fingerprint
  UNION ALL
  SELECT 'on what is not shown', i.run_id FROM run.shown s JOIN run.input i USING (run_id)
    JOIN run.log r ON r.run_id = i.read_run_id WHERE r.room NOT IN (SELECT room FROM run.shown)
  UNION ALL
  SELECT 'not done', s.run_id FROM run.shown s LEFT JOIN run.log r USING (run_id)
    WHERE r.state IS DISTINCT FROM 'done'
  UNION ALL
  SELECT 'rows of rfm', s.run_id FROM run.shown s JOIN run.log r USING (run_id)
    WHERE s.room = 'rfm' AND r.rows_written <> (SELECT count(*) FROM history.rfm h WHERE h.run_id = s.run_id)
      + (SELECT count(*) FROM history.rfm_histogram h WHERE h.run_id = s.run_id)
)";

// Rows of a SELECT as CSV, without its first line.
std::string rows(Engine& engine, const std::string& select);
// Every table of results in one store is that of the other.
void expect_same_results(Engine& one, Engine& other);
// The bytes of a file.
std::string text_of(const std::string& path);
// The rows a cursor gives to its end.
int64_t count_rows(Cursor& cursor);

}  // namespace danggol
