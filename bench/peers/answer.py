"""What every peer prints and writes, in one form, so that answers can be compared. Never inside a timed region."""

import argparse
import csv
import json
import os
import resource

Z95 = 1.959963984540054  # the 97.5 % point of the normal distribution


def money(value):
    return f"{value:.3f}"


def real(value):  # a ratio of nothing is empty; pandas and polars may say it is not a number
    return "" if value is None or value != value else f"{value:.9f}"


def day(value):
    return str(value)[:10]


# Tables of every workload: column -> what makes its text.
RFM = {
    "customer_id": str,
    "period": str,
    "recency_days": int,
    "frequency": int,
    "monetary": money,
    "r_score": int,
    "f_score": int,
    "m_score": int,
    "rfm_score": real,
    "grade": str,
}
GRADE_CHANGE = {
    "h1_grade": str,
    "h2_grade": str,
    "customers": int,
    "share_of_h1": real,
    "share_of_all": real,
    "share_lo": real,
    "share_hi": real,
}


def arguments(doc, files):
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("data", help=f"folder that holds {', '.join(files)}")
    parser.add_argument("--out", help="also write the tables, each as NAME.csv, into this folder")
    return parser


def threads():
    """How many the bench asks for. polars and Arrow read it from variables of their own, DuckDB has to be told."""
    return int(os.environ.get("BENCH_THREADS", os.cpu_count()))


def peak_rss_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(
    peer, version, threads_used, read_seconds, import_seconds, analyse_seconds, peak_mb, figures, tables, out=None
):
    """Prints the one JSON line. An import leaves a file; `read_seconds` of it are the reading into memory, None where
    that is not a step by itself. `tables` is name -> (columns as above, rows in their order)."""
    for name, (columns, rows) in tables.items():
        rows = sorted(tuple(form(value) for form, value in zip(columns.values(), row, strict=True)) for row in rows)
        if out:
            os.makedirs(out, exist_ok=True)
            with open(os.path.join(out, name + ".csv"), "w", newline="", encoding="utf-8") as stream:
                csv.writer(stream, lineterminator="\n").writerows([columns, *rows])
    print(
        json.dumps(
            {
                "peer": peer,
                "version": version,
                "threads": threads_used,
                "read_seconds": None if read_seconds is None else round(read_seconds, 4),
                "import_seconds": round(import_seconds, 4),
                "analyse_seconds": round(analyse_seconds, 4),
                "peak_rss_mb": round(peak_mb, 1),
                "figures": figures,
            }
        )
    )
