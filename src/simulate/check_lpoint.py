#!/usr/bin/env python3
"""Does the simulated programme show the published figures?  Prints asked | got over seeds 1 to 5.

    python check_lpoint.py [--command 'danggol simulate lpoint --seed {seed} --out {out}'] [--seeds 1,2,3,4,5]

Needs the duckdb module (`./dev bench` makes an environment with it: .deps/venv-bench). Works on the tables
alone and shares no code with the simulator. Exits with 1 if a figure that must hold does not.
"""

import argparse
import math
import shlex
import subprocess
import sys
import tempfile

import duckdb

PREFIX = "LPOINT_BIG_COMP"
MAY, JULY, NOVEMBER, JANUARY = 5, 7, 11, 1
DEFAULT = "build/release/bin/danggol simulate lpoint --seed {seed} --out {out}"

VIEWS = """
CREATE VIEW demo AS FROM read_csv('{dir}/{prefix}_01_DEMO.csv');
CREATE TABLE line AS SELECT *, strptime(de_dt::VARCHAR, '%Y%m%d')::DATE AS day
  FROM read_csv('{dir}/{prefix}_02_PDDE.csv');
CREATE TABLE use AS SELECT *, strptime(de_dt::VARCHAR, '%Y%m%d')::DATE AS day
  FROM read_csv('{dir}/{prefix}_03_COP_U.csv');
CREATE TABLE pay AS SELECT * FROM read_csv('{dir}/{prefix}_06_LPAY.csv');
CREATE TABLE receipt AS
  SELECT cust, day, rct_no, sum(buy_am) AS amount, true AS retail FROM line GROUP BY ALL
  UNION ALL SELECT cust, day, rct_no, buy_am, false FROM use;
CREATE TABLE monthly AS
  SELECT month(day) AS month, count(DISTINCT cust) AS buyers, sum(amount) AS sales, count(*) AS receipts,
         sales / receipts AS per_purchase,
         count(*) FILTER (retail) / count(DISTINCT cust) FILTER (retail) AS purchases_per_buyer,
         sum(amount) FILTER (retail) / count(DISTINCT cust) FILTER (retail) AS amount_per_buyer
  FROM receipt GROUP BY month;
CREATE TABLE graded AS
  WITH half AS (
    SELECT cust, IF(day < DATE '2021-07-01', 1, 2) AS half,
           IF(half = 1, DATE '2021-06-30', DATE '2021-12-31') - max(day) AS recency,
           count(*) AS frequency, sum(amount) AS monetary
    FROM receipt WHERE retail GROUP BY cust, half),
  scored AS (
    SELECT *, 1 + least(4, 5 * (rank() OVER (PARTITION BY half ORDER BY recency DESC) - 1) // count(*) OVER h) AS r,
           1 + least(4, 5 * (rank() OVER (PARTITION BY half ORDER BY frequency) - 1) // count(*) OVER h) AS f,
           1 + least(4, 5 * (rank() OVER (PARTITION BY half ORDER BY monetary) - 1) // count(*) OVER h) AS m
    FROM half WINDOW h AS (PARTITION BY half)),
  grade AS (
    SELECT cust, half, 6 * r + 4 * f + 10 * m AS score,
           CASE WHEN score >= 80 THEN 'top' WHEN score >= 60 THEN 'good' WHEN score >= 40 THEN 'regular'
                ELSE 'other' END AS grade
    FROM scored)
  SELECT cust, coalesce(any_value(grade) FILTER (half = 1), 'inactive') AS before,
         coalesce(any_value(grade) FILTER (half = 2), 'inactive') AS after
  FROM grade GROUP BY cust;
"""

DIVERGENCE = """
WITH counted AS (
  SELECT {key} AS key, count(*) AS q, count(*) FILTER (cust IN (
    SELECT cust FROM graded WHERE before = 'other' AND after = 'inactive')) AS p
  FROM {table} GROUP BY key)
SELECT key, (p / sum(p) OVER ()) * ln((p / sum(p) OVER ()) / (q / sum(q) OVER ())) FROM counted
"""
PUBLISHED = {
    "1 A02": -0.095287, "1 A01": -0.037293, "2 A03": -0.002205, "1 A03": -0.001247, "2 A05": 0.000882,
    "2 A02": 0.028749, "2 A01": 0.039198, "1 A04": 0.039708, "1 A05": 0.049149, "2 A06": 0.129672,
}
PUBLISHED_USES = {
    "D01": -0.052354, "C02": -0.009343, "B01": -0.008854, "D02": -0.005452, "E01": 0.046484, "C01": 0.056444,
}
# Elements too small for a sample of this size to show their sign or place: shown, not asked for.
FAINT = {"2 A03", "1 A03", "2 A05", "C02", "B01", "D02"}


