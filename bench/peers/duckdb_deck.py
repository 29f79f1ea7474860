"""The deck's questions with plain DuckDB SQL: the six tables into a database file, every code an ENUM of the table that
lists it, then the answers as tables of the same file. The file is closed and opened again between the two steps."""

import os
import tempfile
import time

import duckdb

import answer_deck as answer

KINDS = {
    "cust": "customer",
    "rct_no": "BIGINT",
    "chnl_dv": "UTINYINT",
    "cop_c": "partner",
    "br_c": "branch",
    "pd_c": "article",
    "de_dt": "DATE",
    "vst_dt": "DATE",
    "de_hr": "UTINYINT",
    "buy_am": "INTEGER",
    "buy_ct": "SMALLINT",
}


def table(files, name, columns, kinds):
    listed = ", ".join(f"'{column}': '{kinds.get(column, 'VARCHAR')}'" for column in columns.split())
    return f"""
CREATE TABLE {name} AS
FROM read_csv('{files[name]}', header = true, auto_detect = false, delim = ',', quote = '"', escape = '"',
              dateformat = '%Y%m%d', columns = {{{listed}}});
"""


def import_tables(files):
    return f"""
{table(files, "demo", "cust ma_fem_dv ages zon_hlv", {})}
{table(files, "product", "pd_c pd_nm clac_hlv_nm clac_mcls_nm", {})}
{table(files, "store", "br_c cop_c zon_hlv zon_mcls", {})}
CREATE TYPE customer AS ENUM (SELECT cust FROM demo);
CREATE TYPE article AS ENUM (SELECT pd_c FROM product);
CREATE TYPE class AS ENUM (SELECT DISTINCT clac_hlv_nm FROM product);
CREATE TYPE branch AS ENUM (SELECT br_c FROM store);
CREATE TYPE region AS ENUM (SELECT DISTINCT zon_hlv FROM store);
CREATE TYPE partner AS ENUM (SELECT DISTINCT cop_c FROM store UNION SELECT unnest(['L00', 'L01']));  -- pay alone
ALTER TABLE product ALTER pd_c TYPE article;
ALTER TABLE product ALTER clac_hlv_nm TYPE class;
ALTER TABLE store ALTER br_c TYPE branch;
ALTER TABLE store ALTER zon_hlv TYPE region;
{table(files, "purchase", "cust rct_no chnl_dv cop_c br_c pd_c de_dt de_hr buy_am buy_ct", KINDS)}
{table(files, "partner_use", "cust rct_no cop_c br_c chnl_dv de_dt vst_dt de_hr buy_am", KINDS)}
{table(files, "pay", "cust rct_no cop_c chnl_dv de_dt de_hr buy_am", KINDS)}
"""


# A receipt is a customer, day, number and kind (bought or used). `part` has a row for each place of a receipt: only what
# is asked about products has to go back to the lines.
RECEIPT = f"""
CREATE TEMP TABLE part AS
SELECT true AS bought, cust, de_dt, rct_no, chnl_dv, cop_c, br_c, max(de_hr) AS de_hr, sum(buy_am)::BIGINT AS amount
FROM purchase WHERE de_dt >= DATE '{answer.FROM}' AND de_dt < DATE '{answer.UNTIL}' GROUP BY ALL
UNION ALL
SELECT false, cust, de_dt, rct_no, chnl_dv, cop_c, br_c, max(de_hr), sum(buy_am)::BIGINT
FROM partner_use WHERE de_dt >= DATE '{answer.FROM}' AND de_dt < DATE '{answer.UNTIL}' GROUP BY ALL;

CREATE TEMP TABLE receipt AS
SELECT bought, cust, de_dt, rct_no, max(de_hr) AS de_hr, sum(amount)::BIGINT AS amount FROM part GROUP BY ALL;
"""


def by_slice(dimension, slice_text, receipts):
    """Receipts (slice, bought, cust, de_dt, amount) into one row per month and slice; codes become texts last."""
    return f"""
SELECT month, '{dimension}' AS dimension, {slice_text} AS slice, count(*) AS buyers, sum(amount) AS sales,
       sum(receipts) AS receipts, sum(amount) / sum(receipts) AS amount_per_receipt,
       sum(purchases) / nullif(count(*) FILTER (purchases > 0), 0) AS purchases_per_buyer,
       sum(spent) / nullif(count(*) FILTER (purchases > 0), 0) AS amount_per_buyer
FROM (
  SELECT date_trunc('month', de_dt)::DATE AS month, slice, cust, count(*) AS receipts, sum(amount)::BIGINT AS amount,
         count(*) FILTER (bought) AS purchases, (sum(amount) FILTER (bought))::BIGINT AS spent
  FROM ({receipts})
  GROUP BY ALL
)
GROUP BY ALL
"""


