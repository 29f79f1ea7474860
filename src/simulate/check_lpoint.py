#!/usr/bin/env python3
"""Does the simulated programme keep the published shape on every seed?

    check_lpoint.py [--seeds 1..30] [--least 29] [--program build/release/bin/figures_lpoint]
    check_lpoint.py --tables [--seeds 1..3] [--command 'danggol simulate lpoint --seed {seed} --out {out}']

Prints for each figure what was asked, the mean and the range over the seeds, how many of them hold and which one is worst.
Exits with 1 if a figure holds on fewer than --least of them (without it: all but one in thirty).

--tables writes the tables of each seed and reads the figures from them in SQL of its own, which shares no code with the
simulator, and asks that they be those of the program to the last receipt. Needs the duckdb module (`./dev bench` makes an
environment with it: .deps/venv-bench).
"""

import argparse
import json
import math
import shlex
import subprocess
import sys
import tempfile

PROGRAM = "build/release/bin/figures_lpoint"
COMMAND = "build/release/bin/danggol simulate lpoint --seed {seed} --out {out}"

JANUARY, MAY, JULY, NOVEMBER = 0, 4, 6, 10
GRADES = ["inactive", "other", "regular", "good", "top"]
INACTIVE, OTHER, TOP = 0, 1, 4
RETAIL = [
    "A01 off-line", "A01 on-line", "A02 off-line", "A02 on-line", "A03 off-line", "A03 on-line", "A04 off-line",
    "A05 off-line", "A05 on-line", "A06 on-line",
]  # fmt: skip
AFFILIATES = ["B01", "C01", "C02", "D01", "D02", "E01"]
# Kullback-Leibler elements of the leavers from `other`.
ELEMENTS = {
    "A02 off-line": -0.095287, "A01 off-line": -0.037293, "A03 on-line": -0.002205, "A03 off-line": -0.001247,
    "A05 on-line": 0.000882, "A02 on-line": 0.028749, "A01 on-line": 0.039198, "A04 off-line": 0.039708,
    "A05 off-line": 0.049149, "A06 on-line": 0.129672,
    "D01": -0.052354, "C02": -0.009343, "B01": -0.008854, "D02": -0.005452, "E01": 0.046484, "C01": 0.056444,
}  # fmt: skip
# Elements nearer to zero, or to each other, are too small for leavers of this number to show their sign or order.
FAINT = 0.02


class Figure:
    """What is asked of one number: that it lies in [low, high]; nothing if both are infinite."""

    def __init__(self, name, asked, value, low=-math.inf, high=math.inf):
        self.name, self.asked, self.value, self.low, self.high = name, asked, value, low, high

    def margin(self):
        return min(self.value - self.low, self.high - self.value)


def near(name, asked, value, within):
    return Figure(name, f"{asked:,} within {within:.0%}", value, asked * (1 - within), asked * (1 + within))


def between(name, low, high, value):
    return Figure(name, f"{low:,} .. {high:,}", value, low, high)


def above(name, low, value):
    return Figure(name, f"above {low:,}", value, low=math.nextafter(low, math.inf))


def below(name, high, value):
    return Figure(name, f"below {high:,}", value, high=math.nextafter(high, -math.inf))


def shown(name, asked, value):
    return Figure(name, f"{asked} (not asked)", value)


def most(name, months, month):
    rest = max(value for m, value in enumerate(months) if m != month)
    return above(name, 1, months[month] / rest)


def least(name, months, month):
    rest = min(value for m, value in enumerate(months) if m != month)
    return below(name, 1, months[month] / rest)


def ratio(parts, wholes):
    return [part / whole for part, whole in zip(parts, wholes)]


def months(year, names):
    return [sum(year["rows"][name][m] for name in names) for m in range(12)]