class Check:
    """Rows of asked | got, one column a seed."""

    def __init__(self):
        self.rows = {}
        self.failed = 0

    def add(self, name, asked, got, ok):
        text = got if isinstance(got, str) else f"{got:,.0f}" if abs(got) >= 1000 else f"{got:.4g}"
        self.rows.setdefault(name, (asked, []))[1].append(text + ("" if ok is None or ok else " !"))
        self.failed += ok is False

    def near(self, name, asked, got, within):
        self.add(name, f"{asked:,} within {within:.0%}", got, abs(got / asked - 1) <= within)

    def between(self, name, low, high, got):
        self.add(name, f"{low:,} .. {high:,}", got, low <= got <= high)

    def true(self, name, asked, got, ok):
        self.add(name, asked, got, ok)

    def shown(self, name, asked, got):
        self.add(name, asked, got, None)

    def table(self):
        header = ["figure", "asked", "got, seed by seed"]
        lines = [[name, asked, " | ".join(got)] for name, (asked, got) in self.rows.items()]
        widths = [max(len(line[i]) for line in [header] + lines) for i in range(2)]
        return "\n".join(f"{a:<{widths[0]}} | {b:<{widths[1]}} | {c}" for a, b, c in [header] + lines)


def falls(values):
    """-1, 0 or 1: does the second half of the year fall, hold or rise by more than an eighth?"""
    before, after = sum(values[:6]), sum(values[6:])
    return 0 if abs(after / before - 1) < 0.125 else int(math.copysign(1, after - before))


def elements(check, con, table, key, published, what):
    got = dict(con.execute(DIVERGENCE.format(key=key, table=table)).fetchall())
    for name, asked in sorted(published.items(), key=lambda item: item[1]):
        ok = None if name in FAINT else (got[name] > 0) == (asked > 0)
        check.add(f"element of {what} {name}", f"{asked:+.4f}: its sign" if ok is not None else f"{asked:+.4f}",
                  f"{got[name]:+.4f}", ok)
    order = sorted(got, key=got.get)
    ends = [min(published, key=published.get), max(published, key=published.get)]
    check.true(f"least and most, {what}", ", ".join(ends), f"{order[0]}, {order[-1]}", [order[0], order[-1]] == ends)
    wanted = sorted(published, key=published.get)
    swaps = sum((wanted.index(a) > wanted.index(b)) for i, a in enumerate(order) for b in order[i + 1:])
    check.shown(f"pairs out of order, {what}", f"0 of {len(order) * (len(order) - 1) // 2}", str(swaps))


