#!/usr/bin/env python3
"""RFM, grades and grade change of Online Retail II, computed a second time and as plainly as possible.

    oracle.py DATA_DIR OUT_DIR

DATA_DIR holds 2009_2010.csv.gz and 2010_2011.csv.gz. Writes into OUT_DIR, for each grade rule (band, rank):
rfm_RULE.csv and grade_change_RULE.csv; and counts.csv (rows, events by action, rejects by reason).

Nothing but the standard library, exact arithmetic (Decimal, int), no cleverness: this is what danggol's tables and the
programs of bench/peers are held against. A row that is malformed in any way but the known one (no customer) stops the
program, for the files hold none.
"""

import csv
import gzip
import math
import os
import sys
from collections import Counter, defaultdict
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

PERIODS = {  # half-open: begin <= time < end
    "H1": (datetime(2010, 12, 1), datetime(2011, 6, 1)),
    "H2": (datetime(2011, 6, 1), datetime(2011, 12, 1)),
}
Z = 1.959963984540054  # the 97.5 % point of the normal distribution, for 95 % intervals


def read_rows(data_dir):
    """Every data row of the two files, with the file. They name the columns differently but order them the same."""
    for name in ("2009_2010.csv.gz", "2010_2011.csv.gz"):
        with gzip.open(os.path.join(data_dir, name), "rt", encoding="utf-8", newline="") as stream:
            rows = csv.reader(stream)
            next(rows)
            for row in rows:
                yield name, row


def read_events(data_dir):
    """(purchases, counts): purchases are (customer_id, receipt_id, time, amount), in file order; what was taken back
    stands among them with an amount below 0.

    The files overlap: of rows that are equal but for the description and the country, the second one has what it has
    more than the first.
    """
    purchases, counts, first, left = [], Counter(), None, Counter()
    for name, row in read_rows(data_dir):
        receipt, stock_code, _description, quantity, time, price, customer, _country = row
        first = first or name
        counts["rows"] += 1
        if customer != "":
            key = (receipt, stock_code, int(quantity), time, Decimal(price), customer.removesuffix(".0"))
            if name == first:
                left[key] += 1
            elif left[key] > 0:
                left[key] -= 1
                counts["aside"] += 1
                continue
        if customer == "":
            counts["reject: no customer"] += 1
        elif receipt.startswith("C"):
            counts["event: cancel"] += 1
            amount = -abs(int(quantity) * Decimal(price))
            purchases.append((customer.removesuffix(".0"), receipt, datetime.fromisoformat(time), amount))
        else:
            counts["event: purchase"] += 1
            purchases.append(
                (customer.removesuffix(".0"), receipt, datetime.fromisoformat(time), int(quantity) * Decimal(price))
            )
    return purchases, counts


