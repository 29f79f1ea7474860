#include "features/visible.h"

#include <fmt/format.h>

#include "features/devices.sql.h"
#include "features/list_price.sql.h"
#include "features/receipt.sql.h"
#include "features/visible.sql.h"

namespace danggol::features {

Result<bool> has_joined(store::Connection& connection) {
  return TRY(connection.integer("SELECT count(*) FROM (FROM temp.joined LIMIT 1)")) > 0;
}

Result<bool> join_devices(store::Connection& connection, Date as_of) {
  bool any = TRY(connection.integer(
                 "SELECT count(*) FROM (SELECT 1 FROM raw.detail WHERE name = 'device' LIMIT 1)")) > 0;
  if (any) TRY(connection.execute(sql::devices, {{"as_of", to_timestamp(as_of)}}));
  else
    TRY(connection.execute(
        "CREATE OR REPLACE TEMP TABLE joined (event_id BIGINT, stand_in_no INTEGER, customer_no INTEGER)"));
  return has_joined(connection);
}

bool is_of_views(std::string_view table) {
  return table == "joined" || table == "joined_key" || table == "joined_receipt" || table == "joined_away";
}

Status see(store::Connection& connection, Date as_of) {
  std::string day = to_text(as_of);
  TRY(connection.execute(fmt::format(
      "CREATE OR REPLACE TEMP VIEW all_event AS FROM raw.event WHERE ts < TIMESTAMP '{0} 00:00:00';"
      "CREATE OR REPLACE TEMP VIEW event AS FROM all_event;"
      "CREATE OR REPLACE TEMP VIEW receipt AS FROM feature.receipt WHERE day < DATE '{0}';"
      "CREATE OR REPLACE TEMP VIEW customer AS FROM raw.customer",
      day)));
  TRY(connection.execute(sql::list_price));
  if (!TRY(join_devices(connection, as_of))) return {};
  TRY(connection.execute(sql::visible));
  return connection.execute(
      fmt::format("CREATE OR REPLACE TEMP TABLE joined_receipt AS {};"
                  "CREATE OR REPLACE TEMP VIEW receipt AS FROM feature.receipt ANTI JOIN joined_key USING "
                  "(customer_no, action, "
                  "day, receipt) WHERE day < DATE '{}' UNION ALL BY NAME FROM joined_receipt",
                  sql::receipt, day));
}

}  // namespace danggol::features
