#include "store/layout.h"

#include "store/layout.sql.h"

namespace danggol::store {

Status create_layout(Connection& connection) {
  TRY(connection.begin());  // one: each by itself would wait for the disk
  auto outcome = connection.execute(sql::layout);
  if (!outcome) {
    (void)connection.rollback();
    return outcome;
  }
  return connection.commit();
}

}  // namespace danggol::store
