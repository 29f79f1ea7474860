#include "rooms/customer/customer.h"

#include <fmt/format.h>

#include "base/ids.h"
#include "rooms/customer/words.h"

namespace danggol::rooms {
namespace {

namespace words = customer_words;

struct Params {
  std::string id;
};

Status validate(const Params&) { return {}; }

// What each source says of $customer_id as rows (about, value, unit, value_lo, value_hi), what matters first:
// does this customer leave, what to do about it, and then who it is. The unit "word" is a value of ours, told
// by its label.
struct Source {
  const char* table;
  const char* sql;
};
constexpr Source sources[] = {
    {"result.grade_forecast",
     "SELECT 'probability of leaving', round(p_leave, 4)::VARCHAR, 'share', p_leave_lo, p_leave_hi FROM "
     "result.grade_forecast WHERE customer_id = $customer_id"},
    {"result.campaign_holdout",
     "SELECT 'campaign', 'holdout', 'word', NULL, NULL FROM result.campaign_holdout WHERE customer_id = "
     "$customer_id"},
    {"result.campaign",
     "SELECT unnest(['campaign', 'reason', 'offer', 'valid at', 'medium']), "
     "unnest(['treated', reason, offer, nullif(offer_place, ''), medium]), "
     "unnest(['word', 'word', 'word', '', 'word']), NULL, NULL FROM "
     "(FROM result.campaign WHERE customer_id = $customer_id LIMIT 1)"},
    {"result.recommendation",
     "SELECT 'buys if back:' || coalesce(product_name, product_id), round(p_buy_if_back, 4)::VARCHAR, "
     "'share', p_buy_if_back_lo, p_buy_if_back_hi "
     "FROM result.recommendation JOIN product USING (product_id) WHERE customer_id = $customer_id ORDER BY "
     "place LIMIT 3"},
    {"result.rfm",
     "SELECT 'grade in ' || period, grade, 'word', NULL, NULL FROM result.rfm WHERE customer_id = "
     "$customer_id ORDER BY period"},
    {"raw.event",
     "WITH own AS (SELECT * FROM event JOIN customer USING (customer_no) WHERE customer_id = $customer_id), "
     "bought AS (FROM own WHERE action = 'purchase') "
     "SELECT unnest(['last purchase', 'first purchase', 'receipts', 'spent', 'of it taken back', 'region']), "
     "unnest([max(ts)::DATE::VARCHAR, min(ts)::DATE::VARCHAR, count(DISTINCT (ts::DATE, "
     "receipt_id))::VARCHAR, sum(amount)::VARCHAR, (SELECT nullif(sum(abs(amount)), 0)::VARCHAR FROM own "
     "WHERE action = "
     "'cancel'), any_value(region)]), "
     "unnest(['', '', 'receipts', 'currency', 'currency', '']), NULL, NULL FROM bought"},
};

Result<Table> answer(Context& context, const Params& params) {
  std::string kept = cleaned(params.id);  // as an import keeps it
  Bindings id = {{"customer_id", std::string(customer_id(kept))}};
  if (TRY(context.query("SELECT 1 AS known FROM customer WHERE customer_id = $customer_id", id)).rows() == 0)
    return Error{Code::not_found, fmt::format("customer: id={}: no such customer", params.id)};
  Table rows;
  for (const Source& source : sources) {
    std::string_view table = source.table;
    if (table.starts_with("result.") && !context.params_of(table)) continue;
    Table part = TRY(context.query(
        fmt::format("SELECT about::VARCHAR AS about, value::VARCHAR AS value, unit::VARCHAR AS unit, "
                    "value_lo::DOUBLE AS value_lo, value_hi::DOUBLE AS value_hi "
                    "FROM ({}) AS t(about, value, unit, value_lo, value_hi) WHERE value IS NOT NULL",
                    source.sql),
        id));
    if (rows.columns.empty()) rows = part;
    else rows.append_rows(part);
  }
  return rows;
}

}  // namespace

Room customer() {
  AnalysisInfo info = {
      .name = "customer", .reads = {"raw.event", "raw.customer", "raw.product"}, .dates = {"as-of"}};
  for (const Source& source : sources)
    if (std::string_view table = source.table; table.starts_with("result.")) info.uses.emplace_back(table);
  ParamTable<Params> table;
  table.one_of("id", &Params::id, "raw.customer:customer_id");
  return make_query(info, words::all, table, answer);
}

}  // namespace danggol::rooms