def of_year(year):
    """The figures of one seed, in the order of the README."""
    buyers, sales = year["buyers"], year["sales"]
    per_purchase = ratio(sales, year["receipts"])
    purchases_per_buyer = ratio(year["purchases"], year["product_buyers"])
    amount_per_buyer = ratio(year["product_sales"], year["product_buyers"])
    yield near("one-receipt customers", 1908, year["one_receipt"], 0.10)
    yield between("lower quartile of receipts", 10, 12, year["quartile"])
    yield near("buyers in January", 19394, buyers[JANUARY], 0.03)
    yield near("buyers in May", 21358, buyers[MAY], 0.03)
    yield least("buyers in January / least other month", buyers, JANUARY)
    yield most("buyers in May / most other month", buyers, MAY)
    yield near("sales in May, KRW", 10121793088, sales[MAY], 0.04)
    yield near("sales in July, KRW", 7732686662, sales[JULY], 0.04)
    yield most("sales in May / most other month", sales, MAY)
    yield least("sales in July / least other month", sales, JULY)
    yield near("amount per purchase in July, KRW", 59392, per_purchase[JULY], 0.04)
    yield near("amount per purchase in November, KRW", 76550, per_purchase[NOVEMBER], 0.04)
    yield least("amount per purchase in July / least other month", per_purchase, JULY)
    yield most("amount per purchase in November / most other month", per_purchase, NOVEMBER)
    yield above("purchases per buyer in May", 6.3, purchases_per_buyer[MAY])
    yield below("purchases per buyer in November", 5.3, purchases_per_buyer[NOVEMBER])
    yield above("amount per buyer in May, KRW", 500000, amount_per_buyer[MAY])
    yield between("amount per buyer in July, KRW", 400000, 433000, amount_per_buyer[JULY])
    yield above("amount per buyer after August / in July", 1, sum(amount_per_buyer[8:]) / 4 / amount_per_buyer[JULY])

    for code, check, band in [("A04", above, 1.1), ("A06", below, 0.9)]:
        share = ratio(months(year, [name for name in RETAIL if name.startswith(code)]), months(year, RETAIL))
        yield check(f"share of {code} from June / before", band, (sum(share[5:]) / 7) / (sum(share[:5]) / 5))
    for code, course in [("B01", 0), ("C01", 1), ("C02", 1), ("D01", -1), ("D02", -1), ("E01", -1)]:
        name, uses = f"uses of {code}, second half / first", year["rows"][code]
        value = sum(uses[6:]) / sum(uses[:6])
        yield [between(name, 0.875, 1.125, value), above(name, 1.125, value), below(name, 0.875, value)][course]

    grades = year["grades"]
    first_half = sum(map(sum, grades[OTHER:]))
    leavers = sum(grades[grade][INACTIVE] for grade in range(OTHER, TOP + 1))
    yield near("customer-product pairs", 1615000, year["pairs"], 0.10)
    yield shown("purchase rows", "roughly 4,400,000", sum(months(year, RETAIL)))
    yield shown("buyers of the first half", "27,445: 5 x 5,489", first_half)
    yield between("leavers, % of the first half's buyers", 5.5, 8.5, 100 * leavers / first_half)
    yield between("leavers from other, %", 70, 78, 100 * grades[OTHER][INACTIVE] / leavers)
    for grade, share in [("top", 27.4), ("good", 26.8), ("regular", 22.7), ("other", 23.1)]:
        value = 100 * sum(grades[GRADES.index(grade)]) / first_half
        yield Figure(f"first half: {grade}, %", f"{share} within 4", value, share - 4, share + 4)
    yield between("top stays top, %", 60, 75, 100 * grades[TOP][TOP] / sum(grades[TOP]))
    yield shown("the grade stays, %", "46.8", 100 * sum(grades[g][g] for g in range(OTHER, TOP + 1)) / first_half)

    for outlets, ends in [(RETAIL, ("A02 off-line", "A06 on-line")), (AFFILIATES, ("D01", "C01"))]:
        yield from elements(year, sorted(outlets, key=ELEMENTS.get), *ends)

    never = [100 * share for share in year["never_paid"]]
    for group, share in zip(["leavers", "all", "loyal"], never):
        yield shown(f"never paid with L.pay: {group}, %", "falling", share)
    yield above("never paid with L.pay: leavers - all, %", 0, never[0] - never[1])
    yield above("never paid with L.pay: all - loyal, %", 0, never[1] - never[2])

    yield shown("truth: mean chance of leaving, %", "", 100 * year["p_leave"])
    off = 100 * (year["p_leave"] - year["left"])
    yield Figure("truth: that chance - share that left, %", "0 within 0.5", off, -0.5, 0.5)
    yield shown("truth: leavers who had left by 1 July, %", "", 100 * year["leavers_gone"])


