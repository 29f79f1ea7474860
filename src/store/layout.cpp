#include "store/layout.h"

#include <fmt/core.h>

#include "store/layout.sql.h"

namespace danggol::store {
namespace {

constexpr int64_t layout_version = 2;  // raised whenever layout.sql changes what is there already

}  // namespace

Status create_layout(Connection& connection, const std::string& path) {
  bool is_old = TRY(connection.integer("SELECT count(*) FROM information_schema.tables WHERE table_schema = "
                                       "'raw' AND table_name = 'event'")) > 0;
  bool is_told = TRY(connection.integer("SELECT count(*) FROM information_schema.tables WHERE table_schema = "
                                        "'run' AND table_name = 'store'")) > 0;
  int64_t version = is_told ? TRY(connection.integer("SELECT max(layout) FROM run.store")) : 0;
  if (is_old && version != layout_version)
    return Error{Code::conflict, fmt::format("store {}: made by another version of danggol (layout {}, this "
                                             "one has {}); import into a new store",
                                             path, version, layout_version)};
  if (is_old) return {};
  TRY(connection.begin());  // one: each by itself would wait for the disk
  auto outcome = connection.execute(sql::layout);
  if (outcome)
    outcome = connection.execute("INSERT INTO run.store VALUES ($layout)", {{"layout", layout_version}});
  if (!outcome) {
    (void)connection.rollback();
    return outcome;
  }
  return connection.commit();
}

}  // namespace danggol::store
