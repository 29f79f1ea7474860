"""The deck peers' files, periods and tables."""

import os

import answer
from answer import Z95, peak_rss_mb, threads  # noqa: F401

FILES = {  # what the peers call them -> the six tables
    "demo": "LPOINT_BIG_COMP_01_DEMO.csv",
    "purchase": "LPOINT_BIG_COMP_02_PDDE.csv",
    "partner_use": "LPOINT_BIG_COMP_03_COP_U.csv",
    "product": "LPOINT_BIG_COMP_04_PD_CLAC.csv",
    "store": "LPOINT_BIG_COMP_05_BR.csv",
    "pay": "LPOINT_BIG_COMP_06_LPAY.csv",
}
FROM, SPLIT, UNTIL = "2021-01-01", "2021-07-01", "2022-01-01"  # H1 = [FROM, SPLIT), H2 = [SPLIT, UNTIL)
CHANNELS = {1: "offline", 2: "online"}
GROUPS = [("other", "inactive"), ("top", "top")]  # of pay_share, beside all; the first is the group of divergence
MOST_RECEIPTS = 50  # order_frequency counts customers by receipts up to here, then together

TABLES = {
    "sales_trend": {
        "month": answer.day,
        "dimension": str,
        "slice": str,
        "buyers": int,
        "sales": int,
        "receipts": int,
        "amount_per_receipt": answer.real,
        "purchases_per_buyer": answer.real,
        "amount_per_buyer": answer.real,
    },
    "order_frequency": {"receipts_from": int, "customers": int},
    "rfm": answer.RFM,
    "grade_change": answer.GRADE_CHANGE,
    "channel_divergence": {
        "dimension": str,
        "cell": str,
        "p": answer.real,
        "q": answer.real,
        "element": answer.real,
    },
    "pay_share": {"segment": str, "customers": int, "never": int, "mean": answer.real},
}


def arguments(doc):
    return answer.arguments(doc, FILES.values())


def files(data):
    return {name: os.path.join(data, file) for name, file in FILES.items()}


def report(peer, version, threads_used, read_seconds, import_seconds, analyse_seconds, peak_mb, counts, tables, out=None):
    """`counts` are the rows of the six tables by name, `tables` the rows of those above by name."""
    formed = {name: (columns, tables[name]) for name, columns in TABLES.items()}
    answer.report(peer, version, threads_used, read_seconds, import_seconds, analyse_seconds, peak_mb, {"rows": counts}, formed, out)
