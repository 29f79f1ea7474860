#include <gtest/gtest.h>

#include <algorithm>

#include "contract/largest_values.h"
#include "known_shop.h"

namespace danggol::test {
namespace {

// As many cells as there is room for, and with the one of all the others the shares are whole.
TEST(ChannelDivergence, ALongDimensionIsCutToTheLargestAndLosesNothing) {
  std::string store = marketplace();
  ParamTexts day = {{"as-of", "2025-01-01"}};
  run(store, "rfm", day);
  RunSummary done =
      run(store, "channel_divergence", {{"group", "raw.customer:customer_id=c005"}, {"as-of", "2025-01-01"}});
  EXPECT_EQ(done.warnings.size(), 1u);  // one customer is too few
  execute(store,
          "UPDATE raw.customer SET region = CASE WHEN customer_id < 'c100' THEN 'north' ELSE 'south' END");
  done = run(store, "channel_divergence",
             {{"group", "raw.customer:region=north"},
              {"against", "everybody"},
              {"period", "year"},
              {"as-of", "2025-01-01"}});
  Table cells =
      query(store,
            "SELECT dimension, count(*) AS cells, sum(p) AS p, sum(q) AS q, count(*) FILTER (cell = "
            "'(others)') AS others FROM result.channel_divergence GROUP BY dimension ORDER BY ALL");
  ASSERT_EQ(cells.rows(), 2u);  // channel x partner, and partner
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(cells.integers("cells")[i], static_cast<int64_t>(most_values));
    EXPECT_EQ(cells.integers("others")[i], 1);
    EXPECT_NEAR(cells.reals("p")[i], 1, 1e-9);
    EXPECT_NEAR(cells.reals("q")[i], 1, 1e-9);
  }
  // what is left out has fewer rows than what is told
  Table least =
      query(store,
            "WITH sold AS (SELECT partner, count(*) AS rows FROM raw.event JOIN raw.outlet USING (outlet_no) "
            "WHERE ts >= "
            "'2024-01-01' GROUP BY partner), told AS (SELECT cell AS partner FROM "
            "result.channel_divergence WHERE dimension = 'partner') SELECT (SELECT max(rows) FROM sold "
            "ANTI JOIN told USING (partner)) <= (SELECT min(rows) FROM sold SEMI JOIN told USING "
            "(partner)) AS holds");
  EXPECT_EQ(least.integers("holds")[0], 1);
  ASSERT_EQ(done.warnings.size(), 2u);
  EXPECT_EQ(
      done.warnings[1].in(Language::en),
      "By partner: the 999 cells with most rows in January 2024 to December 2024 are told one by one, the "
      "other 500 as “others together”.");
}

}  // namespace
}  // namespace danggol::test