def receipts_by(column, source="part"):
    return f"""
    SELECT {column} AS slice, bought, cust, de_dt, sum(amount)::BIGINT AS amount
    FROM {source} WHERE {column} IS NOT NULL GROUP BY {column}, bought, cust, de_dt, rct_no"""


PLACED = "part JOIN (SELECT br_c, zon_hlv FROM store) USING (br_c)"
OF_CLASS = f"""
    SELECT clac_hlv_nm AS slice, true AS bought, cust, de_dt, sum(buy_am)::BIGINT AS amount
    FROM purchase JOIN product USING (pd_c)
    WHERE de_dt >= DATE '{answer.FROM}' AND de_dt < DATE '{answer.UNTIL}' AND clac_hlv_nm IS NOT NULL
    GROUP BY clac_hlv_nm, cust, de_dt, rct_no"""
CHANNEL = "CASE slice WHEN 1 THEN 'offline' WHEN 2 THEN 'online' END"
BY_SLICE = [
    by_slice("all", "slice", "SELECT 'all' AS slice, * FROM receipt"),
    by_slice("partner", "slice::VARCHAR", receipts_by("cop_c")),
    by_slice("channel", CHANNEL, receipts_by("chnl_dv")),
    by_slice("store region", "slice::VARCHAR", receipts_by("zon_hlv", PLACED)),
    by_slice("product class", "slice::VARCHAR", OF_CLASS),
]
SALES_TREND = "CREATE OR REPLACE TABLE sales_trend AS" + "UNION ALL".join(BY_SLICE)

ORDER_FREQUENCY = f"""
CREATE OR REPLACE TABLE order_frequency AS
SELECT least(receipts, {answer.MOST_RECEIPTS + 1}) AS receipts_from, count(*) AS customers
FROM (SELECT count(*) AS receipts FROM receipt GROUP BY cust)
GROUP BY receipts_from;
"""

RFM = f"""
CREATE OR REPLACE TABLE rfm AS
WITH buyer AS (        -- one row per period and customer
  SELECT CASE WHEN de_dt < DATE '{answer.SPLIT}' THEN 'H1' ELSE 'H2' END AS period, cust,
         max(de_dt + to_hours(de_hr)) AS last, count(*) AS frequency, sum(amount)::BIGINT AS monetary
  FROM receipt
  WHERE bought
  GROUP BY period, cust
), aged AS (
  SELECT *, date_diff('second', last, CASE period WHEN 'H1' THEN TIMESTAMP '{answer.SPLIT}'
                                                  ELSE TIMESTAMP '{answer.UNTIL}' END) // 86400 AS recency_days
  FROM buyer
), scored AS (         -- rank() - 1 is the number of buyers strictly below
  SELECT *,
         1 + least(4, 5 * (rank() OVER (PARTITION BY period ORDER BY recency_days DESC) - 1)
                      // count(*) OVER (PARTITION BY period)) AS r_score,
         1 + least(4, 5 * (rank() OVER (PARTITION BY period ORDER BY frequency) - 1)
                      // count(*) OVER (PARTITION BY period)) AS f_score,
         1 + least(4, 5 * (rank() OVER (PARTITION BY period ORDER BY monetary) - 1)
                      // count(*) OVER (PARTITION BY period)) AS m_score
  FROM aged
), weighted AS (
  SELECT *, round((0.3 * r_score + 0.2 * f_score + 0.5 * m_score)::DOUBLE * 100 / 5, 9) AS rfm_score
  FROM scored
)
SELECT cust, period, recency_days, frequency, monetary, r_score, f_score, m_score, rfm_score,
       CASE WHEN rfm_score >= 80 THEN 'top' WHEN rfm_score >= 60 THEN 'good' WHEN rfm_score >= 40 THEN 'regular'
            ELSE 'other' END AS grade
FROM weighted;
"""

GRADE_CHANGE = f"""
CREATE TEMP TABLE pair AS         -- one row per customer that bought in either period
SELECT cust, coalesce(h1.grade, 'inactive') AS h1_grade, coalesce(h2.grade, 'inactive') AS h2_grade
FROM (FROM rfm WHERE period = 'H1') AS h1 FULL JOIN (FROM rfm WHERE period = 'H2') AS h2 USING (cust);

CREATE OR REPLACE TABLE grade_change AS
WITH cell AS (
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
FROM share;
"""

