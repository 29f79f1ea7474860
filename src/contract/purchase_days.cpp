#include "contract/purchase_days.h"

#include <algorithm>

namespace danggol {

std::span<const int32_t> PurchaseDays::of(size_t customer, Date from, Date until) const {
  auto known = before(customer, until);
  return {std::lower_bound(known.begin(), known.end(), from.days), known.end()};
}

std::span<const int32_t> PurchaseDays::before(size_t customer, Date at) const {
  auto all = of(customer);
  return {all.begin(), std::lower_bound(all.begin(), all.end(), at.days)};
}

Result<PurchaseDays> purchase_days(Context& context) {
  const TimeFrame& time = context.time();
  std::vector<std::string> ids = TRY(texts_by_number(context, "customer", "customer_id"));
  Sequences sequences = TRY(context.sequences());
  struct Day {
    int32_t day;
    Money spent;
  };
  std::vector<std::vector<Day>> by_number(sequences.customers());
  TRY(sequences.each_customer(time.first_sale, time.as_of,
                              [&](size_t customer, std::span<const Event> events) {
                                std::vector<Day>& days = by_number[customer];
                                for (const Event& event : events) {
                                  if (sequences.action(event) != Action::purchase) continue;
                                  int32_t day = event.day().days;
                                  if (days.empty() || days.back().day != day) days.push_back({day, {}});
                                  days.back().spent.ten_thousandths += event.amount;
                                }
                              }));
  std::vector<size_t> order;
  for (size_t i = 0; i < by_number.size(); ++i)
    if (!by_number[i].empty()) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return ids[a] < ids[b]; });
  PurchaseDays out;
  out.start.push_back(0);
  for (size_t i : order) {
    out.customer_id.push_back(std::move(ids[i]));
    for (const Day& of : by_number[i]) out.days.push_back(of.day), out.spent.push_back(of.spent);
    out.start.push_back(out.days.size());
    by_number[i] = {};
  }
  return out;
}

}  // namespace danggol