def elements(year, outlets, lowest, highest):
    of_all = [sum(year["rows"][name]) for name in outlets]
    of_leavers = [year["leavers_rows"][name] for name in outlets]
    got = {}
    for name, q, p in zip(outlets, ratio(of_all, [sum(of_all)] * 16), ratio(of_leavers, [sum(of_leavers)] * 16)):
        got[name] = p * math.log(p / q) if p > 0 else 0
        published = ELEMENTS[name]
        if abs(published) < FAINT:
            yield shown(f"element of {name}", f"{published:+.4f}", got[name])
        else:
            low, high = (0, math.inf) if published > 0 else (-math.inf, 0)
            yield Figure(f"element of {name}", f"{published:+.4f}: its sign", got[name], low, high)
    yield above(f"element of {highest} - the next", 0, got[highest] - max(got[o] for o in outlets if o != highest))
    yield above(f"the next - element of {lowest}", 0, min(got[o] for o in outlets if o != lowest) - got[lowest])
    pairs = [(a, b) for a in outlets for b in outlets if ELEMENTS[b] - ELEMENTS[a] > 0]
    clear = [(a, b) for a, b in pairs if ELEMENTS[b] - ELEMENTS[a] >= FAINT]
    which = "outlets" if len(outlets) > 6 else "affiliates"
    yield Figure(
        f"pairs of {which} {FAINT} apart: least difference", f"above 0, {len(clear)} pairs",
        min(got[b] - got[a] for a, b in clear), low=0,
    )  # fmt: skip
    yield shown(f"pairs of {which} out of order", f"0 of {len(pairs)}", sum(got[a] >= got[b] for a, b in pairs))