# Few combinations are left of all lines, so that cutting them four ways costs nothing.
CHANNEL_DIVERGENCE = f"""
CREATE OR REPLACE TABLE channel_divergence AS
WITH grouped AS (
  SELECT cust, h1_grade = '{answer.GROUPS[0][0]}' AND h2_grade = '{answer.GROUPS[0][1]}' AS in_group FROM pair
), bought AS (
  SELECT {CHANNEL.replace('slice', 'chnl_dv')} AS channel, purchase.cop_c AS partner,
         clac_hlv_nm AS class, count(*) AS all_rows, count(*) FILTER (in_group) AS group_rows
  FROM purchase JOIN grouped USING (cust) LEFT JOIN product USING (pd_c)
  WHERE de_dt >= DATE '{answer.FROM}' AND de_dt < DATE '{answer.SPLIT}'
  GROUP BY ALL
), cut AS (
  SELECT 'channel x partner' AS dimension, channel || ' ' || partner::VARCHAR AS cell, all_rows, group_rows FROM bought
  UNION ALL SELECT 'partner', partner::VARCHAR, all_rows, group_rows FROM bought
  UNION ALL SELECT 'product class', class::VARCHAR, all_rows, group_rows FROM bought
  UNION ALL
  SELECT 'affiliate', cop_c::VARCHAR, count(*), count(*) FILTER (in_group)
  FROM partner_use JOIN grouped USING (cust)
  WHERE de_dt >= DATE '{answer.FROM}' AND de_dt < DATE '{answer.SPLIT}'
  GROUP BY ALL
), share AS (
  SELECT dimension, cell, sum(group_rows) / sum(sum(group_rows)) OVER (PARTITION BY dimension) AS p,
         sum(all_rows) / sum(sum(all_rows)) OVER (PARTITION BY dimension) AS q
  FROM cut WHERE cell IS NOT NULL
  GROUP BY dimension, cell
)
SELECT dimension, cell, p, q, CASE WHEN p > 0 THEN p * ln(p / q) ELSE 0 END AS element FROM share;
"""

# Partners with payments and nothing else have no receipts that their payments could be a share of.
PAY_SHARE = f"""
CREATE OR REPLACE TABLE pay_share AS
WITH bought AS (
  SELECT cust, count(*) AS receipts FROM receipt WHERE de_dt < DATE '{answer.SPLIT}' GROUP BY cust
), paid AS (
  SELECT cust, count(DISTINCT (de_dt, rct_no)) AS payments
  FROM pay
  WHERE de_dt >= DATE '{answer.FROM}' AND de_dt < DATE '{answer.SPLIT}'
    AND cop_c IN (SELECT cop_c FROM purchase UNION SELECT cop_c FROM partner_use)
  GROUP BY cust
), share AS (
  SELECT h1_grade || ' -> ' || h2_grade AS segment, least(1, coalesce(payments, 0) / receipts) AS share
  FROM bought LEFT JOIN paid USING (cust) LEFT JOIN pair USING (cust)
)
SELECT segment, count(*) AS customers, count(*) FILTER (share = 0) AS never, avg(share) AS mean
FROM (SELECT 'all' AS segment, share FROM share UNION ALL FROM share)
WHERE segment IN ('all', {", ".join(f"'{h1} -> {h2}'" for h1, h2 in answer.GROUPS)})
GROUP BY segment;
"""

ANALYSE = [RECEIPT, SALES_TREND, ORDER_FREQUENCY, RFM, GRADE_CHANGE, CHANNEL_DIVERGENCE, PAY_SHARE]


def main():
    parser = answer.arguments(__doc__)
    parser.add_argument("--database", help="the file to write; by default a temporary one")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(args, args.database or os.path.join(folder, "deck.duckdb"))


def run(args, database):
    start = time.perf_counter()
    with duckdb.connect(database, config={"threads": answer.threads()}) as db:
        db.execute(import_tables(answer.files(args.data)))
    imported = time.perf_counter()  # closing writes the checkpoint, so it counts

    with duckdb.connect(database, config={"threads": answer.threads()}) as db:
        opened = time.perf_counter()  # opening is not analysis
        db.execute("BEGIN")
        for statements in ANALYSE:
            db.execute(statements)
        db.execute("COMMIT")
        analysed = time.perf_counter()
        peak_mb = answer.peak_rss_mb()

        answer.report(
            "duckdb",
            duckdb.__version__,
            db.execute("SELECT current_setting('threads')").fetchone()[0],
            None,
            imported - start,
            analysed - opened,
            peak_mb,
            {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in answer.FILES},
            {name: db.execute(f"FROM {name}").fetchall() for name in answer.TABLES},
            args.out,
        )


if __name__ == "__main__":
    main()