def score(below, n):
    """1..5, from how many of the n buyers are strictly below."""
    return 1 + min(4, 5 * below // n)


def rfm(purchases, period, begin, end):
    """{customer_id: {...}} for every customer who bought in the period; without grades."""
    last, visits, monetary = {}, defaultdict(set), defaultdict(Decimal)
    for customer, receipt, time, amount in purchases:
        if begin <= time < end and amount < 0:
            monetary[customer] += amount
        elif begin <= time < end:
            last[customer] = max(time, last.get(customer, time))
            visits[customer].add((time.date(), receipt))
            monetary[customer] += amount

    recency = {customer: (end - time).days for customer, time in last.items()}
    frequency = {customer: len(pairs) for customer, pairs in visits.items()}
    n = len(last)
    # How many buyers are strictly below a value: its first place in sorted order. For recency small is good, so the
    # order is reversed and those strictly larger are counted.
    r_below = first_places(sorted(recency.values(), reverse=True))
    f_below = first_places(sorted(frequency.values()))
    m_below = first_places(sorted(monetary[customer] for customer in last))

    buyers = {}
    for customer in sorted(last):
        r = score(r_below[recency[customer]], n)
        f = score(f_below[frequency[customer]], n)
        m = score(m_below[monetary[customer]], n)
        buyers[customer] = {
            "customer_id": customer,
            "period": period,
            "recency_days": recency[customer],
            "frequency": frequency[customer],
            "monetary": monetary[customer],
            "r_score": r,
            "f_score": f,
            "m_score": m,
            "rfm_score": (Fraction(3, 10) * r + Fraction(2, 10) * f + Fraction(5, 10) * m) * 100 / 5,
        }
    return buyers


def first_places(ordered):
    """{value: how many values stand before its first occurrence}."""
    places = {}
    for place, value in enumerate(ordered):
        places.setdefault(value, place)
    return places


def grade_by_band(buyers):
    def grade(value):
        return "top" if value >= 80 else "good" if value >= 60 else "regular" if value >= 40 else "other"

    return {customer: grade(buyer["rfm_score"]) for customer, buyer in buyers.items()}


def grade_by_rank(buyers):
    order = sorted(
        buyers.values(),
        key=lambda b: (
            -b["rfm_score"],
            -b["monetary"],
            -b["frequency"],
            b["recency_days"],
            b["customer_id"].encode(),
        ),
    )
    n, grades = len(order), {}
    for i, buyer in enumerate(order):
        grades[buyer["customer_id"]] = (
            "top" if 5 * i < n else "good" if 5 * i < 2 * n else "regular" if 5 * i < 3 * n else "other"
        )
    return grades


def wilson(successes, n):
    """Wilson's 95 % interval of a share."""
    p = successes / n
    middle = p + Z * Z / (2 * n)
    half = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return (middle - half) / (1 + Z * Z / n), (middle + half) / (1 + Z * Z / n)


def grade_change(h1, h2):
    """One row per (h1 grade, h2 grade) that occurs; `inactive` is no purchase in the period."""
    customers = set(h1) | set(h2)
    cells = Counter((h1.get(customer, "inactive"), h2.get(customer, "inactive")) for customer in customers)
    of_h1 = Counter()
    for (h1_grade, _), count in cells.items():
        of_h1[h1_grade] += count
    rows = []
    for (h1_grade, h2_grade), count in sorted(cells.items()):
        low, high = wilson(count, of_h1[h1_grade])
        rows.append(
            {
                "h1_grade": h1_grade,
                "h2_grade": h2_grade,
                "customers": count,
                "share_of_h1": f"{count / of_h1[h1_grade]:.9f}",
                "share_of_all": f"{count / len(customers):.9f}",
                "share_lo": f"{low:.9f}",
                "share_hi": f"{high:.9f}",
            }
        )
    return rows


def write(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def write_tables(purchases, periods, out_dir, counts):
    """rfm_RULE.csv and grade_change_RULE.csv of both rules; adds to the counts."""
    buyers = {period: rfm(purchases, period, begin, end) for period, (begin, end) in periods.items()}
    for rule, grade in (("band", grade_by_band), ("rank", grade_by_rank)):
        grades = {period: grade(buyers[period]) for period in periods}
        rows = [
            {
                **buyer,
                "monetary": f"{buyer['monetary']:.3f}",
                "rfm_score": f"{float(buyer['rfm_score']):.9f}",
                "grade": grades[period][customer],
            }
            for period in periods
            for customer, buyer in buyers[period].items()
        ]
        rows.sort(key=lambda row: (row["customer_id"], row["period"]))
        write(os.path.join(out_dir, f"rfm_{rule}.csv"), rows)
        write(os.path.join(out_dir, f"grade_change_{rule}.csv"), grade_change(grades["H1"], grades["H2"]))
        for period in periods:
            for name, count in sorted(Counter(grades[period].values()).items()):
                counts[f"{period} {rule} {name}"] = count
    for period in periods:
        counts[f"{period} buyers"] = len(buyers[period])
        counts[f"{period} monetary"] = sum(buyer["monetary"] for buyer in buyers[period].values())


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    data_dir, out_dir = sys.argv[1:]
    os.makedirs(out_dir, exist_ok=True)

    purchases, counts = read_events(data_dir)
    write_tables(purchases, PERIODS, out_dir, counts)
    write(os.path.join(out_dir, "counts.csv"), [{"what": what, "count": count} for what, count in counts.items()])
    for what, count in counts.items():
        print(f"{what}: {count}")


if __name__ == "__main__":
    main()
