#include "store/layout.h"

#include "store/layout.sql.h"

namespace danggol::store {

Status create_layout(Connection& connection) { return connection.execute(sql::layout); }

}  // namespace danggol::store
