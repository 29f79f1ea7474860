#include "rooms/rfm/rfm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "contract/declare.h"
#include "rooms/rfm/words.h"

namespace danggol::rooms {
namespace {

namespace words = rfm_words;

struct Params {
  Grading grading;
};
Status validate(const Params& params) { return danggol::validate(params.grading); }

Columns grades() {
  return Columns("rfm")
      .customer_key()
      .key("period")
      .count("recency_days", "days")
      .count("frequency", "receipts")
      .money("monetary")
      .count("r_score", "score")
      .count("f_score", "score")
      .count("m_score", "score")
      .real("rfm_score", "score")
      .text("grade");
}
Columns scores() {
  return Columns("rfm_histogram")
      .key("period")
      .key("score_from", Type::real, "score")
      .real("score_until", "score")
      .count("customers");
}

// Scores in steps of ten; 100 belongs to the last step.
constexpr int32_t step = 10, steps = 10;

void add_rows(const Graded& buyers, std::string_view half, Table& rows, Table& histogram) {
  std::array<int64_t, steps> customers{};
  auto if_known = [&](auto of_money) {
    return buyers.knows_amounts ? std::optional(of_money) : std::nullopt;
  };
  for (size_t i = 0; i < buyers.size(); ++i) {
    rows.append(buyers.customer_id[i], half, buyers.recency_days[i], buyers.frequency[i],
                if_known(buyers.monetary[i]), buyers.r_score[i], buyers.f_score[i],
                if_known(buyers.m_score[i]), buyers.rfm_score[i], grade_names[buyers.grade[i]]);
    ++customers[std::min(steps - 1, static_cast<int32_t>(buyers.rfm_score[i]) / step)];
  }
  for (int32_t s = 0; s < steps; ++s)
    if (customers[s] > 0) histogram.append(half, s * step, (s + 1) * step, customers[s]);
}

void say(const Graded& buyers, std::string_view half, const Period& period, Summary& summary) {
  summary.fact(fmt::format("buyers_{}", half), buyers.size(), "customers");
  if (buyers.size() == 0) return summary.warn(words::nobody({.period = period}));
  int64_t top = 0;
  double top_spend = 0, spend = 0;
  for (size_t i = 0; i < buyers.size(); ++i) {
    auto money = static_cast<double>(buyers.monetary[i].ten_thousandths);
    spend += money;
    if (buyers.grade[i] == 0) ++top, top_spend += money;
  }
  if (!buyers.knows_amounts)
    return summary.say(
        words::bought_without_amounts({.period = period, .buyers = buyers.size(), .top = top}));
  double share = spend == 0 ? 0 : top_spend / spend;
  summary.fact(fmt::format("top_spend_share_{}", half), share, "share");
  if (spend == 0)
    return summary.say(words::bought_for_nothing({.period = period, .buyers = buyers.size(), .top = top}));
  summary.say(words::bought({.period = period, .buyers = buyers.size(), .top = top, .share = Share(share)}));
}

Result<Summary> run(Context& context, const Params& params) {
  const TimeFrame& time = context.time();
  Summary summary;
  Table rows = Table::of(grades()), histogram = Table::of(scores());
  for (const auto& [half, period] : {std::pair{"H1", time.h1()}, {"H2", time.h2()}}) {
    TRY(context.progress(half == std::string_view("H1") ? 0 : 0.5, fmt::format("grading {}", half)));
    Graded buyers = TRY(context.graded(period.from, period.until, params.grading));
    add_rows(buyers, half, rows, histogram);
    say(buyers, half, period, summary);
  }
  if (rows.rows() == 0)
    return Error{Code::no_data,
                 fmt::format("rfm: no purchases from {} to {}; import some, or move --from and --until",
                             to_text(time.from), to_text(time.until))};
  TRY(context.write("result.rfm", rows));
  TRY(context.write("result.rfm_histogram", histogram));
  return summary;
}

}  // namespace

Room rfm() {
  AnalysisInfo info = {.name = "rfm",
                       .reads = {"raw.event", "raw.customer"},
                       .dates = {"from", "split", "until"},
                       .writes = {grades(), scores()},
                       .charts = {histogram("rfm_scores", "rfm_histogram")
                                      .bin("score_from", "score_until")
                                      .y("customers")
                                      .series("period")
                                      .unit("count")},
                       .tables = {Shown("rfm")
                                      .order_by("rfm_score DESC, monetary DESC, customer_id")
                                      .rows(10)
                                      .where("period = 'H2'")}};
  ParamTable<Params> table;
  table.include(&Params::grading, grading_params());
  return make_job(info, words::all, table, run);
}

}  // namespace danggol::rooms
