"""Online Retail II with plain DuckDB SQL: the two files into a table of a database file, then RFM of two half-years,
grades and their change as tables of the same file. The file is closed and opened again between the two steps."""

import os
import tempfile
import time

import duckdb

import answer_retail as answer

# One table for all rows: one pass over the files, and a null customer is a row to leave out.
IMPORT = """
CREATE TABLE event AS
SELECT customer, ts, CASE WHEN receipt LIKE 'C%' THEN 'cancel' ELSE 'purchase' END AS action,
       receipt, product, description, quantity, price, country, (quantity * price)::DECIMAL(18, 3) AS amount
FROM read_csv(?, header = true, auto_detect = false, delim = ',', quote = '"', escape = '"',
              timestampformat = '%Y-%m-%d %H:%M:%S',
              columns = {'receipt': 'VARCHAR', 'product': 'VARCHAR', 'description': 'VARCHAR', 'quantity': 'INTEGER',
                         'ts': 'TIMESTAMP', 'price': 'DECIMAL(12, 3)', 'customer': 'INTEGER', 'country': 'VARCHAR'})
"""

RFM = f"""
CREATE OR REPLACE TABLE rfm AS
WITH receipt AS (      -- one row per period, customer, day and receipt, bought or taken back
  SELECT CASE WHEN ts < TIMESTAMP '{answer.SPLIT}' THEN 'H1' ELSE 'H2' END AS period,
         customer, ts::DATE AS day, receipt, action = 'purchase' AS bought, max(ts) AS last,
         sum(CASE action WHEN 'purchase' THEN amount ELSE -abs(amount) END) AS amount
  FROM event
  WHERE customer IS NOT NULL
    AND ts >= TIMESTAMP '{answer.FROM}' AND ts < TIMESTAMP '{answer.UNTIL}'
  GROUP BY ALL
), buyer AS (          -- one row per period and customer
  SELECT period, customer,
         date_diff('second', max(last) FILTER (bought), CASE period WHEN 'H1' THEN TIMESTAMP '{answer.SPLIT}'
                                                    ELSE TIMESTAMP '{answer.UNTIL}' END) // 86400 AS recency_days,
         count(*) FILTER (bought) AS frequency, sum(amount) AS monetary
  FROM receipt
  GROUP BY period, customer
  HAVING count(*) FILTER (bought) > 0
), scored AS (         -- rank() - 1 is the number of buyers strictly below
  SELECT *,
         1 + least(4, 5 * (rank() OVER (PARTITION BY period ORDER BY recency_days DESC) - 1)
                      // count(*) OVER (PARTITION BY period)) AS r_score,
         1 + least(4, 5 * (rank() OVER (PARTITION BY period ORDER BY frequency) - 1)
                      // count(*) OVER (PARTITION BY period)) AS f_score,
         1 + least(4, 5 * (rank() OVER (PARTITION BY period ORDER BY monetary) - 1)
                      // count(*) OVER (PARTITION BY period)) AS m_score
  FROM buyer
), weighted AS (
  SELECT *, round((0.3 * r_score + 0.2 * f_score + 0.5 * m_score)::DOUBLE * 100 / 5, 9) AS rfm_score
  FROM scored
)
SELECT customer, period, recency_days, frequency, monetary, r_score, f_score, m_score, rfm_score,
       CASE WHEN rfm_score >= 80 THEN 'top' WHEN rfm_score >= 60 THEN 'good' WHEN rfm_score >= 40 THEN 'regular'
            ELSE 'other' END AS grade
FROM weighted
"""

GRADE_CHANGE = f"""
CREATE OR REPLACE TABLE grade_change AS
WITH pair AS (         -- one row per customer that bought in either period
  SELECT coalesce(h1.grade, 'inactive') AS h1_grade, coalesce(h2.grade, 'inactive') AS h2_grade
  FROM (FROM rfm WHERE period = 'H1') AS h1 FULL JOIN (FROM rfm WHERE period = 'H2') AS h2 USING (customer)
), cell AS (
  SELECT h1_grade, h2_grade, count(*) AS customers, sum(count(*)) OVER (PARTITION BY h1_grade)::DOUBLE AS n,
         count(*) / sum(count(*)) OVER () AS share_of_all
  FROM pair
  GROUP BY h1_grade, h2_grade
), share AS (          -- Wilson's interval at 95 %
  SELECT *, customers / n AS p, {answer.Z95} AS z, 1 + z * z / n AS shrink FROM cell
)
SELECT h1_grade, h2_grade, customers, p AS share_of_h1, share_of_all,
       (p + z * z / (2 * n) - z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / shrink AS share_lo,
       (p + z * z / (2 * n) + z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / shrink AS share_hi
FROM share
"""


def main():
    parser = answer.arguments(__doc__)
    parser.add_argument("--database", help="the file to write; by default a temporary one")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(args, args.database or os.path.join(folder, "retail.duckdb"))


def run(args, database):
    start = time.perf_counter()
    with duckdb.connect(database, config={"threads": answer.threads()}) as db:
        db.execute(IMPORT, [answer.files(args.data)])
    imported = time.perf_counter()  # closing writes the checkpoint, so it counts

    with duckdb.connect(database, config={"threads": answer.threads()}) as db:
        opened = time.perf_counter()  # opening is not analysis
        db.execute("BEGIN")
        db.execute(RFM)
        db.execute(GRADE_CHANGE)
        db.execute("COMMIT")
        analysed = time.perf_counter()
        peak_mb = answer.peak_rss_mb()

        counts = dict(
            db.execute(
                "SELECT CASE WHEN customer IS NULL THEN 'reject' ELSE action END, count(*) "
                "FROM event GROUP BY ALL"
            ).fetchall()
        )
        answer.report(
            "duckdb",
            duckdb.__version__,
            db.execute("SELECT current_setting('threads')").fetchone()[0],
            None,
            imported - start,
            analysed - opened,
            peak_mb,
            {"rows": sum(counts.values()), **{name: counts[name] for name in ("purchase", "cancel", "reject")}},
            db.execute("FROM rfm").fetchall(),
            db.execute("FROM grade_change").fetchall(),
            args.out,
        )


if __name__ == "__main__":
    main()