def check_seed(check, folder):
    con = duckdb.connect()
    con.execute(VIEWS.format(dir=folder, prefix=PREFIX))

    def one(sql):
        return con.execute(sql).fetchall()[0][0]

    check.true("customers", "29,756 exactly", one("SELECT count(*) FROM demo"), one("SELECT count(*) FROM demo") == 29756)
    with_receipt = one("SELECT count(DISTINCT cust) FROM receipt")
    check.true("of them with a receipt", "all", with_receipt, with_receipt == 29756)
    check.near("one-receipt customers", 1908, one(
        "SELECT count(*) FROM (SELECT cust FROM receipt GROUP BY cust HAVING count(*) = 1)"), 0.10)
    check.between("lower quartile of receipts", 10, 12, one(
        "SELECT quantile_cont(n, 0.25) FROM (SELECT count(*) AS n FROM receipt GROUP BY cust)"))

    month = {row[0]: row for row in con.execute("FROM monthly ORDER BY month").fetchall()}
    column = {name: [month[m][i] for m in range(1, 13)] for i, name in enumerate(
        ["month", "buyers", "sales", "receipts", "per purchase", "purchases per buyer", "amount per buyer"])}

    def extreme(name, pick, m):
        at = 1 + column[name].index(pick(column[name]))
        check.true(f"month of the {'lowest' if pick is min else 'highest'} {name}", str(m), str(at), at == m)

    check.near("buyers in January", 19394, month[JANUARY][1], 0.03)
    check.near("buyers in May", 21358, month[MAY][1], 0.03)
    extreme("buyers", min, JANUARY)
    extreme("buyers", max, MAY)
    check.near("sales in May, KRW", 10121793088, month[MAY][2], 0.04)
    check.near("sales in July, KRW", 7732686662, month[JULY][2], 0.04)
    extreme("sales", max, MAY)
    extreme("sales", min, JULY)
    check.near("per purchase in July, KRW", 59392, month[JULY][4], 0.04)
    check.near("per purchase in November, KRW", 76550, month[NOVEMBER][4], 0.04)
    extreme("per purchase", min, JULY)
    extreme("per purchase", max, NOVEMBER)
    check.true("purchases per buyer in May", "above 6.3", month[MAY][5], month[MAY][5] > 6.3)
    check.true("purchases per buyer in November", "below 5.3", month[NOVEMBER][5], month[NOVEMBER][5] < 5.3)
    check.true("amount per buyer in May, KRW", "above 500,000", month[MAY][6], month[MAY][6] > 500e3)
    check.between("amount per buyer in July, KRW", 400000, 433000, month[JULY][6])
    later = sum(column["amount per buyer"][8:]) / 4
    check.true("amount per buyer after August, KRW", "above July's", later, later > month[JULY][6])

    for name, table, sql, course in [
        ("A04 from June", "line", "cop_c = 'A04'", 1), ("A06 from June", "line", "cop_c = 'A06'", -1),
    ]:
        share = [row[1] for row in con.execute(
            f"SELECT month(day), avg(({sql})::INT) FROM {table} GROUP BY 1 ORDER BY 1").fetchall()]
        ratio = (sum(share[5:]) / 7) / (sum(share[:5]) / 5)
        check.true(f"share of {name}", "up" if course > 0 else "down", f"x {ratio:.2f}",
                   ratio > 1.1 if course > 0 else ratio < 0.9)
    for code, course in [("B01", 0), ("C01", 1), ("C02", 1), ("D01", -1), ("D02", -1), ("E01", -1)]:
        uses = [row[1] for row in con.execute(
            f"SELECT month(day), count(*) FROM use WHERE cop_c = '{code}' GROUP BY 1 ORDER BY 1").fetchall()]
        got = falls(uses)
        words = {-1: "shrinks", 0: "flat", 1: "grows"}
        check.true(f"uses of {code}", words[course], words[got], got == course)

    check.near("customer-product pairs", 1615000, one("SELECT count(*) FROM (SELECT DISTINCT cust, pd_c FROM line)"), 0.10)
    check.shown("purchase rows", "roughly 4,400,000", one("SELECT count(*) FROM line"))
    buyers = one("SELECT count(*) FROM graded WHERE before <> 'inactive'")
    check.shown("buyers of the first half", "27,445 (5 x 5,489)", buyers)
    leavers = one("SELECT count(*) FROM graded WHERE before <> 'inactive' AND after = 'inactive'")
    check.between("leavers, % of them", 5.5, 8.5, 100 * leavers / buyers)
    check.between("leavers from other, %", 70, 78, 100 * one(
        "SELECT count(*) FROM graded WHERE before = 'other' AND after = 'inactive'") / leavers)
    for grade, share in [("top", 27.4), ("good", 26.8), ("regular", 22.7), ("other", 23.1)]:
        got = 100 * one(f"SELECT count(*) FROM graded WHERE before = '{grade}'") / buyers
        check.true(f"first half: {grade}, %", f"{share} within 4", got, abs(got - share) <= 4)
    check.between("top stays top, %", 60, 75, 100 * one(
        "SELECT count(*) FILTER (after = 'top') / count(*) FROM graded WHERE before = 'top'"))
    check.shown("the grade stays, %", "46.8", 100 * one(
        "SELECT count(*) FILTER (after = before) / count(*) FROM graded WHERE before <> 'inactive'"))

    elements(check, con, "line", "concat(chnl_dv, ' ', cop_c)", PUBLISHED, "rows")
    elements(check, con, "use", "cop_c", PUBLISHED_USES, "uses")

    never = {}
    for name, where in [("leavers", "before = 'other' AND after = 'inactive'"), ("all", "true"),
                        ("loyal", "before = 'top' AND after = 'top'")]:
        never[name] = one(f"""SELECT 100 * avg((cust NOT IN (SELECT cust FROM pay WHERE cop_c NOT IN ('L00', 'L01')))::INT)
                              FROM demo LEFT JOIN graded USING (cust) WHERE {where}""")
    check.true("never paid with L.pay, %: leavers, all, loyal", "falling",
               ", ".join(f"{never[name]:.0f}" for name in never), never["leavers"] > never["all"] > never["loyal"])

    truth = con.execute(f"""
        SELECT avg(p_leave), avg(left_), avg((p_leave - left_) ** 2) FROM (
          SELECT p_leave, (coalesce(after, 'inactive') = 'inactive')::INT AS left_
          FROM read_csv('{folder}/truth/leave.csv') LEFT JOIN graded USING (cust))""").fetchall()[0]
    check.true("truth: mean p_leave, share without purchase", "equal within 0.005", f"{truth[0]:.4f}, {truth[1]:.4f}",
               abs(truth[0] - truth[1]) < 0.005)
    gone = one(f"""SELECT 100 * avg((left_on < DATE '2021-07-01')::INT) FROM (
                     SELECT coalesce(left_on, DATE '2022-01-01') AS left_on
                     FROM read_csv('{folder}/truth/customer.csv', types = {{'left_on': 'DATE'}}) JOIN graded USING (cust)
                     WHERE before <> 'inactive' AND after = 'inactive')""")
    check.shown("truth: leavers who had left by 1 July, %", "", gone)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", default=DEFAULT, help="writes the tables of {seed} into {out}")
    parser.add_argument("--seeds", default="1,2,3,4,5")
    args = parser.parse_args()
    check = Check()
    for seed in args.seeds.split(","):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(shlex.split(args.command.format(seed=seed, out=folder)), check=True)
            check_seed(check, folder)
    print(check.table())
    print(f"{check.failed} asked for and not got" if check.failed else "all as asked")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
