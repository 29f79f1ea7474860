"""What every peer prints and writes, in one form, so that answers can be compared. Never inside a timed region.

rfm rows:          customer_id, period, recency_days, frequency, monetary, r_score, f_score, m_score, rfm_score, grade
grade_change rows: h1_grade, h2_grade, customers, share_of_h1, share_of_all, share_lo, share_hi
"""

import argparse
import csv
import hashlib
import json
import os
import resource
from collections import Counter

RFM = "customer_id period recency_days frequency monetary r_score f_score m_score rfm_score grade".split()
GRADE_CHANGE = "h1_grade h2_grade customers share_of_h1 share_of_all share_lo share_hi".split()

FROM, SPLIT, UNTIL = "2010-12-01", "2011-06-01", "2011-12-01"  # H1 = [FROM, SPLIT), H2 = [SPLIT, UNTIL)
Z95 = 1.959963984540054  # the 97.5 % point of the normal distribution


def arguments(doc):
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("data", help="folder that holds 2009_2010.csv.gz and 2010_2011.csv.gz")
    parser.add_argument("--out", help="also write rfm.csv and grade_change.csv into this folder")
    return parser


def files(data):
    return [os.path.join(data, name) for name in ("2009_2010.csv.gz", "2010_2011.csv.gz")]


def peak_rss_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(
    peer, version, read_seconds, import_seconds, analyse_seconds, peak_mb, counts, rfm, grade_change, out=None
):
    """Prints the one JSON line. An import leaves a file; `read_seconds` of it are the reading into memory, None where
    that is not a step by itself. `rfm` and `grade_change` are lists of tuples in the column order above."""
    rfm = sorted(
        (
            str(customer),
            period,
            int(recency),
            int(frequency),
            f"{monetary:.3f}",
            int(r),
            int(f),
            int(m),
            f"{score:.9f}",
            grade,
        )
        for customer, period, recency, frequency, monetary, r, f, m, score, grade in rfm
    )
    grade_change = sorted(
        (h1, h2, int(customers)) + tuple(f"{share:.9f}" for share in shares)
        for h1, h2, customers, *shares in grade_change
    )
    if out:
        os.makedirs(out, exist_ok=True)
        for name, columns, rows in (("rfm", RFM, rfm), ("grade_change", GRADE_CHANGE, grade_change)):
            with open(os.path.join(out, name + ".csv"), "w", newline="") as stream:
                csv.writer(stream, lineterminator="\n").writerows([columns, *rows])

    def digest(rows):
        return hashlib.sha256("".join(",".join(map(str, row)) + "\n" for row in rows).encode()).hexdigest()

    figures = dict(counts)
    for period in ("H1", "H2"):
        mine = [row for row in rfm if row[1] == period]
        figures[period] = {
            "buyers": len(mine),
            "monetary": f"{sum(int(row[4].replace('.', '')) for row in mine) / 1000:.3f}",
            "grades": dict(sorted(Counter(row[9] for row in mine).items())),
        }
    figures["grade_change"] = {f"{h1}>{h2}": customers for h1, h2, customers, *_ in grade_change}
    figures["rfm_sha256"] = digest(rfm)
    figures["grade_change_sha256"] = digest(grade_change)
    print(
        json.dumps(
            {
                "peer": peer,
                "version": version,
                "read_seconds": None if read_seconds is None else round(read_seconds, 4),
                "import_seconds": round(import_seconds, 4),
                "analyse_seconds": round(analyse_seconds, 4),
                "peak_rss_mb": round(peak_mb, 1),
                "figures": figures,
            }
        )
    )