def print_table(years, least):
    """One line a figure; the number of figures that hold too seldom."""
    by_figure = list(zip(*[list(of_year(year)) for year in years]))
    seeds = [year["seed"] for year in years]
    rows, failed = [["figure", "asked", "mean", "range", "hold", "worst seed"]], 0
    for figures in by_figure:
        values = [figure.value for figure in figures]
        asked = math.isfinite(figures[0].low) or math.isfinite(figures[0].high)
        held = sum(figure.margin() >= 0 for figure in figures)
        worst = min(range(len(figures)), key=lambda i: figures[i].margin())
        too_few = asked and held < least
        failed += too_few
        rows.append(
            [
                figures[0].name,
                figures[0].asked,
                text(sum(values) / len(values)),
                f"{text(min(values))} .. {text(max(values))}",
                f"{held} of {len(seeds)}{' !' if too_few else ''}" if asked else "",
                f"{seeds[worst]}: {text(values[worst])}" if asked else "",
            ]
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print(" | ".join(f"{cell:<{width}}" for cell, width in zip(row, widths)).rstrip())
    return failed


def text(value):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def figures_of_program(program, seeds):
    with subprocess.Popen([program, *map(str, seeds)], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            yield json.loads(line)
    if process.returncode != 0:
        sys.exit(f"check_lpoint: {program}: ended with {process.returncode}")


VIEWS = """
CREATE VIEW demo AS FROM read_csv('{dir}/{prefix}_01_DEMO.csv');
CREATE TABLE line AS SELECT *, strptime(de_dt::VARCHAR, '%Y%m%d')::DATE AS day,
    cop_c || IF(chnl_dv = 1, ' off-line', ' on-line') AS outlet
  FROM read_csv('{dir}/{prefix}_02_PDDE.csv');
CREATE TABLE use AS SELECT *, strptime(de_dt::VARCHAR, '%Y%m%d')::DATE AS day, cop_c AS outlet
  FROM read_csv('{dir}/{prefix}_03_COP_U.csv');
CREATE TABLE pay AS SELECT * FROM read_csv('{dir}/{prefix}_06_LPAY.csv');
CREATE TABLE receipt AS
  SELECT cust, day, rct_no, sum(buy_am)::BIGINT AS amount, true AS retail FROM line GROUP BY ALL
  UNION ALL SELECT cust, day, rct_no, buy_am, false FROM use;
CREATE TABLE frequency AS SELECT cust, count(*) AS receipts FROM receipt GROUP BY cust;
CREATE TABLE row_of AS SELECT cust, outlet, day FROM line UNION ALL SELECT cust, outlet, day FROM use;
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
           CASE WHEN score >= 80 THEN 4 WHEN score >= 60 THEN 3 WHEN score >= 40 THEN 2 ELSE 1 END AS grade
    FROM scored)
  SELECT cust, coalesce(any_value(grade) FILTER (half = 1), 0) AS before,
         coalesce(any_value(grade) FILTER (half = 2), 0) AS after
  FROM demo LEFT JOIN grade USING (cust) GROUP BY cust;
CREATE TABLE leaver AS FROM graded WHERE before = 1 AND after = 0;
"""


def figures_of_tables(seed, folder):
    import duckdb

    con = duckdb.connect()
    con.execute(VIEWS.format(dir=folder, prefix="LPOINT_BIG_COMP"))

    def rows(sql):
        return con.execute(sql).fetchall()

    def one(sql):
        return rows(sql)[0][0]

    def never_paid(group):
        paid = "SELECT cust FROM pay WHERE cop_c NOT IN ('L00', 'L01')"
        return one(f"SELECT avg((cust NOT IN ({paid}))::INT) FROM graded WHERE {group}")

    by_month = rows(
        "SELECT count(DISTINCT cust), count(DISTINCT cust) FILTER (retail), count(*), count(*) FILTER (retail), sum(amount)::BIGINT, "
        "sum(amount) FILTER (retail)::BIGINT FROM receipt GROUP BY month(day) ORDER BY month(day)"
    )
    names = ["buyers", "product_buyers", "receipts", "purchases", "sales", "product_sales"]
    truth = f"read_csv('{folder}/truth/customer.csv', types = {{'left_on': 'DATE'}})"
    year = {"seed": seed, "customers": one("SELECT count(*) FROM demo")}
    year |= dict(zip(names, map(list, zip(*by_month))))
    year |= {
        "one_receipt": one("SELECT count(*) FROM frequency WHERE receipts = 1"),
        "quartile": one("SELECT quantile_cont(receipts, 0.25) FROM frequency"),
        "pairs": one("SELECT count(*) FROM (SELECT DISTINCT cust, pd_c FROM line)"),
        "grades": [
            [one(f"SELECT count(*) FROM graded WHERE before = {before} AND after = {after}") for after in range(5)]
            for before in range(5)
        ],
        "never_paid": [never_paid("before = 1 AND after = 0"), never_paid("true"), never_paid("before = 4 AND after = 4")],
        "leavers_gone": one(
            f"SELECT avg((coalesce(left_on, '2022-01-01') < DATE '2021-07-01')::INT) FROM {truth} JOIN graded USING (cust) "
            "WHERE before > 0 AND after = 0"
        ),
        "rows": {
            name: [of for _, of in rows(f"SELECT month(day), count(*) FROM row_of WHERE outlet = '{name}' GROUP BY 1 ORDER BY 1")]
            for name in RETAIL + AFFILIATES
        },
        "leavers_rows": {
            name: one(f"SELECT count(*) FROM row_of SEMI JOIN leaver USING (cust) WHERE outlet = '{name}'")
            for name in RETAIL + AFFILIATES
        },
    }
    leave = f"read_csv('{folder}/truth/leave.csv') JOIN graded USING (cust)"
    year["p_leave"], year["left"] = rows(f"SELECT avg(p_leave), avg((after = 0)::INT) FROM {leave}")[0]
    return year


def differences(a, b):
    """The names under which two years differ; what is written with six digits may do so in the seventh."""
    return [name for name in a.keys() | b.keys() if name not in a or name not in b or not same(a[name], b[name])]


def same(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or math.isclose(a, b, rel_tol=1e-6)


def parse_seeds(text):
    first, dots, last = text.partition("..")
    return list(range(int(first), int(last) + 1)) if dots else [int(seed) for seed in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=parse_seeds, default="1..30", help="1..30 or 1,2,3")
    parser.add_argument("--least", type=int, help="on how many of them each figure must hold")
    parser.add_argument("--program", default=PROGRAM, help="prints the figures of seeds as JSON")
    parser.add_argument("--tables", action="store_true", help="reads the figures from tables, too")
    parser.add_argument("--command", default=COMMAND, help="writes the tables of {seed} into {out}")
    args = parser.parse_args()
    years, wrong = [], 0
    for year in figures_of_program(args.program, args.seeds):
        years.append(year)
        if not args.tables:
            continue
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(shlex.split(args.command.format(seed=year["seed"], out=folder)), check=True, stdout=subprocess.DEVNULL)
            differ = differences(year, figures_of_tables(year["seed"], folder))
        print(f"seed {year['seed']}: {', '.join(differ) + ' differ' if differ else 'the tables say the same'}")
        wrong += bool(differ)
    least = args.least if args.least is not None else len(years) - len(years) // 30
    failed = print_table(years, least)
    print(f"{failed} figures hold on fewer than {least} of {len(years)} seeds" if failed else "all as asked")
    return 1 if failed or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
