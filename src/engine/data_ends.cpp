#include "engine/data_ends.h"

#include "engine/data_ends.sql.h"
#include "engine/words.h"

namespace danggol::engine {

namespace words = engine_words;

Sentence calendar_not_read(const std::string& why, Date as_of) {
  return words::calendar_not_read({.why = {why}, .as_of = as_of});
}

Result<std::vector<Sentence>> early_ends(store::Connection& connection, const TimeFrame& time) {
  Table rows = TRY(connection.query(sql::data_ends, {{"as_of", to_timestamp(time.as_of)},
                                                     {"from", to_timestamp(time.from)},
                                                     {"slack_days", int64_t{slack_days}}}));
  std::vector<Sentence> out;
  for (size_t i = 0; i < rows.rows(); ++i) {
    const std::string &kind = rows.texts("kind")[i], &name = rows.texts("name")[i];
    Date ended{static_cast<int32_t>(rows.integers("ended")[i])},
        last{static_cast<int32_t>(rows.integers("last")[i])};
    if (kind == "action") out.push_back(words::action_ends({.action = {name}, .ended = ended, .last = last}));
    else if (kind == "file") out.push_back(words::file_ends({.file = {name}, .ended = ended, .last = last}));
    else out.push_back(words::data_end({.ended = ended, .as_of = last}));
  }
  return out;
}

}  // namespace danggol::engine
